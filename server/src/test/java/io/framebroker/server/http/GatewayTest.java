package io.framebroker.server.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.protobuf.ByteString;
import io.framebroker.server.BrokerServer;
import io.framebroker.server.broker.BrokerSettings;
import io.framebroker.server.broker.FrameMemory;
import io.framebroker.server.broker.FrameStore;
import io.framebroker.server.broker.StreamSettings;
import io.framebroker.server.grpc.EdgeSettings;
import io.framebroker.server.store.disk.DiskFrameStore;
import io.framebroker.server.store.disk.DiskSettings;
import io.framebroker.server.store.memory.MemoryFrameStore;
import io.framebroker.v1.Codec;
import io.framebroker.v1.ConsumeFramesRequest;
import io.framebroker.v1.ConsumeFramesResponse;
import io.framebroker.v1.ConsumeOpen;
import io.framebroker.v1.Frame;
import io.framebroker.v1.FrameBatch;
import io.framebroker.v1.FrameBrokerServiceGrpc;
import io.framebroker.v1.FrameHeader;
import io.framebroker.v1.GroupSettings;
import io.framebroker.v1.Nack;
import io.framebroker.v1.NackVerb;
import io.framebroker.v1.PublishFramesRequest;
import io.framebroker.v1.PublishFramesResponse;
import io.framebroker.v1.PublishOpen;
import io.framebroker.v1.Settle;
import io.framebroker.v1.Settlement;
import io.framebroker.v1.StartEdge;
import io.framebroker.v1.StartPosition;
import io.grpc.ManagedChannel;
import io.grpc.inprocess.InProcessChannelBuilder;
import io.grpc.inprocess.InProcessServerBuilder;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.net.http.HttpRequest;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The old service's clients, against the broker. */
@Timeout(180)
class GatewayTest {
    private static final int HALF = 500;

    @TempDir
    Path folder;

    private BrokerServer broker;
    private ManagedChannel channel;
    private Rest rest;

    @BeforeEach
    void start() throws IOException {
        start(new MemoryFrameStore(), new HttpSettings("127.0.0.1", 0, true));
    }

    private void start(FrameStore store, HttpSettings http) throws IOException {
        String name = InProcessServerBuilder.generateName();
        broker = BrokerServer.start(
                InProcessServerBuilder.forName(name),
                store,
                new BrokerSettings(true, 100, 0, StreamSettings.DEFAULT, false),
                new FrameMemory(64 << 20, 64 << 20),
                EdgeSettings.DEFAULT,
                http);
        channel = InProcessChannelBuilder.forName(name).directExecutor().build();
        if (rest == null) {
            rest = new Rest(broker.httpPort());
        }
        rest.port(broker.httpPort());
    }

    private void start(HttpSettings http) throws IOException {
        stop();
        start(new MemoryFrameStore(), http);
    }

    @AfterEach
    void stop() {
        channel.shutdownNow();
        broker.close();
    }

    private FrameStore disk() throws IOException {
        return new DiskFrameStore(DiskSettings.of(folder, 256L << 20));
    }

    private static void eventually(String what, BooleanSupplier condition) throws InterruptedException {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime() - end).as(what).isNegative();
            TimeUnit.MILLISECONDS.sleep(5);
        }
    }

    private JsonObject ok(Rest.Answer answer) {
        assertThat(answer.status()).as(answer.whole().body()).isEqualTo(200);
        return answer.body();
    }

    private JsonObject status() throws Exception {
        return ok(rest.get("/frames/status"));
    }

    private long status(String number) throws Exception {
        return status().get(number).getAsLong();
    }

    private List<JsonObject> dequeue(int count) throws Exception {
        Rest.Answer answer = rest.get("/frames/dequeue?count=" + count);
        ok(answer);
        return answer.frames();
    }

    private static List<String> ids(List<JsonObject> frames) {
        return frames.stream().map(each -> each.get("frame_id").getAsString()).toList();
    }

    /** Where there is no room, the client posts again until there is. */
    private void post(String camera, int from, int count) throws Exception {
        for (int i = from; i < from + count; i++) {
            Rest.Answer answer;
            do {
                answer = rest.post("/frames", Rest.frame(camera, camera + "-" + i));
            } while (answer.status() == 503 && answer.text("error").equals("BACKLOG_FULL"));
            assertThat(ok(answer).get("status").getAsString()).isEqualTo("stored");
        }
    }

    /** A camera over gRPC, which leaves when all is stored. */
    private void publish(String stream, int from, int count) throws InterruptedException {
        BlockingQueue<Object> heard = new LinkedBlockingQueue<>();
        StreamObserver<PublishFramesRequest> camera =
                FrameBrokerServiceGrpc.newStub(channel).publishFrames(new Hearing<>(heard));
        camera.onNext(PublishFramesRequest.newBuilder()
                .setOpen(PublishOpen.newBuilder().setStream(stream))
                .build());
        FrameBatch.Builder batch = FrameBatch.newBuilder();
        for (int i = from; i < from + count; i++) {
            batch.addFrames(Frame.newBuilder()
                    .setHeader(FrameHeader.newBuilder()
                            .setFrameId(stream + "-" + i)
                            .setCodec(Codec.CODEC_JPEG)
                            .putAttributes("site", "north gate"))
                    .setPayload(ByteString.copyFromUtf8("picture " + i)));
        }
        camera.onNext(PublishFramesRequest.newBuilder().setFrames(batch).build());
        camera.onCompleted();
        Object last = heard.poll(60, TimeUnit.SECONDS);
        while (last instanceof PublishFramesResponse) {
            last = heard.poll(60, TimeUnit.SECONDS);
        }
        assertThat(last).isEqualTo("end");
    }

    private record Hearing<T>(BlockingQueue<Object> heard) implements StreamObserver<T> {
        @Override
        public void onNext(T value) {
            heard.add(value);
        }

        @Override
        public void onError(Throwable t) {
            heard.add(t);
        }

        @Override
        public void onCompleted() {
            heard.add("end");
        }
    }

    private static List<String> names(String camera, int from, int count) {
        return IntStream.range(from, from + count)
                .mapToObj(i -> camera + "-" + i)
                .toList();
    }

    /** Sum rule: what went in is waiting, in somebody's hands, or taken. */
    private void assertStatus(long waiting, long taken) throws Exception {
        JsonObject status = status();
        assertThat(List.of(
                                "offered",
                                "stored",
                                "waiting",
                                "pending",
                                "taken",
                                "size",
                                "total_frames",
                                "dropped",
                                "skipped")
                        .stream()
                        .map(name -> name + " " + status.get(name).getAsLong())
                        .toList())
                .containsExactly(
                        "offered " + (waiting + taken),
                        "stored " + (waiting + taken),
                        "waiting " + waiting,
                        "pending 0",
                        "taken " + taken,
                        "size " + waiting,
                        "total_frames " + waiting,
                        "dropped 0",
                        "skipped 0");
    }

    @Test
    void theOldLoopGetsEveryFrameOnceAndTheStatusIsTrueAtEachStep() throws Exception {
        assertStatus(0, 0);
        post("camera_01", 0, HALF);
        assertStatus(HALF, 0);
        publish("cam2", 0, 100);
        assertStatus(HALF + 100, 0);

        List<String> processed = new ArrayList<>();
        for (int i = 1; i <= 20; i++) {
            List<JsonObject> frames = dequeue(10);
            assertThat(frames).hasSize(10);
            processed.addAll(ids(frames));
            assertStatus(HALF + 100 - 10L * i, 10L * i);
        }
        publish("cam2", 100, HALF - 100);
        assertStatus(2 * HALF - 200, 200);
        List<JsonObject> frames = dequeue(10);
        while (!frames.isEmpty()) {
            processed.addAll(ids(frames));
            frames = dequeue(10);
        }

        assertStatus(0, 2 * HALF);
        assertThat(processed.stream().filter(id -> id.startsWith("camera_01")))
                .containsExactlyElementsOf(names("camera_01", 0, HALF));
        assertThat(processed.stream().filter(id -> id.startsWith("cam2")))
                .containsExactlyElementsOf(names("cam2", 0, HALF));
    }

    @Test
    void twoClientsShareTheFramesWhileTheyCome() throws Exception {
        assertThat(dequeue(10)).isEmpty();
        ConcurrentLinkedQueue<String> processed = new ConcurrentLinkedQueue<>();
        Rest.Processor one = rest.new Processor(processed);
        Rest.Processor other = rest.new Processor(processed);

        Thread cameras = new Thread(() -> {
            try {
                publish("cam2", 0, HALF);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
        cameras.start();
        post("camera_01", 0, HALF);
        cameras.join();
        eventually("all are processed", () -> processed.size() >= 2 * HALF);
        one.leave();
        other.leave();

        assertThat(processed)
                .containsExactlyInAnyOrderElementsOf(
                        Stream.concat(names("camera_01", 0, HALF).stream(), names("cam2", 0, HALF).stream())
                                .toList());
        assertStatus(0, 2 * HALF);
    }

    @Test
    void overARestartOnTheDiskNothingIsLostAndNoneComesTwice() throws Exception {
        stop();
        start(disk(), new HttpSettings("127.0.0.1", 0, true));
        assertThat(dequeue(10)).isEmpty();
        post("camera_01", 0, 1);
        publish("cam2", 0, 1);
        ok(rest.post("/admin/buffer-size", "{\"size\": 1000}"));
        post("camera_01", 1, HALF / 2 - 1);
        publish("cam2", 1, HALF / 2 - 1);
        ConcurrentLinkedQueue<String> processed = new ConcurrentLinkedQueue<>();
        Rest.Processor processor = rest.new Processor(processed);
        eventually("some are processed", () -> processed.size() > 100);

        stop();
        start(disk(), new HttpSettings("127.0.0.1", 0, true));
        post("camera_01", HALF / 2, HALF / 2);
        publish("cam2", HALF / 2, HALF / 2);
        eventually("all are processed", () -> processed.size() >= 2 * HALF);
        processor.leave();

        assertThat(processed)
                .containsExactlyInAnyOrderElementsOf(
                        Stream.concat(names("camera_01", 0, HALF).stream(), names("cam2", 0, HALF).stream())
                                .toList());
        assertStatus(0, 2 * HALF);
    }

    @Test
    void aFrameComesBackAsItWasSentWithWhatTheBrokerKnows() throws Exception {
        JsonObject sent = Rest.frame("camera_01", "test_001");
        sent.addProperty("site", "north gate");
        sent.addProperty("confidence", 0.25);
        sent.addProperty("motion", true);
        sent.addProperty("number", "17");
        sent.add("nothing", com.google.gson.JsonNull.INSTANCE);
        JsonArray boxes = new JsonArray();
        boxes.add(sent.deepCopy());
        sent.add("boxes", boxes);
        byte[] pixels = new byte[100_001];
        new java.util.Random(1).nextBytes(pixels);
        sent.addProperty("data", Base64.getEncoder().encodeToString(pixels));

        ok(rest.post("/frames/enqueue", sent));
        JsonObject got = dequeue(1).get(0);

        JsonObject known = got.remove("broker").getAsJsonObject();
        assertThat(got).isEqualTo(sent);
        assertThat(known.get("stream").getAsString()).isEqualTo("camera_01");
        assertThat(known.get("ordinal").getAsLong()).isEqualTo(1);
        assertThat(known.get("attempt").getAsLong()).isEqualTo(1);
        assertThat(known.get("received_time").getAsString()).startsWith("20");
    }

    @Test
    void gRpcConsumersGetHeaderPayloadAndFields() throws Exception {
        JsonObject sent = Rest.frame("camera_01", "test_001");
        sent.addProperty("site", "north gate");
        sent.addProperty("payload", Base64.getEncoder().encodeToString("pixels".getBytes(StandardCharsets.UTF_8)));
        ok(rest.post("/frames", sent));

        Frame frame = FrameBrokerServiceGrpc.newBlockingStub(channel)
                .getLatestFrame(io.framebroker.v1.GetLatestFrameRequest.newBuilder()
                        .setStream("camera_01")
                        .build())
                .getFrame();

        assertThat(frame.getPayload().toStringUtf8()).isEqualTo("pixels");
        assertThat(frame.getHeader().getFrameId()).isEqualTo("test_001");
        assertThat(frame.getHeader().getWidth()).isEqualTo(640);
        assertThat(frame.getHeader().getCodec()).isEqualTo(Codec.CODEC_RAW);
        assertThat(frame.getHeader().getCaptureTime().getSeconds()).isEqualTo(1_234_567_890);
        assertThat(frame.getHeader().getAttributesMap()).containsEntry("site", "north gate");
        assertThat(dequeue(1).get(0).get("payload")).isEqualTo(sent.get("payload"));
    }

    @Test
    void aPictureMayBeTheBodyAndComesWithoutItsPixelsWhereThatIsAsked() throws Exception {
        byte[] picture = {(byte) 0xff, (byte) 0xd8, 0, 1, 2};
        for (int i = 0; i < 2; i++) {
            ok(rest.send(rest.request("/frames?camera_id=cam1&frame_id=p" + i + "&width=2&site=gate")
                    .header("Content-Type", "image/jpeg")
                    .POST(HttpRequest.BodyPublishers.ofByteArray(picture))));
        }

        JsonObject whole = dequeue(1).get(0);
        Rest.Answer none = rest.get("/frames/dequeue?count=5&payload=none");

        assertThat(Base64.getDecoder().decode(whole.get("data").getAsString())).isEqualTo(picture);
        assertThat(whole.get("format").getAsString()).isEqualTo("jpeg");
        assertThat(whole.get("width").getAsInt()).isEqualTo(2);
        assertThat(whole.get("site").getAsString()).isEqualTo("gate");
        assertThat(none.frames()).hasSize(1);
        assertThat(none.frames().get(0).has("data")).isFalse();
        assertStatus(0, 2);
    }

    @Test
    void withoutACameraFramesGoToTheQueueAndWithoutAnIdTheyGetOne() throws Exception {
        JsonObject bare = ok(rest.post("/frames", "{}"));
        assertThat(bare.get("stream").getAsString()).isEqualTo("frame_queue");

        assertThat(ids(dequeue(1))).containsExactly(bare.get("frame_id").getAsString());
        assertThat(ok(rest.post("/frames", "{}")).get("frame_id")).isNotEqualTo(bare.get("frame_id"));
    }

    @Test
    void aFrameOfTheSameIdIsStoredOnceAlsoBehindARestart() throws Exception {
        stop();
        start(disk(), new HttpSettings("127.0.0.1", 0, true));
        post("cam1", 0, 3);
        assertThat(ok(rest.post("/frames", Rest.frame("cam1", "cam1-1")))
                        .get("status")
                        .getAsString())
                .isEqualTo("duplicate");
        post("cam2", 1, 1);

        stop();
        start(disk(), new HttpSettings("127.0.0.1", 0, true));
        Rest.Answer again = rest.post("/frames", Rest.frame("cam1", "cam1-2"));

        assertThat(ok(again).get("status").getAsString()).isEqualTo("duplicate");
        post("cam1", 3, 1);
        assertThat(status("stored")).isEqualTo(5);
        assertThat(dequeue(100)).hasSize(5);
    }

    @Test
    void whereTheBacklogIsFullTheFrameIsNotTakenAndTheClientIsToldWhy() throws Exception {
        post("cam1", 0, 1);
        assertThat(ok(rest.post("/admin/buffer-size", "{\"size\": 3}")).toString())
                .contains("\"cam1\":3");
        post("cam1", 1, 2);

        Rest.Answer full = rest.post("/frames", Rest.frame("cam1", "cam1-3"));

        assertThat(full.status()).isEqualTo(503);
        assertThat(full.whole().headers().firstValue("Retry-After")).hasValue("1");
        assertThat(full.text("error")).isEqualTo("BACKLOG_FULL");
        assertThat(full.text("detail")).contains("cam1", "3 of 3");
        JsonObject status = status();
        assertThat(status.get("size").getAsLong()).isEqualTo(3);
        assertThat(status.get("max_size").getAsLong()).isEqualTo(3);
        assertThat(status.get("utilization").getAsDouble()).isEqualTo(1.0);
        assertThat(ids(dequeue(2))).containsExactlyElementsOf(names("cam1", 0, 2));
        post("cam1", 3, 1);
        assertThat(ids(dequeue(10))).containsExactlyElementsOf(names("cam1", 2, 2));
    }

    @Test
    void theLimitHasARangeAndMayGoBackToAdaptive() throws Exception {
        post("cam1", 0, 1);
        publish("cam2", 0, 1);

        for (String bad : List.of(
                "{}", "{\"size\": -1}", "{\"size\": 1.5}", "{\"size\": \"many\"}", "{\"size\": 1000001}", "7", "no")) {
            Rest.Answer refused = rest.post("/admin/buffer-size", bad);
            assertThat(refused.status()).as(bad).isEqualTo(400);
            assertThat(refused.text("detail")).isNotEmpty();
        }
        assertThat(rest.post("/admin/buffer-size", "{\"size\": 5, \"stream\": \"cam9\"}")
                        .status())
                .isEqualTo(404);

        JsonObject one = ok(rest.post("/admin/buffer-size?stream=cam2", "{\"size\": 2000}"));
        assertThat(one.get("streams").toString()).isEqualTo("{\"cam2\":2000}");
        assertThat(ok(rest.post("/admin/buffer-size", "{\"size\": 0}"))
                        .get("adaptive")
                        .getAsBoolean())
                .isTrue();
    }

    @Test
    void whatIsNotAFrameIsRefusedByName() throws Exception {
        record Bad(String body, String says) {}
        for (Bad bad : List.of(
                new Bad("[]", "not a JSON object"),
                new Bad("{", "not JSON"),
                new Bad("{\"camera_id\": \"no spaces\"}", "A-Z a-z 0-9"),
                new Bad("{\"camera_id\": \"../etc\"}", "A-Z a-z 0-9"),
                new Bad("{\"width\": -1}", "width"),
                new Bad("{\"height\": 1.5}", "height"),
                new Bad("{\"frame_id\": {}}", "frame_id"),
                new Bad("{\"frame_id\": \"" + "x".repeat(129) + "\"}", "frame_id has 129"),
                new Bad("{\"data\": \"***=\"}", "data is not base64"),
                new Bad("{\"data\": \"!!!\"}", "data is not base64"),
                new Bad("{\"data\": \"data:image/jpeg;base64,AAAA\"}", "data is not base64"))) {
            Rest.Answer refused = rest.post("/frames", bad.body);
            assertThat(refused.status()).as(bad.body).isEqualTo(400);
            assertThat(refused.text("detail")).contains(bad.says);
        }
        for (String query : List.of(
                "count=0",
                "count=1001",
                "count=x",
                "wait_ms=5001",
                "payload=some",
                "group=",
                "group=a%20b",
                "stream=a%20b")) {
            Rest.Answer refused = rest.get("/frames/dequeue?" + query);
            assertThat(refused.status()).as(query).isEqualTo(400);
            assertThat(refused.body().has("detail")).isTrue();
        }
        Rest.Answer large = rest.send(rest.request("/frames")
                .header("Content-Type", "image/png")
                .POST(HttpRequest.BodyPublishers.ofByteArray(new byte[EdgeSettings.DEFAULT.maxFrameBytes()])));
        assertThat(large.status()).isEqualTo(413);
        assertThat(status("offered")).isZero();
    }

    /** In arithmetic that takes minutes, or memory that is not there. */
    @Test
    void aTimeOfAnySizeIsToldAtOnce() throws Exception {
        for (String time : List.of("1e-600000000", "1e2147483647", "1e-2147483647", "1e999999999")) {
            HttpRequest.Builder post = rest.request("/frames")
                    .timeout(java.time.Duration.ofSeconds(8))
                    .POST(HttpRequest.BodyPublishers.ofString(
                            "{\"camera_id\": \"cam1\", \"timestamp\": " + time + "}"));
            assertThat(rest.send(post).status()).as(time).isEqualTo(200);
        }
        assertThat(dequeue(10)).hasSize(4);
    }

    @Test
    void base64OfEveryKindIsThePicture() throws Exception {
        for (String text : List.of("+/+/", "-_-_", "+/\\r\\n+/")) {
            ok(rest.post("/frames", "{\"camera_id\": \"cam1\", \"data\": \"" + text + "\"}"));
        }
        assertThat(dequeue(10))
                .extracting(frame -> frame.get("data").getAsString())
                .containsExactly("+/+/", "+/+/", "+/+/");
    }

    @Test
    void valuesCountAsTheObjectsTheyBecome() {
        assertThat(Gateway.bytesOfValues("[],".repeat(1_000).getBytes(StandardCharsets.UTF_8)))
                .isGreaterThanOrEqualTo(56_000);
        assertThat(Gateway.bytesOfValues("{\"a\":1},".repeat(1_000).getBytes(StandardCharsets.UTF_8)))
                .isGreaterThanOrEqualTo(250_000);
        assertThat(Gateway.bytesOfValues("QUJD+/==".repeat(1_000).getBytes(StandardCharsets.UTF_8)))
                .isZero();
    }

    @Test
    void onlyWhoHasTheTokenTakesFramesAndAnybodyLooks() throws Exception {
        start(new HttpSettings("127.0.0.1", 0, true, "secret"));

        assertThat(rest.get("/frames/status").status()).isEqualTo(200);
        assertThat(rest.get("/frames/dequeue?count=10").status()).isEqualTo(401);
        assertThat(rest.post("/frames", "{}").status()).isEqualTo(401);
        assertThat(rest.send(rest.request("/frames/dequeue").header("Authorization", "Bearer wrong"))
                        .status())
                .isEqualTo(401);
        assertThat(rest.send(rest.request("/frames/dequeue").header("Authorization", "Bearer secret"))
                        .status())
                .isEqualTo(200);
        // As Python's requests makes it of http://any:secret@host.
        String basic = Base64.getEncoder().encodeToString("any:secret".getBytes(StandardCharsets.UTF_8));
        assertThat(rest.send(rest.request("/frames/dequeue").header("Authorization", "Basic " + basic))
                        .status())
                .isEqualTo(200);
    }

    @Test
    void forOtherMachinesThereIsNothingWithoutATokenAndForOtherSitesNever() throws Exception {
        assertThat(rest.send(rest.request("/frames/dequeue").header("Origin", "http://evil.example"))
                        .status())
                .isEqualTo(403);
        assertThat(rest.send(rest.request("/buffer/clear")
                                .header("Sec-Fetch-Site", "cross-site")
                                .POST(HttpRequest.BodyPublishers.noBody()))
                        .status())
                .isEqualTo(403);

        start(new HttpSettings("0.0.0.0", 0, true));
        assertThat(rest.get("/frames/dequeue").status()).isEqualTo(403);
    }

    @Test
    void turnedOffThereIsNoGateway() throws Exception {
        start(new HttpSettings("127.0.0.1", 0, true, "", new GatewaySettings(false, "q", "g")));

        assertThat(rest.get("/frames/status").status()).isEqualTo(404);
        assertThat(rest.get("/health").status()).isEqualTo(200);
    }

    @Test
    void clearingNamesWhatItTookAway() throws Exception {
        post("cam1", 0, 3);
        post("cam2", 0, 2);

        JsonObject one = ok(rest.post("/buffer/clear?stream=cam1", ""));
        JsonObject rest2 = ok(rest.post("/buffer/clear", ""));

        assertThat(one.get("cleared").getAsLong()).isEqualTo(3);
        assertThat(rest2.toString()).contains("\"cleared\":2", "\"cam2\":2");
        JsonObject status = status();
        assertThat(status.get("size").getAsLong()).isZero();
        assertThat(status.get("skipped").getAsLong()).isEqualTo(5);
        assertThat(status.toString()).contains("\"PURGED\":3");
        assertThat(dequeue(10)).isEmpty();
        post("cam1", 3, 2);
        dequeue(1);
        JsonObject last = ok(rest.post("/buffer/clear", ""));
        assertThat(last.get("cleared").getAsLong()).isEqualTo(1);
        assertThat(last.get("removed_with_history").getAsLong()).isEqualTo(2);
    }

    @Test
    void deadLettersAreListedAndCleared() throws Exception {
        publish("cam1", 0, 2);
        bury("cam1", "detectors");

        JsonObject letters = ok(rest.get("/frames/dlq"));
        assertThat(letters.get("count").getAsLong()).isEqualTo(2);
        assertThat(letters.toString())
                .contains("\"frame_id\":\"cam1-0\"", "\"last_error\":\"no picture\"", "detectors");
        assertThat(ok(rest.post("/frames/dlq/clear?group=others", ""))
                        .get("cleared")
                        .getAsLong())
                .isZero();
        assertThat(ok(rest.post("/frames/dlq/clear", "")).get("cleared").getAsLong())
                .isEqualTo(2);
        assertThat(ok(rest.get("/frames/dlq")).get("count").getAsLong()).isZero();
    }

    /** A detector that can do nothing with what it gets. */
    private void bury(String stream, String group) throws InterruptedException {
        BlockingQueue<Object> heard = new LinkedBlockingQueue<>();
        StreamObserver<ConsumeFramesRequest> detector =
                FrameBrokerServiceGrpc.newStub(channel).consumeFrames(new Hearing<>(heard));
        detector.onNext(ConsumeFramesRequest.newBuilder()
                .setOpen(ConsumeOpen.newBuilder()
                        .addStreams(stream)
                        .setGroup(group)
                        .setSettings(GroupSettings.newBuilder()
                                .setStart(StartPosition.newBuilder().setEdge(StartEdge.START_EDGE_EARLIEST))))
                .build());
        boolean settled = false;
        while (!settled) {
            ConsumeFramesResponse next = (ConsumeFramesResponse) heard.poll(60, TimeUnit.SECONDS);
            settled = next.hasSettled();
            if (next.hasDeliveries()) {
                detector.onNext(ConsumeFramesRequest.newBuilder()
                        .setSettle(Settle.newBuilder()
                                .addSettlements(Settlement.newBuilder()
                                        .setStream(stream)
                                        .setToken(next.getDeliveries()
                                                .getDeliveries(0)
                                                .getToken())
                                        .setCount(next.getDeliveries().getDeliveriesCount())
                                        .setNack(Nack.newBuilder()
                                                .setVerb(NackVerb.NACK_VERB_DEAD_LETTER)
                                                .setReason("no picture"))))
                        .build());
            }
        }
        detector.onCompleted();
    }

    @Test
    void whoWaitsGetsAFrameAsItComes() throws Exception {
        BlockingQueue<Object> answers = new LinkedBlockingQueue<>();
        AtomicInteger asked = new AtomicInteger();
        long startNanos = System.nanoTime();
        Thread waiter = new Thread(() -> {
            try {
                List<JsonObject> frames = List.of();
                while (frames.isEmpty()) {
                    asked.incrementAndGet();
                    frames = rest.get("/frames/dequeue?count=10&wait_ms=5000&stream=cam*")
                            .frames();
                }
                answers.add(frames);
            } catch (IOException | InterruptedException e) {
                answers.add(e);
            }
        });
        publish("cam1", 0, 1);
        assertThat(dequeue(10)).hasSize(1);
        waiter.start();
        eventually("somebody waits", () -> broker.openCalls() >= 2);

        publish("cam1", 1, 1);

        assertThat(answers.poll(60, TimeUnit.SECONDS).toString()).contains("cam1-1");
        long seconds = TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - startNanos);
        assertThat(asked.get()).as("times asked in %s s", seconds).isLessThanOrEqualTo(1 + (int) seconds / 4);
        waiter.join();
    }

    @Test
    void aGroupThatIsPolledHasAConsumerAndOneThatIsNoLongerPolledHasNone() throws Exception {
        start(new HttpSettings(
                "127.0.0.1", 0, true, "", new GatewaySettings(true, "frame_queue", "frame-buffer", 600)));
        post("cam1", 0, 1);
        assertThat(rest.get("/health").whole().body()).contains("NO_CONSUMER");
        int posted = 1;
        boolean isThere = false;
        // It is gone 600 ms behind a poll, and more may pass here between two lines.
        for (int tries = 0; tries < 50 && !isThere; tries++) {
            dequeue(10);
            post("cam1", posted++, 1);
            isThere = !rest.get("/health").whole().body().contains("NO_CONSUMER") && status("consumers") == 1;
        }

        assertThat(isThere).as("a consumer behind a poll").isTrue();
        eventually("it is missed", () -> {
            try {
                return rest.get("/health").whole().body().contains("NO_CONSUMER");
            } catch (IOException | InterruptedException e) {
                throw new AssertionError(e);
            }
        });
        assertThat(ids(dequeue(10))).containsExactly("cam1-" + (posted - 1));
    }

    @Test
    void ofFramesThatNobodyWantedBeforeTheFirstPollThereIsWhatIsRetainedAndTheStatusSaysSo() throws Exception {
        publish("cam1", 0, 150);
        assertThat(status("waiting")).isEqualTo(100);

        assertThat(ids(dequeue(1000))).containsExactlyElementsOf(names("cam1", 50, 100));

        JsonObject status = status();
        assertThat(status.get("taken").getAsLong()).isEqualTo(100);
        assertThat(status.getAsJsonArray("streams")
                        .get(0)
                        .getAsJsonObject()
                        .get("before_group")
                        .getAsLong())
                .isEqualTo(50);
    }

    @Test
    void whatAPollDoesNotTakeStaysWithTheGroup() throws Exception {
        post("cam1", 0, 5);
        assertThat(dequeue(1)).hasSize(1);
        post("cam1", 5, 1);

        JsonObject status = status();
        assertThat(status.get("pending").getAsLong()).isZero();
        assertThat(status.get("waiting").getAsLong()).isEqualTo(5);
    }

    @Test
    void aClientThatIsGoneLosesNothing() throws Exception {
        post("cam1", 0, 1);
        assertThat(dequeue(10)).hasSize(1);
        try (Socket client = new Socket("127.0.0.1", broker.httpPort())) {
            client.getOutputStream()
                    .write("GET /frames/dequeue?count=10&wait_ms=5000 HTTP/1.1\r\nHost: localhost\r\n\r\n"
                            .getBytes(StandardCharsets.US_ASCII));
            client.setSoLinger(true, 0);
            eventually("the request waits", this::isPolled);
        }
        post("cam1", 1, 1);

        eventually("the frame is back", () -> {
            try {
                return ids(dequeue(10)).equals(List.of("cam1-1"));
            } catch (Exception e) {
                throw new AssertionError(e);
            }
        });
        assertStatus(0, 2);
    }

    private boolean isPolled() {
        return broker.broker().consumers("cam1", "frame-buffer").stream()
                .anyMatch(each -> each.idle() != io.framebroker.server.broker.Consumer.Idle.PAUSED);
    }

    @Test
    void aConnectionThatIsCutInTheMiddleOfAnAnswerLosesNothing() throws Exception {
        byte[] picture = new byte[3 << 20];
        for (int i = 0; i < 4; i++) {
            ok(rest.send(rest.request("/frames?camera_id=cam1&frame_id=big-" + i)
                    .header("Content-Type", "image/jpeg")
                    .POST(HttpRequest.BodyPublishers.ofByteArray(picture))));
        }
        try (Socket client = new Socket()) {
            client.setReceiveBufferSize(8192);
            client.connect(new java.net.InetSocketAddress("127.0.0.1", broker.httpPort()));
            client.getOutputStream()
                    .write("GET /frames/dequeue?count=4 HTTP/1.1\r\nHost: localhost\r\n\r\n"
                            .getBytes(StandardCharsets.US_ASCII));
            InputStream in = client.getInputStream();
            assertThat(in.readNBytes(100_000)).hasSize(100_000);
            assertThat(status("pending")).isEqualTo(4);
            client.setSoLinger(true, 0);
        }

        List<String> got = new ArrayList<>();
        eventually("they are back", () -> {
            try {
                List<JsonObject> frames = dequeue(4);
                got.addAll(ids(frames));
                assertThat(frames)
                        .allMatch(frame ->
                                frame.getAsJsonObject("broker").get("attempt").getAsInt() == 1);
                return got.size() >= 4;
            } catch (Exception e) {
                throw new AssertionError(e);
            }
        });

        // They are given back one after the other, and whoever polls meanwhile gets those that are.
        assertThat(got).containsExactlyInAnyOrder("big-0", "big-1", "big-2", "big-3");
        assertStatus(0, 4);
    }

    /** Each took a second, and a call of its own. */
    @Test
    void pollsForNothingAreAnsweredAtOnceAndCostNoCall() throws Exception {
        post("cam1", 0, 1);
        dequeue(10);
        eventually("the gateway publishes no more", () -> broker.openCalls() == 1);
        long begin = System.nanoTime();

        for (int i = 0; i < 100; i++) {
            assertThat(dequeue(10)).isEmpty();
        }

        assertThat(TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - begin)).isLessThan(30);
        assertThat(broker.openCalls()).isEqualTo(1);
    }

    @Test
    void aBodyThatDoesNotSayHowLongItIsIsTaken() throws Exception {
        byte[] body = Rest.frame("cam1", "x").toString().getBytes(StandardCharsets.UTF_8);
        ok(rest.send(rest.request("/frames")
                .POST(HttpRequest.BodyPublishers.ofInputStream(() -> new java.io.ByteArrayInputStream(body)))));

        assertThat(ids(dequeue(10))).containsExactly("x");
    }

    @Test
    void aGroupOfOtherSettingsIsPolledAsItIs() throws Exception {
        publish("cam1", 0, 1);
        bury("cam1", "detectors");
        publish("cam1", 1, 1);

        Rest.Answer byName = rest.get("/frames/dequeue?count=10&stream=cam1&group=detectors");

        assertThat(ids(byName.frames())).containsExactly("cam1-1");
        publish("cam1", 2, 1);
        List<String> got = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            got.addAll(ids(rest.get("/frames/dequeue?count=10&stream=cam*&group=detectors")
                    .frames()));
        }
        assertThat(got).containsExactly("cam1-2");
    }

    @Test
    void aStreamThatACameraPublishesIsNotPostedTo() throws Exception {
        BlockingQueue<Object> heard = new LinkedBlockingQueue<>();
        StreamObserver<PublishFramesRequest> camera =
                FrameBrokerServiceGrpc.newStub(channel).publishFrames(new Hearing<>(heard));
        camera.onNext(PublishFramesRequest.newBuilder()
                .setOpen(PublishOpen.newBuilder()
                        .setStream("cam1")
                        .setPublisherId("the camera")
                        .setEpoch(1))
                .build());
        assertThat(heard.poll(60, TimeUnit.SECONDS)).isNotNull();

        Rest.Answer refused = rest.post("/frames", Rest.frame("cam1", "x"));

        assertThat(refused.status()).isEqualTo(409);
        assertThat(refused.text("error")).isEqualTo("STREAM_HAS_PUBLISHER");
        camera.onCompleted();
        eventually("the camera is gone", () -> heard.contains("end"));
        ok(rest.post("/frames", Rest.frame("cam1", "x")));
        // A second later the gateway has left, and the camera may come back.
        eventually(
                "the gateway is gone",
                () -> broker.broker().stream("cam1").publisherId().isEmpty());
        publish("cam1", 0, 1);
    }
}
