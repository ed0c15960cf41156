package io.framebroker.loadgen.check;

import io.framebroker.loadgen.log.LogFile;
import io.framebroker.loadgen.log.Verb;
import java.io.IOException;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * Second reading of all consumers' and publishers' logs, for frames that were delivered under more than one id. A store that
 * crashed may have forgotten the first; or the first was given to a group that does not wait for the store, and was never stored.
 * In both cases the publisher was right to send the frame again.
 */
final class StoredTwiceReading {
    private record Id(long generation, long ordinal) {
        @Override
        public String toString() {
            return generation + "-" + ordinal;
        }
    }

    /** What a consumer had when its broker was killed it may handle, and write down, so much later. */
    private static final long LATE_MICROS = 500_000;

    /** Deliveries under one id. */
    private static final class Use {
        private long firstMicros = Long.MAX_VALUE;
        /** All to groups that do not wait for the store. */
        private boolean early = true;
    }

    private static final class Twice {
        private final Map<Id, Use> uses = new HashMap<>();
        /** When somebody was told first that it is stored: its publisher, or who settled it. */
        private long confirmedMicros = Long.MAX_VALUE;
    }

    private final RunAccount run;
    private final List<Faults.Crash> crashes;
    private final long[] forgottenMicros;
    private final Map<SourceAccount, Map<Integer, Twice>> seen = new LinkedHashMap<>();

    /** @param forgottenMicros when faults had taken frames that were not stored, and given out */
    StoredTwiceReading(RunAccount run, List<Faults.Crash> crashes, long[] forgottenMicros) {
        this.run = run;
        this.crashes = crashes;
        this.forgottenMicros = forgottenMicros;
    }

    void readConsumer(LogFile log) throws IOException {
        boolean early = run.group(log.about().get("group")).early;
        SourceTable sources = new SourceTable(run);
        while (log.next()) {
            Verb verb = log.verb();
            if (verb == Verb.SOURCE) {
                sources.define(log);
            } else if (verb == Verb.DELIVER || verb == Verb.ACK_OK || verb == Verb.ALREADY) {
                SourceAccount source = sources.take(log);
                Twice twice = twice(source, log.number());
                if (twice != null) {
                    log.number();
                    take(verb, twice, early, log);
                }
            }
        }
    }

    private static void take(Verb verb, Twice twice, boolean early, LogFile log) {
        if (verb != Verb.DELIVER) {
            twice.confirmedMicros = Math.min(twice.confirmedMicros, log.number());
            return;
        }
        Use use = twice.uses.computeIfAbsent(new Id(log.generation(), log.ordinal()), fresh -> new Use());
        log.letter();
        use.firstMicros = Math.min(use.firstMicros, log.number());
        use.early &= early;
    }

    void readPublisher(LogFile log) throws IOException {
        SourceTable sources = new SourceTable(run);
        while (log.next()) {
            Verb verb = log.verb();
            if (verb == Verb.SOURCE) {
                sources.define(log);
            } else if (verb == Verb.ACK || verb == Verb.DUP) {
                Twice twice = twice(sources.take(log), log.sequence());
                if (twice != null) {
                    if (verb == Verb.ACK) {
                        log.letter();
                    }
                    twice.confirmedMicros = Math.min(twice.confirmedMicros, log.number());
                }
            }
        }
    }

    /** Null for a frame that had one id all the time. */
    private Twice twice(SourceAccount source, long sequence) {
        if (sequence < 1 || sequence > Integer.MAX_VALUE || !source.storedTwice.has((int) sequence)) {
            return null;
        }
        return seen.computeIfAbsent(source, fresh -> new LinkedHashMap<>())
                .computeIfAbsent((int) sequence, fresh -> new Twice());
    }

    void judge() {
        seen.forEach((source, frames) -> frames.forEach((sequence, twice) -> judge(source, sequence, twice)));
    }

    private void judge(SourceAccount source, int sequence, Twice twice) {
        List<Map.Entry<Id, Use>> inOrder = twice.uses.entrySet().stream()
                .sorted(Comparator.comparingLong(use -> use.getValue().firstMicros))
                .toList();
        boolean early = true;
        boolean forgotten = true;
        for (int i = 1; i < inOrder.size(); i++) {
            Use earlier = inOrder.get(i - 1).getValue();
            long laterMicros = inOrder.get(i).getValue().firstMicros;
            early &= wasNeverStored(earlier, laterMicros, twice.confirmedMicros);
            forgotten &= isForgottenBetween(earlier.firstMicros, laterMicros);
        }
        if (early) {
            run.counts.forgottenEarly++;
            return;
        }
        run.offences.add(
                forgotten ? Verdict.TAIL_LOST : Verdict.STORED_TWICE,
                source,
                sequence,
                "as " + inOrder.stream().map(entry -> entry.getKey().toString()).collect(Collectors.joining(" and ")));
    }

    /** Whether it was given out early, a fault took it, and nobody had been told until then that it was stored. */
    private boolean wasNeverStored(Use earlier, long laterMicros, long confirmedMicros) {
        return earlier.early
                && Arrays.stream(forgottenMicros)
                        .anyMatch(back -> earlier.firstMicros <= back + LATE_MICROS
                                && laterMicros >= back
                                && confirmedMicros > back);
    }

    private boolean isForgottenBetween(long earlierMicros, long laterMicros) {
        return crashes.stream().anyMatch(crash -> crash.mayTake(earlierMicros) && laterMicros >= crash.startMicros());
    }
}
