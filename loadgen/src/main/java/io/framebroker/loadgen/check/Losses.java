package io.framebroker.loadgen.check;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Acked frames that a group did not get, less those that are accounted for. */
final class Losses {
    private record Missing(GroupAccount group, StreamAccount stream, Map<SourceAccount, Bits> frames) {
        long count() {
            return frames.values().stream().mapToLong(Bits::count).sum();
        }
    }

    private final RunAccount run;
    private final Ledgers ledgers;
    private final List<Missing> lost = new ArrayList<>();
    private final Map<SourceAccount, Bits> lostToAnyone = new LinkedHashMap<>();

    Losses(RunAccount run, Ledgers ledgers) {
        this.run = run;
        this.ledgers = ledgers;
    }

    /** Finds them, and gives those their verdict that are not lost. */
    void find() {
        for (GroupAccount group : run.groups.values()) {
            for (String name : group.streams) {
                StreamAccount stream = run.streams.get(name);
                if (stream != null) {
                    find(group, stream);
                }
            }
        }
    }

    /** By source, what any group did not get. */
    Map<SourceAccount, Bits> lost() {
        return lostToAnyone;
    }

    private void find(GroupAccount group, StreamAccount stream) {
        Map<SourceAccount, Bits> frames = new LinkedHashMap<>();
        long open = 0;
        for (SourceAccount source : stream.sources) {
            Deliveries deliveries = group.of(source);
            Bits missing = source.acked.copy().minus(deliveries.delivered).minus(deliveries.deadLettered);
            if (missing.next(0) >= 0) {
                frames.put(source, missing);
            }
            open += source.open().minus(deliveries.delivered).count();
        }
        Missing missing = new Missing(group, stream, frames);
        long count = missing.count();
        long unsettled = ledgers.unsettled(stream.name, group.name);
        long skipped = ledgers.skipped(stream.name, group.name);
        if (unsettled > 0) {
            run.offences.add(
                    Verdict.UNDRAINED,
                    stream.name + " group " + group.name + ": " + unsettled + " frames not taken or not settled"
                            + (frames.isEmpty() ? "" : ", " + first(frames) + " and others not delivered"));
        }
        if (skipped > count + open) {
            run.offences.add(
                    Verdict.DROP_MISMATCH,
                    stream.name + " group " + group.name + ": the ledger says " + skipped + " skipped, the logs miss "
                            + count);
        }
        if (count > skipped + unsettled) {
            lost.add(limited(missing, count - skipped - unsettled));
        }
    }

    /** Where some are accounted for, nobody knows which: the first ones stand for those that are not. */
    private Missing limited(Missing missing, long count) {
        Map<SourceAccount, Bits> kept = new LinkedHashMap<>();
        long left = count;
        for (Map.Entry<SourceAccount, Bits> entry : missing.frames.entrySet()) {
            Bits bits = new Bits();
            for (int at = entry.getValue().next(0);
                    at >= 0 && left > 0;
                    at = entry.getValue().next(at + 1)) {
                bits.add(at);
                left--;
            }
            kept.put(entry.getKey(), bits);
            lostToAnyone.computeIfAbsent(entry.getKey(), fresh -> new Bits()).plus(bits);
        }
        return new Missing(missing.group, missing.stream, kept);
    }

    void judge(TailReading tails) {
        for (Missing missing : lost) {
            missing.frames.forEach((source, bits) -> {
                for (int at = bits.next(0); at >= 0; at = bits.next(at + 1)) {
                    Verdict verdict = tails.isTail(source, at) ? Verdict.TAIL_LOST : Verdict.LOST;
                    run.offences.add(verdict, source, at, "group " + missing.group.name);
                }
            });
        }
    }

    private static String first(Map<SourceAccount, Bits> frames) {
        Map.Entry<SourceAccount, Bits> entry = frames.entrySet().iterator().next();
        return entry.getKey().frame(entry.getValue().next(0));
    }
}
