package io.framebroker.loadgen.chaos;

import io.framebroker.loadgen.role.RunFailure;
import io.framebroker.v1.GetLedgerRequest;
import io.framebroker.v1.StreamLedger;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * The disk takes no new segment while a consumer is stopped with frames in its hands, so that the store comes to need one. The fault
 * is in effect when frames wait in the broker, none is stored any more, and none is taken from their publisher. Then either the
 * disk takes segments again, or the consumer goes on and what it settles has to do as room; frames have to be stored again before the
 * other happens too.
 */
final class DiskRefusal implements Fault {
    /** Why it takes none. */
    enum Why {
        FULL {
            @Override
            void begin(OwnDisk disk) {
                disk.fill();
            }

            @Override
            boolean isSo(OwnDisk disk) {
                return disk.freeBytes() < LEAST_SEGMENT_BYTES;
            }

            @Override
            void end(OwnDisk disk) {
                disk.empty();
            }
        },
        READ_ONLY {
            @Override
            void begin(OwnDisk disk) throws InterruptedException {
                disk.makeReadOnly();
            }

            @Override
            boolean isSo(OwnDisk disk) {
                return disk.isReadOnly();
            }

            @Override
            void end(OwnDisk disk) throws InterruptedException {
                disk.makeWritable();
            }
        };

        private static final long LEAST_SEGMENT_BYTES = 64L << 20;

        abstract void begin(OwnDisk disk) throws InterruptedException;

        abstract boolean isSo(OwnDisk disk);

        abstract void end(OwnDisk disk) throws InterruptedException;
    }

    /** How many frames of a stream came to the broker, and are stored. */
    private record Standing(long offered, long stored) {}

    /** How long the store may take to come to the end of its room; a lease of what the consumer holds lasts longer. */
    private static final Duration UNTIL_NEEDED = Duration.ofSeconds(22);

    /** How long frames may wait when there is room again. */
    private static final Duration UNTIL_GOING_ON = Duration.ofSeconds(10);

    /** A stream of which nothing was stored for so long does not go on. */
    private static final long STALL_MILLIS = 500;

    private static final long POLL_MILLIS = 50;

    private final String kind;
    private final Stage stage;
    private final OwnDisk disk;
    private final ConsumerActor consumer;
    private final Why why;
    private final boolean settledFirst;
    private final Duration lasts;

    /** Streams that do not go on. */
    private Map<String, Standing> stalled = Map.of();

    private boolean begun;

    /**
     * @param consumer who is stopped
     * @param settledFirst whether it goes on before the disk does
     * @param lasts how long frames wait, once they do
     */
    DiskRefusal(
            String kind,
            Stage stage,
            OwnDisk disk,
            ConsumerActor consumer,
            Why why,
            boolean settledFirst,
            Duration lasts) {
        this.kind = kind;
        this.stage = stage;
        this.disk = disk;
        this.consumer = consumer;
        this.why = why;
        this.settledFirst = settledFirst;
        this.lasts = lasts;
    }

    @Override
    public String kind() {
        return kind;
    }

    @Override
    public String target() {
        return stage.brokers().get(0).name();
    }

    @Override
    public long pid() {
        return stage.brokers().get(0).process().pid();
    }

    @Override
    public Duration lasts() {
        return lasts;
    }

    @Override
    public void begin() throws InterruptedException {
        consumer.stop();
        begun = true;
        why.begin(disk);
        long deadline = System.nanoTime() + UNTIL_NEEDED.toNanos();
        while (stalled.isEmpty() && System.nanoTime() - deadline < 0) {
            Map<String, Standing> before = waiting();
            TimeUnit.MILLISECONDS.sleep(STALL_MILLIS);
            stalled = unmoved(before);
        }
    }

    /** Streams with frames that are not stored yet. */
    private Map<String, Standing> waiting() {
        Map<String, Standing> waiting = new LinkedHashMap<>();
        for (int number = 0; number < stage.setup().load().streams(); number++) {
            String stream = stage.setup().stream(number);
            StreamLedger ledger = ledger(stream);
            if (ledger.getAppending() > 0) {
                waiting.put(stream, new Standing(ledger.getOffered(), ledger.getStored()));
            }
        }
        return waiting;
    }

    /** Of these, the ones where all is as it was: nothing is stored, and the publisher has to wait. */
    private Map<String, Standing> unmoved(Map<String, Standing> before) {
        Map<String, Standing> unmoved = waiting();
        unmoved.entrySet().removeIf(each -> !each.getValue().equals(before.get(each.getKey())));
        return unmoved;
    }

    private StreamLedger ledger(String stream) {
        return stage.client()
                .diagnostics()
                .getLedger(GetLedgerRequest.newBuilder().setStream(stream).build())
                .getStream();
    }

    @Override
    public String effect() {
        if (stalled.isEmpty() || !consumer.isStopped() || !why.isSo(disk)) {
            return "";
        }
        List<String> said = new ArrayList<>();
        unmoved(stalled)
                .forEach((stream, standing) -> said.add((standing.offered - standing.stored) + " frames of " + stream
                        + " wait, behind " + standing.stored));
        return String.join("; ", said);
    }

    @Override
    public void end() throws InterruptedException {
        if (!begun) {
            return;
        }
        if (settledFirst) {
            consumer.cont();
            awaitGoingOn("what " + consumer.name() + " held was settled");
            why.end(disk);
        } else {
            why.end(disk);
            awaitGoingOn("the disk took segments again");
            consumer.cont();
        }
    }

    private void awaitGoingOn(String since) throws InterruptedException {
        long deadline = System.nanoTime() + UNTIL_GOING_ON.toNanos();
        for (Map.Entry<String, Standing> each : stalled.entrySet()) {
            while (ledger(each.getKey()).getStored() == each.getValue().stored) {
                if (System.nanoTime() - deadline > 0) {
                    throw new RunFailure("nothing of " + each.getKey() + " was stored for " + UNTIL_GOING_ON.toSeconds()
                            + " s since " + since);
                }
                TimeUnit.MILLISECONDS.sleep(POLL_MILLIS);
            }
        }
    }

    @Override
    public String toString() {
        return kind + " of " + target() + " with " + consumer + " stopped, until "
                + (settledFirst ? "that one settles" : "there is room") + ", for " + lasts.toMillis()
                + " ms and until frames wait";
    }
}
