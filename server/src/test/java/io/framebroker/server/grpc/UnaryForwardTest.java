package io.framebroker.server.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import io.framebroker.v1.CreateStreamRequest;
import io.framebroker.v1.DeleteStreamRequest;
import io.framebroker.v1.DiagnosticsServiceGrpc;
import io.framebroker.v1.ExplainFrameRequest;
import io.framebroker.v1.FrameBrokerServiceGrpc;
import io.framebroker.v1.FrameEvent;
import io.framebroker.v1.GetGroupRequest;
import io.framebroker.v1.GetLatestFrameRequest;
import io.framebroker.v1.GetLedgerRequest;
import io.framebroker.v1.GetStreamRequest;
import io.framebroker.v1.GetStreamResponse;
import io.framebroker.v1.Group;
import io.framebroker.v1.GroupServiceGrpc;
import io.framebroker.v1.ListGroupsRequest;
import io.framebroker.v1.ListStreamsRequest;
import io.framebroker.v1.ListStreamsResponse;
import io.framebroker.v1.PurgeStreamRequest;
import io.framebroker.v1.Stream;
import io.framebroker.v1.StreamServiceGrpc;
import io.framebroker.v1.StreamSettings;
import io.framebroker.v1.UpdateStreamRequest;
import io.grpc.Channel;
import io.grpc.ClientInterceptors;
import io.grpc.Metadata;
import io.grpc.Server;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import io.grpc.stub.MetadataUtils;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Calls that take one message and give one, at a broker that does not have the stream they are about. */
@Timeout(300)
class UnaryForwardTest {

    private static void publish(Brokers brokers, String stream, long first, long last) {
        var camera = brokers.get(0).publish(Say.open(stream));
        camera.say(Say.frames(first, last));
        camera.halfClose();
        camera.endsWell();
    }

    private static StreamServiceGrpc.StreamServiceBlockingStub streams(Brokers brokers, int broker) {
        return StreamServiceGrpc.newBlockingStub(brokers.get(broker).channel());
    }

    @Test
    void streamsAreAdministeredFromAnywhere() {
        try (Brokers brokers = Brokers.start(2).own(1, "gate")) {
            var here = streams(brokers, 0);

            Stream created = here.createStream(CreateStreamRequest.newBuilder()
                            .setName("gate")
                            .setSettings(StreamSettings.newBuilder().setMaxBacklogFrames(7))
                            .build())
                    .getStream();
            publish(brokers, "gate", 1, 5);
            Stream found = here.getStream(
                            GetStreamRequest.newBuilder().setName("gate").build())
                    .getStream();
            Stream updated = here.updateStream(UpdateStreamRequest.newBuilder()
                            .setName("gate")
                            .setSettings(StreamSettings.newBuilder().setMaxBacklogFrames(9))
                            .build())
                    .getStream();

            assertThat(created.getSettings().getMaxBacklogFrames()).isEqualTo(7);
            assertThat(found.getFrames()).isEqualTo(5);
            assertThat(updated.getSettings().getMaxBacklogFrames()).isEqualTo(9);
            assertThat(brokers.get(0).core().streams()).isEmpty();
            assertThat(brokers.owner("gate").stream("gate").settings().maxBacklogFrames())
                    .isEqualTo(9);
            assertThat(here.purgeStream(PurgeStreamRequest.newBuilder()
                                    .setName("gate")
                                    .build())
                            .getPurgedFrames())
                    .isEqualTo(5);
            publish(brokers, "gate", 6, 8);
            assertThat(here.deleteStream(DeleteStreamRequest.newBuilder()
                                    .setName("gate")
                                    .build())
                            .getDeletedFrames())
                    .isEqualTo(3);
            assertThat(brokers.owner("gate").streams()).isEmpty();
        }
    }

    @Test
    void framesGroupsAndLedgersAreSeenFromAnywhere() {
        try (Brokers brokers = Brokers.start(2).own(1, "gate")) {
            var consumer = brokers.get(0).consume(Say.consume(Say.consumer("gate", "detector", 2)));
            publish(brokers, "gate", 1, 5);
            consumer.next();
            Channel here = brokers.get(0).channel();

            var latest = FrameBrokerServiceGrpc.newBlockingStub(here)
                    .getLatestFrame(
                            GetLatestFrameRequest.newBuilder().setStream("gate").build());
            var groups = GroupServiceGrpc.newBlockingStub(here)
                    .listGroups(ListGroupsRequest.newBuilder().setStream("gate").build());
            var group = GroupServiceGrpc.newBlockingStub(here)
                    .getGroup(GetGroupRequest.newBuilder()
                            .setStream("gate")
                            .setName("detector")
                            .build());
            var ledger = DiagnosticsServiceGrpc.newBlockingStub(here)
                    .getLedger(GetLedgerRequest.newBuilder().setStream("gate").build());

            var life = DiagnosticsServiceGrpc.newBlockingStub(here)
                    .explainFrame(ExplainFrameRequest.newBuilder()
                            .setStream("gate")
                            .setId(latest.getId())
                            .build());

            assertThat(latest.getFrame()).isEqualTo(Say.frame(5));
            assertThat(life.getEventsList())
                    .extracting(FrameEvent::getEvent)
                    .containsExactly("RECEIVED", "STORED", "RETAINED", "WAITING");
            assertThat(groups.getGroupsList()).extracting(Group::getName).containsExactly("detector");
            assertThat(group.getGroup().getLag().getPending()).isEqualTo(2);
            assertThat(ledger.getStream().getStored()).isEqualTo(5);
            assertThat(ledger.getGroups(0).getWaiting()).isEqualTo(3);
        }
    }

    @Test
    void aLargeFrameIsFetchedFromAnywhere() {
        try (Brokers brokers = Brokers.start(2).own(1, "4k")) {
            var camera = brokers.get(1)
                    .publish(Say.publish(Say.publisher("4k").setMaxFrameBytes(EdgeSettings.DEFAULT.maxFrameBytes())));
            var frame = Say.frame(1, ByteString.copyFrom(new byte[32 << 20]));
            camera.say(Say.frames(frame));
            camera.next(told -> told.getAck().getStoredThrough() == 1);

            var latest = FrameBrokerServiceGrpc.newBlockingStub(brokers.get(0).channel())
                    .getLatestFrame(
                            GetLatestFrameRequest.newBuilder().setStream("4k").build());

            assertThat(latest.getFrame().equals(frame)).isTrue();
        }
    }

    @Test
    void refusalsPassUnchanged() {
        try (Brokers brokers = Brokers.start(2).own(1, "gate", "yard")) {
            publish(brokers, "gate", 1, 1);
            for (var refused : List.<java.util.function.Consumer<Channel>>of(
                    channel -> StreamServiceGrpc.newBlockingStub(channel)
                            .getStream(GetStreamRequest.newBuilder()
                                    .setName("yard")
                                    .build()),
                    channel -> StreamServiceGrpc.newBlockingStub(channel)
                            .updateStream(UpdateStreamRequest.newBuilder()
                                    .setName("gate")
                                    .setSettings(StreamSettings.newBuilder().setMaxBacklogFrames(-1))
                                    .build()),
                    channel -> GroupServiceGrpc.newBlockingStub(channel)
                            .getGroup(GetGroupRequest.newBuilder()
                                    .setStream("gate")
                                    .setName("nobody")
                                    .build()))) {
                assertThat(refusal(brokers.get(0).channel(), refused))
                        .isEqualTo(refusal(brokers.get(1).channel(), refused));
            }
        }
    }

    private static Refusal refusal(Channel channel, java.util.function.Consumer<Channel> call) {
        try {
            call.accept(channel);
        } catch (StatusRuntimeException e) {
            return Refusal.of(e);
        }
        throw new AssertionError("not refused");
    }

    @Test
    void anOwnerThatDoesNotAnswerIsNamed() {
        try (EdgeBroker broker =
                EdgeBroker.setup().store(new NowhereStore("127.0.0.1:1")).inProcess()) {
            Refusal refusal = refusal(
                    broker.channel(),
                    channel -> StreamServiceGrpc.newBlockingStub(channel)
                            .getStream(GetStreamRequest.newBuilder()
                                    .setName("gate")
                                    .build()));

            assertThat(refusal.code()).isEqualTo(Status.Code.UNAVAILABLE);
            assertThat(refusal.reason()).isEqualTo("OWNER_UNREACHABLE");
            assertThat(refusal.message()).contains("gate", "127.0.0.1:1");
            assertThat(refusal.retry()).isTrue();
        }
    }

    @Test
    void aCallThatWasPassedOnIsNotPassedOnAgain() {
        try (Brokers brokers = Brokers.start(2)) {
            brokers.believe(0, "gate", 1);
            brokers.believe(1, "gate", 0);

            Refusal refusal = refusal(
                    brokers.get(0).channel(),
                    channel -> StreamServiceGrpc.newBlockingStub(channel)
                            .createStream(CreateStreamRequest.newBuilder()
                                    .setName("gate")
                                    .build()));

            assertThat(refusal.code()).isEqualTo(Status.Code.UNAVAILABLE);
            assertThat(refusal.reason()).isEqualTo("STREAM_MOVING");
            assertThat(refusal.retry()).isTrue();
        }
    }

    // ---- an owner that only looks

    /** Takes the place of the owner, and answers GetStream as it is told. */
    private static final class Stranger extends StreamServiceGrpc.StreamServiceImplBase
            implements ServerInterceptor, AutoCloseable {
        private final Server server;
        private final CompletableFuture<Metadata> headers = new CompletableFuture<>();
        private final CompletableFuture<ServerCallStreamObserver<GetStreamResponse>> asked = new CompletableFuture<>();
        private final CompletableFuture<Boolean> cancelled = new CompletableFuture<>();

        Stranger() throws IOException {
            server = NettyServerBuilder.forAddress(new InetSocketAddress("127.0.0.1", 0))
                    .addService(this)
                    .intercept(this)
                    .build()
                    .start();
        }

        @Override
        public <A, B> ServerCall.Listener<A> interceptCall(
                ServerCall<A, B> call, Metadata received, ServerCallHandler<A, B> next) {
            headers.complete(received);
            return next.startCall(call, received);
        }

        @Override
        public void getStream(GetStreamRequest request, StreamObserver<GetStreamResponse> response) {
            var call = (ServerCallStreamObserver<GetStreamResponse>) response;
            call.setOnCancelHandler(() -> cancelled.complete(true));
            asked.complete(call);
        }

        EdgeBroker asOwner() {
            return EdgeBroker.setup()
                    .store(new NowhereStore("127.0.0.1:" + server.getPort()))
                    .netty();
        }

        static <T> T soon(CompletableFuture<T> what) {
            return what.orTimeout(Talk.PATIENCE_SECONDS, TimeUnit.SECONDS).join();
        }

        @Override
        public void close() {
            server.shutdownNow();
        }
    }

    private static final GetStreamRequest GATE =
            GetStreamRequest.newBuilder().setName("gate").build();

    @Test
    void aDeadlineHoldsAtTheOwnerToo() throws Exception {
        try (Stranger owner = new Stranger();
                EdgeBroker broker = owner.asOwner()) {
            // One that is over before the owner has heard of the call shows nothing: then there is more time.
            for (long millis = 300; !owner.headers.isDone(); millis *= 2) {
                long given = millis;
                assertThatThrownBy(() -> StreamServiceGrpc.newBlockingStub(broker.channel())
                                .withDeadlineAfter(given, TimeUnit.MILLISECONDS)
                                .getStream(GATE))
                        .extracting(thrown -> Status.fromThrowable(thrown).getCode())
                        .isEqualTo(Status.Code.DEADLINE_EXCEEDED);
            }

            assertThat(Stranger.soon(owner.headers)
                            .containsKey(Metadata.Key.of("grpc-timeout", Metadata.ASCII_STRING_MARSHALLER)))
                    .isTrue();
            assertThat(Stranger.soon(owner.cancelled)).isTrue();
        }
    }

    @Test
    void aClientThatBreaksOffBreaksOffAtTheOwnerToo() throws Exception {
        try (Stranger owner = new Stranger();
                EdgeBroker broker = owner.asOwner()) {
            CompletableFuture<ClientCallStreamObserver<GetStreamRequest>> call = new CompletableFuture<>();
            StreamServiceGrpc.newStub(broker.channel()).getStream(GATE, new Leaving(call));
            Stranger.soon(owner.asked);

            Stranger.soon(call).cancel("enough", null);

            assertThat(Stranger.soon(owner.cancelled)).isTrue();
        }
    }

    private record Leaving(CompletableFuture<ClientCallStreamObserver<GetStreamRequest>> call)
            implements ClientResponseObserver<GetStreamRequest, GetStreamResponse> {
        @Override
        public void beforeStart(ClientCallStreamObserver<GetStreamRequest> started) {
            call.complete(started);
        }

        @Override
        public void onNext(GetStreamResponse answer) {
            throw new AssertionError(answer);
        }

        @Override
        public void onError(Throwable why) {
            assertThat(Status.fromThrowable(why).getCode()).isEqualTo(Status.Code.CANCELLED);
        }

        @Override
        public void onCompleted() {
            throw new AssertionError("completed");
        }
    }

    /** Whoever checks who is asking has to see the client's own word, not this broker's. */
    @Test
    void theClientsHeadersGoAlongAndTheOwnersTrailersComeBack() throws Exception {
        Metadata.Key<String> token = Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);
        Metadata.Key<byte[]> blob = Metadata.Key.of("trace-bin", Metadata.BINARY_BYTE_MARSHALLER);
        Metadata sent = new Metadata();
        sent.put(token, "one");
        sent.put(token, "two");
        sent.put(blob, new byte[] {0, -1, 7});
        try (Stranger owner = new Stranger();
                EdgeBroker broker = owner.asOwner()) {
            Channel channel =
                    ClientInterceptors.intercept(broker.channel(), MetadataUtils.newAttachHeadersInterceptor(sent));
            CompletableFuture<StatusRuntimeException> refused = CompletableFuture.supplyAsync(() -> {
                try {
                    StreamServiceGrpc.newBlockingStub(channel).getStream(GATE);
                    throw new AssertionError("not refused");
                } catch (StatusRuntimeException e) {
                    return e;
                }
            });
            Metadata trailers = new Metadata();
            trailers.put(blob, new byte[] {1});
            Stranger.soon(owner.asked)
                    .onError(Status.DATA_LOSS.withDescription("ä bad day").asRuntimeException(trailers));

            Metadata came = Stranger.soon(owner.headers);
            assertThat(came.getAll(token)).containsExactly("one", "two");
            assertThat(came.get(blob)).containsExactly(0, -1, 7);
            assertThat(came.getAll(Owners.FORWARDED)).containsExactly("1");
            StatusRuntimeException why = Stranger.soon(refused);
            assertThat(why.getStatus().getCode()).isEqualTo(Status.Code.DATA_LOSS);
            assertThat(why.getStatus().getDescription()).isEqualTo("ä bad day");
            assertThat(why.getTrailers().get(blob)).containsExactly(1);
        }
    }

    // ---- lists

    @Test
    void streamsOfAllBrokersAreListedPageByPage() {
        int count = 50;
        try (Brokers brokers = Brokers.start(3)) {
            for (int i = 0; i < count; i++) {
                String name = "cam" + (10 + i);
                brokers.own(i % 3, name);
                streams(brokers, 0)
                        .createStream(CreateStreamRequest.newBuilder()
                                .setName(name)
                                .setSettings(StreamSettings.newBuilder().setMaxBacklogFrames(100 + i))
                                .build());
            }

            List<Stream> all = new ArrayList<>();
            List<Integer> sizes = new ArrayList<>();
            ListStreamsResponse page = ListStreamsResponse.getDefaultInstance();
            do {
                page = streams(brokers, 1)
                        .listStreams(ListStreamsRequest.newBuilder()
                                .setPageSize(20)
                                .setPageToken(page.getNextPageToken())
                                .build());
                all.addAll(page.getStreamsList());
                sizes.add(page.getStreamsCount());
            } while (!page.getNextPageToken().isEmpty());

            assertThat(sizes).containsExactly(20, 20, 10);
            assertThat(all).extracting(Stream::getName).isSorted().doesNotHaveDuplicates();
            assertThat(all)
                    .allSatisfy(stream -> assertThat(stream.getSettings().getMaxBacklogFrames())
                            .isEqualTo(90 + Integer.parseInt(stream.getName().substring(3))));
        }
    }

    @Test
    void aStreamThatCannotBeAskedForIsListedByItsNameAlone() {
        try (Brokers brokers = Brokers.start(2).own(1, "far")) {
            streams(brokers, 0)
                    .createStream(
                            CreateStreamRequest.newBuilder().setName("far").build());
            streams(brokers, 0)
                    .createStream(
                            CreateStreamRequest.newBuilder().setName("near").build());
            brokers.find(1, 1);

            List<Stream> listed = streams(brokers, 0)
                    .listStreams(ListStreamsRequest.getDefaultInstance())
                    .getStreamsList();

            assertThat(listed).extracting(Stream::getName).containsExactly("far", "near");
            assertThat(listed.get(0))
                    .isEqualTo(Stream.newBuilder().setName("far").build());
            assertThat(listed.get(1).hasSettings()).isTrue();
        }
    }

    @Test
    void aStreamThatHasGoneMeanwhileIsNotListed() {
        try (Brokers brokers = Brokers.start(2)) {
            streams(brokers, 1)
                    .createStream(
                            CreateStreamRequest.newBuilder().setName("here").build());
            // The first broker has its name, and nobody has it.
            brokers.own(1, "here");

            assertThat(streams(brokers, 1)
                            .listStreams(ListStreamsRequest.getDefaultInstance())
                            .getStreamsList())
                    .isEmpty();
        }
    }

    @Test
    void connectionsThatNobodyUsesAreClosed() {
        Owners owners = new Owners(() -> null);
        owners.to("127.0.0.1:1");
        owners.to("127.0.0.1:2");
        assertThat(owners.connections()).isEqualTo(2);

        owners.closeIdle(TimeUnit.MINUTES.toNanos(5));
        assertThat(owners.connections()).isEqualTo(2);
        owners.closeIdle(-1);
        assertThat(owners.connections()).isZero();

        owners.close();
    }
}
