package io.framebroker.client;

import static org.assertj.core.api.Assertions.assertThat;

import io.framebroker.v1.FrameException;
import io.framebroker.v1.FrameOutcome;
import io.framebroker.v1.PublishAck;
import io.framebroker.v1.PublishOpened;
import io.framebroker.v1.PublishReport;
import io.framebroker.v1.PublishWindow;
import io.framebroker.wire.WireFrame;
import io.grpc.Status;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * A broker as the contract has it, for one publisher: stores frames in order and once, remembers what it refused, and has
 * every misfortune that chance gives it. Frames that were sent but that it has not taken in are lost with the call.
 */
final class ModelBroker {
    final TreeSet<Long> stored = new TreeSet<>();
    final Map<Long, FrameException> refused = new TreeMap<>();
    long reportedFrames;

    private final Random random;
    private PublishSide call;
    private long taken;
    private long lastReport;
    private int messagesTaken;
    private int reportsTaken;
    private int windowFrames;
    private final List<FrameException> untold = new ArrayList<>();

    ModelBroker(Random random) {
        this.random = random;
    }

    void called(PublishSide side) {
        assertThat(call == null || !call.running()).as("one call at a time").isTrue();
        call = side;
        messagesTaken = 0;
        reportsTaken = 0;
        untold.clear();
    }

    boolean running() {
        return call != null && call.running() && call.open() != null;
    }

    void open() {
        windowFrames = 1 + random.nextInt(random.nextInt(4) == 0 ? 10_000 : 40);
        call.opened(PublishOpened.newBuilder()
                .setLastSequence(taken)
                .setLastReportId(lastReport)
                .addAllExceptions(newest(256))
                .setWindow(PublishWindow.newBuilder().setMaxFrames(windowFrames).setMaxBytes(windowFrames * 50L)));
    }

    /** Takes in what has come, up to so many messages. */
    void take(int messages) {
        List<List<WireFrame>> sent = call.messages();
        for (int end = (int) Math.min(sent.size(), (long) messagesTaken + messages);
                messagesTaken < end;
                messagesTaken++) {
            sent.get(messagesTaken).forEach(this::take);
        }
        List<PublishReport> reports = call.reports();
        for (; reportsTaken < reports.size(); reportsTaken++) {
            PublishReport report = reports.get(reportsTaken);
            if (report.getReportId() > lastReport) {
                lastReport = report.getReportId();
                report.getLostList().forEach(lost -> reportedFrames += lost.getCount());
            }
        }
    }

    private void take(WireFrame frame) {
        long sequence = frame.sequence();
        if (sequence <= taken) {
            untold.add(PublishSide.exception(sequence, FrameOutcome.FRAME_OUTCOME_DUPLICATE, "DUPLICATE"));
            return;
        }
        taken = sequence;
        if (random.nextInt(10) == 0) {
            boolean dropped = random.nextBoolean();
            FrameException exception = PublishSide.exception(
                    sequence,
                    dropped ? FrameOutcome.FRAME_OUTCOME_DROPPED : FrameOutcome.FRAME_OUTCOME_REJECTED,
                    dropped ? "OVERFLOW" : "FIELD_INVALID");
            refused.put(sequence, exception);
            untold.add(exception);
        } else {
            assertThat(stored.add(sequence))
                    .as("frame %d stored once", sequence)
                    .isTrue();
        }
    }

    /** Exceptions may be told before the ack that passes them. */
    void ack() {
        boolean ahead = random.nextInt(4) == 0;
        call.ack(PublishAck.newBuilder()
                .setStoredThrough(ahead ? 0 : taken)
                .setReportedThrough(lastReport)
                .addAllExceptions(untold));
        untold.clear();
    }

    void window() {
        windowFrames = random.nextInt(4) == 0 ? 0 : 1 + random.nextInt(40);
        call.window(windowFrames, 2_000, windowFrames == 0 ? "wait" : "");
    }

    void drain() {
        call.drain();
    }

    boolean halfClosed() {
        return call.halfClosed();
    }

    void end(Status status) {
        call.end(status);
    }

    /** Nothing goes wrong any more. */
    void heal() {
        take(Integer.MAX_VALUE);
        call.window(10_000, 1 << 20, "");
        call.ack(PublishAck.newBuilder()
                .setStoredThrough(taken)
                .setReportedThrough(lastReport)
                .addAllExceptions(untold));
        untold.clear();
    }

    private List<FrameException> newest(int count) {
        List<FrameException> all = List.copyOf(refused.values());
        return all.subList(Math.max(0, all.size() - count), all.size());
    }

    @Override
    public String toString() {
        return "broker that has taken " + taken + " and in this call " + messagesTaken + " of "
                + call.messages().size() + " messages, window " + windowFrames
                + (halfClosed() ? ", half-closed" : "");
    }
}
