package io.framebroker.loadgen.chaos;

import io.framebroker.client.FrameBrokerClient;
import io.framebroker.loadgen.check.Checker;
import io.framebroker.loadgen.log.EventLog;
import io.framebroker.loadgen.log.Verb;
import io.framebroker.loadgen.role.Line;
import io.framebroker.v1.DeadLetter;
import io.framebroker.v1.DeadLetterFilter;
import io.framebroker.v1.GetGroupRequest;
import io.framebroker.v1.GetLedgerRequest;
import io.framebroker.v1.GetLedgerResponse;
import io.framebroker.v1.GroupLedger;
import io.framebroker.v1.ListDeadLettersRequest;
import io.framebroker.v1.ListDeadLettersResponse;
import io.framebroker.v1.ReplayDeadLettersRequest;
import io.framebroker.v1.StreamLag;
import io.framebroker.v1.StreamLedger;
import io.grpc.StatusRuntimeException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** Waits until the broker says that all is done, and writes down its ledgers. */
final class LedgerLog {
    private static final long POLL_MILLIS = 50;
    private static final int DEAD_LETTERS_A_PAGE = 1000;
    /** For a broker that comes back, or that a busy machine keeps waiting. */
    private static final long ANSWER_SECONDS = 60;

    private final FrameBrokerClient client;
    private final List<String> streams;

    LedgerLog(FrameBrokerClient client, List<String> streams) {
        this.client = client;
        this.streams = streams;
    }

    /**
     * Waits until every group has neither lag nor pending frames, twice.
     *
     * @param between the two looks, between which nothing may turn up
     * @param patience in all
     * @return whether it came to that
     */
    boolean awaitDrained(Duration between, Duration patience) throws InterruptedException {
        long deadline = System.nanoTime() + patience.toNanos();
        while (System.nanoTime() - deadline < 0) {
            if (isDrained()) {
                TimeUnit.MILLISECONDS.sleep(between.toMillis());
                if (isDrained()) {
                    return true;
                }
            }
            TimeUnit.MILLISECONDS.sleep(POLL_MILLIS);
        }
        return false;
    }

    private boolean isDrained() {
        try {
            for (String stream : streams) {
                for (GroupLedger group : ledger(stream).getGroupsList()) {
                    StreamLag lag = client.groups()
                            .withDeadlineAfter(ANSWER_SECONDS, TimeUnit.SECONDS)
                            .getGroup(GetGroupRequest.newBuilder()
                                    .setStream(stream)
                                    .setName(group.getGroup())
                                    .build())
                            .getGroup()
                            .getLag();
                    if (group.getWaiting() + group.getPending() + lag.getWaiting() + lag.getPending() > 0) {
                        return false;
                    }
                }
            }
            return true;
        } catch (StatusRuntimeException e) {
            System.err.println("asking for ledgers: " + e.getStatus());
            return false;
        }
    }

    private GetLedgerResponse ledger(String stream) {
        return client.diagnostics()
                .withDeadlineAfter(ANSWER_SECONDS, TimeUnit.SECONDS)
                .getLedger(GetLedgerRequest.newBuilder().setStream(stream).build());
    }

    /** Writes the dead letters of all groups down. */
    void writeDeadLetters(Path folder, String run) {
        try (EventLog log = EventLog.create(
                folder.resolve("dead-letters" + EventLog.SUFFIX),
                Checker.LEDGER_ROLE,
                Line.of("about").with("run", run))) {
            for (String stream : streams) {
                ListDeadLettersRequest.Builder page = ListDeadLettersRequest.newBuilder()
                        .setFilter(DeadLetterFilter.newBuilder().setStream(stream))
                        .setPageSize(DEAD_LETTERS_A_PAGE);
                do {
                    ListDeadLettersResponse response = client.deadLetters()
                            .withDeadlineAfter(ANSWER_SECONDS, TimeUnit.SECONDS)
                            .listDeadLetters(page.build());
                    response.getDeadLettersList().forEach(letter -> write(log, letter));
                    page.setPageToken(response.getNextPageToken());
                } while (!page.getPageToken().isEmpty());
            }
        }
    }

    private static void write(EventLog log, DeadLetter letter) {
        log.append(Line.of(Verb.DEAD.name())
                .with("group", letter.getGroup())
                .with("frame", letter.getHeader().getFrameId())
                .with("reason", letter.getReason())
                .with("attempts", letter.getAttempts())
                .with("error", letter.getLastError()));
    }

    /** Has all groups try their dead letters again. Returns how many those are. */
    long replayDeadLetters() {
        long replayed = 0;
        for (String stream : streams) {
            replayed += client.deadLetters()
                    .withDeadlineAfter(ANSWER_SECONDS, TimeUnit.SECONDS)
                    .replayDeadLetters(ReplayDeadLettersRequest.newBuilder()
                            .setFilter(DeadLetterFilter.newBuilder().setStream(stream))
                            .setLimit(Integer.MAX_VALUE)
                            .build())
                    .getReplayed();
        }
        return replayed;
    }

    /** Waits until no group has any. Returns whether it came to that. */
    boolean awaitNoneDead(Duration patience) throws InterruptedException {
        long deadline = System.nanoTime() + patience.toNanos();
        while (streams.stream()
                .anyMatch(stream ->
                        ledger(stream).getGroupsList().stream().anyMatch(group -> group.getDeadLettered() > 0))) {
            if (System.nanoTime() - deadline > 0) {
                return false;
            }
            TimeUnit.MILLISECONDS.sleep(POLL_MILLIS);
        }
        return true;
    }

    /** Without a ledger that the broker does not give; the run is void then. */
    void write(Path folder, String run) {
        try (EventLog log = EventLog.create(
                folder.resolve(Checker.LEDGER_ROLE + EventLog.SUFFIX),
                Checker.LEDGER_ROLE,
                Line.of("about").with("run", run))) {
            for (String stream : streams) {
                try {
                    write(log, ledger(stream));
                } catch (StatusRuntimeException e) {
                    System.err.println("no ledger of " + stream + ": " + e.getStatus());
                }
            }
        }
    }

    private static void write(EventLog log, GetLedgerResponse response) {
        StreamLedger ledger = response.getStream();
        Line line = Line.of(Verb.LEDGER.name())
                .with("stream", ledger.getStream())
                .with("offered", ledger.getOffered())
                .with("stored", ledger.getStored())
                .with("appending", ledger.getAppending())
                .with("duplicates", ledger.getDuplicates())
                .with("imbalance", ledger.getImbalance());
        log.append(with(with(line, "dropped.", ledger.getDroppedMap()), "reported.", ledger.getReportedMap()));
        for (GroupLedger group : response.getGroupsList()) {
            Line ofGroup = Line.of(Verb.GROUP.name())
                    .with("stream", ledger.getStream())
                    .with("group", group.getGroup())
                    .with("stored", group.getStored())
                    .with("waiting", group.getWaiting())
                    .with("pending", group.getPending())
                    .with("acked", group.getAcked())
                    .with("dead", group.getDeadLettered())
                    .with("imbalance", group.getImbalance());
            log.append(with(ofGroup, "skipped.", group.getSkippedMap()));
        }
    }

    private static Line with(Line line, String prefix, Map<String, Long> counts) {
        Line more = line;
        for (Map.Entry<String, Long> count : counts.entrySet()) {
            more = more.with(prefix + count.getKey(), count.getValue());
        }
        return more;
    }
}
