package io.framebroker.server.grpc;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.framebroker.v1.ConsumeFramesResponse;
import io.framebroker.v1.Delivery;
import io.framebroker.v1.DeliveryToken;
import io.framebroker.v1.Frame;
import io.framebroker.v1.FrameBrokerServiceGrpc;
import io.framebroker.v1.FrameException;
import io.framebroker.v1.FrameHeader;
import io.framebroker.v1.FrameOutcome;
import io.framebroker.v1.PublishFramesRequest;
import io.framebroker.v1.PublishFramesResponse;
import io.framebroker.v1.SettleOutcome;
import io.framebroker.v1.SettleResult;
import io.grpc.CallOptions;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.Marshaller;
import io.grpc.Status.Code;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Clients that get it wrong, or mean harm. Each time somebody else's stream goes on, and nothing is lost. */
class BadInputTest {
    private EdgeBroker broker;
    private Neighbour neighbour;

    private void start(EdgeBroker started) {
        broker = started;
        neighbour = new Neighbour(started);
    }

    @AfterEach
    void theNeighbourHasNoticedNothing() {
        try {
            neighbour.goesOn();
        } finally {
            broker.close();
        }
    }

    @Test
    void noOpen() {
        start(EdgeBroker.inProcess());
        var camera = broker.publish();
        camera.say(Say.frames(1, 1));
        var reporter = broker.publish();
        reporter.say(Say.report(1, "LOST", 1));
        var consumer = broker.consume();
        consumer.say(Say.ack("gate", Say.token(1, 1)));
        var silentPublisher = broker.publish();
        silentPublisher.halfClose();
        var silentConsumer = broker.consume();
        silentConsumer.halfClose();

        for (Talk<?, ?> talk : List.of(camera, reporter, consumer, silentPublisher, silentConsumer)) {
            Refusal refusal = talk.refusal();
            assertThat(refusal.code()).isEqualTo(Code.INVALID_ARGUMENT);
            assertThat(refusal.reason()).isEqualTo("OPEN_REQUIRED");
        }
    }

    /** Used to be opened after all, when `open` followed the message that had ended the call. */
    @Test
    void openAfterTheCallHasBeenRefused() {
        start(EdgeBroker.inProcess());
        var camera = broker.publish();
        camera.say(Say.frames(1, 1));
        camera.say(Say.open("gate"));
        camera.say(Say.frames(1, 1));

        assertThat(camera.refusal().reason()).isEqualTo("OPEN_REQUIRED");

        assertThat(broker.core().streams()).hasSize(1);
    }

    @Test
    void unknownStreamWithAutoCreateOff() {
        EdgeBroker strict = EdgeBroker.setup().autoCreate(false).inProcess();
        Neighbour.create(strict);
        start(strict);
        var camera = broker.publish();
        camera.say(Say.open("gate"));
        var consumer = broker.consume();
        consumer.say(Say.consume(Say.consumer("neighbour", "detector").addStreams("gate")));

        for (Talk<?, ?> talk : List.of(camera, consumer)) {
            Refusal refusal = talk.refusal();
            assertThat(refusal.code()).isEqualTo(Code.NOT_FOUND);
            assertThat(refusal.reason()).isEqualTo("STREAM_NOT_FOUND");
            assertThat(refusal.message()).contains("gate");
        }
    }

    @Test
    void aFrameAboveTheDeclaredSize() {
        start(EdgeBroker.inProcess());
        var camera = broker.publish();
        camera.say(Say.publish(Say.publisher("gate").setMaxFrameBytes(1000)));
        camera.next();

        camera.say(Say.frames(Say.frame(1), Say.frame(2, ByteString.copyFrom(new byte[2000])), Say.frame(3)));

        assertRejected(camera, "FRAME_TOO_LARGE", "1000");
    }

    @Test
    void aWrongChecksum() {
        start(EdgeBroker.inProcess());
        var camera = broker.publish(Say.open("gate"));

        camera.say(Say.frames(
                Say.frame(1),
                Frame.newBuilder()
                        .setHeader(FrameHeader.newBuilder().setSequence(2).setCrc32C(0x1234))
                        .setPayload(ByteString.copyFromUtf8("pixels"))
                        .build(),
                Say.frame(3)));

        assertRejected(camera, "CRC_MISMATCH", "1234");
    }

    /** Frame 2 of 3 is bad: the others are stored and the call lives. */
    private void assertRejected(Talk<PublishFramesRequest, PublishFramesResponse> camera, String reason, String word) {
        List<FrameException> exceptions = new ArrayList<>();
        PublishFramesResponse told;
        do {
            told = camera.next(PublishFramesResponse::hasAck);
            exceptions.addAll(told.getAck().getExceptionsList());
        } while (told.getAck().getStoredThrough() != 3);
        assertThat(exceptions).singleElement().satisfies(exception -> {
            assertThat(exception.getSequence()).isEqualTo(2);
            assertThat(exception.getOutcome()).isEqualTo(FrameOutcome.FRAME_OUTCOME_REJECTED);
            assertThat(exception.getReason()).isEqualTo(reason);
            assertThat(exception.getMessage()).contains(word);
        });
        camera.say(Say.frames(4, 4));
        assertThat(camera.next(PublishFramesResponse::hasAck).getAck().getStoredThrough())
                .isEqualTo(4);
        var ledger = broker.core().ledger("gate").stream();
        assertThat(ledger.offered()).isEqualTo(4);
        assertThat(ledger.stored()).isEqualTo(3);
        assertThat(ledger.dropped()).containsOnly(java.util.Map.entry(reason, 1L));
    }

    @Test
    void windowsOfZeroAndLess() {
        start(EdgeBroker.inProcess());
        for (int frames : new int[] {0, -1, Integer.MIN_VALUE}) {
            var opening = broker.consume();
            opening.say(Say.consume(Say.consumer("gate", "detector", frames)));
            var live = broker.consume(Say.consume(Say.consumer("gate", "detector", 3)));
            live.say(Say.window(frames, 0));

            assertThat(opening.refusal().fields()).containsExactly("window.max_frames");
            assertThat(live.refusal().fields()).containsExactly("window.max_frames");
        }
        assertThat(broker.core().stream("gate").consumers()).isZero();
    }

    @Test
    void forgedTokens() {
        start(EdgeBroker.inProcess());
        var consumer = broker.consume(Say.consume(Say.consumer("gate", "detector", 10)));
        var camera = broker.publish(Say.open("gate"));
        camera.say(Say.frames(1, 5));
        consumer.next();
        List<DeliveryToken> forged = List.of(
                Say.token(0, 1),
                Say.token(6, 1),
                Say.token(1, 2),
                Say.token(1, 0),
                Say.token(1, -1),
                Say.token(-1, 1),
                Say.token(Long.MIN_VALUE, 1),
                Say.token(Long.MAX_VALUE, 1),
                Say.token(Long.MAX_VALUE / 2, Integer.MAX_VALUE),
                Say.token(1, 1).toBuilder().setGeneration(-7).build(),
                DeliveryToken.getDefaultInstance());

        for (DeliveryToken token : forged) {
            for (int count : new int[] {0, 1, 100_000}) {
                consumer.say(Say.settle(Say.ackOf("gate", token, count)));
                long asked = Math.max(1, count);
                long answered = 0;
                while (answered < asked) {
                    for (SettleResult result : consumer.next().getSettled().getResultsList()) {
                        // A run that starts before the first frame reaches true ones, if their attempt is right.
                        boolean reachesFrames = token.getOrdinal() == 0 && count > 1;
                        assertThat(reachesFrames
                                        || result.getOutcome() == SettleOutcome.SETTLE_OUTCOME_UNKNOWN_TOKEN
                                        || result.getOutcome() == SettleOutcome.SETTLE_OUTCOME_ALREADY_SETTLED)
                                .as("%s", result)
                                .isTrue();
                        answered += result.getCount();
                    }
                }
                assertThat(answered).isEqualTo(asked);
            }
        }
        consumer.say(Say.ack("elsewhere", Say.token(1, 1)));
        assertThat(consumer.next().getSettled().getResults(0).getOutcome())
                .isEqualTo(SettleOutcome.SETTLE_OUTCOME_UNKNOWN_TOKEN);
        camera.say(Say.frames(6, 6));
        assertThat(consumer.next().getDeliveries().getDeliveries(0).getSequence())
                .isEqualTo(6);
    }

    @Test
    void aSecondOpen() {
        start(EdgeBroker.inProcess());
        var camera = broker.publish(Say.open("gate"));
        camera.say(Say.frames(1, 3));
        camera.say(Say.open("gate"));
        var consumer = broker.consume(Say.consume(Say.consumer("gate", "detector")));
        consumer.say(Say.consume(Say.consumer("gate", "detector")));

        assertThat(camera.refusal().reason()).isEqualTo("OPEN_TWICE");
        assertThat(consumer.refusal().reason()).isEqualTo("OPEN_TWICE");

        assertThat(broker.core().ledger("gate").stream().stored()).isEqualTo(3);
    }

    @Test
    void bytesThatAreNoProtobuf() {
        start(EdgeBroker.netty());
        for (byte[] bytes : List.of(
                new byte[] {1, 2, 3},
                new byte[] {0x12, 0x7F},
                new byte[] {0x12, 6, 0x0A, 4, 0x0A, 2, 0x4A, 9},
                new byte[] {(byte) 0xFF, (byte) 0xFF})) {
            var camera = new Talk<>(broker.channel(), raw(FrameBrokerServiceGrpc.getPublishFramesMethod()));
            camera.say(Say.open("gate").toByteArray());
            camera.next();
            camera.say(bytes);
            var consumer = new Talk<>(broker.channel(), raw(FrameBrokerServiceGrpc.getConsumeFramesMethod()));
            consumer.say(new byte[] {0x12, 0x7F, 1});

            for (Talk<?, ?> talk : List.of(camera, consumer)) {
                Refusal refusal = talk.refusal();
                assertThat(refusal.code()).isEqualTo(Code.INVALID_ARGUMENT);
                assertThat(refusal.reason()).isEqualTo("MESSAGE_MALFORMED");
            }
        }
    }

    private static <A> MethodDescriptor<byte[], A> raw(MethodDescriptor<?, A> method) {
        Marshaller<byte[]> bytes = new Marshaller<>() {
            @Override
            public InputStream stream(byte[] value) {
                return new ByteArrayInputStream(value);
            }

            @Override
            public byte[] parse(InputStream stream) {
                throw new UnsupportedOperationException();
            }
        };
        return method.toBuilder(bytes, method.getResponseMarshaller()).build();
    }

    /** The message stops half-way until the call has ended: it must end on what has come in, not on the whole. */
    @Test
    void aMessageAboveTheDeclaredSizeEndsTheCallWhileItIsStillComingIn() {
        start(EdgeBroker.netty());
        long before = broker.core().memory().inboundBytes();
        var method = FrameBrokerServiceGrpc.getPublishFramesMethod();
        AtomicBoolean heardInTime = new AtomicBoolean();
        List<Talk<InputStream, PublishFramesResponse>> talks = new ArrayList<>();
        var camera = new Talk<>(
                broker.channel(),
                method.toBuilder(
                                new Marshaller<InputStream>() {
                                    @Override
                                    public InputStream stream(InputStream value) {
                                        return value;
                                    }

                                    @Override
                                    public InputStream parse(InputStream stream) {
                                        return stream;
                                    }
                                },
                                method.getResponseMarshaller())
                        .build());
        talks.add(camera);
        camera.say(new ByteArrayInputStream(
                Say.publish(Say.publisher("gate").setMaxFrameBytes(1000)).toByteArray()));
        camera.next();

        camera.say(new HalfMessage(20 << 20, 2 << 20, () -> {
            neighbour.goesOn(); // Its flushes carry on the connection what was written so far.
            Refusal refusal = talks.get(0).refusal();
            assertThat(refusal.code()).isEqualTo(Code.RESOURCE_EXHAUSTED);
            assertThat(refusal.reason()).isEqualTo("MESSAGE_TOO_LARGE");
            assertThat(refusal.message()).contains(String.valueOf(EdgeSettings.messageBytes(1000)));
            assertThat(refusal.retry()).isFalse();
            EdgeBroker.await(
                    "its memory given back", () -> broker.core().memory().inboundBytes() == before);
            heardInTime.set(true);
        }));

        assertThat(heardInTime).isTrue();
    }

    /** A message of known length that does something when a part of it has been written. */
    private static final class HalfMessage extends InputStream implements io.grpc.KnownLength {
        private final int length;
        private final int pauseAt;
        private final Runnable pause;
        private int position;
        private boolean paused;

        HalfMessage(int length, int pauseAt, Runnable pause) {
            this.length = length;
            this.pauseAt = pauseAt;
            this.pause = pause;
        }

        @Override
        public int available() {
            return length - position;
        }

        @Override
        public int read() {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0];
        }

        @Override
        public int read(byte[] target, int offset, int count) {
            if (position >= pauseAt && !paused) {
                paused = true;
                pause.run();
            }
            if (position == length) {
                return -1;
            }
            int read = Math.min(count, length - position);
            position += read;
            return read;
        }

        @Override
        public long transferTo(java.io.OutputStream out) throws IOException {
            throw new IOException("not used");
        }
    }

    @Test
    void aLargeRequestToAUnaryMethod() {
        start(EdgeBroker.netty());
        var talk = new Talk<>(broker.channel(), io.framebroker.v1.StreamServiceGrpc.getGetStreamMethod());
        talk.say(io.framebroker.v1.GetStreamRequest.newBuilder()
                .setName("a".repeat(5 << 20))
                .build());
        talk.halfClose();

        Refusal refusal = talk.refusal();

        assertThat(refusal.code()).isEqualTo(Code.RESOURCE_EXHAUSTED);
        assertThat(refusal.reason()).isEqualTo("MESSAGE_TOO_LARGE");
    }

    /** Used to be unpacked up to the largest frame of all, whatever the call had declared. */
    @Test
    void aCompressedMessageThatUnpacksAboveTheDeclaredSize() {
        start(EdgeBroker.netty());
        var camera = new Talk<>(
                broker.channel(),
                FrameBrokerServiceGrpc.getPublishFramesMethod(),
                CallOptions.DEFAULT.withCompression("gzip"),
                true);
        camera.say(Say.publish(Say.publisher("gate").setMaxFrameBytes(1000)));
        camera.next();
        camera.say(Say.frames(1, 1));
        camera.next(PublishFramesResponse::hasAck);

        camera.say(Say.frames(Say.frame(2, ByteString.copyFrom(new byte[20 << 20]))));

        Refusal refusal = camera.refusal();
        assertThat(refusal.code()).isEqualTo(Code.RESOURCE_EXHAUSTED);
        assertThat(refusal.reason()).isEqualTo("MESSAGE_TOO_LARGE");
    }

    @Test
    void openFlood() {
        EdgeBroker small = EdgeBroker.setup().inboundBytes(20 << 20).inProcess();
        start(small);
        List<Talk<PublishFramesRequest, PublishFramesResponse>> let = new ArrayList<>();
        int refused = 0;
        for (int i = 0; i < 50; i++) {
            var camera = broker.publish();
            camera.say(Say.open("gate" + i));
            if (camera.nextIfAny()) {
                let.add(camera);
            } else {
                Refusal refusal = camera.refusal();
                assertThat(refusal.code()).isEqualTo(Code.RESOURCE_EXHAUSTED);
                assertThat(refusal.reason()).isEqualTo("INBOUND_MEMORY_FULL");
                assertThat(refusal.retry()).isTrue();
                assertThat(refusal.message()).contains(String.valueOf(20 << 20));
                refused++;
            }
        }

        assertThat(let).hasSize(3);
        assertThat(refused).isEqualTo(47);
        let.forEach(Talk::cancel);
        EdgeBroker.await(
                "memory of the others given back",
                () -> broker.core().memory().inboundBytes() == EdgeSettings.messageBytes(4 << 20));
        broker.publish(Say.open("gate"));
    }

    @Test
    void inboundMemoryComesBackHoweverACallEnds() {
        start(EdgeBroker.inProcess());
        long before = broker.core().memory().inboundBytes();
        var cancelled = broker.publish(Say.open("cancelled"));
        var finished = broker.publish(Say.open("finished"));
        var wrong = broker.publish(Say.open("wrong"));
        var fenced = broker.publish(Say.open("fenced"));
        var refusedLevel = broker.publish();
        refusedLevel.say(Say.publish(Say.publisher("x").setAckLevelValue(4)));
        var refusedEpoch = broker.publish();
        refusedEpoch.say(Say.publish(Say.publisher("x").setEpoch(0)));

        cancelled.cancel();
        finished.halfClose();
        wrong.say(PublishFramesRequest.getDefaultInstance());
        var newer = broker.publish(Say.publish(Say.publisher("fenced").setEpoch(2)));
        newer.cancel();
        for (Talk<?, ?> talk : List.of(cancelled, finished, wrong, fenced, newer, refusedLevel, refusedEpoch)) {
            talk.end();
        }

        EdgeBroker.await("all given back", () -> broker.core().memory().inboundBytes() == before);
    }

    @Test
    void aPublisherThatNeverReadsItsAcks() {
        start(EdgeBroker.netty());
        var camera = broker.deafPublisher();
        camera.say(Say.open("gate"));
        camera.say(Say.frames(1, 1000));
        PublishFramesRequest again = Say.frames(1, 1000);

        int said = sayUntilStopped(camera, again, 20_000);

        // Untold exceptions, those in the transport, and what has not been read of the call.
        assertThat(broker.core().ledger("gate").stream().duplicates()).isLessThan(100_000);
        neighbour.goesOn();
        camera.read(Integer.MAX_VALUE);
        camera.halfClose();
        long exceptions = camera.rest().stream()
                .mapToLong(told -> told.getAck().getExceptionsCount())
                .sum();
        camera.endsWell();
        assertThat(exceptions).isEqualTo(1000L * said);
    }

    /** Says something again and again until it is held back for a while. Returns how often. */
    private static <Q> int sayUntilStopped(Talk<Q, ?> talk, Q message, int most) {
        for (int said = 0; said < most; said++) {
            long deadline = System.nanoTime() + 1_000_000_000L;
            while (!talk.isReady()) {
                if (System.nanoTime() - deadline > 0) {
                    return said;
                }
                java.util.concurrent.locks.LockSupport.parkNanos(1_000_000);
            }
            talk.say(message);
        }
        throw new AssertionError("never held back in " + most + " messages");
    }

    @Test
    void aConsumerThatFloodsSettlementsAndNeverReadsTheResults() {
        start(EdgeBroker.netty());
        var consumer = broker.deafConsumer();
        consumer.say(Say.consume(Say.consumer("gate", "detector")));
        var forged = new io.framebroker.v1.Settlement.Builder[500];
        for (int i = 0; i < forged.length; i++) {
            forged[i] = Say.ackOf("gate", Say.token(i + 10, 1), 1);
        }

        int said = sayUntilStopped(consumer, Say.settle(forged), 20_000);

        neighbour.goesOn();
        consumer.read(Integer.MAX_VALUE);
        long results = 0;
        while (results < 500L * said) {
            results += consumer.next().getSettled().getResultsCount();
        }
        assertThat(results).isEqualTo(500L * said);
    }

    @Test
    void aConsumerThatNeverReadsItsDeliveries() {
        start(EdgeBroker.setup().heartbeatMillis(5).netty());
        int frameBytes = 100_000;
        var deaf = broker.deafConsumer();
        deaf.say(Say.consume(Say.consumer("gate", "deaf", 100_000)));
        var other = broker.consume(Say.consume(Say.consumer("gate", "other", 100_000)));
        EdgeBroker.await("both there", () -> broker.core().stream("gate").consumers() == 2);
        var camera = broker.publish(Say.open("gate"));
        ByteString pixels = ByteString.copyFrom(new byte[frameBytes]);

        int seen = 0;
        for (int i = 1; i <= 400; i++) {
            camera.say(Say.frames(Say.frame(i, pixels)));
            if (i % 20 == 0) {
                camera.say(Say.report(i, "LOST_" + i, 1));
                while (seen < i) {
                    var told = other.next();
                    seen += told.getDeliveries().getDeliveriesCount();
                    if (told.hasDeliveries()) {
                        other.say(Say.ackAll(told));
                    }
                }
            }
        }

        var ledger = broker.core().ledger("gate");
        long deafPending = ledger.groups().stream()
                .filter(group -> group.group().equals("deaf"))
                .findFirst()
                .orElseThrow()
                .pending();
        assertThat(deafPending).isPositive();
        assertThat(deafPending * frameBytes).isLessThan(10 << 20);
        neighbour.goesOn();
        deaf.read(Integer.MAX_VALUE);
        int got = 0;
        while (got < 400) {
            ConsumeFramesResponse told = deaf.next();
            got += told.getDeliveries().getDeliveriesCount();
        }
        assertThat(got).isEqualTo(400);
    }

    /** Of a connection that swallows everything nobody hears that it is gone; gRPC asks after 10 s at the soonest. */
    @Test
    void aPublisherAndAConsumerThatVanish() {
        start(EdgeBroker.setup()
                .graceMillis(200)
                .netty(NettyServerBuilder.forAddress(new InetSocketAddress("127.0.0.1", 0))
                        .keepAliveTime(1, TimeUnit.SECONDS)
                        .keepAliveTimeout(5, TimeUnit.SECONDS)));
        try (BlackHole hole = new BlackHole(broker.server().port())) {
            var connection = broker.newChannel(hole.port());
            var vanishing = EdgeBroker.consume(connection);
            vanishing.say(Say.consume(Say.consumer("gate", "detector", 3)));
            vanishing.next();
            var camera = EdgeBroker.publish(connection);
            camera.say(Say.open("gate"));
            camera.next();
            camera.say(Say.frames(1, 5));
            camera.next(told -> told.getAck().getStoredThrough() == 5);
            assertThat(vanishing.next().getDeliveries().getDeliveriesCount()).isEqualTo(3);
            var other = broker.consume(Say.consume(Say.consumer("gate", "detector", 10)));
            assertThat(other.next().getDeliveries().getDeliveriesList())
                    .extracting(delivery -> delivery.getToken().getOrdinal())
                    .containsExactly(4L, 5L);
            other.say(Say.settle(Say.ackOf("gate", Say.token(4, 1), 2)));

            hole.swallow();

            // One after the other: any of them may be what took its consumer away.
            List<DeliveryToken> again = new ArrayList<>();
            while (again.size() < 3) {
                for (Delivery delivery : other.next(ConsumeFramesResponse::hasDeliveries)
                        .getDeliveries()
                        .getDeliveriesList()) {
                    again.add(delivery.getToken());
                    other.say(Say.settle(Say.ackOf("gate", delivery.getToken(), 1)));
                }
            }
            assertThat(again).containsExactlyInAnyOrder(Say.token(1, 2), Say.token(2, 2), Say.token(3, 2));
            EdgeBroker.await(
                    "the publisher is missed",
                    () -> broker.core().stream("gate").publisherId().isEmpty());
            var successor = broker.publish();
            successor.say(Say.publish(Say.publisher("gate").setPublisherId("other")));
            assertThat(successor.next().hasOpened()).isTrue();
        }
    }
}
