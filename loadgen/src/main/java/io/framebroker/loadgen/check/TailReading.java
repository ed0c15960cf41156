package io.framebroker.loadgen.check;

import io.framebroker.loadgen.log.LogFile;
import io.framebroker.loadgen.log.Verb;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Tells, for lost frames, whether they are only the end of what was confirmed before a store crashed: confirmed shortly before,
 * at a level that does not survive that, and nothing that was confirmed behind them came through. Reads all consumers' logs, then
 * all publishers' logs, once more.
 */
final class TailReading {
    /** A place in the order in which a stream's frames were confirmed. */
    private record Place(long micros, long epoch, int sequence) implements Comparable<Place> {
        @Override
        public int compareTo(Place other) {
            int byTime = Long.compare(micros, other.micros);
            int byEpoch = byTime != 0 ? byTime : Long.compare(epoch, other.epoch);
            return byEpoch != 0 ? byEpoch : Integer.compare(sequence, other.sequence);
        }
    }

    /** What one crash did to one stream. */
    private static final class Wreck {
        private final Map<SourceAccount, Bits> cameThrough = new HashMap<>();
        private Place lastThrough;
    }

    private final RunAccount run;
    private final List<Faults.Crash> crashes;
    private final Map<SourceAccount, Bits> lost;
    private final List<Map<String, Wreck>> wrecks = new ArrayList<>();
    private final Map<SourceAccount, Map<Integer, Place>> lostPlaces = new HashMap<>();

    TailReading(RunAccount run, List<Faults.Crash> crashes, Map<SourceAccount, Bits> lost) {
        this.run = run;
        this.crashes = crashes;
        this.lost = lost;
        crashes.forEach(crash -> wrecks.add(new HashMap<>()));
    }

    void readConsumer(LogFile log) throws IOException {
        SourceTable sources = new SourceTable(run);
        while (log.next()) {
            Verb verb = log.verb();
            if (verb == Verb.SOURCE) {
                sources.define(log);
            } else if (verb == Verb.DELIVER) {
                SourceAccount source = sources.take(log);
                long sequence = log.number();
                log.number();
                log.word();
                log.word();
                long micros = log.number();
                if (sequence >= 1 && sequence <= Integer.MAX_VALUE && source.acked.has((int) sequence)) {
                    delivered(source, (int) sequence, micros);
                }
            }
        }
    }

    private void delivered(SourceAccount source, int sequence, long micros) {
        for (int i = 0; i < crashes.size(); i++) {
            if (micros >= crashes.get(i).untilMicros()) {
                wreck(i, source)
                        .cameThrough
                        .computeIfAbsent(source, fresh -> new Bits())
                        .add(sequence);
            }
        }
    }

    private Wreck wreck(int crash, SourceAccount source) {
        return wrecks.get(crash).computeIfAbsent(source.source.stream(), fresh -> new Wreck());
    }

    void readPublisher(LogFile log) throws IOException {
        SourceTable sources = new SourceTable(run);
        while (log.next()) {
            Verb verb = log.verb();
            if (verb == Verb.SOURCE) {
                sources.define(log);
            } else if (verb == Verb.ACK) {
                SourceAccount source = sources.take(log);
                int sequence = log.sequence();
                log.letter();
                acked(source, new Place(log.number(), source.source.epoch(), sequence));
            }
        }
    }

    private void acked(SourceAccount source, Place place) {
        Bits lostHere = lost.get(source);
        if (lostHere != null && lostHere.has(place.sequence)) {
            lostPlaces.computeIfAbsent(source, fresh -> new HashMap<>()).put(place.sequence, place);
        }
        for (int i = 0; i < crashes.size(); i++) {
            Wreck wreck = wreck(i, source);
            Bits through = wreck.cameThrough.get(source);
            if (place.micros <= crashes.get(i).untilMicros()
                    && through != null
                    && through.has(place.sequence)
                    && (wreck.lastThrough == null || wreck.lastThrough.compareTo(place) < 0)) {
                wreck.lastThrough = place;
            }
        }
    }

    /** Whether the loss of this frame may be excused. */
    boolean isTail(SourceAccount source, int sequence) {
        Place place = lostPlaces.getOrDefault(source, Map.of()).get(sequence);
        if (place == null || source.ackedDurably.has(sequence)) {
            return false;
        }
        for (int i = 0; i < crashes.size(); i++) {
            Place lastThrough = wreck(i, source).lastThrough;
            if (crashes.get(i).mayTake(place.micros) && (lastThrough == null || lastThrough.compareTo(place) < 0)) {
                return true;
            }
        }
        return false;
    }
}
