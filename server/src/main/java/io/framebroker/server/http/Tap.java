package io.framebroker.server.http;

import io.framebroker.v1.Ack;
import io.framebroker.v1.ConsumeFramesRequest;
import io.framebroker.v1.ConsumeFramesResponse;
import io.framebroker.v1.ConsumeOpen;
import io.framebroker.v1.Deliveries;
import io.framebroker.v1.FrameBrokerServiceGrpc;
import io.framebroker.v1.GroupSettings;
import io.framebroker.v1.Heartbeat;
import io.framebroker.v1.IdleReason;
import io.framebroker.v1.Nack;
import io.framebroker.v1.NackVerb;
import io.framebroker.v1.Pause;
import io.framebroker.v1.PayloadMode;
import io.framebroker.v1.Resume;
import io.framebroker.v1.Settle;
import io.framebroker.v1.SettleOutcome;
import io.framebroker.v1.SettleResult;
import io.framebroker.v1.Settlement;
import io.framebroker.v1.StartEdge;
import io.framebroker.v1.StartPosition;
import io.framebroker.v1.Window;
import io.grpc.Channel;
import io.grpc.stub.StreamObserver;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/**
 * One consumer of the broker, for polls one after the other: it stays open between them, paused, so that a group that is
 * polled has a consumer, and gets frames only while a poll asks for some. Thread-safe; one poll at a time.
 *
 * <p>Two locks, in this order: that of the requests, under which the broker may answer at once, and this one.
 */
final class Tap implements StreamObserver<ConsumeFramesResponse> {
    /** Polls with the same key may use one tap after the other. */
    record Key(List<String> streams, String group, boolean metadataOnly) {
        Key {
            streams = List.copyOf(streams);
        }
    }

    private static final long WINDOW_BYTES = 16 << 20;
    /** Pictures that stay in the broker cost nothing here, but what was posted with them does. */
    private static final long METADATA_WINDOW_BYTES =
            Math.max(WINDOW_BYTES, Runtime.getRuntime().maxMemory() / 8);

    private static final long OPEN_MILLIS = 5_000;
    /** For other brokers to tell what they have. */
    private static final long TELL_MILLIS = 1_000;
    /** For a store that has to read what waits. */
    private static final long READ_MILLIS = 250;
    /** For what may come right behind a first frame, where nothing tells that there is no more. */
    private static final long MORE_MILLIS = 10;

    private static final long SETTLE_MILLIS = 5_000;
    private static final long KEEP_LATE_NANOS = TimeUnit.SECONDS.toNanos(1);

    /** A frame whose settlement is awaited. */
    private record Awaited(String stream, long ordinal) {}

    private final Key key;
    /** Whether a group that this makes keeps trying for ever. */
    private final boolean asksForAttempts;

    private final Object sending = new Object();
    /** Guarded by {@link #sending}. */
    private StreamObserver<ConsumeFramesRequest> requests;

    private final ArrayDeque<Taken> came = new ArrayDeque<>();
    private final Set<Awaited> awaited = new HashSet<>();
    private boolean opened;
    private boolean polling;
    /** Told since the poll began; null before. */
    private Heartbeat heartbeat;

    private boolean settledOtherwise;
    private int leftOut;
    private boolean drains;
    private boolean over;
    /** Null where the call ended well, or has not. */
    private Throwable failure;

    private long usedNanos = System.nanoTime();

    /** @param asksForAttempts whether the group is to have no last attempt, which one with others refuses */
    Tap(Key key, boolean asksForAttempts) {
        this.key = key;
        this.asksForAttempts = asksForAttempts;
    }

    Key key() {
        return key;
    }

    // ---- a poll

    /**
     * Takes frames, at most so many, or nothing where nothing comes in the time given.
     *
     * @throws GatewayException the call ended with nothing taken
     */
    List<Taken> poll(Channel broker, int count, long waitMillis) throws InterruptedException {
        synchronized (this) {
            polling = true;
            heartbeat = null;
        }
        try {
            begin(broker, count);
            return collect(count, waitMillis);
        } finally {
            synchronized (this) {
                polling = false;
                usedNanos = System.nanoTime();
            }
            send(ConsumeFramesRequest.newBuilder().setPause(Pause.getDefaultInstance()));
        }
    }

    private void begin(Channel broker, int count) throws InterruptedException {
        Window window = Window.newBuilder()
                .setMaxFrames(count)
                .setMaxBytes(key.metadataOnly() ? METADATA_WINDOW_BYTES : WINDOW_BYTES)
                .build();
        synchronized (sending) {
            if (requests == null) {
                requests = FrameBrokerServiceGrpc.newStub(broker).consumeFrames(this);
                send(ConsumeFramesRequest.newBuilder().setOpen(open(window)));
            } else {
                send(ConsumeFramesRequest.newBuilder().setWindow(window));
            }
            // What is there comes now, and behind it a heartbeat.
            send(ConsumeFramesRequest.newBuilder().setResume(Resume.getDefaultInstance()));
        }
        await(OPEN_MILLIS, () -> opened);
    }

    private ConsumeOpen open(Window window) {
        GroupSettings.Builder settings =
                GroupSettings.newBuilder().setStart(StartPosition.newBuilder().setEdge(StartEdge.START_EDGE_EARLIEST));
        if (asksForAttempts) {
            settings.setMaxAttempts(0);
        }
        return ConsumeOpen.newBuilder()
                .addAllStreams(key.streams())
                .setGroup(key.group())
                .setWindow(window)
                .setPayload(key.metadataOnly() ? PayloadMode.PAYLOAD_MODE_METADATA_ONLY : PayloadMode.PAYLOAD_MODE_FULL)
                .setUnpack(!key.metadataOnly())
                .setSettings(settings)
                .build();
    }

    private List<Taken> collect(int count, long waitMillis) throws InterruptedException {
        await(TELL_MILLIS, () -> !came.isEmpty() || heartbeat != null);
        // Where frames wait and none has come, the store reads them, or another consumer has them by now.
        await(Math.max(waitMillis, READ_MILLIS), () -> !came.isEmpty() || drains || waitMillis == 0 && nothingWaits());
        await(MORE_MILLIS, () -> came.size() >= count || came.isEmpty() || heartbeat != null);
        synchronized (this) {
            if (came.isEmpty() && (failure != null || over)) {
                throw failure == null
                        ? new GatewayException(503, "BROKER_STOPPING", "the broker has ended the call; ask again")
                        : GatewayException.of(failure);
            }
            List<Taken> taken = new ArrayList<>();
            while (taken.size() < count && !came.isEmpty()) {
                taken.add(came.poll());
            }
            return taken;
        }
    }

    private boolean nothingWaits() {
        return heartbeat != null
                && (heartbeat.getIdle() == IdleReason.IDLE_REASON_PAUSED
                        || heartbeat.getLagsList().stream().allMatch(lag -> lag.getWaiting() == 0));
    }

    /** Something that is looked at under this lock. */
    private interface Condition {
        boolean isMet();
    }

    /** Returns whether it came to be; not when the time is over or the call is. */
    private synchronized boolean await(long millis, Condition condition) throws InterruptedException {
        long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis);
        while (!condition.isMet()) {
            long left = end - System.nanoTime();
            if (over || left <= 0) {
                return false;
            }
            TimeUnit.NANOSECONDS.timedWait(this, left);
        }
        return true;
    }

    // ---- settling

    /** Ends the deliveries. Returns whether the broker has confirmed that it counts all of them as done. */
    boolean acknowledge(List<Taken> frames) throws InterruptedException {
        synchronized (this) {
            settledOtherwise = false;
            frames.forEach(frame -> awaited.add(new Awaited(frame.stream(), frame.ordinal())));
        }
        send(settle(frames, Settlement.newBuilder().setAck(Ack.getDefaultInstance())));
        boolean told = await(SETTLE_MILLIS, awaited::isEmpty);
        synchronized (this) {
            awaited.clear();
            return told && !settledOtherwise;
        }
    }

    /** Gives frames back, at once and uncounted. */
    void release(List<Taken> frames) {
        if (!frames.isEmpty()) {
            Nack release = Nack.newBuilder().setVerb(NackVerb.NACK_VERB_RELEASE).build();
            send(settle(frames, Settlement.newBuilder().setNack(release)));
        }
    }

    private static ConsumeFramesRequest.Builder settle(List<Taken> frames, Settlement.Builder verdict) {
        Settle.Builder settle = Settle.newBuilder();
        int first = 0;
        for (int i = 0; i < frames.size(); i++) {
            if (i + 1 == frames.size() || !frames.get(i).isFollowedBy(frames.get(i + 1))) {
                Taken from = frames.get(first);
                settle.addSettlements(verdict.setStream(from.stream())
                        .setToken(from.delivery().getToken())
                        .setCount(i + 1 - first)
                        .build());
                first = i + 1;
            }
        }
        return ConsumeFramesRequest.newBuilder().setSettle(settle);
    }

    private void send(ConsumeFramesRequest.Builder request) {
        synchronized (sending) {
            synchronized (this) {
                if (over || requests == null) {
                    return;
                }
            }
            requests.onNext(request.build());
        }
    }

    // ---- between polls

    /** Whether another poll may use it. */
    synchronized boolean isUsable() {
        return !over && !drains && !isLeftOutOfSome();
    }

    /** Whether streams are left out that it would get if it asked for less. */
    synchronized boolean isLeftOutOfSome() {
        return leftOut > 0 && asksForAttempts;
    }

    synchronized boolean isUnusedFor(long nanos) {
        return System.nanoTime() - usedNanos > nanos;
    }

    /** Gives back what came too late for the last poll and has not been asked for since. */
    void releaseLate() {
        List<Taken> late;
        synchronized (this) {
            if (polling || came.isEmpty() || System.nanoTime() - usedNanos < KEEP_LATE_NANOS) {
                return;
            }
            late = List.copyOf(came);
            came.clear();
        }
        release(late);
    }

    /** Leaves in order: what it has goes to others, uncounted. */
    void close() {
        synchronized (sending) {
            boolean leaves;
            synchronized (this) {
                leaves = !over && requests != null;
                over = true;
            }
            if (leaves) {
                requests.onCompleted();
            }
        }
    }

    // ---- what the broker says; on any thread

    @Override
    public synchronized void onNext(ConsumeFramesResponse response) {
        switch (response.getKindCase()) {
            case OPENED -> opened = true;
            case DELIVERIES -> onDeliveries(response.getDeliveries());
            case HEARTBEAT -> heartbeat = response.getHeartbeat();
            case SETTLED -> response.getSettled().getResultsList().forEach(this::onResult);
            case STREAMS_CHANGED -> leftOut = response.getStreamsChanged().getLeftOut();
            case DRAIN -> drains = true;
            default -> {
                // Gaps are in the ledger.
            }
        }
        notifyAll();
    }

    private void onDeliveries(Deliveries deliveries) {
        deliveries
                .getDeliveriesList()
                .forEach(each -> came.add(new Taken(deliveries.getStream(), deliveries.getPublisherId(), each)));
    }

    private void onResult(SettleResult result) {
        boolean done = result.getOutcome() == SettleOutcome.SETTLE_OUTCOME_OK
                || result.getOutcome() == SettleOutcome.SETTLE_OUTCOME_ALREADY_SETTLED;
        long first = result.getToken().getOrdinal();
        for (long ordinal = first; ordinal < first + Math.max(1, result.getCount()); ordinal++) {
            if (awaited.remove(new Awaited(result.getStream(), ordinal)) && !done) {
                settledOtherwise = true;
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
