package io.framebroker.server.grpc;

import io.framebroker.server.broker.Demand;
import io.framebroker.server.broker.PublisherKey;
import io.framebroker.server.broker.PublisherPort.FrameException;
import io.framebroker.v1.AckLevel;
import io.framebroker.v1.Drain;
import io.framebroker.v1.PublishAck;
import io.framebroker.v1.PublishFramesResponse;
import io.framebroker.v1.PublishOpened;
import io.framebroker.v1.PublishWindow;
import io.grpc.ServerCall;
import io.grpc.StatusRuntimeException;
import java.util.ArrayDeque;
import java.util.List;

/**
 * What a publisher is to be told, folded together until the transport is ready: one ack stands for all before it.
 * Fields are guarded by {@code this}; sending is done by one thread at a time, without the monitor.
 */
final class PublishReplies {
    /** Frames a publisher may have sent and not yet seen acknowledged. */
    private static final int WINDOW_FRAMES = 8192;

    private static final int WINDOW_MESSAGES = 8;
    /** Untold exceptions at which a publisher that does not read its acks is read no further. */
    private static final int MOST_EXCEPTIONS = 4096;
    /** As many as go into one message, which a client has to be able to take. */
    private static final int MESSAGE_EXCEPTIONS = 1024;

    private final ServerCall<?, PublishFramesResponse> call;
    private final Runnable afterEnd;
    private final SingleDrain drain = new SingleDrain(this::send, this::failed);

    private AckLevel level = AckLevel.ACK_LEVEL_UNSPECIFIED;
    private int maxFrameBytes;
    private int maxMessageBytes;

    private PublisherKey key;
    private PublishOpened.Builder opened;
    private boolean openedSent;
    private long storedThrough;
    private long toldThrough;
    private long reportedThrough;
    private long toldReport;
    private final ArrayDeque<FrameException> exceptions = new ArrayDeque<>();
    private io.framebroker.v1.Demand demand;
    private PublishWindow window;
    private Drain drainNotice;
    private boolean drains;
    private int toRequest;
    private boolean readOnOwed;
    private boolean ending;
    private StatusRuntimeException endStatus;
    private boolean dead;

    PublishReplies(ServerCall<?, PublishFramesResponse> call, Runnable afterEnd) {
        this.call = call;
        this.afterEnd = afterEnd;
    }

    synchronized void describe(AckLevel givenLevel, int frameBytes, int messageBytes) {
        level = givenLevel;
        maxFrameBytes = frameBytes;
        maxMessageBytes = messageBytes;
    }

    synchronized void openedBy(PublisherKey publisher) {
        key = publisher;
    }

    synchronized void opened(long lastSequence, List<FrameException> notStored, long lastReportId) {
        storedThrough = lastSequence;
        toldThrough = lastSequence;
        reportedThrough = lastReportId;
        toldReport = lastReportId;
        opened = PublishOpened.newBuilder()
                .setLastSequence(lastSequence)
                .setLastReportId(lastReportId)
                .setAckLevel(level)
                .setMaxFrameBytes(maxFrameBytes)
                .setMaxMessageBytes(maxMessageBytes)
                .setWindow(openWindow());
        notStored.forEach(exception -> opened.addExceptions(Conversions.exception(exception)));
    }

    synchronized void stored(long throughSequence) {
        storedThrough = throughSequence;
    }

    synchronized void exception(FrameException exception) {
        exceptions.add(exception);
    }

    synchronized void reported(long throughReportId) {
        reportedThrough = throughReportId;
    }

    synchronized void demand(Demand told) {
        demand = io.framebroker.v1.Demand.newBuilder()
                .setConsumers(told.consumers())
                .setGroups(told.groups())
                .setWantedFps(told.wantedFps())
                .build();
    }

    synchronized void window(String waitReason) {
        window = waitReason.isEmpty()
                ? openWindow()
                : PublishWindow.newBuilder().setWaitReason(waitReason).build();
    }

    private PublishWindow openWindow() {
        return PublishWindow.newBuilder()
                .setMaxFrames(WINDOW_FRAMES)
                .setMaxBytes((long) WINDOW_MESSAGES * maxMessageBytes)
                .build();
    }

    synchronized void drain(Drain notice) {
        if (!drains) {
            drains = true;
            drainNotice = notice;
        }
    }

    /** Read one more message, as soon as {@link #mayReadOn}. */
    synchronized void more() {
        if (mayReadOn()) {
            toRequest++;
        }
    }

    /** Whether the next message may be read; if not, it is read once the client has taken what it was told. */
    synchronized boolean mayReadOn() {
        if (exceptions.size() < MOST_EXCEPTIONS) {
            return true;
        }
        readOnOwed = true;
        return false;
    }

    /** Ends the call once everything is told; null for a good end. False when it is ending already. */
    synchronized boolean end(StatusRuntimeException status) {
        if (ending) {
            return false;
        }
        ending = true;
        endStatus = status;
        return true;
    }

    /** Whether nothing the client says matters any more. */
    synchronized boolean isOver() {
        return ending && endStatus != null || dead;
    }

    /** The client is gone. */
    synchronized void dead() {
        dead = true;
    }

    void flush() {
        drain.run();
    }

    /** Sending failed, for instance for want of memory: nothing can be told any more, and nothing may be held any more. */
    private void failed(Throwable cause) {
        dead();
        Refusals.fail(call, cause);
        afterEnd.run();
    }

    private void send() {
        PublishFramesResponse next = next();
        while (next != null) {
            call.sendMessage(next);
            next = next();
        }
        int requests;
        boolean close;
        synchronized (this) {
            // Before it is known who publishes, there is nobody yet for the next message to go to.
            requests = key == null ? 0 : toRequest;
            toRequest -= requests;
            // A refusal is told at once; a good end waits for the last ack to have room.
            close = ending && !dead && (endStatus != null || nothingToSay());
            dead |= close;
        }
        if (requests > 0) {
            call.request(requests);
        }
        if (close) {
            Refusals.end(call, endStatus);
            afterEnd.run();
        }
    }

    /** The next message, or null when there is nothing to say or the client does not take it now. */
    private synchronized PublishFramesResponse next() {
        if (dead || !call.isReady()) {
            return null;
        }
        PublishFramesResponse.Builder message = PublishFramesResponse.newBuilder();
        if (opened != null && key != null) {
            if (demand != null) {
                opened.setDemand(demand);
                demand = null;
            }
            message.setOpened(opened.setPublisherId(key.id()).setEpoch(key.epoch()));
            opened = null;
            openedSent = true;
            return message.build();
        }
        if (!openedSent) {
            return null;
        }
        if (hasAck()) {
            return message.setAck(ack()).build();
        }
        if (window != null) {
            message.setWindow(window);
            window = null;
            return message.build();
        }
        if (demand != null) {
            message.setDemand(demand);
            demand = null;
            return message.build();
        }
        if (drainNotice != null) {
            message.setDrain(drainNotice);
            drainNotice = null;
            return message.build();
        }
        return null;
    }

    private boolean nothingToSay() {
        return openedSent && !hasAck();
    }

    private boolean hasAck() {
        return storedThrough != toldThrough || reportedThrough != toldReport || !exceptions.isEmpty();
    }

    /** Says "stored through" only with the last of the exceptions that are below it. */
    private PublishAck ack() {
        PublishAck.Builder ack = PublishAck.newBuilder().setLevel(level);
        while (!exceptions.isEmpty() && ack.getExceptionsCount() < MESSAGE_EXCEPTIONS) {
            ack.addExceptions(Conversions.exception(exceptions.poll()));
        }
        if (exceptions.isEmpty()) {
            toldThrough = storedThrough;
            toldReport = reportedThrough;
        }
        if (readOnOwed && exceptions.size() < MOST_EXCEPTIONS) {
            readOnOwed = false;
            toRequest++;
        }
        return ack.setStoredThrough(toldThrough).setReportedThrough(toldReport).build();
    }
}
