package io.framebroker.client;

import io.framebroker.v1.AckLevel;
import io.framebroker.v1.Demand;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import java.util.regex.Pattern;

/**
 * Publishes the frames of one stream.
 *
 * <p>{@code publish} puts a frame in a bounded ring and returns; the frame leaves for the broker as fast as the broker and
 * the network take it, and stays in the ring until its outcome is known. After a lost connection everything whose outcome
 * is not known is sent again, in order, and the broker stores it once. What the ring has no room for is dropped by
 * {@link WhenFull} and reported to the broker, so that the stream's ledger knows of it.
 *
 * <p>Thread-safe. Frames of several threads are numbered in the order in which they get in.
 */
public final class FramePublisher implements AutoCloseable {
    private static final Pattern REASON = Pattern.compile("[A-Z][A-Z0-9_]{0,62}");

    private final PublisherOptions options;
    private final PublishSession session;

    private FramePublisher(PublisherOptions options, PublishSession session) {
        this.options = options;
        this.session = session;
    }

    /**
     * Publishes a frame. Does not block, unless the publisher was told to with {@link WhenFull#BLOCK}; but raw pixels may be
     * packed here first, for as long as {@link Builder#compressWithin} says.
     *
     * @return its sequence, by which a {@link PublishListener} knows it
     * @throws IllegalArgumentException when it has a sequence and the publisher numbers frames itself, or, where the
     *     publisher is {@link Builder#resuming resuming}, none or one that does not grow
     * @throws FrameBrokerException when the publisher failed for good; the message says what to do
     * @throws IllegalStateException when it is closed
     */
    public long publish(OutgoingFrame frame) {
        return session.publish(Objects.requireNonNull(frame, "frame"));
    }

    /**
     * Publishes frames in one go; small ones share messages, which is many times faster.
     *
     * @return the sequence of the last one
     * @throws FrameBrokerException as {@link #publish(OutgoingFrame)}
     */
    public long publish(List<OutgoingFrame> frames) {
        return session.publish(frames);
    }

    /**
     * Tells the broker of frames that were lost before they came here; they enter the stream's ledger.
     *
     * @param reason in UPPER_SNAKE, up to 63 characters, for instance SOURCE_DISCONNECTED
     * @param count 1 or more
     * @param estimated whether the count is an estimate
     * @return completes when they are in the ledger; exceptionally if this publisher ends before that is known
     */
    public CompletableFuture<Void> report(String reason, long count, boolean estimated) {
        if (!REASON.matcher(reason).matches()) {
            throw new IllegalArgumentException("reason \"" + reason + "\" is not like SOURCE_DISCONNECTED");
        }
        if (count < 1) {
            throw new IllegalArgumentException("count " + count + " of " + reason + " is below 1");
        }
        return session.report(reason, count, estimated);
    }

    /** Completes, normally, when every frame published so far has its outcome. */
    public CompletableFuture<Void> flush() {
        return session.flush();
    }

    public PublisherStats stats() {
        return session.stats();
    }

    /**
     * Who wants the stream, as the broker told last, so that a camera that nobody watches may rest. It stays over a lost
     * connection, and is as old as that then; {@link PublishListener#demand} hears of each change. What is not published
     * for it is not lost and in no ledger; what is published while nobody wants it is stored all the same.
     *
     * <p>Stop only where neither {@code consumers} nor {@code groups} are left: a group whose consumers are away for a
     * moment waits for what is published meanwhile. Publish no slower than {@code wanted_fps}, where it is not 0. Any
     * thread, never blocks.
     *
     * @return empty until the broker has told
     */
    public Optional<Demand> demand() {
        return Optional.ofNullable(session.demand());
    }

    public String stream() {
        return options.stream();
    }

    /** With {@link #epoch} and a sequence it names a frame for good. */
    public String publisherId() {
        return options.publisherId();
    }

    public long epoch() {
        return options.epoch();
    }

    /**
     * Takes no more frames, waits until those in the ring have their outcome, and ends the call. What has none after
     * {@link Builder#closeTimeout} is told to the listener: UNKNOWN when it was sent, DROPPED_HERE when not. Idempotent; not
     * to be called from a listener.
     */
    @Override
    public void close() {
        awaitQuietly(closeAsync(), options.closeMillis());
    }

    CompletableFuture<Void> closeAsync() {
        return session.close();
    }

    CompletableFuture<Void> over() {
        return session.over();
    }

    long closeMillis() {
        return options.closeMillis();
    }

    /** The timeout runs on the client's timer; the second on top is for a timer that is late or stuck in a callback. */
    static void awaitQuietly(CompletableFuture<?> future, long millis) {
        try {
            future.get(millis + 1_000, TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (TimeoutException | java.util.concurrent.ExecutionException over) {
            // The outcome went to the listener; there is nobody here to tell.
            return;
        }
    }

    @Override
    public String toString() {
        return options.toString();
    }

    /** How a publisher is to be. Every setting has a default. */
    public static final class Builder {
        private final String stream;
        private final Function<PublisherOptions, PublishSession> sessions;
        private final java.util.function.Consumer<FramePublisher> opened;

        private String publisherId = "";
        private long epoch;
        private boolean resuming;
        private AckLevel ackLevel = AckLevel.ACK_LEVEL_UNSPECIFIED;
        private int maxFrameBytes = 4 << 20;
        private int ringFrames = 1024;
        private long ringBytes = 64L << 20;
        private WhenFull whenFull = WhenFull.DROP_OLDEST;
        private boolean checksum = true;
        private Compress compress = Compress.AUTO;
        private double tracesPerSecond = 1;
        private Duration compressWithin = Duration.ofMillis(10);
        private Duration closeTimeout = Duration.ofSeconds(10);
        private PublishListener listener = new PublishListener() {};

        Builder(
                String stream,
                Function<PublisherOptions, PublishSession> sessions,
                java.util.function.Consumer<FramePublisher> opened) {
            this.stream = Objects.requireNonNull(stream, "stream");
            this.sessions = sessions;
            this.opened = opened;
        }

        /** Stable name of this publisher, up to 128 characters. Default: host name and stream. */
        public Builder publisherId(String publisherId) {
            this.publisherId = Objects.requireNonNull(publisherId, "publisherId");
            return this;
        }

        /**
         * Must grow with each start of a publisher of this id: a newer one fences the older. Default: the time of opening in
         * microseconds.
         */
        public Builder epoch(long epoch) {
            this.epoch = positive("epoch", epoch);
            return this;
        }

        /**
         * Goes on where an earlier publisher of the same id and epoch left off, for a source that can be read again. Every
         * frame brings its {@link OutgoingFrame#sequence sequence}, larger than the one before and the same each time it is
         * read; id and epoch stay the same over restarts. Frames up to the last one the broker took are not sent again:
         * they have the outcome they had then.
         *
         * <p>A frame with a lower sequence than one the broker took counts as taken, whether it ever was or not: whoever
         * publishes under this id and epoch must publish all frames, in this order.
         */
        public Builder resuming() {
            this.resuming = true;
            return this;
        }

        /** What every ack must mean at least. Default: what the broker's store gives. */
        public Builder ackLevel(AckLevel ackLevel) {
            this.ackLevel = Objects.requireNonNull(ackLevel, "ackLevel");
            return this;
        }

        /**
         * Largest frame, header and payload, in bytes, before it is packed: what may be sent does not hang on what is in the
         * picture. Larger ones are dropped here. Default 4 MiB.
         */
        public Builder maxFrameBytes(int maxFrameBytes) {
            this.maxFrameBytes = (int) positive("maxFrameBytes", maxFrameBytes);
            return this;
        }

        /** Most frames without outcome. Default 1024. */
        public Builder ringFrames(int ringFrames) {
            this.ringFrames = (int) positive("ringFrames", ringFrames);
            return this;
        }

        /** Most bytes of frames without outcome. A single larger frame passes when it is alone. Default 64 MiB. */
        public Builder ringBytes(long ringBytes) {
            this.ringBytes = positive("ringBytes", ringBytes);
            return this;
        }

        /** Default {@link WhenFull#DROP_OLDEST}. */
        public Builder whenFull(WhenFull whenFull) {
            this.whenFull = Objects.requireNonNull(whenFull, "whenFull");
            return this;
        }

        /** Whether frames carry a CRC-32C of their payload, which the broker and the consumer check. Default true. */
        public Builder checksum(boolean checksum) {
            this.checksum = checksum;
            return this;
        }

        /** Which payloads travel packed with LZ4; consumers of this SDK do not notice. Default {@link Compress#AUTO}. */
        public Builder compress(Compress compress) {
            this.compress = Objects.requireNonNull(compress, "compress");
            return this;
        }

        /**
         * How long packing a frame may take, by what a sample of it promises; with {@link Compress#AUTO}. It is the publishing
         * thread that packs. Default 10 ms, a third of the time between two pictures at 30 a second.
         */
        public Builder compressWithin(Duration compressWithin) {
            if (compressWithin.isNegative()) {
                throw new IllegalArgumentException("compressWithin " + compressWithin + " is negative");
            }
            this.compressWithin = compressWithin;
            return this;
        }

        /** How long {@link FramePublisher#close} waits for outcomes. Default 10 s. */
        public Builder closeTimeout(Duration closeTimeout) {
            this.closeTimeout = Objects.requireNonNull(closeTimeout, "closeTimeout");
            return this;
        }

        /** Who hears what becomes of the frames. */
        public Builder listener(PublishListener listener) {
            this.listener = Objects.requireNonNull(listener, "listener");
            return this;
        }

        /**
         * Of how many frames a second a trace is begun, at most, where the client has an {@link
         * FrameBrokerClient.Builder#openTelemetry OpenTelemetry}. Default 1; 0 for none. A frame that has a {@link
         * OutgoingFrame#traceparent} does not count: its trace has begun.
         */
        public Builder tracesPerSecond(double tracesPerSecond) {
            if (!(tracesPerSecond >= 0) || tracesPerSecond > 1e9) {
                throw new IllegalArgumentException("tracesPerSecond " + tracesPerSecond + " is outside 0..1e9");
            }
            this.tracesPerSecond = tracesPerSecond;
            return this;
        }

        /** Starts the publisher and returns at once; it connects behind the scenes, and again when it must. */
        public FramePublisher open() {
            if (resuming && (publisherId.isEmpty() || epoch == 0)) {
                throw new IllegalArgumentException(
                        "a publisher that resumes needs a publisherId and an epoch that stay the same");
            }
            PublisherOptions options = new PublisherOptions(
                    stream,
                    publisherId.isEmpty() ? Identity.publisherId(stream) : publisherId,
                    epoch == 0 ? Identity.nextEpoch() : epoch,
                    resuming,
                    ackLevel,
                    maxFrameBytes,
                    ringFrames,
                    ringBytes,
                    whenFull,
                    checksum,
                    compress,
                    compressWithin.toNanos(),
                    closeTimeout.toMillis(),
                    listener,
                    tracesPerSecond);
            PublishSession session = sessions.apply(options);
            FramePublisher publisher = new FramePublisher(options, session);
            opened.accept(publisher);
            session.start();
            return publisher;
        }

        private static long positive(String name, long value) {
            if (value < 1) {
                throw new IllegalArgumentException(name + " " + value + " is below 1");
            }
            return value;
        }
    }
}
