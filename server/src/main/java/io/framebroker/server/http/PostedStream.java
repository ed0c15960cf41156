package io.framebroker.server.http;

import io.framebroker.v1.Frame;
import io.framebroker.v1.FrameBatch;
import io.framebroker.v1.FrameBrokerServiceGrpc;
import io.framebroker.v1.FrameException;
import io.framebroker.v1.FrameHeader;
import io.framebroker.v1.FrameOutcome;
import io.framebroker.v1.PublishFramesRequest;
import io.framebroker.v1.PublishOpen;
import io.framebroker.v1.PublishOpened;
import io.grpc.Channel;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantLock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Posted frames on their way into one stream. The gateway is the stream's publisher while frames are posted, and a second
 * more; it gives them sequences, by which the broker stores each once, and knows the newest ids. Thread-safe.
 */
final class PostedStream {
    private static final Logger log = LoggerFactory.getLogger(PostedStream.class);
    /** Newest ids of a stream that are known. */
    static final int MOST_IDS = 1_000;

    private static final long LEAVES_AFTER_NANOS = TimeUnit.SECONDS.toNanos(1);
    private static final long OPEN_MILLIS = 5_000;
    /** Longer than the broker takes to say why there is no room. */
    private static final long ROOM_MILLIS = 500;

    private static final long ACK_MILLIS = 4_000;
    private static final int LEAST_FRAME_BYTES = 64 << 10;
    /** What a sequence adds to a frame. */
    static final int SEQUENCE_BYTES = 32;

    /** What became of a posted frame; {@code sequence} is 0 where another publisher, or the gateway before a restart, had it. */
    record Outcome(boolean duplicate, long sequence, String frameId) {}

    private final String stream;
    private final Channel broker;
    private final PublishOpen who;
    private final GroupMaker group;
    private final int maxFrameBytes;

    /** Guards those below, over the calls that open and send. */
    private final ReentrantLock lock = new ReentrantLock(true);

    private final Map<String, PostedId> ids = new LinkedHashMap<>();
    private boolean idsRead;
    private long lastSequence;
    /** Null while the gateway does not publish. */
    private volatile Posting posting;
    /** Posts under way, and about to be. */
    private final AtomicInteger posts = new AtomicInteger();

    /**
     * @param who the gateway as a publisher, the same for its whole life
     * @param maxFrameBytes largest frame the broker takes
     */
    PostedStream(String stream, Channel broker, PublishOpen who, GroupMaker group, int maxFrameBytes) {
        this.stream = stream;
        this.broker = broker;
        this.who = who.toBuilder().setStream(stream).build();
        this.group = group;
        this.maxFrameBytes = maxFrameBytes;
    }

    /**
     * Has the broker store a frame, unless it has one of that id.
     *
     * @throws GatewayException it is not stored, or nobody knows
     */
    Outcome post(PostedFrame posted) throws InterruptedException {
        PostedId id = null;
        Posting sentBy = null;
        boolean duplicate = false;
        lock(() -> waitsForOthers(posted));
        try {
            Posting open = opened(posted.frame().getSerializedSize() + SEQUENCE_BYTES);
            PostedId known = posted.id().isEmpty() ? null : ids.get(posted.id());
            if (known != null && !known.isFree()) {
                id = known;
                duplicate = true;
            } else {
                if (!open.awaitRoom(ROOM_MILLIS)) {
                    throw full(open);
                }
                id = new PostedId(++lastSequence);
                remember(posted.id(), id);
                send(open, id, posted.frame());
            }
            sentBy = open;
        } finally {
            lock.unlock();
        }
        if (!sentBy.awaitOutcome(id, ACK_MILLIS)) {
            resolve(sentBy, id, posted);
        }
        return outcome(posted, id, duplicate);
    }

    private interface Refusal {
        GatewayException make();
    }

    private void lock(Refusal why) throws InterruptedException {
        if (!lock.tryLock(OPEN_MILLIS, TimeUnit.MILLISECONDS)) {
            throw why.make();
        }
    }

    private GatewayException waitsForOthers(PostedFrame posted) {
        return new GatewayException(
                503,
                "BUSY",
                "frame " + posted.id() + " is not stored: others wait to get into stream " + stream
                        + "; post it again");
    }

    private GatewayException full(Posting open) {
        if (open.isOver()) {
            return open.failure() == null
                    ? new GatewayException(503, "BROKER_STOPPING", "the broker has ended the call; post it again")
                    : GatewayException.of(open.failure());
        }
        String why = open.waitReason();
        return new GatewayException(
                503,
                "BACKLOG_FULL",
                "the frame is not stored: stream " + stream + " takes none now" + (why.isEmpty() ? "" : ", " + why)
                        + "; take frames from it, then post it again");
    }

    private void remember(String frameId, PostedId id) {
        if (!frameId.isEmpty()) {
            ids.remove(frameId);
            ids.put(frameId, id);
            if (ids.size() > MOST_IDS) {
                ids.remove(ids.keySet().iterator().next());
            }
        }
    }

    private void send(Posting open, PostedId id, Frame frame) {
        FrameHeader.Builder header = frame.getHeader().toBuilder().setSequence(id.sequence());
        if (header.getFrameId().isEmpty()) {
            header.setFrameId(named(id.sequence()));
        }
        open.sends(id);
        open.requests()
                .onNext(PublishFramesRequest.newBuilder()
                        .setFrames(FrameBatch.newBuilder()
                                .addFrames(frame.toBuilder().setHeader(header)))
                        .build());
    }

    /** What a frame is called that came without a name; as no other is, as long as the gateway's own name is its own. */
    private String named(long sequence) {
        return who.getPublisherId() + "-" + sequence;
    }

    private Outcome outcome(PostedFrame posted, PostedId id, boolean duplicate) {
        FrameException refusal = id.refusal();
        if (refusal != null) {
            boolean dropped = refusal.getOutcome() == FrameOutcome.FRAME_OUTCOME_DROPPED;
            int status = dropped ? 503 : refusal.getReason().equals("FRAME_TOO_LARGE") ? 413 : 400;
            throw new GatewayException(
                    status,
                    refusal.getReason(),
                    "the frame is not stored: " + refusal.getMessage() + (dropped ? "; it is in the ledger" : ""));
        }
        if (!id.isStored()) {
            throw new GatewayException(
                    503, "NOT_STORED", "the frame is not stored: its call to the broker has ended; post it again");
        }
        return new Outcome(duplicate, id.sequence(), posted.id().isEmpty() ? named(id.sequence()) : posted.id());
    }

    // ---- the call

    /** A call that takes frames of that size. */
    private Posting opened(int frameBytes) throws InterruptedException {
        Posting now = posting;
        if (now != null && now.isUsable() && now.maxFrameBytes() >= frameBytes) {
            return now;
        }
        return open(Math.max(frameBytes, now == null ? 0 : now.maxFrameBytes()));
    }

    private Posting open(int frameBytes) throws InterruptedException {
        Posting before = posting;
        group.make(stream);
        if (!idsRead) {
            StoredIds.newest(broker, stream, MOST_IDS).forEach(frameId -> {
                PostedId stored = new PostedId(PostedId.OTHERS);
                stored.stored();
                remember(frameId, stored);
            });
            idsRead = true;
        }
        int most = Math.max(LEAST_FRAME_BYTES, Integer.highestOneBit(Math.max(1, frameBytes - 1)) << 1);
        Posting next = new Posting(Math.min(most, maxFrameBytes));
        FrameBrokerServiceGrpc.newStub(broker).publishFrames(next);
        next.requests()
                .onNext(PublishFramesRequest.newBuilder()
                        .setOpen(who.toBuilder().setMaxFrameBytes(next.maxFrameBytes()))
                        .build());
        PublishOpened opened = next.awaitOpened(OPEN_MILLIS);
        if (opened == null) {
            next.requests().cancel("not opened in time", null);
            throw next.failure() == null
                    ? new GatewayException(
                            503,
                            "STREAM_NOT_OPENED",
                            "stream " + stream + " has not been opened within " + OPEN_MILLIS + " ms; try again")
                    : GatewayException.of(next.failure());
        }
        posting = next;
        lastSequence = Math.max(lastSequence, opened.getLastSequence());
        if (before != null) {
            tell(before, opened);
        }
        return next;
    }

    /** What a call before this one has not told of its frames is known now: the broker takes nothing more of that. */
    private static void tell(Posting before, PublishOpened opened) {
        for (PostedId id : before.underWay()) {
            opened.getExceptionsList().stream()
                    .filter(each -> each.getSequence() == id.sequence())
                    .findFirst()
                    .ifPresentOrElse(id::refused, () -> {
                        if (id.sequence() <= opened.getLastSequence()) {
                            id.stored();
                        } else {
                            id.lost();
                        }
                    });
        }
    }

    /** The call has not told in time, or has ended: another one knows. */
    private void resolve(Posting sentBy, PostedId id, PostedFrame posted) throws InterruptedException {
        lock(() -> unknown(posted, "others wait for the stream"));
        try {
            if (id.isKnown()) {
                return;
            }
            if (posting == sentBy) {
                sentBy.requests().cancel("no answer in time", null);
                open(sentBy.maxFrameBytes());
            }
        } catch (GatewayException e) {
            log.info("posted frame {} of stream {} is stored or not: {}", posted.id(), stream, e.getMessage());
            throw unknown(posted, e.getMessage());
        } finally {
            lock.unlock();
        }
        if (!id.isKnown()) {
            throw unknown(posted, "the broker does not say");
        }
    }

    private GatewayException unknown(PostedFrame posted, String why) {
        return new GatewayException(
                504,
                "OUTCOME_UNKNOWN",
                "frame " + posted.id() + " of stream " + stream + " is stored or not, which is not known: " + why
                        + (posted.id().isEmpty()
                                ? "; without a frame_id it cannot be posted again without the risk of two"
                                : "; post it again with the same frame_id, it is stored once"));
    }

    // ---- between posts

    /** Leaves the stream to other publishers when nothing has been posted for a while. To be called about twice a second. */
    void tick() {
        Posting now = posting;
        if (now != null && now.isUnusedFor(LEAVES_AFTER_NANOS) && lock.tryLock()) {
            try {
                if (posting == now && now.isUnusedFor(LEAVES_AFTER_NANOS)) {
                    leave(now);
                }
            } finally {
                lock.unlock();
            }
        }
    }

    private void leave(Posting now) {
        posting = null;
        if (!now.isOver()) {
            now.requests().onCompleted();
        }
    }

    /** Whether nothing is lost by forgetting it but ids. */
    boolean isIdle() {
        return posting == null && !lock.isLocked() && posts.get() == 0;
    }

    /** Somebody is about to post. */
    void entered() {
        posts.incrementAndGet();
    }

    void left() {
        posts.decrementAndGet();
    }

    void close() {
        Posting now = posting;
        if (now != null) {
            now.requests().cancel("the gateway is closing", null);
        }
    }
}
