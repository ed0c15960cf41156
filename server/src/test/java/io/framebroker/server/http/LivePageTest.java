package io.framebroker.server.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.google.protobuf.ByteString;
import io.framebroker.server.BrokerServer;
import io.framebroker.server.broker.BrokerSettings;
import io.framebroker.server.broker.FrameMemory;
import io.framebroker.server.broker.StreamSettings;
import io.framebroker.server.grpc.EdgeSettings;
import io.framebroker.server.store.memory.MemoryFrameStore;
import io.framebroker.v1.Codec;
import io.framebroker.v1.Compression;
import io.framebroker.v1.ConsumeFramesRequest;
import io.framebroker.v1.ConsumeFramesResponse;
import io.framebroker.v1.ConsumeOpen;
import io.framebroker.v1.CreateStreamRequest;
import io.framebroker.v1.DeleteStreamRequest;
import io.framebroker.v1.DiagnosticsServiceGrpc;
import io.framebroker.v1.Frame;
import io.framebroker.v1.FrameBatch;
import io.framebroker.v1.FrameBrokerServiceGrpc;
import io.framebroker.v1.FrameHeader;
import io.framebroker.v1.GetLedgerRequest;
import io.framebroker.v1.GetLedgerResponse;
import io.framebroker.v1.GetStreamRequest;
import io.framebroker.v1.GroupSettings;
import io.framebroker.v1.Nack;
import io.framebroker.v1.NackVerb;
import io.framebroker.v1.PixelFormat;
import io.framebroker.v1.PublishFramesRequest;
import io.framebroker.v1.PublishFramesResponse;
import io.framebroker.v1.PublishOpen;
import io.framebroker.v1.Settle;
import io.framebroker.v1.Settlement;
import io.framebroker.v1.Stream;
import io.framebroker.v1.StreamServiceGrpc;
import io.framebroker.v1.Window;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.inprocess.InProcessChannelBuilder;
import io.grpc.inprocess.InProcessServerBuilder;
import io.grpc.stub.StreamObserver;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What the live page is told, as its browser asks for it. */
@Timeout(120)
class LivePageTest {
    private static final String TOKEN = "correct horse";
    private static final String HOSTILE = "</script><img src=x onerror=alert(1)>";

    private final HttpClient client = HttpClient.newHttpClient();
    private final String name = InProcessServerBuilder.generateName();
    private BrokerServer broker;
    private ManagedChannel channel;
    private long sequence;

    @BeforeEach
    void start() throws IOException {
        broker = BrokerServer.start(
                InProcessServerBuilder.forName(name),
                new MemoryFrameStore(),
                new BrokerSettings(true, 2_000, 0, StreamSettings.DEFAULT, false),
                new FrameMemory(64 << 20, 64 << 20),
                EdgeSettings.DEFAULT,
                new HttpSettings("127.0.0.1", 0, true, TOKEN));
        channel = InProcessChannelBuilder.forName(name).directExecutor().build();
    }

    @AfterEach
    void stop() {
        channel.shutdownNow();
        broker.close();
    }

    private HttpRequest.Builder to(String path) {
        return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + broker.httpPort() + path));
    }

    private <T> HttpResponse<T> send(HttpRequest.Builder request, HttpResponse.BodyHandler<T> as) {
        try {
            return client.send(request.build(), as);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    private HttpResponse<String> get(String path) {
        return send(to(path), HttpResponse.BodyHandlers.ofString());
    }

    private JsonObject json(String path) {
        HttpResponse<String> response = get(path);
        assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
        return JsonParser.parseString(response.body()).getAsJsonObject();
    }

    private HttpResponse<String> post(String path, String body, String token) {
        HttpRequest.Builder request = to(path).POST(HttpRequest.BodyPublishers.ofString(body));
        if (!token.isEmpty()) {
            request.header("Authorization", "Bearer " + token);
        }
        return send(request, HttpResponse.BodyHandlers.ofString());
    }

    private static String encoded(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8);
    }

    private static void await(String what, Supplier<Boolean> holds) {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
        while (!holds.get()) {
            assertThat(System.nanoTime() - deadline)
                    .as(what + " did not come true")
                    .isNegative();
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(10));
        }
    }

    private static FrameHeader.Builder header(Codec codec) {
        return FrameHeader.newBuilder().setCodec(codec);
    }

    private void publish(String stream, FrameHeader.Builder header, byte[] payload) {
        publish(stream, "camera", header, payload);
    }

    /** Publishes a frame, and waits until it is stored. */
    private void publish(String stream, String publisher, FrameHeader.Builder header, byte[] payload) {
        Talk<PublishFramesResponse> talk = new Talk<>();
        StreamObserver<PublishFramesRequest> camera =
                FrameBrokerServiceGrpc.newStub(channel).publishFrames(talk);
        camera.onNext(PublishFramesRequest.newBuilder()
                .setOpen(PublishOpen.newBuilder()
                        .setStream(stream)
                        .setPublisherId(publisher)
                        .setEpoch(1)
                        .setMaxFrameBytes(16 << 20))
                .build());
        camera.onNext(PublishFramesRequest.newBuilder()
                .setFrames(FrameBatch.newBuilder()
                        .addFrames(Frame.newBuilder()
                                .setHeader(header.setSequence(++sequence))
                                .setPayload(ByteString.copyFrom(payload))))
                .build());
        assertThat(talk.awaitOne(PublishFramesResponse::hasAck).getAck().getExceptionsList())
                .isEmpty();
        camera.onCompleted();
        talk.awaitEnd();
    }

    private static byte[] picture(String format) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try {
            ImageIO.write(new BufferedImage(16, 8, BufferedImage.TYPE_INT_RGB), format, out);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return out.toByteArray();
    }

    /** A consumer that takes one frame, and gives it up for this reason. */
    private void giveUp(String stream, String group, String why) {
        Talk<ConsumeFramesResponse> talk = new Talk<>();
        StreamObserver<ConsumeFramesRequest> requests =
                FrameBrokerServiceGrpc.newStub(channel).consumeFrames(talk);
        requests.onNext(open(stream, group, 1));
        var deliveries = talk.awaitOne(ConsumeFramesResponse::hasDeliveries).getDeliveries();
        requests.onNext(ConsumeFramesRequest.newBuilder()
                .setSettle(Settle.newBuilder()
                        .addSettlements(Settlement.newBuilder()
                                .setStream(stream)
                                .setToken(deliveries.getDeliveries(0).getToken())
                                .setNack(Nack.newBuilder()
                                        .setVerb(NackVerb.NACK_VERB_DEAD_LETTER)
                                        .setReason(why))))
                .build());
        talk.awaitOne(ConsumeFramesResponse::hasSettled);
        requests.onCompleted();
        talk.awaitEnd();
    }

    private static ConsumeFramesRequest open(String stream, String group, int window) {
        return ConsumeFramesRequest.newBuilder()
                .setOpen(ConsumeOpen.newBuilder()
                        .addStreams(stream)
                        .setGroup(group)
                        .setConsumerId(HOSTILE)
                        .setSettings(GroupSettings.newBuilder()
                                .setStart(io.framebroker.v1.StartPosition.newBuilder()
                                        .setEdge(io.framebroker.v1.StartEdge.START_EDGE_EARLIEST)))
                        .setWindow(Window.newBuilder().setMaxFrames(window)))
                .build();
    }

    private Stream stream(String stream) {
        return StreamServiceGrpc.newBlockingStub(channel)
                .getStream(GetStreamRequest.newBuilder().setName(stream).build())
                .getStream();
    }

    /** What a bundle has of one stream. */
    private record Shown(JsonObject told, byte[] picture) {
        String note() {
            return told.get("note").getAsString();
        }

        BufferedImage image() {
            try {
                return ImageIO.read(new ByteArrayInputStream(picture));
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    private record Bundle(long cursor, List<Shown> shown) {
        static Bundle of(byte[] bytes) {
            int length = ByteBuffer.wrap(bytes).getInt();
            JsonObject text = JsonParser.parseString(new String(bytes, 4, length, StandardCharsets.UTF_8))
                    .getAsJsonObject();
            assertThat(text.get("trouble").getAsString()).isEmpty();
            List<Shown> shown = new ArrayList<>();
            int at = 4 + length;
            for (JsonElement each : text.getAsJsonArray("pictures")) {
                int size = each.getAsJsonObject().get("bytes").getAsInt();
                shown.add(new Shown(each.getAsJsonObject(), Arrays.copyOfRange(bytes, at, at + size)));
                at += size;
            }
            assertThat(at).isEqualTo(bytes.length);
            return new Bundle(text.get("cursor").getAsLong(), shown);
        }
    }

    private Bundle bundle(long after) {
        HttpResponse<byte[]> response =
                send(to("/live/pictures?after=" + after), HttpResponse.BodyHandlers.ofByteArray());
        assertThat(response.statusCode()).isEqualTo(200);
        return Bundle.of(response.body());
    }

    /** The picture of the only stream there is. */
    private Shown look() {
        List<Shown> shown = new ArrayList<>();
        await("a picture", () -> shown.addAll(bundle(0).shown()));
        return shown.get(0);
    }

    @Test
    void thePageIsServedWithAllItsPartsAndNothingInLine() {
        HttpResponse<String> page = get("/");

        assertThat(page.statusCode()).isEqualTo(200);
        assertThat(page.headers().firstValue("Content-Type")).hasValue("text/html; charset=utf-8");
        assertThat(page.headers().firstValue("Content-Security-Policy").orElseThrow())
                .startsWith("default-src 'self';")
                .doesNotContain("unsafe", "http", "*");
        assertThat(page.body()).doesNotContain(" style=", " onclick=", "<style", "http:", "https:");
        List<String> parts = new ArrayList<>(found("(?:href|src)=\"(/live/[^\"]+)\"", page.body()));
        assertThat(parts).contains("/live/main.js", "/live/page.css");
        for (int i = 0; i < parts.size(); i++) {
            HttpResponse<String> part = get(parts.get(i));
            assertThat(part.statusCode()).as(parts.get(i)).isEqualTo(200);
            assertThat(part.headers().firstValue("X-Content-Type-Options")).hasValue("nosniff");
            if (parts.get(i).endsWith(".js")) {
                assertThat(part.body()).doesNotContain("innerHTML", "insertAdjacentHTML", "document.write", "eval(");
                found("from '\\./([^']+)'", part.body()).stream()
                        .map(each -> "/live/" + each)
                        .filter(each -> !parts.contains(each))
                        .forEach(parts::add);
            }
        }
        assertThat(parts).contains("/live/wall.js", "/live/plot.js");
    }

    private static List<String> found(String pattern, String text) {
        return Pattern.compile(pattern)
                .matcher(text)
                .results()
                .map(result -> result.group(1))
                .toList();
    }

    @Test
    void aPartThatHasNotChangedIsNotSentAgain() {
        String tag = get("/live/main.js").headers().firstValue("ETag").orElseThrow();

        HttpResponse<String> again =
                send(to("/live/main.js").header("If-None-Match", tag), HttpResponse.BodyHandlers.ofString());

        assertThat(again.statusCode()).isEqualTo(304);
        assertThat(again.body()).isEmpty();
    }

    @Test
    void theStateIsWhatTheLedgerSays() {
        publish("cam1", header(Codec.CODEC_JPEG), picture("jpeg"));
        giveUp("cam1", "detectors", "no");
        publish("cam1", header(Codec.CODEC_JPEG), picture("jpeg"));
        publish("cam1", header(Codec.CODEC_JPEG), picture("jpeg"));
        GetLedgerResponse ledger = DiagnosticsServiceGrpc.newBlockingStub(channel)
                .getLedger(GetLedgerRequest.newBuilder().setStream("cam1").build());

        JsonObject stream = json("/live/state").getAsJsonArray("shown").get(0).getAsJsonObject();

        JsonObject told = stream.getAsJsonObject("ledger");
        assertThat(told.get("offered").getAsLong())
                .isEqualTo(ledger.getStream().getOffered())
                .isEqualTo(3);
        assertThat(told.get("stored").getAsLong()).isEqualTo(ledger.getStream().getStored());
        JsonObject group = stream.getAsJsonArray("groups").get(0).getAsJsonObject();
        assertThat(group.get("name").getAsString()).isEqualTo("detectors");
        JsonObject balance = group.getAsJsonObject("ledger");
        assertThat(balance.get("stored").getAsLong()).isEqualTo(3);
        assertThat(balance.get("waiting").getAsLong()).isEqualTo(2);
        assertThat(balance.get("deadLettered").getAsLong()).isEqualTo(1);
        assertThat(balance.get("imbalance").getAsLong()).isZero();
    }

    @Test
    void namesAndTextsOfOthersAreTextWhateverTheySay() {
        publish("cam1", HOSTILE, header(Codec.CODEC_JPEG).setFrameId(HOSTILE), picture("jpeg"));
        giveUp("cam1", "detectors", HOSTILE);

        HttpResponse<String> letters = get("/live/letters?stream=cam1");

        assertThat(letters.headers().firstValue("Content-Type")).hasValue("application/json");
        assertThat(letters.headers().firstValue("X-Content-Type-Options")).hasValue("nosniff");
        JsonObject letter = JsonParser.parseString(letters.body())
                .getAsJsonObject()
                .getAsJsonArray("letters")
                .get(0)
                .getAsJsonObject();
        assertThat(letter.get("error").getAsString()).isEqualTo(HOSTILE);
        assertThat(letter.get("consumer").getAsString()).isEqualTo(HOSTILE);
        assertThat(letter.get("frameId").getAsString()).isEqualTo(HOSTILE);
        for (String path : List.of("/live/state?filter=", "/live/state?stream=", "/live/pictures?filter=")) {
            assertThat(get(path + encoded(HOSTILE)).statusCode()).isEqualTo(200);
            assertThat(get(path + encoded("a".repeat(201))).statusCode()).isEqualTo(400);
        }
        assertThat(get("/live/state?most=1000").statusCode()).isEqualTo(400);
        assertThat(get("/live/pictures?after=" + encoded(HOSTILE)).statusCode()).isEqualTo(400);
        assertThat(get("/live/letter?stream=cam1&group=detectors&generation=x&ordinal=1")
                        .statusCode())
                .isEqualTo(400);
    }

    @Test
    void ofAThousandStreamsThoseAreToldThatAreShown() {
        StreamServiceGrpc.StreamServiceBlockingStub streams = StreamServiceGrpc.newBlockingStub(channel);
        for (int i = 0; i < 1_000; i++) {
            assertThat(streams.createStream(CreateStreamRequest.newBuilder()
                                    .setName("cam-%04d".formatted(i))
                                    .build())
                            .hasStream())
                    .isTrue();
        }

        HttpResponse<String> all = get("/live/state?most=48");
        JsonObject one = json("/live/state?filter=" + encoded("AM-0999"));

        JsonObject state = JsonParser.parseString(all.body()).getAsJsonObject();
        assertThat(state.getAsJsonArray("shown")).hasSize(48);
        assertThat(state.get("streams").getAsInt()).isEqualTo(1_000);
        assertThat(state.get("matching").getAsInt()).isEqualTo(1_000);
        assertThat(all.body().length()).isLessThan(48 * 1_000);
        assertThat(one.getAsJsonArray("shown")).hasSize(1);
        assertThat(one.getAsJsonArray("shown")
                        .get(0)
                        .getAsJsonObject()
                        .get("name")
                        .getAsString())
                .isEqualTo("cam-0999");
    }

    @Test
    void encodedPicturesGoAsTheyAre() {
        byte[] jpeg = picture("jpeg");
        publish("cam1", header(Codec.CODEC_JPEG).setWidth(16).setHeight(8), jpeg);
        Shown shown = look();
        assertThat(shown.picture()).isEqualTo(jpeg);
        assertThat(shown.told().get("type").getAsString()).isEqualTo("image/jpeg");
        assertThat(shown.told().get("stream").getAsString()).isEqualTo("cam1");
        assertThat(shown.told().get("width").getAsInt()).isEqualTo(16);

        byte[] png = picture("png");
        publish("cam1", header(Codec.CODEC_PNG), png);
        await("the next one", () -> Arrays.equals(look().picture(), png));
        assertThat(look().told().get("type").getAsString()).isEqualTo("image/png");
    }

    @Test
    void rawPixelsAreMadePictures() {
        byte[] pixels = RawPixelsTest.halves(PixelFormat.PIXEL_FORMAT_BGR24, 1280, 720, 3840);
        publish(
                "cam1",
                header(Codec.CODEC_RAW)
                        .setPixelFormat(PixelFormat.PIXEL_FORMAT_BGR24)
                        .setWidth(1280)
                        .setHeight(720),
                pixels);

        BufferedImage image = look().image();

        assertThat(image.getWidth()).isEqualTo(480);
        assertThat(image.getRGB(100, 100) >> 16 & 0xFF).isGreaterThan(240);
        assertThat(image.getRGB(400, 100) & 0xFF).isBetween(50, 80);
    }

    @Test
    void whatCannotBeShownIsTold() {
        publish("cam1", header(Codec.CODEC_H264).setKeyframe(true), new byte[] {0, 0, 1});
        assertThat(look().note()).contains("video");
        assertThat(look().told().get("codec").getAsString()).isEqualTo("H264");
        publish("cam1", header(Codec.CODEC_JPEG), "<html>".getBytes(StandardCharsets.UTF_8));
        await("told so", () -> look().note().contains("said to be JPEG, and its bytes are not"));
        publish("cam1", header(Codec.CODEC_JPEG), Arrays.copyOf(picture("jpeg"), (8 << 20) + 1));
        await("too large", () -> look().note().contains("8388609 bytes"));
        publish(
                "cam1",
                header(Codec.CODEC_RAW)
                        .setCompression(Compression.COMPRESSION_LZ4)
                        .setUncompressedBytes(99),
                new byte[5]);
        await("packed badly", () -> look().note().contains("packed"));
        byte[] bomb = picture("png");
        ByteBuffer.wrap(bomb).putInt(16, 60_000).putInt(20, 60_000);
        publish("cam1", header(Codec.CODEC_PNG), bomb);
        await("a bomb", () -> look().note().contains("3600000000 pixels"));
        assertThat(look().picture()).isEmpty();
    }

    @Test
    void onlyWhatIsNewComesAgain() {
        publish("cam1", header(Codec.CODEC_JPEG), picture("jpeg"));
        look();
        long cursor = bundle(0).cursor();

        assertThat(bundle(cursor).shown()).isEmpty();
        assertThat(bundle(cursor).cursor()).isEqualTo(cursor);

        publish("cam1", header(Codec.CODEC_JPEG), picture("jpeg"));
        await("the new one", () -> bundle(cursor).shown().size() == 1);
        // The cursor of a broker that was there before says nothing here.
        assertThat(bundle(cursor + 1_000_000).shown()).hasSize(1);
    }

    @Test
    void whoLooksIsAConsumerOfFewFramesThatHidesNothing() {
        publish("cam1", header(Codec.CODEC_JPEG), picture("jpeg"));
        giveUp("cam1", "detectors", "no");
        publish("cam1", header(Codec.CODEC_JPEG), picture("jpeg"));
        publish("cam2", header(Codec.CODEC_JPEG), picture("jpeg"));
        assertThat(stream("cam2").getConsumers()).isZero();

        // Who does not look for a while is not there: somebody looks all the time.
        await("one consumer of each", () -> {
            look();
            return stream("cam1").getConsumers() == 1 && stream("cam2").getConsumers() == 1;
        });
        await("few frames, and none held back", () -> {
            look();
            Stream cam2 = stream("cam2");
            return cam2.getWantedFps() == 5 && cam2.getBacklogFrames() == 0;
        });
        JsonArray problems = json("/health").getAsJsonArray("problems");
        assertThat(problems).hasSize(1);
        assertThat(problems.get(0).getAsJsonObject().get("reason").getAsString())
                .isEqualTo("NO_CONSUMER");
        await("it is told as a page", () -> {
            look();
            JsonObject stream =
                    json("/live/state").getAsJsonArray("shown").get(0).getAsJsonObject();
            return stream.get("pages").getAsInt() == 1
                    && stream.getAsJsonArray("lookers").isEmpty()
                    && stream.getAsJsonArray("groups").size() == 1;
        });
    }

    @Test
    void onlyStreamsThatAreLookedAtAreTaken() {
        publish("cam1", header(Codec.CODEC_JPEG), picture("jpeg"));
        publish("yard", header(Codec.CODEC_JPEG), picture("jpeg"));

        await(
                "a picture",
                () -> send(to("/live/pictures?filter=cam"), HttpResponse.BodyHandlers.ofByteArray())
                                        .body()
                                        .length
                                > 200
                        && stream("cam1").getConsumers() == 1);

        assertThat(stream("yard").getConsumers()).isZero();
    }

    @Test
    void nobodyIsThereWhenNobodyLooksAnyMore() {
        publish("cam1", header(Codec.CODEC_JPEG), picture("jpeg"));
        try (Pictures pictures = new Pictures(channel, 200, 64, 64 << 20)) {
            await(
                    "a picture",
                    () -> !Bundle.of(pictures.bundle(List.of("cam1"), 0))
                                    .shown()
                                    .isEmpty()
                            && stream("cam1").getConsumers() == 1);

            await("nobody", () -> !pictures.isLooking() && stream("cam1").getConsumers() == 0);

            await(
                    "a picture again",
                    () -> !Bundle.of(pictures.bundle(List.of("cam1"), 0))
                            .shown()
                            .isEmpty());
        }
        await("nobody behind the end", () -> stream("cam1").getConsumers() == 0);
    }

    @Test
    void picturesTakeABoundedPlaceAndSaySo() {
        byte[] jpeg = picture("jpeg");
        publish("cam1", header(Codec.CODEC_JPEG), jpeg);
        publish("cam2", header(Codec.CODEC_JPEG), jpeg);
        publish("cam3", header(Codec.CODEC_JPEG), jpeg);
        try (Pictures pictures = new Pictures(channel, 60_000, 2, jpeg.length)) {
            List<String> cameras = List.of("cam1", "cam2", "cam3");
            await(
                    "those there is room for",
                    () -> Bundle.of(pictures.bundle(cameras, 0)).shown().size() == 2);

            List<Shown> shown = Bundle.of(pictures.bundle(cameras, 0)).shown();

            assertThat(shown).filteredOn(each -> each.picture().length > 0).hasSize(1);
            assertThat(shown)
                    .filteredOn(each -> each.note().contains("more than the " + jpeg.length + " bytes"))
                    .hasSize(1);
        }
    }

    @Test
    void aStreamThatIsDeletedStaysSo() {
        publish("cam1", header(Codec.CODEC_JPEG), picture("jpeg"));
        publish("cam2", header(Codec.CODEC_JPEG), picture("jpeg"));
        try (Pictures pictures = new Pictures(channel, 60_000, 64, 64 << 20)) {
            List<String> cameras = List.of("cam1", "cam2");
            await(
                    "pictures",
                    () -> Bundle.of(pictures.bundle(cameras, 0)).shown().size() == 2);
            StreamServiceGrpc.newBlockingStub(channel)
                    .deleteStream(DeleteStreamRequest.newBuilder()
                            .setName("cam1")
                            .setForce(true)
                            .build());

            publish("cam2", header(Codec.CODEC_JPEG), picture("jpeg"));
            long cursor = Bundle.of(pictures.bundle(cameras, 0)).cursor();
            publish("cam2", header(Codec.CODEC_JPEG), picture("jpeg"));
            await(
                    "the other goes on",
                    () -> !Bundle.of(pictures.bundle(cameras, cursor)).shown().isEmpty());

            assertThat(statusOf("cam1")).isEqualTo(Status.Code.NOT_FOUND);
        }
    }

    private Status.Code statusOf(String stream) {
        try {
            stream(stream);
            return Status.Code.OK;
        } catch (StatusRuntimeException e) {
            return e.getStatus().getCode();
        }
    }

    @Test
    void aDeadLetterHasItsPictureAndIsReplayedAndPurgedByWhoHasTheToken() {
        byte[] jpeg = picture("jpeg");
        publish("cam1", header(Codec.CODEC_JPEG), jpeg);
        giveUp("cam1", "detectors", "cannot read it");
        JsonObject letter =
                json("/live/letters").getAsJsonArray("letters").get(0).getAsJsonObject();
        String one = "{\"stream\":\"cam1\",\"group\":\"detectors\",\"deadMicros\":" + letter.get("deadMicros") + "}";

        assertThat(letter.get("reason").getAsString()).isEqualTo("NACK_DEAD_LETTER");
        assertThat(letter.get("error").getAsString()).isEqualTo("cannot read it");
        assertThat(send(
                                to("/live/letter?stream=cam1&group=detectors&generation=" + letter.get("generation")
                                        + "&ordinal=" + letter.get("ordinal")),
                                HttpResponse.BodyHandlers.ofByteArray())
                        .body())
                .isEqualTo(jpeg);
        assertThat(get("/live/letter?stream=cam1&group=detectors&generation=1&ordinal=99")
                        .statusCode())
                .isEqualTo(404);

        assertThat(post("/live/replay", one, "").statusCode()).isEqualTo(401);
        assertThat(post("/live/purge", one, "wrong").statusCode()).isEqualTo(401);
        assertThat(get("/live/replay").statusCode()).isEqualTo(405);
        assertThat(post("/live/purge", "{\"stream\":\"cam1\"}", TOKEN).statusCode())
                .isEqualTo(400);
        assertThat(post("/live/purge", one.replace("deadMicros\":", "deadMicros\":9"), TOKEN)
                        .body())
                .contains("\"purged\":0");
        assertThat(post("/live/replay", one, TOKEN).body()).contains("\"replayed\":1");
        assertThat(post("/live/purge", one, TOKEN).body()).contains("\"purged\":1");
        assertThat(json("/live/letters?stream=cam1").getAsJsonArray("letters")).isEmpty();
    }

    @Test
    void aGlobStandsForOneStream() {
        assertThat(Pictures.glob("cam1")).isEqualTo("c*am1");
        assertThat(Pictures.glob("c")).isEqualTo("c*");
        assertThat(Pictures.glob("a".repeat(200))).hasSize(200);
    }
}
