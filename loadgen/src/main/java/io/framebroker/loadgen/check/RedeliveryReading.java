package io.framebroker.loadgen.check;

import io.framebroker.loadgen.log.LogFile;
import io.framebroker.loadgen.log.Verb;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Second reading of the logs of a group's consumers, for the frames that were delivered more than once: with times and attempts,
 * over all consumers. A redelivery is honest when the group's ack was not confirmed. It breaks a confirmed ack when its attempt
 * is later than the one acked, or was delivered before. What is left is an earlier attempt that its consumer came to late: it had
 * the frame all the time, for instance while it was stopped.
 */
final class RedeliveryReading {
    /** A delivery or a confirmed ack. */
    private record Event(boolean delivery, long attempt, long micros) {}

    private final RunAccount run;
    private final GroupAccount group;
    private final List<Faults.Crash> crashes;
    private final Terms terms;
    private final long slackMicros;
    private final Map<SourceAccount, Map<Integer, List<Event>>> events = new HashMap<>();

    RedeliveryReading(RunAccount run, GroupAccount group, List<Faults.Crash> crashes, Terms terms) {
        this.run = run;
        this.group = group;
        this.crashes = crashes;
        this.terms = terms;
        this.slackMicros = terms.slack().toNanos() / 1_000;
    }

    void read(LogFile log) throws IOException {
        SourceTable sources = new SourceTable(run);
        while (log.next()) {
            Verb verb = log.verb();
            if (verb == Verb.SOURCE) {
                sources.define(log);
            } else if (verb == Verb.DELIVER || verb == Verb.ACK_OK) {
                take(verb, sources.take(log), log);
            }
        }
    }

    private void take(Verb verb, SourceAccount source, LogFile log) {
        long sequence = log.number();
        if (sequence < 1
                || sequence > Integer.MAX_VALUE
                || !group.of(source).again.has((int) sequence)) {
            return;
        }
        long attempt = log.number();
        if (verb == Verb.DELIVER) {
            if (!source.storedIds.note((int) sequence, log.generation(), log.ordinal())) {
                // Another entry of the stream with settlements of its own; it is judged by itself.
                return;
            }
            log.letter();
        }
        events.computeIfAbsent(source, fresh -> new HashMap<>())
                .computeIfAbsent((int) sequence, fresh -> new ArrayList<>(4))
                .add(new Event(verb == Verb.DELIVER, attempt, log.number()));
    }

    /** When all logs of the group were read. */
    void judge() {
        events.forEach((source, frames) -> frames.forEach((sequence, of) -> {
            of.sort(Comparator.comparingLong(Event::micros));
            for (int i = 0; i < of.size(); i++) {
                if (of.get(i).delivery) {
                    judge(source, sequence, of.get(i), of.subList(0, i));
                }
            }
        }));
    }

    private void judge(SourceAccount source, int sequence, Event delivery, List<Event> before) {
        Event acked = null;
        Event sameAttempt = null;
        for (Event event : before) {
            if (event.delivery && event.attempt == delivery.attempt) {
                sameAttempt = event;
            } else if (!event.delivery && event.micros + slackMicros < delivery.micros) {
                acked = acked == null || event.attempt > acked.attempt ? event : acked;
            }
        }
        if (acked != null && delivery.attempt < acked.attempt && sameAttempt == null) {
            run.counts.late++;
        } else if (acked != null) {
            Verdict verdict = mayHaveTaken(acked, delivery) ? Verdict.TAIL_LOST : Verdict.ACK_LOST;
            run.offences.add(
                    verdict,
                    source,
                    sequence,
                    "group " + group.name + ", attempt " + delivery.attempt + " " + (delivery.micros - acked.micros)
                            + " us after attempt " + acked.attempt + " was acked");
        } else if (sameAttempt != null
                && (delivery.attempt == 1 || terms.promises().attemptsKept())
                && !mayHaveTaken(sameAttempt, delivery)) {
            run.offences.add(
                    Verdict.REORDER,
                    source,
                    sequence,
                    "group " + group.name + ", attempt " + delivery.attempt + " twice");
        }
    }

    /** Whether a store may have forgotten the one before the other. */
    private boolean mayHaveTaken(Event earlier, Event later) {
        return crashes.stream().anyMatch(crash -> crash.mayTake(earlier.micros) && later.micros >= crash.startMicros());
    }
}
