package io.framebroker.server.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.google.protobuf.ByteString;
import io.framebroker.server.BrokerServer;
import io.framebroker.server.broker.AckLevel;
import io.framebroker.server.broker.Broker;
import io.framebroker.server.broker.BrokerException;
import io.framebroker.server.broker.BrokerSettings;
import io.framebroker.server.broker.Durations;
import io.framebroker.server.broker.FrameMemory;
import io.framebroker.server.broker.FrameStore;
import io.framebroker.server.broker.GroupState;
import io.framebroker.server.broker.StoreLink;
import io.framebroker.server.broker.StreamSettings;
import io.framebroker.server.grpc.EdgeSettings;
import io.framebroker.server.store.memory.MemoryFrameStore;
import io.framebroker.v1.Ack;
import io.framebroker.v1.ConsumeFramesRequest;
import io.framebroker.v1.ConsumeFramesResponse;
import io.framebroker.v1.ConsumeOpen;
import io.framebroker.v1.DeliveryToken;
import io.framebroker.v1.Frame;
import io.framebroker.v1.FrameBatch;
import io.framebroker.v1.FrameBrokerServiceGrpc;
import io.framebroker.v1.FrameHeader;
import io.framebroker.v1.PublishAck;
import io.framebroker.v1.PublishFramesRequest;
import io.framebroker.v1.PublishFramesResponse;
import io.framebroker.v1.PublishOpen;
import io.framebroker.v1.Settle;
import io.framebroker.v1.Settlement;
import io.framebroker.v1.Window;
import io.grpc.ManagedChannel;
import io.grpc.inprocess.InProcessChannelBuilder;
import io.grpc.inprocess.InProcessServerBuilder;
import io.grpc.stub.StreamObserver;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What a broker shows on HTTP, as a client sees it. */
@Timeout(120)
class HttpEdgeTest {
    private final HttpClient client = HttpClient.newHttpClient();
    private final String name = InProcessServerBuilder.generateName();
    private final TroubledStore store = new TroubledStore();
    private BrokerServer broker;
    private long sequence;
    private ManagedChannel channel;

    @BeforeEach
    void start() throws IOException {
        broker = start(new HttpSettings("127.0.0.1", 0, true), name, false);
        channel = InProcessChannelBuilder.forName(name).directExecutor().build();
    }

    private BrokerServer start(HttpSettings http, String as, boolean degrade) throws IOException {
        return BrokerServer.start(
                InProcessServerBuilder.forName(as),
                store,
                new BrokerSettings(true, 100, 0, StreamSettings.DEFAULT, degrade),
                new FrameMemory(64 << 20, 64 << 20),
                EdgeSettings.DEFAULT,
                http);
    }

    @AfterEach
    void stop() {
        channel.shutdownNow();
        broker.close();
    }

    /** The answer's first line. */
    private String raw(String request) throws IOException {
        try (Socket socket = new Socket("127.0.0.1", broker.httpPort())) {
            socket.setSoTimeout(8_000);
            socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
            return new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.US_ASCII))
                    .readLine();
        }
    }

    @Test
    void aNameThatOthersHaveMadeToMeanThisMachineShowsNothing() throws IOException {
        for (String path : List.of("/", "/live/state", "/live/pictures", "/frames/status", "/frames/dlq")) {
            assertThat(raw("GET " + path + " HTTP/1.1\r\nHost: other.example:80\r\n\r\n"))
                    .as(path)
                    .contains("403");
            assertThat(raw("GET " + path + " HTTP/1.1\r\nHost: localhost:80\r\n\r\n"))
                    .as(path)
                    .contains("200");
        }
        assertThat(raw("GET /livez HTTP/1.1\r\nHost: other.example\r\n\r\n")).contains("200");
    }

    @Test
    void slowClientsDoNotHideThatTheBrokerLives() throws IOException {
        List<Socket> slow = new ArrayList<>();
        try {
            for (int i = 0; i < 40; i++) {
                Socket socket = new Socket("127.0.0.1", broker.httpPort());
                slow.add(socket);
                socket.getOutputStream()
                        .write("POST /frames HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n{"
                                .getBytes(StandardCharsets.US_ASCII));
            }
            assertThat(raw("GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n")).contains("200");
        } finally {
            for (Socket socket : slow) {
                socket.close();
            }
        }
    }

    private HttpResponse<String> get(String path) {
        return send(HttpRequest.newBuilder(uri(path)).build());
    }

    private URI uri(String path) {
        return URI.create("http://127.0.0.1:" + broker.httpPort() + path);
    }

    private HttpResponse<String> send(HttpRequest request) {
        try {
            return client.send(request, HttpResponse.BodyHandlers.ofString());
        } catch (IOException | InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    private JsonObject health(int code) {
        HttpResponse<String> response = get("/health");
        assertThat(response.statusCode()).isEqualTo(code);
        return JsonParser.parseString(response.body()).getAsJsonObject();
    }

    private static String reasons(JsonObject health) {
        StringBuilder reasons = new StringBuilder();
        health.getAsJsonArray("problems")
                .forEach(each -> reasons.append(
                                each.getAsJsonObject().get("reason").getAsString())
                        .append(' '));
        return reasons.toString().trim();
    }

    /** Publishes frames, and waits until they are stored. */
    private void publish(String stream, int frames) {
        List<FrameHeader.Builder> pictures =
                Stream.generate(HttpEdgeTest::picture).limit(frames).toList();
        assertThat(publish(stream, pictures).getExceptionsList()).isEmpty();
    }

    private static FrameHeader.Builder picture() {
        return FrameHeader.newBuilder();
    }

    private PublishAck publish(String stream, List<FrameHeader.Builder> pictures) {
        Talk<PublishFramesResponse> talk = new Talk<>();
        StreamObserver<PublishFramesRequest> camera =
                FrameBrokerServiceGrpc.newStub(channel).publishFrames(talk);
        camera.onNext(PublishFramesRequest.newBuilder()
                .setOpen(PublishOpen.newBuilder()
                        .setStream(stream)
                        .setPublisherId("camera")
                        .setEpoch(1))
                .build());
        FrameBatch.Builder batch = FrameBatch.newBuilder();
        for (FrameHeader.Builder picture : pictures) {
            batch.addFrames(Frame.newBuilder()
                    .setHeader(picture.setSequence(++sequence))
                    .setPayload(ByteString.copyFromUtf8("picture")));
        }
        camera.onNext(PublishFramesRequest.newBuilder().setFrames(batch).build());
        PublishAck ack = talk.awaitOne(PublishFramesResponse::hasAck).getAck();
        camera.onCompleted();
        return ack;
    }

    /** A consumer that takes what there is and settles nothing. */
    private Detector consume(String stream, String group) {
        Talk<ConsumeFramesResponse> talk = new Talk<>();
        StreamObserver<ConsumeFramesRequest> requests =
                FrameBrokerServiceGrpc.newStub(channel).consumeFrames(talk);
        requests.onNext(ConsumeFramesRequest.newBuilder()
                .setOpen(ConsumeOpen.newBuilder()
                        .addStreams(stream)
                        .setGroup(group)
                        .setWindow(Window.newBuilder().setMaxFrames(10)))
                .build());
        talk.awaitOne(ConsumeFramesResponse::hasOpened);
        return new Detector(requests, talk);
    }

    private record Detector(StreamObserver<ConsumeFramesRequest> requests, Talk<ConsumeFramesResponse> talk) {
        void leaves() {
            requests.onCompleted();
            talk.awaitEnd();
        }
    }

    @Test
    void aBrokerWithNothingToDoIsHealthy() {
        JsonObject health = health(200);

        assertThat(health.get("status").getAsString()).isEqualTo("healthy");
        assertThat(health.get("service").getAsString()).isEqualTo("frame-broker");
        assertThat(health.getAsJsonObject("details").get("store").getAsString()).isEqualTo("troubled");
        assertThat(get("/livez").statusCode()).isEqualTo(200);
        assertThat(get("/readyz").statusCode()).isEqualTo(200);
    }

    @Test
    void aGroupWhoseConsumersHaveLeftIsNotJustHealthy() {
        consume("cam1", "detectors").leaves();
        publish("cam1", 3);

        JsonObject health = health(200);

        assertThat(health.get("status").getAsString()).isEqualTo("degraded");
        assertThat(reasons(health)).isEqualTo("NO_CONSUMER");
        JsonObject problem = health.getAsJsonArray("problems").get(0).getAsJsonObject();
        assertThat(problem.get("stream").getAsString()).isEqualTo("cam1");
        assertThat(problem.get("group").getAsString()).isEqualTo("detectors");
        assertThat(problem.get("message").getAsString())
                .startsWith("group detectors of stream cam1 has no consumer, and keeps 3 frames");
        assertThat(get("/readyz").statusCode()).isEqualTo(200);
    }

    @Test
    void aPausedGroupIsNamedAsSuch() {
        consume("cam1", "detectors");
        broker.broker().pauseGroup("cam1", "detectors", true, new Paused());
        publish("cam1", 1);

        assertThat(reasons(health(200))).isEqualTo("PAUSED");
    }

    @Test
    void aStoreThatTakesNoFramesMakesItUnhealthyAndNotReady() {
        store.trouble = "the disk is full";

        JsonObject health = health(503);

        assertThat(health.get("status").getAsString()).isEqualTo("unhealthy");
        assertThat(reasons(health)).isEqualTo("STORE_TROUBLE");
        assertThat(health.toString()).contains("the disk is full");
        assertThat(get("/readyz").statusCode()).isEqualTo(503);
        assertThat(get("/livez").statusCode()).isEqualTo(200);
        assertThat(get("/metrics").body()).contains("\nframebroker_store_up 0.0\n");
    }

    @Test
    void underDegradeAStoreInTroubleKeepsNobodyAway() throws IOException {
        broker.close();
        broker = start(new HttpSettings("127.0.0.1", 0, true), InProcessServerBuilder.generateName(), true);
        store.trouble = "Redis is away";

        JsonObject health = health(200);

        assertThat(health.get("status").getAsString()).isEqualTo("degraded");
        assertThat(reasons(health)).isEqualTo("STORE_TROUBLE");
        assertThat(get("/readyz").statusCode()).isEqualTo(200);
    }

    @Test
    void metricsTellTheLedger() {
        consume("cam1", "detectors").leaves();
        publish("cam1", 3);
        broker.broker().purgeStream("cam1");
        publish("cam1", 2);

        assertThat(get("/metrics").body())
                .contains(
                        "\nframe_queue_depth{queue=\"cam1\",} 2.0\n",
                        "\nframe_buffer_size{stream=\"cam1\",} 100.0\n",
                        "\nframe_buffer_utilization_ratio{stream=\"cam1\",} 0.02\n",
                        "\nframes_processed_total{stream=\"cam1\",group=\"detectors\",} 0.0\n",
                        "\nframebroker_stream_offered_frames_total{stream=\"cam1\",} 5.0\n",
                        "\nframebroker_stream_stored_frames_total{stream=\"cam1\",} 5.0\n",
                        "\nframebroker_group_skipped_frames_total{stream=\"cam1\",group=\"detectors\",reason=\"PURGED\",} 3.0\n",
                        "\nframebroker_group_lag_frames{stream=\"cam1\",group=\"detectors\",} 2.0\n",
                        "\nframebroker_group_consumers{stream=\"cam1\",group=\"detectors\",} 0.0\n",
                        "\nframebroker_ledger_imbalance_frames{stream=\"cam1\",} 0.0\n",
                        "\nframebroker_append_seconds_count{stream=\"cam1\",} ");
    }

    @Test
    void agesAreThoseAtDelivery() {
        publish("cam1", 1);
        Detector consumer = consume("cam1", "detectors");
        publish("cam1", 4);
        consumer.talk.awaitOne(ConsumeFramesResponse::hasDeliveries);

        assertThat(get("/metrics").body())
                .contains(
                        "\nframebroker_delivery_age_seconds_bucket{stream=\"cam1\",group=\"detectors\",le=\"+Inf\",} 4.0\n",
                        "\nframebroker_delivery_age_seconds_count{stream=\"cam1\",group=\"detectors\",} 4.0\n");
    }

    @Test
    void metricsTellWhatHoldsFramesUp() {
        Detector detector = consume("cam1", "detectors");
        publish("cam1", 12);
        DeliveryToken first = detector.talk
                .awaitOne(ConsumeFramesResponse::hasDeliveries)
                .getDeliveries()
                .getDeliveries(0)
                .getToken();

        assertThat(get("/metrics").body())
                .contains(
                        "\nframebroker_group_in_flight_frames{stream=\"cam1\",group=\"detectors\",} 10.0\n",
                        "\nframebroker_group_window_frames{stream=\"cam1\",group=\"detectors\",} 10.0\n",
                        "\nframebroker_group_blocked_consumers{stream=\"cam1\",group=\"detectors\",} 1.0\n",
                        "\nframebroker_stream_deliveries_total{stream=\"cam1\",source=\"memory\",} 10.0\n",
                        "\nframebroker_stream_deliveries_total{stream=\"cam1\",source=\"store\",} 0.0\n",
                        "\nframebroker_backpressure_events_total{stream=\"cam1\",reason=\"GROUP\",} 0.0\n",
                        "\nframebroker_stream_publisher_blocked_seconds_total{stream=\"cam1\",} 0.0\n",
                        "\nframebroker_settle_seconds_count{stream=\"cam1\",group=\"detectors\",} 0.0\n");
        detector.requests.onNext(ConsumeFramesRequest.newBuilder()
                .setSettle(Settle.newBuilder()
                        .addSettlements(Settlement.newBuilder()
                                .setStream("cam1")
                                .setToken(first)
                                .setCount(3)
                                .setAck(Ack.getDefaultInstance())))
                .build());
        detector.talk.awaitOne(ConsumeFramesResponse::hasSettled);

        assertThat(get("/metrics").body())
                .contains(
                        "\nframebroker_group_blocked_consumers{stream=\"cam1\",group=\"detectors\",} 0.0\n",
                        "\nframebroker_settle_seconds_count{stream=\"cam1\",group=\"detectors\",} 3.0\n",
                        "\nframes_processed_total{stream=\"cam1\",group=\"detectors\",} 3.0\n");
    }

    /** Its consumer took frames out of Redis into its buffer, which had no room for most of them. */
    @Test
    void theOldServicesConsumerTotalsAreThoseOfWhatComesIn() {
        publish("cam1", 3);
        assertThat(get("/metrics").body())
                .contains("\nframe_buffer_consumer_frames_dropped_total{stream=\"cam1\",} 0.0\n");

        PublishAck ack = publish("cam1", List.of(picture(), picture().setCrc32C(7)));

        assertThat(ack.getExceptionsCount()).isEqualTo(1);
        assertThat(get("/metrics").body())
                .contains(
                        "\nframe_buffer_consumer_frames_consumed_total{stream=\"cam1\",} 4.0\n",
                        "\nframe_buffer_consumer_frames_dropped_total{stream=\"cam1\",} 1.0\n");
    }

    @Test
    void aStoreThatIsAnotherProcessShowsTheWayToIt() {
        assertThat(get("/metrics").body()).doesNotContain("framebroker_store_breaker_state");
        Durations roundTrips = Durations.overNetwork();
        roundTrips.add(150);

        store.link = new StoreLink(StoreLink.Circuit.CLOSED, roundTrips.view());
        assertThat(get("/metrics").body())
                .contains(
                        "\nframebroker_store_breaker_state 0.0\n",
                        "\nframebroker_store_round_trip_seconds_bucket{le=\"1.0E-4\",} 0.0\n",
                        "\nframebroker_store_round_trip_seconds_bucket{le=\"2.0E-4\",} 1.0\n",
                        "\nframebroker_store_round_trip_seconds_count 1.0\n");
        store.link = new StoreLink(StoreLink.Circuit.HALF_OPEN, roundTrips.view());
        assertThat(get("/metrics").body()).contains("\nframebroker_store_breaker_state 1.0\n");
        store.link = new StoreLink(StoreLink.Circuit.OPEN, roundTrips.view());
        assertThat(get("/metrics").body()).contains("\nframebroker_store_breaker_state 2.0\n");
    }

    @Test
    void whatIsNotThereIsSaid() {
        HttpResponse<String> missing = get("/nowhere");
        assertThat(missing.statusCode()).isEqualTo(404);
        assertThat(missing.body()).contains("/health,", "/livez,", "/metrics,", "/readyz");
        HttpResponse<String> post = send(HttpRequest.newBuilder(uri("/health"))
                .POST(HttpRequest.BodyPublishers.noBody())
                .build());
        assertThat(post.statusCode()).isEqualTo(405);
        assertThat(post.headers().firstValue("Allow")).hasValue("GET, HEAD");
    }

    @Test
    void aPortThatIsTakenIsRefusedOrDoneWithout() throws IOException {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            HttpSettings must = new HttpSettings("127.0.0.1", taken.getLocalPort(), true);
            HttpSettings may = new HttpSettings("127.0.0.1", taken.getLocalPort(), false);

            assertThatThrownBy(() -> start(must, InProcessServerBuilder.generateName(), false))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("127.0.0.1:" + taken.getLocalPort())
                    .hasMessageContaining("--http-port");
            try (BrokerServer without = start(may, InProcessServerBuilder.generateName(), false)) {
                assertThat(without.httpPort()).isEqualTo(-1);
            }
        }
    }

    /** A store in memory that can be told to be in trouble. */
    private static final class TroubledStore implements FrameStore {
        private final FrameStore behind = new MemoryFrameStore();
        private volatile String trouble;
        private volatile StoreLink link;

        @Override
        public StoreLink link() {
            return link;
        }

        @Override
        public String name() {
            return "troubled";
        }

        @Override
        public String trouble() {
            return trouble;
        }

        @Override
        public AckLevel ackLevel() {
            return behind.ackLevel();
        }

        @Override
        public void open(String stream, boolean create, Opening opening) {
            behind.open(stream, create, opening);
        }

        @Override
        public void names(Consumer<List<String>> answer) {
            behind.names(answer);
        }

        @Override
        public void close() {
            behind.close();
        }
    }

    private static final class Paused implements Broker.GroupChanged {
        @Override
        public void changed(GroupState now) {
            assertThat(now.paused()).isTrue();
        }

        @Override
        public void failed(BrokerException why) {
            throw why;
        }
    }
}
