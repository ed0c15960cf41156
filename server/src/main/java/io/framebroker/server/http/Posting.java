package io.framebroker.server.http;

import io.framebroker.v1.FrameException;
import io.framebroker.v1.FrameOutcome;
import io.framebroker.v1.PublishFramesRequest;
import io.framebroker.v1.PublishFramesResponse;
import io.framebroker.v1.PublishOpened;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;

/** One publishing call of a {@link PostedStream}. What the broker says comes on any thread; frames are sent by one at a time. */
final class Posting implements ClientResponseObserver<PublishFramesRequest, PublishFramesResponse> {
    /** Largest frame it was opened for. */
    private final int maxFrameBytes;

    private ClientCallStreamObserver<PublishFramesRequest> requests;
    private PublishOpened opened;
    /** Why the broker takes no frame now; empty while it does. */
    private String waitReason = "";
    /** Sent, and neither stored nor refused as far as is known; by sequence. */
    private final TreeMap<Long, PostedId> underWay = new TreeMap<>();

    private boolean drains;
    private boolean over;
    private Throwable failure;
    private long usedNanos = System.nanoTime();

    Posting(int maxFrameBytes) {
        this.maxFrameBytes = maxFrameBytes;
    }

    @Override
    public void beforeStart(ClientCallStreamObserver<PublishFramesRequest> stream) {
        requests = stream;
        stream.setOnReadyHandler(() -> {
            synchronized (this) {
                notifyAll();
            }
        });
    }

    int maxFrameBytes() {
        return maxFrameBytes;
    }

    ClientCallStreamObserver<PublishFramesRequest> requests() {
        return requests;
    }

    /** Returns what the broker says first; null where it says nothing in time or ends the call. */
    synchronized PublishOpened awaitOpened(long millis) throws InterruptedException {
        long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis);
        while (opened == null && !over && waitUntil(end)) {}
        return opened;
    }

    /** Waits until a frame may be sent. Returns whether it may; {@link #waitReason} may tell why not. */
    synchronized boolean awaitRoom(long millis) throws InterruptedException {
        long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis);
        while (!isRoom() && !over && waitReason.isEmpty() && waitUntil(end)) {}
        return isRoom();
    }

    private boolean isRoom() {
        return !over && waitReason.isEmpty() && requests.isReady();
    }

    /** Returns whether there is time left. */
    private boolean waitUntil(long end) throws InterruptedException {
        long left = end - System.nanoTime();
        if (left > 0) {
            TimeUnit.NANOSECONDS.timedWait(this, left);
        }
        return left > 0;
    }

    synchronized String waitReason() {
        return waitReason;
    }

    /** A frame is about to be sent. */
    synchronized void sends(PostedId id) {
        usedNanos = System.nanoTime();
        underWay.put(id.sequence(), id);
    }

    /** Waits for the outcome of a frame. Returns whether it is known. */
    synchronized boolean awaitOutcome(PostedId id, long millis) throws InterruptedException {
        long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis);
        while (!id.isKnown() && !over && waitUntil(end)) {}
        return id.isKnown();
    }

    synchronized boolean isUsable() {
        return !over && !drains && opened != null;
    }

    synchronized boolean isOver() {
        return over;
    }

    synchronized boolean isUnusedFor(long nanos) {
        return underWay.isEmpty() && System.nanoTime() - usedNanos > nanos;
    }

    synchronized Throwable failure() {
        return failure;
    }

    /** Frames whose outcome this call has not told. */
    synchronized List<PostedId> underWay() {
        return new ArrayList<>(underWay.values());
    }

    @Override
    public synchronized void onNext(PublishFramesResponse response) {
        switch (response.getKindCase()) {
            case OPENED -> opened = response.getOpened();
            case ACK -> {
                response.getAck().getExceptionsList().forEach(this::notStored);
                Map<Long, PostedId> stored = underWay.headMap(response.getAck().getStoredThrough(), true);
                stored.values().forEach(PostedId::stored);
                stored.clear();
            }
            case WINDOW -> waitReason = response.getWindow().getWaitReason();
            case DRAIN -> drains = true;
            default -> {
                // Who wants the stream is not for those who post.
            }
        }
        notifyAll();
    }

    private void notStored(FrameException exception) {
        PostedId id = underWay.remove(exception.getSequence());
        if (id != null) {
            if (exception.getOutcome() == FrameOutcome.FRAME_OUTCOME_DUPLICATE) {
                id.stored();
            } else {
                id.refused(exception);
            }
        }
    }

    @Override
    public synchronized void onError(Throwable t) {
        failure = t;
        over = true;
        notifyAll();
    }

    @Override
    public synchronized void onCompleted() {
        over = true;
        notifyAll();
    }
}
