package io.framebroker.client;

import io.framebroker.v1.ConsumeMode;
import io.framebroker.v1.ConsumeOpen;
import io.framebroker.v1.DeliveryOrder;
import io.framebroker.v1.Gap;
import io.framebroker.v1.GroupSettings;
import io.framebroker.v1.Heartbeat;
import io.framebroker.v1.PayloadMode;
import io.framebroker.v1.SettleResult;
import io.framebroker.v1.StartEdge;
import io.framebroker.v1.StartPosition;
import io.framebroker.v1.StreamsChanged;
import io.framebroker.v1.Window;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * Takes frames from streams and hands each to a handler.
 *
 * <p>A frame counts against the window until it is settled, so that no more comes than the handlers can do. Leases of
 * frames that wait or are being handled are extended. After a lost connection the consumer comes back under its name:
 * what handlers hold stays theirs, and settlements that were not confirmed are said again.
 *
 * <p>Thread-safe.
 */
public final class FrameConsumer implements AutoCloseable {
    private final ConsumerOptions options;
    private final ConsumeSession session;
    private final CompletableFuture<Void> done;

    private FrameConsumer(ConsumerOptions options, ConsumeSession session) {
        this.options = options;
        this.session = session;
        this.done = session.over()
                .thenCompose(over -> session.handling().stopped())
                .thenAccept(stopped -> session.throwFailure());
    }

    /** A new window, at once. Parameters as in {@link Builder#window}. */
    public void window(int maxFrames, long maxBytes) {
        session.window(windowOf(maxFrames, maxBytes));
    }

    /** No more frames until {@link #resume}; what is here is handled. */
    public void pause() {
        session.pause(true);
    }

    public void resume() {
        session.pause(false);
    }

    public ConsumerStats stats() {
        return session.stats();
    }

    /** Name under which the broker knows this consumer. */
    public String consumerId() {
        return options.open().getConsumerId();
    }

    /**
     * Completes when the consumer is over and no handler runs: normally when its limit or the end of a REPLAY is reached or it
     * was closed, with a {@link FrameBrokerException} when trying again cannot help.
     */
    public CompletableFuture<Void> done() {
        return done.copy();
    }

    /**
     * Takes no more frames, gives those back that no handler has begun with, waits for the handlers and for the broker's
     * confirmation, and ends the call. After {@link Builder#closeTimeout} handlers that still run are interrupted, and the
     * broker gives their frames to others. Idempotent. In a handler it returns without waiting.
     */
    @Override
    public void close() {
        CompletableFuture<Void> over = closeAsync();
        if (!session.handling().onHandlerThread()) {
            FramePublisher.awaitQuietly(
                    over.thenCompose(none -> session.handling().stopped()), options.closeMillis());
        }
    }

    CompletableFuture<Void> closeAsync() {
        // Said first: what is given back would come again at once where nobody else is there to take it.
        session.pause(true);
        CompletableFuture<Void> over = session.close();
        session.releaseWaiting();
        return over;
    }

    CompletableFuture<Void> over() {
        return session.over();
    }

    long closeMillis() {
        return options.closeMillis();
    }

    private static Window windowOf(int maxFrames, long maxBytes) {
        if (maxFrames < 1 || maxBytes < 0) {
            throw new IllegalArgumentException("window of " + maxFrames + " frames and " + maxBytes + " bytes");
        }
        return Window.newBuilder().setMaxFrames(maxFrames).setMaxBytes(maxBytes).build();
    }

    @Override
    public String toString() {
        return options.toString();
    }

    /** How a consumer is to be. Every setting has a default. */
    public static final class Builder {
        private final BiFunction<ConsumerOptions, Function<ConsumeSession, Handling>, ConsumeSession> sessions;
        private final Consumer<FrameConsumer> started;
        /** Null for none. */
        private final Tracing tracing;

        private final ConsumeOpen.Builder open = ConsumeOpen.newBuilder();
        private final GroupSettings.Builder settings = GroupSettings.newBuilder();
        private int concurrency = 1;
        private boolean direct;
        private boolean autoExtend = true;
        private boolean verifyChecksum = true;
        private int maxUnpackedBytes = ReceivedFrame.MAX_UNPACKED_BYTES;
        private boolean keepPacked;
        private boolean manualSettle;
        private Duration silence = Duration.ofSeconds(35);
        private Duration closeTimeout = Duration.ofSeconds(10);
        private Consumer<Gap> onGap = gap -> {};
        private Consumer<Heartbeat> onHeartbeat = heartbeat -> {};
        private Consumer<StreamsChanged> onStreamsChanged = change -> {};
        private Consumer<SettleResult> onSettled = result -> {};

        Builder(
                List<String> streams,
                Tracing tracing,
                BiFunction<ConsumerOptions, Function<ConsumeSession, Handling>, ConsumeSession> sessions,
                Consumer<FrameConsumer> started) {
            if (streams.isEmpty()) {
                throw new IllegalArgumentException("a consumer needs a stream");
            }
            this.tracing = tracing;
            this.sessions = sessions;
            this.started = started;
            open.addAllStreams(streams);
        }

        /** Durable group to join; every frame goes to one member. Default: a group of this call alone. */
        public Builder group(String group) {
            open.setGroup(group);
            return this;
        }

        /** Stable name of this consumer. Default: a name that no other has. */
        public Builder consumerId(String consumerId) {
            open.setConsumerId(consumerId);
            return this;
        }

        /**
         * How much may be unsettled.
         *
         * @param maxFrames 1 or more; default 64, with LATEST one for each stream
         * @param maxBytes default 64 MiB; 0 for as much as the frames need, up to 64 MiB
         */
        public Builder window(int maxFrames, long maxBytes) {
            open.setWindow(windowOf(maxFrames, maxBytes));
            return this;
        }

        /** How many threads run the handler. Default 1, which keeps the order. */
        public Builder concurrency(int threads) {
            if (threads < 1) {
                throw new IllegalArgumentException("concurrency " + threads + " is below 1");
            }
            this.concurrency = threads;
            return this;
        }

        /**
         * Runs the handler on the transport's thread, which all consumers of the client share: the fastest way, for handlers
         * that never block. Frames of one message are acknowledged together, when all are handled.
         */
        public Builder direct() {
            this.direct = true;
            return this;
        }

        /**
         * What is wanted: every frame (QUEUE, the default), the newest ones (LATEST), or the past (REPLAY). LATEST and REPLAY
         * touch no group. With LATEST a frame comes once, whatever becomes of it; settling it makes room for the newest
         * one, and {@link #onGap} hears what that replaced.
         */
        public Builder mode(ConsumeMode mode) {
            open.setMode(mode);
            return this;
        }

        /**
         * Where a REPLAY ends, in front of this place; see {@link FrameConsumer#done}. Default: behind the frame that is
         * newest as it begins. One whose connection is lost begins again at its start.
         */
        public Builder until(StartPosition until) {
            open.setUntil(until);
            return this;
        }

        /** A REPLAY goes on with the frames that come. */
        public Builder follow() {
            open.setFollow(true);
            return this;
        }

        /** At most so many frames of each stream a second, evenly spaced; with LATEST and REPLAY. Default 0: all. */
        public Builder maxFps(double maxFps) {
            open.setMaxFps(maxFps);
            return this;
        }

        /** Time to settle a frame, 1 s to 10 min. A setting of the group. Default 30 s. */
        public Builder lease(Duration lease) {
            settings.setLease(duration(lease));
            return this;
        }

        /** Frames older than this are skipped, and told by {@link #onGap}. A setting of the group. Default: none. */
        public Builder maxAge(Duration maxAge) {
            settings.setMaxAge(duration(maxAge));
            return this;
        }

        /** Attempts until a frame becomes a dead letter; 0 for no end. A setting of the group. */
        public Builder maxAttempts(int maxAttempts) {
            settings.setMaxAttempts(maxAttempts);
            return this;
        }

        /** Whether a frame that is tried again holds back those behind it. A setting of the group. */
        public Builder order(DeliveryOrder order) {
            settings.setOrder(order);
            return this;
        }

        /**
         * Whether frames come while they are on their way to the store, so that a store that stalls does not delay them. What
         * became of a frame is confirmed once it is stored; one that never is may have been handled all the same, and comes
         * again as another frame when its publisher sends it again. A setting of the group. Default false.
         */
        public Builder early(boolean early) {
            settings.setEarly(early);
            return this;
        }

        /**
         * Where a new group starts. Default: behind the newest frame, and for a consumer that comes back and finds its group
         * gone, behind the last frame it got.
         */
        public Builder start(StartPosition start) {
            settings.setStart(start);
            return this;
        }

        /** A new group starts with the oldest frame there is. */
        public Builder fromEarliest() {
            return start(StartPosition.newBuilder()
                    .setEdge(StartEdge.START_EDGE_EARLIEST)
                    .build());
        }

        /** The broker acknowledges each frame as it sends it: at most once. For looking, not for work. */
        public Builder autoAck() {
            open.setAutoAck(true);
            return this;
        }

        /** Ends after so many frames; see {@link FrameConsumer#done}. Default: never. */
        public Builder limit(long frames) {
            open.setLimit(frames);
            return this;
        }

        /** Frames come without their payload. */
        public Builder metadataOnly() {
            open.setPayload(PayloadMode.PAYLOAD_MODE_METADATA_ONLY);
            return this;
        }

        /** Whether leases are extended while frames wait or are handled. Default true. */
        public Builder autoExtend(boolean autoExtend) {
            this.autoExtend = autoExtend;
            return this;
        }

        /**
         * Whether payloads are checked against their checksum, as they were sent and before they are unpacked, before the
         * handler runs. Default true.
         */
        public Builder verifyChecksum(boolean verifyChecksum) {
            this.verifyChecksum = verifyChecksum;
            return this;
        }

        /**
         * Largest payload, in bytes, that a packed one may unpack to; nothing larger is ever allocated. Default 32 MiB and
         * 64 kB, the largest frame a broker takes by default. A frame above it is treated like a damaged one.
         */
        public Builder maxUnpackedBytes(int maxUnpackedBytes) {
            if (maxUnpackedBytes < 1) {
                throw new IllegalArgumentException("maxUnpackedBytes " + maxUnpackedBytes + " is below 1");
            }
            this.maxUnpackedBytes = maxUnpackedBytes;
            return this;
        }

        /** Frames come as they were sent: packed payloads stay packed, and the header says how. For relays and archives. */
        public Builder keepPacked() {
            this.keepPacked = true;
            return this;
        }

        /** A handler that returns has not settled its frame: that is done later, on any thread. */
        public Builder manualSettle() {
            this.manualSettle = true;
            return this;
        }

        /**
         * How long the broker may say nothing before the connection counts as dead; it says something every 10 s. Default
         * 35 s.
         */
        public Builder silenceTimeout(Duration silence) {
            this.silence = Objects.requireNonNull(silence, "silence");
            return this;
        }

        /** How long {@link FrameConsumer#close} waits for handlers. Default 10 s. */
        public Builder closeTimeout(Duration closeTimeout) {
            this.closeTimeout = Objects.requireNonNull(closeTimeout, "closeTimeout");
            return this;
        }

        /** Hears of frames this consumer will not get. On the transport's thread; must not block. */
        public Builder onGap(Consumer<Gap> onGap) {
            this.onGap = Objects.requireNonNull(onGap, "onGap");
            return this;
        }

        /** Hears why nothing comes. On the transport's thread; must not block. */
        public Builder onHeartbeat(Consumer<Heartbeat> onHeartbeat) {
            this.onHeartbeat = Objects.requireNonNull(onHeartbeat, "onHeartbeat");
            return this;
        }

        /**
         * Hears of streams that come to a consumer with globs, before their first frame, and of those that fall out because
         * they are deleted. Not of those a call has as it opens. On the transport's thread; must not block.
         */
        public Builder onStreamsChanged(Consumer<StreamsChanged> onStreamsChanged) {
            this.onStreamsChanged = Objects.requireNonNull(onStreamsChanged, "onStreamsChanged");
            return this;
        }

        /** Hears what became of settlements. On the transport's thread; must not block. */
        public Builder onSettled(Consumer<SettleResult> onSettled) {
            this.onSettled = Objects.requireNonNull(onSettled, "onSettled");
            return this;
        }

        /** Starts the consumer and returns at once; it connects behind the scenes, and again when it must. */
        public FrameConsumer onFrame(FrameHandler handler) {
            Objects.requireNonNull(handler, "handler");
            return start(1, 0, frames -> handler.handle(frames.get(0)));
        }

        /**
         * As {@link #onFrame}, with several frames at a time. Not with {@link #direct}.
         *
         * @param maxFrames most frames for one run of the handler; more than the window never come together
         * @param maxWait how long the first frame of a batch waits for the others
         */
        public FrameConsumer onBatch(int maxFrames, Duration maxWait, BatchHandler handler) {
            if (direct || maxFrames < 1) {
                throw new IllegalArgumentException(
                        direct ? "batches are gathered on threads, not direct" : "maxFrames " + maxFrames);
            }
            return start(maxFrames, maxWait.toNanos(), Objects.requireNonNull(handler, "handler"));
        }

        private FrameConsumer start(int maxFrames, long maxWaitNanos, BatchHandler handler) {
            if (open.getConsumerId().isEmpty()) {
                open.setConsumerId(Identity.consumerId());
            }
            if (!settings.build().equals(GroupSettings.getDefaultInstance())) {
                open.setSettings(settings);
            }
            ConsumerOptions options = new ConsumerOptions(
                    open.build(),
                    autoExtend,
                    verifyChecksum,
                    keepPacked ? 0 : maxUnpackedBytes,
                    manualSettle,
                    silence.toMillis(),
                    closeTimeout.toMillis(),
                    new ConsumerOptions.Callbacks(onGap, onHeartbeat, onStreamsChanged, onSettled));
            ConsumeSession session =
                    sessions.apply(options, it -> handling(it, options, maxFrames, maxWaitNanos, handler));
            FrameConsumer consumer = new FrameConsumer(options, session);
            started.accept(consumer);
            session.start();
            return consumer;
        }

        private Handling handling(
                ConsumeSession session, ConsumerOptions options, int maxFrames, long maxWaitNanos, BatchHandler user) {
            Handler handler = new Handler(session, user, options, tracing);
            return direct
                    ? new DirectHandling(session, handler)
                    : new Workers(handler, open.getStreams(0), concurrency, maxFrames, maxWaitNanos);
        }

        private static com.google.protobuf.Duration duration(Duration duration) {
            return com.google.protobuf.Duration.newBuilder()
                    .setSeconds(duration.getSeconds())
                    .setNanos(duration.getNano())
                    .build();
        }
    }
}
