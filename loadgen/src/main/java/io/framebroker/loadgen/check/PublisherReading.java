package io.framebroker.loadgen.check;

import io.framebroker.loadgen.log.LogFile;
import io.framebroker.loadgen.log.Verb;
import java.io.IOException;
import java.util.List;
import java.util.Map;

/**
 * Reads the log of one publisher into the account of the run, looks for frames that waited too long for an
 * ack, and for how long publishers needed to get acks again whose calls a fault had broken.
 */
final class PublisherReading {
    private final RunAccount run;
    private final Faults faults;
    private final Terms terms;
    private final SourceTable sources;
    private final List<Faults.Comeback> comebacks;

    /** Of those, how many are past. */
    private int past;

    /** When the broker answered a call last; before that there was none. */
    private long calledMicros = Long.MIN_VALUE;

    /** Frames without an outcome, and since when nothing was acked while there were any. */
    private long outstanding;

    private long silentSinceMicros;

    /** Whether that was told. */
    private boolean silenceTold;

    private long nowMicros;
    private SourceAccount source;

    PublisherReading(RunAccount run, Faults faults, Terms terms) {
        this.run = run;
        this.faults = faults;
        this.terms = terms;
        this.sources = new SourceTable(run);
        this.comebacks = faults.comebacks();
    }

    void read(LogFile log) throws IOException {
        boolean ended = false;
        while (log.next()) {
            Verb verb = log.verb();
            switch (verb) {
                case SOURCE -> sources.define(log);
                case CALL -> {
                    run.counts.calls++;
                    calledMicros = log.number();
                }
                case CALL_END -> run.counts.callsBroken += log.word().equals("OK") ? 0 : 1;
                case END -> {
                    ended = log.number() == 0;
                    nowMicros = log.number();
                }
                default -> frame(verb, log);
            }
        }
        if (outstanding > 0) {
            checkWait(source, source.open().next(1));
        }
        for (SourceAccount each : sources.all()) {
            each.published = true;
            each.ended = ended;
        }
    }

    private void frame(Verb verb, LogFile log) {
        source = sources.take(log);
        int sequence = log.sequence();
        switch (verb) {
            case INVOKE -> {
                nowMicros = log.number();
                invoked(sequence);
            }
            case ACK -> {
                char level = log.letter();
                nowMicros = log.number();
                acked(sequence, level);
            }
            case DUP -> {
                nowMicros = log.number();
                run.counts.duplicates++;
                acked(sequence, 'M');
            }
            case FAIL, REPORTED, UNSENT, UNKNOWN -> {
                String reason = log.word();
                nowMicros = log.number();
                notStored(verb, sequence, reason);
            }
            default -> throw log.unreadable("has no place in the log of a publisher");
        }
    }

    private void invoked(int sequence) {
        run.counts.invoked++;
        source.invoked.add(sequence);
        if (outstanding++ == 0) {
            silentSinceMicros = nowMicros;
            silenceTold = false;
        }
    }

    private void acked(int sequence, char level) {
        run.counts.acked++;
        checkComeback(sequence);
        if (!source.invoked.has(sequence)) {
            run.offences.add(Verdict.GHOST, source.frame(sequence) + " (acked, but never published)");
            return;
        }
        checkWait(source, sequence);
        source.acked.add(sequence);
        if (level == 'F' || level == 'R') {
            source.ackedDurably.add(sequence);
        }
        resolved(sequence);
        silentSinceMicros = nowMicros;
        silenceTold = false;
    }

    private void notStored(Verb verb, int sequence, String reason) {
        checkWait(source, sequence);
        if (verb == Verb.UNKNOWN) {
            if (source.toldUnknown.add(sequence)) {
                outstanding--;
            }
            return;
        }
        source.refused.add(sequence);
        resolved(sequence);
        Map<String, Long> byReason = null;
        if (verb == Verb.FAIL) {
            run.counts.failed++;
            byReason = run.stream(source.source.stream()).failed;
        } else if (verb == Verb.REPORTED) {
            run.counts.reported++;
            byReason = run.stream(source.source.stream()).reported;
        }
        if (byReason != null) {
            byReason.merge(reason, 1L, Long::sum);
        }
    }

    private void resolved(int sequence) {
        if (source.resolved.add(sequence) && !source.toldUnknown.has(sequence)) {
            outstanding--;
        }
    }

    /** Acks that a broken call had still under way say nothing: there has to be another call. */
    private void checkComeback(int sequence) {
        while (past < comebacks.size() && comebacks.get(past).nextStartMicros() <= nowMicros) {
            past++;
        }
        if (past == comebacks.size()
                || nowMicros < comebacks.get(past).backMicros()
                || calledMicros < comebacks.get(past).startMicros()) {
            return;
        }
        long took = nowMicros - comebacks.get(past++).backMicros();
        run.counts.comebacks++;
        run.counts.longestComebackMicros = Math.max(run.counts.longestComebackMicros, took);
        if (took > terms.promises().mostComeback().toNanos() / 1_000) {
            run.offences.add(
                    Verdict.UNAVAILABLE,
                    source,
                    sequence,
                    "acks came back " + took / 1_000 + " ms after what was hurt was started again, at " + nowMicros);
        }
    }

    /** A frame gets its outcome: has it waited for too long? */
    private void checkWait(SourceAccount of, int sequence) {
        long mostMicros = terms.mostWait().toNanos() / 1_000;
        if (silenceTold || outstanding <= 0 || nowMicros - silentSinceMicros <= mostMicros) {
            return;
        }
        long waited = faults.longestQuietMicros(silentSinceMicros, nowMicros, terms.recovery());
        if (waited > mostMicros) {
            silenceTold = true;
            run.offences.add(
                    Verdict.UNAVAILABLE,
                    of,
                    sequence,
                    "no ack for " + waited / 1_000 + " ms without a fault, from " + silentSinceMicros + " to "
                            + nowMicros);
        }
    }
}
