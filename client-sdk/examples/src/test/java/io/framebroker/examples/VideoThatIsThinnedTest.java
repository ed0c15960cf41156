package io.framebroker.examples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.framebroker.client.FrameBrokerClient;
import io.framebroker.client.FrameConsumer;
import io.framebroker.client.FramePublisher;
import io.framebroker.client.OutgoingFrame;
import io.framebroker.client.WhenFull;
import io.framebroker.server.BrokerServer;
import io.framebroker.server.broker.BrokerSettings;
import io.framebroker.server.broker.FrameMemory;
import io.framebroker.server.broker.Ledger;
import io.framebroker.v1.Codec;
import io.framebroker.v1.ConsumeMode;
import io.framebroker.v1.CreateStreamRequest;
import io.framebroker.v1.OverflowPolicy;
import io.framebroker.v1.StreamSettings;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * H.264 of a real encoder, four times as fast as its consumer: whatever does not arrive, ffmpeg decodes what does without
 * a complaint, into the very pictures of the whole video. Skipped where there is no ffmpeg with x264.
 */
@Timeout(300)
class VideoThatIsThinnedTest {
    private static final int PICTURES = 500;
    private static final int PICTURES_OF_GROUP = 25;
    private static final int LIMIT = 60;
    private static final Duration LIMIT_OF_WAITS = Duration.ofSeconds(60);
    private static final int TIMES_FASTER = 4;
    /** Longer than a busy machine is likely to keep a picture from a consumer that is free. */
    private static final Duration OLD = Duration.ofSeconds(2);

    @TempDir
    static Path directory;

    /** The video by access units, each a picture. */
    private static List<byte[]> video;

    /** What each picture is when the whole video is decoded. */
    private static List<String> pictures;

    private BrokerServer server;
    private FrameBrokerClient client;
    private final Semaphore mayTake = new Semaphore(0);
    /** Sequences of what arrived, in order. */
    private final List<Long> arrived = new CopyOnWriteArrayList<>();

    private int couldTake;
    /** How many had arrived when the last one was published. */
    private int inTime;

    @BeforeAll
    static void encodes() throws Exception {
        Path encoded = directory.resolve("whole.h264");
        assumeTrue(
                run("-f lavfi -i testsrc2=size=160x120:rate=25 -frames:v " + PICTURES
                                + " -c:v libx264 -preset veryfast -bf 0 -g " + PICTURES_OF_GROUP
                                + " -x264-params aud=1:repeat-headers=1:scenecut=0 -f h264 " + encoded)
                        .equals(""),
                "ffmpeg with x264 is on the path");
        video = accessUnits(Files.readAllBytes(encoded));
        pictures = decoded(encoded);
        assertThat(video).hasSize(PICTURES);
        assertThat(pictures).hasSize(PICTURES);
    }

    @BeforeEach
    void start() throws IOException {
        server = BrokerServer.start(
                NettyServerBuilder.forPort(0), BrokerSettings.DEFAULT, new FrameMemory(64L << 20, 64L << 20));
        client = FrameBrokerClient.connect("localhost:" + server.port());
    }

    @AfterEach
    void stop() {
        client.close();
        server.close();
    }

    @Test
    void dropOldestDropsWholeGroupsOfPictures() throws Exception {
        passes(OverflowPolicy.OVERFLOW_POLICY_DROP_OLDEST, consumer -> consumer.group("slow"));

        assertThat(ledger().groups().get(0).skipped()).containsOnlyKeys("OVERFLOW");
        assertKeyframesSurviveAndTheConsumerIsBusy();
    }

    @Test
    void dropNewestDropsTheEndsOfGroupsOfPictures() throws Exception {
        passes(OverflowPolicy.OVERFLOW_POLICY_DROP_NEWEST, consumer -> consumer.group("slow"));

        assertThat(ledger().stream().dropped()).containsOnlyKeys("OVERFLOW");
        assertKeyframesSurviveAndTheConsumerIsBusy();
    }

    @Test
    void thinDropsTheEndsOfGroupsOfPicturesAndKeyframesLast() throws Exception {
        passes(OverflowPolicy.OVERFLOW_POLICY_THIN, consumer -> consumer.group("slow"));

        assertThat(ledger().stream().dropped()).containsKey("THINNED");
        assertKeyframesSurviveAndTheConsumerIsBusy();
        assertThat(shareOf(true)).as("share of keyframes").isGreaterThan(0.9);
    }

    @Test
    void theNewestFramesOnly() throws Exception {
        passes(OverflowPolicy.OVERFLOW_POLICY_BLOCK, consumer -> consumer.mode(ConsumeMode.CONSUME_MODE_LATEST));

        assertThat(shareOf(true)).as("share of keyframes").isEqualTo(1);
        assertThat(arrived).hasSizeLessThan(PICTURES / 2);
    }

    @Test
    void nothingOld() throws Exception {
        passes(
                OverflowPolicy.OVERFLOW_POLICY_DROP_OLDEST,
                consumer -> consumer.group("slow").maxAge(OLD),
                () -> Eventually.await(
                        "pictures that are too old", LIMIT_OF_WAITS, this::someWereTooOld, this::ledger));

        assertThat(someWereTooOld()).isTrue();
    }

    private boolean someWereTooOld() {
        return ledger().groups().get(0).skipped().containsKey("MAX_AGE");
    }

    /** Or the other tests would show nothing. */
    @Test
    void ffmpegMakesOtherPicturesOfVideoThatLacksOne() throws Exception {
        List<byte[]> lacking = new ArrayList<>(video.subList(0, 100));
        List<String> expected = new ArrayList<>(pictures.subList(0, 100));
        lacking.remove(37);
        expected.remove(37);

        List<String> decoded = decoded(written(lacking));

        assertThat(decoded.subList(0, 37)).isEqualTo(expected.subList(0, 37));
        assertThat(decoded.subList(37, 48)).doesNotContainAnyElementsOf(expected.subList(37, 48));
        assertThat(decoded.subList(49, 99)).isEqualTo(expected.subList(49, 99));
    }

    private void passes(OverflowPolicy policy, UnaryOperator<FrameConsumer.Builder> as) throws Exception {
        passes(policy, as, () -> {});
    }

    /**
     * The whole video passes, and the consumer may take one picture whenever the publisher has had outcomes for four.
     *
     * @param halfTime what happens when half of it is published
     */
    private void passes(OverflowPolicy policy, UnaryOperator<FrameConsumer.Builder> as, Step halfTime)
            throws Exception {
        client.streams()
                .createStream(CreateStreamRequest.newBuilder()
                        .setName("cam")
                        .setSettings(StreamSettings.newBuilder()
                                .setOverflowPolicy(policy)
                                .setMaxBacklogFrames(LIMIT))
                        .build());
        FramePublisher camera = client.publisher("cam").whenFull(WhenFull.BLOCK).open();
        FrameConsumer.Builder consumer = as.apply(client.consumer("cam").window(1, 1 << 20));
        List<byte[]> taken = new CopyOnWriteArrayList<>();
        FrameConsumer slow = consumer.onFrame(frame -> {
            mayTake.acquire();
            arrived.add(frame.sequence());
            taken.add(frame.payloadBytes());
        });
        try {
            Eventually.await(
                    "the consumer",
                    LIMIT_OF_WAITS,
                    () -> server.broker().stream("cam").consumers() == 1,
                    () -> "nobody");
            for (int i = 0; i < PICTURES; i++) {
                boolean keyframe = i % PICTURES_OF_GROUP == 0;
                if (i == PICTURES / 2) {
                    halfTime.go();
                }
                camera.publish(OutgoingFrame.of(Codec.CODEC_H264, video.get(i))
                        .keyframe(keyframe)
                        .capturedAt(Instant.now()));
                if (i % TIMES_FASTER == TIMES_FASTER - 1) {
                    camera.flush().get(60, TimeUnit.SECONDS);
                    takesOne(i + 1);
                }
            }
            inTime = arrived.size();
            mayTake.release(PICTURES);
            Eventually.await("the rest", LIMIT_OF_WAITS, this::nothingIsThere, this::ledger);
        } finally {
            mayTake.release(PICTURES);
            slow.close();
        }
        assertThat(ledger().balances()).isTrue();
        assertThat(arrived)
                .as("pictures that arrived")
                .hasSizeGreaterThanOrEqualTo(PICTURES / PICTURES_OF_GROUP)
                .isSorted();
        assertThat(run("-f h264 -i " + written(taken) + " -f null -"))
                .as("what ffmpeg complains of")
                .isEmpty();
        assertThat(decoded(written(taken)))
                .isEqualTo(arrived.stream()
                        .map(sequence -> pictures.get(sequence.intValue() - 1))
                        .toList());
        System.out.printf(
                "%s: %d of %d pictures arrived, %d of them in time, when %d could; %.0f %% of keyframes, %.0f %% of others%n",
                policy, arrived.size(), PICTURES, inTime, couldTake, 100 * shareOf(true), 100 * shareOf(false));
    }

    /** The time for one picture passes: it is taken, or there is none. */
    private void takesOne(int published) throws Exception {
        couldTake++;
        mayTake.release();
        if (ledger().groups().isEmpty()) {
            awaitNewestKeyframe(published);
        } else {
            Eventually.await(
                    "a picture that is taken, or none that could be",
                    LIMIT_OF_WAITS,
                    () -> mayTake.availablePermits() == 0 || nothingIsThere(),
                    this::ledger);
        }
        mayTake.drainPermits();
    }

    /** Without a group the ledger does not say what is on its way; the newest keyframe always is. */
    private void awaitNewestKeyframe(int published) throws Exception {
        long newest = 1 + (published - 1) / PICTURES_OF_GROUP * PICTURES_OF_GROUP;
        Eventually.await(
                "keyframe " + newest,
                LIMIT_OF_WAITS,
                () -> {
                    boolean there = arrived.contains(newest);
                    if (!there && mayTake.availablePermits() == 0) {
                        mayTake.release();
                    }
                    return there;
                },
                () -> arrived);
    }

    private interface Step {
        void go() throws Exception;
    }

    private boolean nothingIsThere() {
        return ledger().groups().stream().allMatch(group -> group.waiting() == 0 && group.pending() == 0);
    }

    private Ledger ledger() {
        return server.broker().ledger("cam");
    }

    private void assertKeyframesSurviveAndTheConsumerIsBusy() {
        assertThat(shareOf(true)).as("share of keyframes").isGreaterThanOrEqualTo(shareOf(false));
        assertThat(inTime).as("pictures while there were more").isGreaterThan(couldTake / 2);
        assertThat(arrived).hasSizeLessThan(PICTURES / 2);
    }

    /** Of all pictures of a kind, how many arrived. */
    private double shareOf(boolean keyframes) {
        long all = keyframes ? PICTURES / PICTURES_OF_GROUP : PICTURES - PICTURES / PICTURES_OF_GROUP;
        return (double) arrived.stream()
                        .filter(sequence -> ((sequence - 1) % PICTURES_OF_GROUP == 0) == keyframes)
                        .count()
                / all;
    }

    // ---- video

    /** Each begins with a delimiter: a unit of type 9 behind a start code. */
    private static List<byte[]> accessUnits(byte[] stream) {
        List<byte[]> units = new ArrayList<>();
        int begin = 0;
        for (int i = 4; i + 5 <= stream.length; i++) {
            boolean startCode = stream[i] == 0 && stream[i + 1] == 0 && stream[i + 2] == 0 && stream[i + 3] == 1;
            if (startCode && (stream[i + 4] & 0x1F) == 9) {
                units.add(Arrays.copyOfRange(stream, begin, i));
                begin = i;
            }
        }
        units.add(Arrays.copyOfRange(stream, begin, stream.length));
        return units;
    }

    private static Path written(List<byte[]> units) throws IOException {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        for (byte[] unit : units) {
            all.write(unit);
        }
        return Files.write(directory.resolve("arrived.h264"), all.toByteArray());
    }

    /** A hash of each picture. */
    private static List<String> decoded(Path h264) throws Exception {
        Path hashes = directory.resolve("hashes");
        assertThat(run("-f h264 -i " + h264 + " -fps_mode passthrough -f framemd5 " + hashes))
                .isEmpty();
        return Files.readAllLines(hashes).stream()
                .filter(line -> !line.startsWith("#"))
                .map(line -> line.substring(line.lastIndexOf(',') + 1).trim())
                .toList();
    }

    /** What ffmpeg complains of; empty when it is content. */
    private static String run(String arguments) throws Exception {
        List<String> command = new ArrayList<>(List.of("ffmpeg", "-nostdin", "-y", "-v", "warning"));
        command.addAll(List.of(arguments.split(" ")));
        Process ffmpeg;
        try {
            ffmpeg = new ProcessBuilder(command).redirectErrorStream(true).start();
        } catch (IOException e) {
            return e.getMessage();
        }
        String said = new String(ffmpeg.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        return ffmpeg.waitFor() == 0 ? said : said + " and ended with " + ffmpeg.exitValue();
    }
}
