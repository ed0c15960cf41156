package io.framebroker.loadgen.check;

import io.framebroker.loadgen.log.LogFile;
import io.framebroker.loadgen.log.Verb;
import java.io.IOException;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * Second reading of all consumers' logs, for frames that were delivered under more than one id. A store that crashed may have
 * forgotten the first, and then the publisher was right to send the frame again.
 */
final class StoredTwiceReading {
    private record Id(long generation, long ordinal) {
        @Override
        public String toString() {
            return generation + "-" + ordinal;
        }
    }

    private final RunAccount run;
    private final List<Faults.Crash> crashes;

    /** When each id was delivered first. */
    private final Map<SourceAccount, Map<Integer, Map<Id, Long>>> seen = new HashMap<>();

    StoredTwiceReading(RunAccount run, List<Faults.Crash> crashes) {
        this.run = run;
        this.crashes = crashes;
    }

    void read(LogFile log) throws IOException {
        SourceTable sources = new SourceTable(run);
        while (log.next()) {
            Verb verb = log.verb();
            if (verb == Verb.SOURCE) {
                sources.define(log);
            } else if (verb == Verb.DELIVER) {
                take(sources.take(log), log);
            }
        }
    }

    private void take(SourceAccount source, LogFile log) {
        long sequence = log.number();
        if (sequence < 1 || sequence > Integer.MAX_VALUE || !source.storedTwice.has((int) sequence)) {
            return;
        }
        log.number();
        Id id = new Id(log.generation(), log.ordinal());
        log.letter();
        seen.computeIfAbsent(source, fresh -> new LinkedHashMap<>())
                .computeIfAbsent((int) sequence, fresh -> new HashMap<>())
                .merge(id, log.number(), Math::min);
    }

    void judge() {
        seen.forEach((source, frames) -> frames.forEach((sequence, ids) -> {
            List<Map.Entry<Id, Long>> inOrder =
                    ids.entrySet().stream().sorted(Map.Entry.comparingByValue()).toList();
            boolean forgotten = true;
            for (int i = 1; i < inOrder.size(); i++) {
                forgotten &= isForgottenBetween(
                        inOrder.get(i - 1).getValue(), inOrder.get(i).getValue());
            }
            run.offences.add(
                    forgotten ? Verdict.TAIL_LOST : Verdict.STORED_TWICE,
                    source,
                    sequence,
                    "as "
                            + inOrder.stream()
                                    .map(entry -> entry.getKey().toString())
                                    .collect(Collectors.joining(" and ")));
        }));
    }

    private boolean isForgottenBetween(long earlierMicros, long laterMicros) {
        return crashes.stream().anyMatch(crash -> crash.mayTake(earlierMicros) && laterMicros >= crash.startMicros());
    }
}
