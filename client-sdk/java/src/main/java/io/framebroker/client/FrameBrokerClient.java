package io.framebroker.client;

import com.google.protobuf.UnsafeByteOperations;
import io.framebroker.v1.Compression;
import io.framebroker.v1.DeadLetterServiceGrpc;
import io.framebroker.v1.DiagnosticsServiceGrpc;
import io.framebroker.v1.Frame;
import io.framebroker.v1.FrameBrokerServiceGrpc;
import io.framebroker.v1.GetLatestFrameRequest;
import io.framebroker.v1.GetLatestFrameResponse;
import io.framebroker.v1.GroupServiceGrpc;
import io.framebroker.v1.StreamServiceGrpc;
import io.framebroker.wire.UnreadablePayloadException;
import io.framebroker.wire.WireFrame;
import io.grpc.ChannelCredentials;
import io.grpc.ClientInterceptor;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.opentelemetry.api.OpenTelemetry;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;

/**
 * A client of one broker (or of several behind one name): where publishers and consumers come from. Connects on first use,
 * with one connection for all publishers, one for all consumers and one for everything else, so that none of them can
 * starve the others. Thread-safe; one is enough for a process.
 */
public final class FrameBrokerClient implements AutoCloseable {
    private final Channels channels;
    private final Timers timers;
    private final PackBuffers buffers = new PackBuffers();
    private final Duration minBackoff;
    private final Duration maxBackoff;
    /** Null for none. */
    private final Tracing tracing;

    private final Set<FramePublisher> publishers = ConcurrentHashMap.newKeySet();
    private final Set<FrameConsumer> consumers = ConcurrentHashMap.newKeySet();

    private FrameBrokerClient(
            Channels channels, Timers timers, Duration minBackoff, Duration maxBackoff, Tracing tracing) {
        this.tracing = tracing;
        this.channels = channels;
        this.timers = timers;
        this.minBackoff = minBackoff;
        this.maxBackoff = maxBackoff;
    }

    /**
     * A client with defaults, without TLS.
     *
     * @param target as gRPC takes it: {@code host:port}, or a URI such as {@code dns:///brokers:50051}
     */
    public static FrameBrokerClient connect(String target) {
        return builder(target).build();
    }

    public static Builder builder(String target) {
        return new Builder(target);
    }

    /** A publisher of frames to a stream. */
    public FramePublisher.Builder publisher(String stream) {
        return new FramePublisher.Builder(
                stream,
                options -> new PublishSession(options, channels.publishers(), timers, backoff(), buffers, tracing),
                publisher -> {
                    publishers.add(publisher);
                    publisher.over().thenRun(() -> publishers.remove(publisher));
                });
    }

    /**
     * A consumer of frames from streams: names, or globs, in which each {@code *} stands for any characters of a name, or
     * none. A glob takes those that match now and those that come into being later; see
     * {@link FrameConsumer.Builder#onStreamsChanged}.
     */
    public FrameConsumer.Builder consumer(String... streams) {
        return new FrameConsumer.Builder(
                List.of(streams),
                tracing,
                (options, handling) -> new ConsumeSession(options, channels.consumers(), timers, backoff(), handling),
                consumer -> {
                    consumers.add(consumer);
                    consumer.over().thenRun(() -> consumers.remove(consumer));
                });
    }

    /**
     * The newest frame of a stream, unpacked; empty when there is none, or no such stream.
     *
     * @throws FrameBrokerException when the broker cannot be asked within 5 s, or refuses; PAYLOAD_UNREADABLE when the frame
     *     cannot be unpacked, or to no more than 32 MiB and 64 kB
     */
    public Optional<LatestFrame> latestFrame(String stream) {
        GetLatestFrameRequest request =
                GetLatestFrameRequest.newBuilder().setStream(stream).build();
        try {
            GetLatestFrameResponse latest =
                    FrameBrokerServiceGrpc.newBlockingStub(channels.admin()).getLatestFrame(request);
            Frame unpacked = unpacked(stream, latest.getFrame());
            return Optional.of(new LatestFrame(
                    stream,
                    latest.getId().getGeneration(),
                    latest.getId().getOrdinal(),
                    latest.getSequence(),
                    Instant.ofEpochSecond(
                            latest.getReceivedTime().getSeconds(),
                            latest.getReceivedTime().getNanos()),
                    unpacked.getHeader(),
                    unpacked.getPayload()));
        } catch (StatusRuntimeException e) {
            if (e.getStatus().getCode() == Status.Code.NOT_FOUND) {
                return Optional.empty();
            }
            throw CallFailure.of(e.getStatus(), e.getTrailers()).toException("latest frame of " + stream);
        }
    }

    private static Frame unpacked(String stream, Frame frame) {
        Compression compression = frame.getHeader().getCompression();
        if (compression == Compression.COMPRESSION_UNSPECIFIED || compression == Compression.COMPRESSION_NONE) {
            return frame;
        }
        byte[] packed = frame.toByteArray();
        WireFrame wire = WireFrame.read(packed, 0, packed.length);
        try {
            byte[] payload = wire.unpack(ReceivedFrame.MAX_UNPACKED_BYTES);
            return frame.toBuilder()
                    .setHeader(wire.unpackedHeader())
                    .setPayload(UnsafeByteOperations.unsafeWrap(payload))
                    .build();
        } catch (UnreadablePayloadException e) {
            String message = "latest frame of " + stream + ": payload " + e.getMessage();
            throw new FrameBrokerException(Status.Code.FAILED_PRECONDITION, Handler.PAYLOAD_UNREADABLE, message, e);
        }
    }

    /** Streams: create, get, list, update, delete, purge. Each call has 5 s. */
    public StreamServiceGrpc.StreamServiceBlockingStub streams() {
        return StreamServiceGrpc.newBlockingStub(channels.admin());
    }

    /** Groups: get, list, seek, pause, resume, delete. Each call has 5 s. */
    public GroupServiceGrpc.GroupServiceBlockingStub groups() {
        return GroupServiceGrpc.newBlockingStub(channels.admin());
    }

    /** Frames that groups have given up: list, get, replay, purge. Each call has 5 s. */
    public DeadLetterServiceGrpc.DeadLetterServiceBlockingStub deadLetters() {
        return DeadLetterServiceGrpc.newBlockingStub(channels.admin());
    }

    /** What the broker knows of itself, of streams' ledgers and of frames. Each call has 5 s. */
    public DiagnosticsServiceGrpc.DiagnosticsServiceBlockingStub diagnostics() {
        return DiagnosticsServiceGrpc.newBlockingStub(channels.admin());
    }

    /** Closes all publishers and consumers, side by side and each within its own timeout, then the connections. */
    @Override
    public void close() {
        List<CompletableFuture<?>> ends = new ArrayList<>();
        long millis = 0;
        for (FrameConsumer consumer : consumers) {
            ends.add(consumer.closeAsync());
            millis = Math.max(millis, consumer.closeMillis());
        }
        for (FramePublisher publisher : publishers) {
            ends.add(publisher.closeAsync());
            millis = Math.max(millis, publisher.closeMillis());
        }
        FramePublisher.awaitQuietly(CompletableFuture.allOf(ends.toArray(CompletableFuture[]::new)), millis);
        channels.close();
        timers.close();
    }

    private Backoff backoff() {
        return new Backoff(minBackoff.toNanos(), maxBackoff.toNanos(), timers);
    }

    /** How a client is to be. */
    public static final class Builder {
        private final String target;
        private ManagedChannel channel;
        private ChannelCredentials credentials;
        private Timers timers;
        private Duration minBackoff = Duration.ofMillis(100);
        private Duration maxBackoff = Duration.ofSeconds(10);
        private Duration keepAlive = Duration.ofSeconds(30);
        private OpenTelemetry telemetry;
        private final List<ClientInterceptor> interceptors = new ArrayList<>();

        private Builder(String target) {
            this.target = Objects.requireNonNull(target, "target");
        }

        /** Uses this channel for everything, and does not close it. The target is then only a name. */
        public Builder channel(ManagedChannel channel) {
            this.channel = Objects.requireNonNull(channel, "channel");
            return this;
        }

        /** For instance {@code TlsChannelCredentials.create()}. Default: no TLS. */
        public Builder credentials(ChannelCredentials credentials) {
            this.credentials = Objects.requireNonNull(credentials, "credentials");
            return this;
        }

        /**
         * How long to wait before connecting again: a random part of a bound that doubles from {@code min} to {@code max}.
         * Default 100 ms to 10 s. A broker that asks for more time gets it.
         */
        public Builder reconnectBackoff(Duration min, Duration max) {
            if (min.isNegative() || max.compareTo(min) < 0) {
                throw new IllegalArgumentException("backoff from " + min + " to " + max);
            }
            this.minBackoff = min;
            this.maxBackoff = max;
            return this;
        }

        /** How long a connection may be silent before it is tested, also without calls. At least 10 s; default 30 s. */
        public Builder keepAlive(Duration keepAlive) {
            if (keepAlive.compareTo(Duration.ofSeconds(10)) < 0) {
                throw new IllegalArgumentException("keepAlive " + keepAlive + " is below the 10 s that brokers permit");
            }
            this.keepAlive = keepAlive;
            return this;
        }

        /**
         * Makes spans of frames: {@code frame.capture} of one a second of each publisher ({@link
         * FramePublisher.Builder#tracesPerSecond}), and {@code frame.process} of those that a consumer handles and that are
         * traced, which is the current span in the handler. Default: none, which costs nothing.
         */
        public Builder openTelemetry(OpenTelemetry telemetry) {
            this.telemetry = Objects.requireNonNull(telemetry, "telemetry");
            return this;
        }

        /**
         * Has the client's calls go by way of an interceptor, for instance that of OpenTelemetry's {@code GrpcTelemetry}, for
         * a span of each call. May be called again; the last one added sees a call first. Not with {@link #channel}, which
         * has its own.
         */
        public Builder intercept(ClientInterceptor interceptor) {
            interceptors.add(Objects.requireNonNull(interceptor, "interceptor"));
            return this;
        }

        Builder timers(Timers timers) {
            this.timers = timers;
            return this;
        }

        public FrameBrokerClient build() {
            Channels channels = channel == null
                    ? Channels.to(target, credentials, keepAlive, interceptors)
                    : Channels.shared(channel);
            return new FrameBrokerClient(
                    channels,
                    timers == null ? new TimerThread() : timers,
                    minBackoff,
                    maxBackoff,
                    telemetry == null ? null : new Tracing(telemetry));
        }
    }
}
