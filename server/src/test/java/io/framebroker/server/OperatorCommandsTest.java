package io.framebroker.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.framebroker.server.broker.AskedSettings;
import io.framebroker.server.broker.BrokerSettings;
import io.framebroker.server.broker.Consumer;
import io.framebroker.server.broker.ConsumerPort;
import io.framebroker.server.broker.FrameId;
import io.framebroker.server.broker.FrameMemory;
import io.framebroker.server.broker.Mode;
import io.framebroker.server.broker.StartPosition;
import io.framebroker.server.broker.StreamSettings;
import io.framebroker.server.broker.Token;
import io.framebroker.server.broker.Verdict;
import io.framebroker.server.broker.Window;
import io.framebroker.v1.Codec;
import io.framebroker.v1.Compression;
import io.framebroker.v1.Frame;
import io.framebroker.v1.FrameBatch;
import io.framebroker.v1.FrameBrokerServiceGrpc;
import io.framebroker.v1.FrameHeader;
import io.framebroker.v1.PublishFramesRequest;
import io.framebroker.v1.PublishFramesResponse;
import io.framebroker.v1.PublishOpen;
import io.framebroker.wire.Lz4;
import io.grpc.ManagedChannel;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The commands that talk to a running broker, as people call them: what they print, and how they end. */
@Timeout(300)
class OperatorCommandsTest {
    private static final long PATIENCE_SECONDS = 60;
    private static final byte[] PIXELS = "blue green red ".repeat(200).getBytes(StandardCharsets.UTF_8);

    @TempDir
    Path temporary;

    private BrokerServer broker;
    private ManagedChannel channel;

    /** How a command ended. */
    private record Ended(int code, String out, String err) {
        /** Lines with their columns apart by one blank. */
        List<String> rows() {
            return out.lines().map(line -> line.replaceAll(" +", " ")).toList();
        }
    }

    @BeforeEach
    void start() throws IOException {
        broker = BrokerServer.start(
                NettyServerBuilder.forAddress(new InetSocketAddress("127.0.0.1", 0)),
                new BrokerSettings(true, 100, 60_000, StreamSettings.DEFAULT),
                new FrameMemory(64 << 20, 64 << 20));
        channel = NettyChannelBuilder.forAddress("127.0.0.1", broker.port())
                .usePlaintext()
                .build();
    }

    @AfterEach
    void stop() {
        channel.shutdownNow();
        broker.close();
    }

    private Ended run(String... words) {
        List<String> all = new ArrayList<>(Arrays.asList(words));
        all.addAll(List.of("--address", "127.0.0.1:" + broker.port(), "--timeout", "PT" + PATIENCE_SECONDS + "S"));
        return runAsTold(all.toArray(String[]::new));
    }

    private static Ended runAsTold(String... words) {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        int code = FrameBroker.commandLine()
                .setOut(new PrintWriter(out, true))
                .setErr(new PrintWriter(err, true))
                .execute(words);
        return new Ended(code, out.toString(), err.toString());
    }

    private Ended runWell(String... words) {
        Ended ended = run(words);
        assertThat(ended.err()).isEmpty();
        assertThat(ended.code()).isZero();
        return ended;
    }

    /** A command that runs beside the test. */
    private static CompletableFuture<Ended> atOnce(Supplier<Ended> command) {
        return CompletableFuture.supplyAsync(command).orTimeout(2 * PATIENCE_SECONDS, TimeUnit.SECONDS);
    }

    // ---- who is at work

    private static Frame jpeg(int sequence) {
        return Frame.newBuilder()
                .setHeader(FrameHeader.newBuilder()
                        .setSequence(sequence)
                        .setCodec(Codec.CODEC_JPEG)
                        .setWidth(640)
                        .setHeight(360))
                .setPayload(ByteString.copyFromUtf8("picture " + sequence))
                .build();
    }

    private void publish(String stream, Frame... frames) {
        CompletableFuture<Void> end = new CompletableFuture<>();
        StreamObserver<PublishFramesRequest> call = FrameBrokerServiceGrpc.newStub(channel)
                .publishFrames(new StreamObserver<PublishFramesResponse>() {
                    @Override
                    public void onNext(PublishFramesResponse told) {}

                    @Override
                    public void onError(Throwable why) {
                        end.completeExceptionally(why);
                    }

                    @Override
                    public void onCompleted() {
                        end.complete(null);
                    }
                });
        call.onNext(PublishFramesRequest.newBuilder()
                .setOpen(PublishOpen.newBuilder()
                        .setStream(stream)
                        .setPublisherId("camera")
                        .setEpoch(1))
                .build());
        call.onNext(PublishFramesRequest.newBuilder()
                .setFrames(FrameBatch.newBuilder().addAllFrames(List.of(frames)))
                .build());
        call.onCompleted();
        end.orTimeout(PATIENCE_SECONDS, TimeUnit.SECONDS).join();
    }

    private void publish(String stream, int first, int last) {
        publish(
                stream,
                IntStream.rangeClosed(first, last)
                        .mapToObj(OperatorCommandsTest::jpeg)
                        .toArray(Frame[]::new));
    }

    /** Takes what its window holds, and settles nothing. */
    private Consumer consume(String stream, String group, String id, int window) {
        return consume(stream, group, id, window, Mode.QUEUE);
    }

    private Consumer consume(String stream, String group, String id, int window, Mode mode) {
        Consumer consumer = broker.broker()
                .openConsumer(
                        new Consumer.Options(
                                List.of(stream),
                                group,
                                id,
                                new Window(window, 0),
                                AskedSettings.ANY,
                                new StartPosition.Earliest(),
                                false,
                                0,
                                List.of(),
                                mode),
                        new Indifferent());
        consumer.pump();
        return consumer;
    }

    private static final class Indifferent implements ConsumerPort {
        @Override
        public boolean ready() {
            return true;
        }

        @Override
        public void deliver(
                String stream, List<io.framebroker.server.broker.Frame> frames, int attempt, long leaseMillis) {}

        @Override
        public void settled(SettleResult result) {}

        @Override
        public void gap(
                String stream,
                String reason,
                long count,
                boolean estimated,
                FrameId first,
                FrameId last,
                String detail) {}

        @Override
        public void finished() {}

        @Override
        public void ended(io.framebroker.server.broker.BrokerException why) {}

        @Override
        public void flush() {}
    }

    private static void await(BooleanSupplier condition) {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime() - deadline).isNegative();
            LockSupport.parkNanos(1_000_000);
        }
    }

    // ---- looking

    @Test
    void streamsAreListed() {
        publish("gate", 1, 3);
        publish("yard", 1, 1);
        consume("gate", "detector", "d1", 2);

        Ended table = runWell("streams");
        Ended lines = runWell("streams", "--json");

        assertThat(table.rows())
                .containsExactly(
                        "STREAM FRAMES BYTES BACKLOG GROUPS CONSUMERS WANTED PUBLISHER WAITS FOR",
                        "gate 3 " + broker.broker().stream("gate").bytes() + " 3 1 1 all - -",
                        "yard 1 " + broker.broker().stream("yard").bytes() + " 0 0 0 - - -");
        assertThat(lines.out().lines()).hasSize(2);
        assertThat(lines.out().lines().findFirst().orElseThrow())
                .startsWith(
                        "{\"name\":\"gate\",\"max_backlog_frames\":0,\"max_backlog_bytes\":268435456,\"overflow_policy\":\"BLOCK\",")
                .contains("\"first_id\":\"1-1\",\"last_id\":\"1-3\",\"frames\":3,")
                .endsWith("\"publisher_id\":\"\",\"wait_reason\":\"\",\"groups\":1,\"consumers\":1,\"wanted_fps\":0}");
    }

    @Test
    void howMuchIsWantedIsTold() {
        publish("gate", 1, 1);
        consume("gate", "", "viewer", 1, new Mode.Latest(2.5));

        assertThat(runWell("streams", "gate").rows()).contains("wanted 2.5 fps");
        assertThat(runWell("streams", "--json").out()).contains("\"wanted_fps\":2.5}");
    }

    @Test
    void oneStreamIsToldWithItsSettings() {
        publish("gate", 1, 3);

        assertThat(runWell("streams", "gate").rows())
                .startsWith("STREAM gate")
                .contains(
                        "first 1-1",
                        "last 1-3",
                        "backlog limit 100 frames for now, 268435456 bytes, BLOCK",
                        "retention 100 frames, 67108864 bytes");
    }

    @Test
    void groupsAreListed() {
        publish("gate", 1, 3);
        consume("gate", "detector", "d1", 2);
        consume("gate", "archive", "a1", 10);

        Ended table = runWell("groups", "gate");
        Ended one = runWell("groups", "gate", "detector", "--json");

        assertThat(table.rows()).hasSize(3);
        assertThat(table.rows().get(0)).isEqualTo("STREAM GROUP WAITING PENDING AGE CONSUMERS LEASE STATE");
        assertThat(table.rows().get(1)).startsWith("gate archive 0 3 PT").endsWith(" 1 PT30S -");
        assertThat(table.rows().get(2)).startsWith("gate detector 1 2 PT").endsWith(" 1 PT30S -");
        assertThat(one.out())
                .startsWith(
                        "{\"stream\":\"gate\",\"name\":\"detector\",\"lease\":\"PT30S\",\"waiting\":1,\"pending\":2,")
                .endsWith("\"consumers\":1,\"paused\":false}\n");
    }

    @Test
    void consumersAreListed() {
        publish("gate", 1, 3);
        consume("gate", "detector", "d2", 2);
        consume("gate", "detector", "d1", 7).lost();

        Ended table = runWell("consumers", "gate", "detector");
        Ended lines = runWell("consumers", "gate", "detector", "--json");

        assertThat(table.rows()).hasSize(3);
        assertThat(table.rows().get(0)).isEqualTo("CONSUMER PENDING BYTES WINDOW WINDOW BYTES IDLE COMES BACK WITHIN");
        assertThat(table.rows().get(1)).startsWith("d1 1 ").contains(" 7 67108864 - PT");
        assertThat(table.rows().get(2)).startsWith("d2 2 ").endsWith(" 2 67108864 WINDOW_FULL -");
        assertThat(lines.out().lines().toList().get(1))
                .startsWith("{\"stream\":\"gate\",\"group\":\"detector\",\"consumer_id\":\"d2\",\"pending_frames\":2,")
                .endsWith("\"max_frames\":2,\"max_bytes\":67108864,\"idle\":\"WINDOW_FULL\"}");
    }

    @Test
    void ledgersAreToldOfAllStreamsOrOne() {
        publish("gate", 1, 3);
        publish("yard", 1, 1);
        consume("gate", "detector", "d1", 2);
        broker.broker().purgeStream("gate");

        Ended table = runWell("ledger");
        Ended lines = runWell("ledger", "gate", "--json");

        assertThat(table.rows())
                .containsExactly(
                        "STREAM OFFERED STORED APPENDING DROPPED REPORTED IMBALANCE DUPLICATES",
                        "gate 3 3 0 0 0 0 0",
                        "yard 1 1 0 0 0 0 0",
                        "",
                        "STREAM GROUP BASE STORED WAITING PENDING ACKED DEAD-LETTERED SKIPPED IMBALANCE",
                        "gate detector 0 3 0 2 0 0 PURGED 1 0");
        assertThat(lines.out().lines())
                .containsExactly(
                        "{\"stream\":\"gate\",\"offered\":3,\"stored\":3,\"appending\":0,\"dropped\":{},\"reported\":{},"
                                + "\"imbalance\":0,\"duplicates\":0}",
                        "{\"stream\":\"gate\",\"group\":\"detector\",\"base\":0,\"stored\":3,\"waiting\":0,\"pending\":2,"
                                + "\"acked\":0,\"dead_lettered\":0,\"skipped\":{\"PURGED\":1},\"imbalance\":0}");
    }

    @Test
    void theLifeOfAFrameIsTold() {
        publish("gate", 1, 3);
        consume("gate", "detector", "d1", 2).close();

        Ended table = runWell("explain", "gate", "1-2");
        Ended lines = runWell("explain", "gate", "1-3", "--json");

        String time = "^20\\S+ ";
        assertThat(table.rows()).hasSize(7);
        assertThat(table.rows().get(0)).isEqualTo("TIME EVENT GROUP CONSUMER ATTEMPT DETAIL");
        assertThat(table.rows().get(1))
                .matches(time + "RECEIVED - - - from publisher \"camera\", epoch 1, as sequence 2, \\d+ bytes");
        assertThat(table.rows().get(2)).matches(time + "STORED - - - -");
        assertThat(table.rows().get(3)).matches(time + "DELIVERED detector d1 1 -");
        assertThat(table.rows().get(4))
                .matches(time + "RELEASED detector d1 1 the consumer left, [0-9.]+ ms after its delivery");
        assertThat(table.rows().get(5)).matches(time + "RETAINED - - - in the store");
        assertThat(table.rows().get(6)).matches(time + "PENDING detector - 1 is due to be delivered again, .*");
        assertThat(lines.out().lines().toList().get(3))
                .startsWith("{\"stream\":\"gate\",\"id\":\"1-3\",\"event_time\":\"20")
                .endsWith("\"event\":\"WAITING\",\"group\":\"detector\",\"consumer_id\":\"\",\"attempt\":0,"
                        + "\"detail\":\"0 frames of the stream come before it\"}");
    }

    @Test
    void aFrameThatIsNotThereIsNamedWithThoseThatAre() {
        publish("gate", 1, 3);

        Ended ended = run("explain", "gate", "1-4");

        assertThat(ended.code()).isEqualTo(1);
        assertThat(ended.err())
                .isEqualTo("frame-broker: stream gate has no frame 1-4: it has 1 through 3, of generations up to 1"
                        + " (FRAME_NOT_FOUND)\n");
    }

    @Test
    void theTailPrintsNewFramesUpToItsLimit() {
        publish("gate", 1, 2);

        CompletableFuture<Ended> tail = atOnce(() -> runWell("tail", "gate", "--limit", "2"));
        await(() -> broker.broker().stream("gate").consumers() == 1);
        publish("gate", 3, 5);

        assertThat(tail.join().out().lines().toList())
                .hasSize(2)
                .allSatisfy(line -> assertThat(line).contains("codec=JPEG size=640x360 payload=9"))
                .satisfiesExactly(
                        line -> assertThat(line).startsWith("gate 1-3 publisher=camera@1 sequence=3 received="),
                        line -> assertThat(line).startsWith("gate 1-4 publisher=camera@1 sequence=4 received="));
    }

    @Test
    void theTailPrintsLinesForPrograms() {
        publish("gate", 1, 1);

        CompletableFuture<Ended> tail = atOnce(() -> runWell("tail", "gate", "--limit", "1", "--json"));
        await(() -> broker.broker().stream("gate").consumers() == 1);
        publish("gate", 2, 2);

        assertThat(tail.join().out())
                .startsWith("{\"stream\":\"gate\",\"id\":\"1-2\",")
                .contains("\"codec\":\"CODEC_JPEG\"", "\"payload_bytes\":9");
    }

    @Test
    void theTailOfAGlobFollowsStreamsToCome() {
        publish("gate-1", 1, 1);

        CompletableFuture<Ended> tail = atOnce(() -> runWell("tail", "gate-*", "--limit", "2"));
        await(() -> broker.broker().stream("gate-1").consumers() == 1);
        publish("gate-1", 2, 2);
        publish("gate-2", 1, 1);

        assertThat(tail.join().out().lines().toList())
                .satisfiesExactlyInAnyOrder(
                        line -> assertThat(line).startsWith("gate-1 1-2 "),
                        line -> assertThat(line).startsWith("gate-2 1-1 "));
    }

    /** To look at a stream that is not there used to be a way to create it. */
    @Test
    void theTailCreatesNoStream() {
        Ended ended = run("tail", "gate", "--limit", "1");

        assertThat(ended.code()).isEqualTo(1);
        assertThat(ended.err()).contains("there is no stream \"gate\"", "(STREAM_NOT_FOUND)");
        assertThat(broker.broker().streams()).isEmpty();
    }

    @Test
    void theTailEndsWithItsBroker() {
        publish("gate", 1, 1);

        CompletableFuture<Ended> tail = atOnce(() -> run("tail", "gate"));
        await(() -> broker.broker().stream("gate").consumers() == 1);
        broker.close();

        assertThat(tail.join().code()).isNotZero();
        assertThat(tail.join().err()).startsWith("frame-broker: ");
    }

    @Test
    void aSnapshotIsTheNewestPayloadUnpacked() throws IOException {
        byte[] packed = new byte[PIXELS.length];
        int length = Lz4.fastest().pack(PIXELS, 0, PIXELS.length, packed, packed.length);
        publish(
                "gate",
                jpeg(1),
                Frame.newBuilder()
                        .setHeader(FrameHeader.newBuilder()
                                .setSequence(2)
                                .setCodec(Codec.CODEC_RAW)
                                .setCompression(Compression.COMPRESSION_LZ4)
                                .setUncompressedBytes(PIXELS.length))
                        .setPayload(ByteString.copyFrom(packed, 0, length))
                        .build());
        Path file = temporary.resolve("gate.raw");
        Files.writeString(file, "what was there before");

        Ended ended = runWell("snapshot", "gate", "-o", file.toString());
        Ended lines = runWell("snapshot", "gate", "-o", file.toString(), "--json");

        assertThat(file).hasBinaryContent(PIXELS);
        assertThat(temporary.toFile().list()).containsExactly("gate.raw");
        assertThat(ended.out())
                .startsWith(file + ": frame 1-2 of gate, received 2")
                .endsWith(", RAW, " + PIXELS.length + " bytes\n");
        assertThat(lines.out())
                .startsWith("{\"stream\":\"gate\",\"id\":\"1-2\",\"sequence\":2,")
                .contains("\"payload_bytes\":" + PIXELS.length);
    }

    @Test
    void aSnapshotThatCannotBeWrittenSaysWhere() {
        publish("gate", 1, 1);

        Ended ended = run(
                "snapshot", "gate", "-o", temporary.resolve("nowhere/gate.jpg").toString());

        assertThat(ended.code()).isEqualTo(1);
        assertThat(ended.err()).contains("there is no folder", "nowhere");
    }

    // ---- doing

    @Test
    void aGroupIsPausedAndResumed() {
        publish("gate", 1, 1);
        consume("gate", "detector", "d1", 1);

        assertThat(runWell("group", "pause", "gate", "detector").rows().get(1)).endsWith(" paused");
        assertThat(broker.broker().group("gate", "detector").paused()).isTrue();
        assertThat(runWell("group", "resume", "gate", "detector", "--json").out())
                .endsWith("\"paused\":false}\n");
        assertThat(broker.broker().group("gate", "detector").paused()).isFalse();
    }

    @Test
    void aGroupIsMovedToAnyPlace() {
        publish("gate", 1, 4);
        consume("gate", "detector", "d1", 1);

        assertThat(runWell("group", "seek", "gate", "detector", "--to", "1-3")
                        .rows()
                        .get(1))
                .startsWith("gate detector 2 0 ");
        assertThat(runWell("group", "seek", "gate", "detector", "--to", "earliest")
                        .rows()
                        .get(1))
                .startsWith("gate detector 4 0 ");
        assertThat(runWell("group", "seek", "gate", "detector", "--to", "new")
                        .rows()
                        .get(1))
                .startsWith("gate detector 0 0 ");
        assertThat(runWell("group", "seek", "gate", "detector", "--to", "2020-01-31T12:00:00Z")
                        .rows()
                        .get(1))
                .startsWith("gate detector 4 0 ");
    }

    /** A group that was moved by mistake used to say nothing of what it would not get. */
    @Test
    void whoMovesAGroupIsToldWhatItPassesOver() {
        publish("gate", 1, 4);
        consume("gate", "detector", "d1", 1);

        assertThat(runWell("group", "seek", "gate", "detector", "--to", "1-3").rows())
                .endsWith("group detector of stream gate passes over 2 frames that it had not settled");
        assertThat(runWell("group", "seek", "gate", "detector", "--to", "1-9999")
                        .rows())
                .endsWith("group detector of stream gate passes over 2 frames that it had not settled");
        assertThat(runWell("group", "seek", "gate", "detector", "--to", "earliest")
                        .rows())
                .endsWith("group detector of stream gate passes over 0 frames that it had not settled");
        assertThat(runWell("group", "seek", "gate", "detector", "--to", "new", "--json")
                        .out())
                .endsWith("\"paused\":false,\"passed_over\":4}\n");
    }

    @Test
    void aGroupIsDeletedByForceWhileItIsInUse() {
        publish("gate", 1, 3);
        consume("gate", "detector", "d1", 1);

        Ended refused = run("group", "delete", "gate", "detector");
        Ended deleted = runWell("group", "delete", "gate", "detector", "--force");

        assertThat(refused.code()).isEqualTo(1);
        assertThat(refused.err())
                .isEqualTo(
                        "frame-broker: group detector of stream gate has 1 consumers connected: \"d1\"; end them first,"
                                + " or delete with force (GROUP_IN_USE)\n");
        assertThat(deleted.out())
                .isEqualTo(
                        "group detector of stream gate is deleted; it had not settled 3 frames, and had 0 dead letters,"
                                + " which are gone with it\n");
        assertThat(broker.broker().groups("gate")).isEmpty();
    }

    /** They used to go without a word. */
    @Test
    void whoDeletesAGroupIsToldOfItsDeadLetters() {
        publish("gate", 1, 3);
        giveUp("gate", "detector", 2);
        giveUp("gate", "archive", 1);

        assertThat(runWell("group", "delete", "gate", "detector", "--force").out())
                .isEqualTo(
                        "group detector of stream gate is deleted; it had not settled 1 frames, and had 2 dead letters,"
                                + " which are gone with it\n");
        assertThat(runWell("group", "delete", "gate", "archive", "--force", "--json")
                        .out())
                .isEqualTo("{\"stream\":\"gate\",\"name\":\"archive\",\"unsettled_frames\":2,\"dead_letters\":1}\n");
        assertThat(run("group", "delete", "gate", "detector").err()).contains("(GROUP_NOT_FOUND)");
    }

    // ---- dead letters

    /** A consumer gives up the stream's first so many frames. */
    private void giveUp(String stream, String group, int frames) {
        Consumer consumer = consume(stream, group, "worker", frames);
        for (int ordinal = 1; ordinal <= frames; ordinal++) {
            consumer.settle(stream, new Token(1, ordinal, 1), 1, new Verdict.GiveUp("no picture in " + ordinal));
        }
    }

    @Test
    void deadLettersAreListed() {
        publish("gate", 1, 3);
        giveUp("gate", "detector", 2);
        giveUp("gate", "archive", 1);

        Ended table = runWell("dlq", "list", "gate");
        Ended lines = runWell("dlq", "list", "gate", "--group", "detector", "--limit", "1", "--json");

        assertThat(table.rows())
                .satisfiesExactly(
                        row -> assertThat(row)
                                .isEqualTo("GROUP FRAME REASON DEAD SINCE LAST CONSUMER ATTEMPTS LAST ERROR"),
                        row -> assertThat(row)
                                .startsWith("detector 1-1 NACK_DEAD_LETTER 20")
                                .endsWith("Z worker 1 no picture in 1"),
                        row -> assertThat(row)
                                .startsWith("detector 1-2 NACK_DEAD_LETTER 20")
                                .endsWith("Z worker 1 no picture in 2"),
                        row -> assertThat(row)
                                .startsWith("archive 1-1 NACK_DEAD_LETTER 20")
                                .endsWith("Z worker 1 no picture in 1"));
        assertThat(lines.out().lines())
                .singleElement()
                .asString()
                .startsWith(
                        "{\"stream\":\"gate\",\"group\":\"detector\",\"id\":\"1-1\",\"reason\":\"NACK_DEAD_LETTER\","
                                + "\"attempts\":1,\"last_error\":\"no picture in 1\",\"last_consumer_id\":\"worker\",\"dead_time\":\"")
                .endsWith("\"sequence\":1,\"codec\":\"CODEC_JPEG\",\"width\":640,\"height\":360}");
    }

    @Test
    void deadLettersAreListedByReasonAndTime() {
        publish("gate", 1, 1);
        giveUp("gate", "detector", 1);

        assertThat(runWell("dlq", "list", "gate", "--reason", "NACK_DEAD_LETTER", "--since", "2020-01-31T12:00:00Z")
                        .rows())
                .hasSize(2);
        assertThat(runWell("dlq", "list", "gate", "--reason", "MAX_ATTEMPTS").rows())
                .hasSize(1);
        assertThat(runWell("dlq", "list", "gate", "--until", "2020-01-31T12:00:00Z")
                        .rows())
                .hasSize(1);
        assertThat(runWell("dlq", "list", "gate", "--since", "2100-01-31T12:00:00Z")
                        .rows())
                .hasSize(1);
    }

    /** What a consumer says of a frame used to break tables, and to reach terminals as it was. */
    @Test
    void whatConsumersSayMovesNoCursor() {
        publish("gate", 1, 1);
        Consumer consumer = consume("gate", "detector", "d1\u202e", 1);
        consumer.settle("gate", new Token(1, 1, 1), 1, new Verdict.GiveUp("torn\nin\ttwo \u001b[2J\u009b1m\u2028"));
        String shown = "torn\\nin\\ttwo \\u001b[2J\\u009b1m\\u2028";

        assertThat(runWell("dlq", "list", "gate").rows())
                .hasSize(2)
                .element(1)
                .asString()
                .endsWith("Z d1\\u202e 1 " + shown);
        assertThat(runWell("explain", "gate", "1-1").rows())
                .hasSize(6)
                .anySatisfy(row -> assertThat(row).contains(" DEAD_LETTERED detector d1\\u202e ", shown));
        assertThat(runWell("consumers", "gate", "detector").rows())
                .hasSize(2)
                .element(1)
                .asString()
                .startsWith("d1\\u202e ");
        assertThat(run("group", "delete", "gate", "detector").err())
                .contains("\"d1\\u202e\"")
                .doesNotContain("\u202e");
    }

    @Test
    void thePictureOfADeadLetterIsWritten() {
        publish("gate", 1, 2);
        giveUp("gate", "detector", 2);
        Path file = temporary.resolve("gate.jpg");

        Ended ended = runWell("dlq", "get", "gate", "detector", "1-2", "-o", file.toString());
        Ended lines = runWell("dlq", "get", "gate", "detector", "1-2", "-o", file.toString(), "--json");

        assertThat(file).hasContent("picture 2");
        assertThat(temporary.toFile().list()).containsExactly("gate.jpg");
        assertThat(ended.out())
                .startsWith(file + ": frame 1-2 of gate, given up by detector as NACK_DEAD_LETTER at 20")
                .endsWith("Z, JPEG, 9 bytes\n");
        assertThat(lines.out())
                .contains("\"id\":\"1-2\",")
                .endsWith("\"payload_bytes\":9,\"file\":\"" + file + "\"}\n");
    }

    @Test
    void aPackedDeadLetterIsWrittenUnpacked() {
        byte[] packed = new byte[PIXELS.length];
        int length = Lz4.fastest().pack(PIXELS, 0, PIXELS.length, packed, packed.length);
        publish("gate", raw(1, packed, length), raw(2, packed, length / 2));
        giveUp("gate", "detector", 2);
        Path file = temporary.resolve("gate.raw");

        runWell("dlq", "get", "gate", "detector", "1-1", "-o", file.toString());
        Ended damaged = run(
                "dlq",
                "get",
                "gate",
                "detector",
                "1-2",
                "-o",
                temporary.resolve("damaged").toString());

        assertThat(file).hasBinaryContent(PIXELS);
        assertThat(damaged.code()).isEqualTo(1);
        assertThat(damaged.err()).contains("frame 1-2 of gate cannot be unpacked");
        assertThat(temporary.resolve("damaged")).doesNotExist();
    }

    private static Frame raw(int sequence, byte[] packed, int length) {
        return Frame.newBuilder()
                .setHeader(FrameHeader.newBuilder()
                        .setSequence(sequence)
                        .setCodec(Codec.CODEC_RAW)
                        .setCompression(Compression.COMPRESSION_LZ4)
                        .setUncompressedBytes(PIXELS.length))
                .setPayload(ByteString.copyFrom(packed, 0, length))
                .build();
    }

    @Test
    void deadLettersArePurgedOnceTheyWereCounted() {
        publish("gate", 1, 3);
        giveUp("gate", "detector", 2);
        giveUp("gate", "archive", 3);

        assertThat(runWell("dlq", "purge", "gate", "--group", "archive", "--dry-run")
                        .out())
                .isEqualTo("3 dead letters of gate would be purged\n");
        assertThat(runWell("dlq", "purge", "gate", "--group", "archive").out())
                .isEqualTo("3 dead letters of gate are purged\n");
        assertThat(runWell("dlq", "purge", "gate", "--dry-run", "--json").out())
                .isEqualTo("{\"stream\":\"gate\",\"purged\":2,\"validate_only\":true}\n");
        assertThat(runWell("dlq", "list", "gate").rows()).hasSize(3);
    }

    @Test
    void deadLettersAreReplayedOnceTheyWereCounted() {
        publish("gate", 1, 3);
        giveUp("gate", "detector", 3);

        assertThat(runWell("dlq", "replay", "gate", "--group", "detector", "--dry-run")
                        .out())
                .isEqualTo("3 dead letters of gate would be tried again\n");
        assertThat(runWell("dlq", "replay", "gate", "--limit", "2").out())
                .isEqualTo("2 dead letters of gate are to be tried again\n");
        assertThat(runWell("dlq", "replay", "gate", "--json").out())
                .isEqualTo("{\"stream\":\"gate\",\"replayed\":1,\"validate_only\":false}\n");
        assertThat(runWell("dlq", "replay", "gate", "--reason", "MAX_ATTEMPTS").out())
                .startsWith("0 ");
        assertThat(runWell("dlq", "list", "gate").rows()).hasSize(4);
        Ended none = run("dlq", "replay", "gate", "--limit", "0");
        assertThat(none.code()).isEqualTo(2);
        assertThat(none.err()).contains("--limit 0 is below 1");
    }

    @Test
    void aDeadLetterThatIsNotThereIsNamed() {
        publish("gate", 1, 1);
        consume("gate", "detector", "d1", 1);

        Ended ended = run(
                "dlq",
                "get",
                "gate",
                "detector",
                "1-1",
                "-o",
                temporary.resolve("x").toString());

        assertThat(ended.code()).isEqualTo(1);
        assertThat(ended.err()).contains("has no dead letter 1-1", "(DEAD_LETTER_NOT_FOUND)");
    }

    // ---- what is wrong

    @Test
    void whereNoBrokerIsTheAddressIsNamed() throws IOException {
        // A port that is taken, and on which nobody listens.
        try (Socket nobody = new Socket()) {
            nobody.bind(new InetSocketAddress("127.0.0.1", 0));

            Ended ended = runAsTold("streams", "--address", "127.0.0.1:" + nobody.getLocalPort());

            assertThat(ended.code()).isEqualTo(3);
            assertThat(ended.out()).isEmpty();
            assertThat(ended.err())
                    .startsWith(
                            "frame-broker: no broker answers at 127.0.0.1:" + nobody.getLocalPort() + ": UNAVAILABLE")
                    .contains("--address");
        }
    }

    @Test
    void argumentsThatMakeNoSenseAreNamed() {
        assertThat(run("group").code()).isEqualTo(2);
        assertThat(run("group", "seek", "gate", "detector").err()).contains("--to=PLACE");
        assertThat(run("group", "seek", "gate", "detector", "--to", "soon").err())
                .contains("--to soon", "earliest");
        assertThat(run("tail", "gate", "--limit", "-1").err()).contains("--limit -1");
        assertThat(run("explain", "gate", "250").err()).contains("250 is no frame's id");
        assertThat(run("dlq").code()).isEqualTo(2);
        assertThat(run("dlq", "list", "gate", "--limit", "0").err()).contains("--limit 0");
        assertThat(run("dlq", "list", "gate", "--since", "soon").err()).contains("--since", "soon");
        assertThat(run("dlq", "get", "gate", "detector", "7", "-o", "x").err()).contains("7 is no frame's id");
        assertThat(runAsTold("streams", "--timeout", "PT0S").err()).contains("--timeout PT0S");
    }

    /** A reason that is none used to stand for no dead letter, and an empty one for all. */
    @Test
    void aReasonThatIsNoneIsRefused() {
        publish("gate", 1, 1);

        for (String command : List.of("list", "replay", "purge")) {
            for (String reason : List.of("MAX_ATTEMPT", "")) {
                Ended ended = run("dlq", command, "gate", "--reason", reason);

                assertThat(ended.code()).isEqualTo(2);
                assertThat(ended.err()).contains("--reason", "'" + reason + "'", "MAX_ATTEMPTS", "NACK_DEAD_LETTER");
            }
        }
    }

    /** It used to name a class of Java, and to be lost in front of a page of usage. */
    @Test
    void whatCannotBeReadIsNamedWithWhatCanBe() {
        assertThat(runAsTold("streams", "--timeout", "10s").err())
                .isEqualTo(
                        "frame-broker: Invalid value for option '--timeout': '10s' is no duration; write it in ISO-8601,"
                                + " such as PT10M for ten minutes\ntry 'frame-broker streams --help'\n");
        assertThat(run("dlq", "list", "gate", "--since", "2026-01-31").err())
                .isEqualTo("frame-broker: Invalid value for option '--since': '2026-01-31' is no time; write it in"
                        + " UTC, such as 2026-01-31T12:00:00Z\ntry 'frame-broker dlq list --help'\n");
        assertThat(runAsTold("--drain-time", "5").err()).contains("'5' is no duration", "try 'frame-broker --help'");
        assertThat(runAsTold("streams", "--timeout", "PT99999999999999H").err()).contains("is no duration");
        assertThat(runAsTold("group").err())
                .isEqualTo("frame-broker: say what to do: pause, resume, seek or delete\n"
                        + "try 'frame-broker group --help'\n");
        assertThat(run("tail", "gate", "--limit", "few").err())
                .startsWith("frame-broker: Invalid value for option '--limit'")
                .endsWith("try 'frame-broker tail --help'\n");
    }

    /** It used to be port 80. */
    @Test
    void anAddressWithoutAPortIsThatOfTheUsualPort() {
        String atOnce = "PT0.0001S";

        assertThat(runAsTold("streams", "--address", "localhost", "--timeout", atOnce)
                        .err())
                .startsWith("frame-broker: no broker answers at localhost:50051: ");
        assertThat(runAsTold("streams", "--address", "[::1]", "--timeout", atOnce)
                        .err())
                .startsWith("frame-broker: no broker answers at [::1]:50051: ");
        assertThat(runAsTold("streams", "--address", "dns:///localhost:7", "--timeout", atOnce)
                        .err())
                .startsWith("frame-broker: no broker answers at dns:///localhost:7: ");
    }

    @Test
    void helpTellsExitCodesAndTheUsualAddress() {
        assertThat(runAsTold("ledger", "--help").out())
                .contains("Exit codes:", "A ledger does not balance", "localhost:50051");
    }
}
