package io.framebroker.examples;

import static org.assertj.core.api.Assertions.assertThat;

import io.framebroker.examples.child.ChildProcess;
import io.framebroker.v1.GroupLedger;
import io.framebroker.v1.StreamLedger;
import java.io.IOException;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * A real RTSP server with H.264, rtsp-capture with ffmpeg, the broker, sample-processor: each a process. The camera draws its
 * picture's number into each picture, so that the order can be told from what was decoded at the far end.
 *
 * <p>Needs ffmpeg and ffprobe 5.1, /usr/bin/python3 with gi, and GStreamer's RTSP server with x264; fails without them.
 */
@Timeout(300)
class RtspEndToEndIT {

    private static final Path CAMERA = Path.of("src/test/rtsp/counting_camera.py");
    private static final int RATE_PICTURES = 100;
    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final String LOST = "SOURCE_DISCONNECTED";

    @TempDir
    Path directory;

    private final List<String> figures = new ArrayList<>();
    private Programs programs;
    private ChildProcess capture;
    private Path results;
    private int port;

    /** Says at once what is missing, instead of waiting for pictures that cannot come. */
    @BeforeAll
    static void everythingIsInstalled() throws Exception {
        String imports = "import gi; gi.require_version('GstRtspServer', '1.0');"
                + " from gi.repository import Gst, GstRtspServer; Gst.init(None);"
                + " assert Gst.ElementFactory.find('x264enc') and Gst.ElementFactory.find('rtph264pay')";
        for (List<String> line : List.of(
                List.of("ffmpeg", "-version"),
                List.of("ffprobe", "-version"),
                List.of("/usr/bin/python3", "-c", imports))) {
            Process process = new ProcessBuilder(line).redirectErrorStream(true).start();
            String words = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertThat(process.waitFor()).as("%s: %s", line, words).isZero();
        }
    }

    @Test
    void picturesOfAKilledAndAFrozenCameraArriveWholeInOrderAndTheGapsAreReported() throws Exception {
        results = directory.resolve("results.jsonl");
        port = freePort();
        try (Programs started = new Programs()) {
            programs = started;
            ChildProcess camera = camera(1_000);
            ChildProcess processor = programs.processor(
                    "--streams",
                    "cam",
                    "--group",
                    "g",
                    "--from-start",
                    "--delay-ms",
                    "0",
                    "--health-port",
                    "0",
                    "--results",
                    results.toString(),
                    "--save-frames",
                    directory.toString());
            capture = programs.capture(
                    "--camera", "cam=rtsp://user:secret@127.0.0.1:" + port + "/cam", "--stall-timeout", "5");
            awaitLines(150);

            camera.kill();
            awaitAway(1, "Connection refused");
            ChildProcess second = camera(1_000_000);
            awaitRecovery("killed", 150);

            signal(second, "-STOP");
            awaitAway(2, "no picture for 5000 ms");
            signal(second, "-CONT");
            awaitRecovery("frozen", 100);

            Programs.end(capture);
            assertThat(capture.exitCode()).isZero();
            awaitAllAcked(0);
            Programs.end(processor);
            check();
        }
        System.out.println("RTSP end to end: " + String.join("; ", figures));
    }

    @Test
    void rawPicturesOfACameraHaveItsSize() throws Exception {
        results = directory.resolve("results.jsonl");
        port = freePort();
        try (Programs started = new Programs()) {
            programs = started;
            camera(1);
            programs.processor(
                    "--streams",
                    "cam",
                    "--group",
                    "g",
                    "--from-start",
                    "--delay-ms",
                    "0",
                    "--health-port",
                    "-1",
                    "--results",
                    results.toString(),
                    "--save-frames",
                    directory.toString());
            capture = programs.capture(
                    "--camera", "cam=rtsp://127.0.0.1:" + port + "/cam", "--format", "raw", "--limit", "30");
            awaitLines(30);

            assertThat(capture.waitFor(LIMIT)).isTrue();
            List<ResultLine> lines = ResultLine.read(results);
            assertThat(lines).hasSize(30).allMatch(line -> line.width() == 640 && line.height() == 360);
            assertThat(jumps(lines)).isEmpty();
        }
    }

    @Test
    void aCameraOnDemandIsClosedAndItsFirstPictureComesSoonAfterItIsWanted() throws Exception {
        results = directory.resolve("results.jsonl");
        port = freePort();
        try (Programs started = new Programs()) {
            programs = started;
            camera(1);
            capture = programs.capture(
                    "--camera", "cam=rtsp://127.0.0.1:" + port + "/cam", "--on-demand", "--close-after", "1");
            capture.awaitLine("is closed until somebody wants its pictures", LIMIT, () -> false);
            long publishedBefore = programs.ledger("cam").getStream().getStored();

            ChildProcess processor = programs.processor(
                    "--streams",
                    "cam",
                    "--group",
                    "g",
                    "--delay-ms",
                    "0",
                    "--health-port",
                    "-1",
                    "--results",
                    results.toString(),
                    "--save-frames",
                    directory.toString());
            capture.awaitLine("is opened again", LIMIT, () -> false);
            long startedNanos = System.nanoTime();
            awaitLines(1);
            figures.add(String.format(
                    "on demand: first picture processed %.1f s after the camera was opened again",
                    (System.nanoTime() - startedNanos) / 1e9));
            awaitLines(50);
            Programs.end(capture);
            awaitAllAcked(publishedBefore);
            Programs.end(processor);

            List<ResultLine> lines = ResultLine.read(results);
            assertThat(lines).allMatch(line -> line.decoded() && line.attempt() == 1);
            assertThat(jumps(lines)).isEmpty();
            StreamLedger stream = programs.ledger("cam").getStream();
            assertThat(stream.getStored()).isEqualTo(publishedBefore + lines.size());
            assertThat(stream.getOffered()).isEqualTo(stream.getStored());
            assertThat(stream.getReportedMap()).isEmpty();
            assertThat(capture.lastLines()).containsPattern("cam ended: .* lost at source 0  left out [1-9]");
        }
        System.out.println("RTSP on demand: " + String.join("; ", figures));
    }

    private void check() throws Exception {
        List<ResultLine> lines = ResultLine.read(results);
        assertThat(lines).hasSizeGreaterThanOrEqualTo(250);
        assertThat(lines).allMatch(line -> line.decoded() && line.attempt() == 1);
        assertThat(lines).allMatch(line -> line.width() == 640 && line.height() == 360);
        for (int i = 0; i < lines.size(); i++) {
            assertThat(lines.get(i).sequence()).isEqualTo(i + 1);
        }
        List<Integer> jumps = jumps(lines);
        assertThat(jumps).as("the camera was away twice").hasSize(2);
        assertThat(lines).filteredOn(line -> line.score() > 0.5).hasSizeGreaterThan(200);

        StreamLedger stream = programs.ledger("cam").getStream();
        GroupLedger group = programs.ledger("cam", "g");
        assertThat(stream.getStored()).isEqualTo(lines.size());
        assertThat(stream.getImbalance()).isZero();
        assertThat(stream.getDroppedMap()).isEmpty();
        assertThat(group.getAcked()).isEqualTo(lines.size());
        assertThat(group.getImbalance()).isZero();
        assertGap(lines, jumps, stream.getReportedOrDefault(LOST, 0));
        assertThat(capture.lastLines()).doesNotContain("secret");
        figures.add(lines.size() + " frames processed");
    }

    /** What was reported is what the rate before makes of the time without pictures. */
    private void assertGap(List<ResultLine> lines, List<Integer> jumps, long reported) {
        double missing = 0;
        for (int at : jumps) {
            double away = seconds(lines, at - 1, at);
            double fps = (RATE_PICTURES - 1) / seconds(lines, at - RATE_PICTURES, at - 1);
            missing += away * fps - 1;
            figures.add(String.format("%.1f s without pictures at %.1f fps", away, fps));
        }
        figures.add(String.format("a gap of %.0f pictures, reported were %d", missing, reported));
        assertThat((double) reported).as("%s", figures).isBetween(0.7 * missing, 1.3 * missing);
    }

    private static double seconds(List<ResultLine> lines, int from, int to) {
        return Duration.between(lines.get(from).capturedAt(), lines.get(to).capturedAt())
                        .toMillis()
                / 1000.0;
    }

    /** Decodes the files and reads the camera's own numbers, which must grow; returns where they grow by more than one. */
    private List<Integer> jumps(List<ResultLine> lines) throws IOException {
        List<Integer> jumps = new ArrayList<>();
        long before = 0;
        for (int i = 0; i < lines.size(); i++) {
            Path file = directory.resolve("cam").resolve(lines.get(i).sequence() + ".jpg");
            var image = ImageIO.read(file.toFile());
            assertThat(image.getWidth()).isEqualTo(640);
            assertThat(image.getHeight()).isEqualTo(360);
            long number = NumberStrip.read(image);
            assertThat(number).as("picture behind %d", before).isGreaterThan(before);
            if (i > 0 && number > before + 1) {
                jumps.add(i);
            }
            before = number;
        }
        return jumps;
    }

    private ChildProcess camera(int firstNumber) throws Exception {
        ChildProcess camera = programs.other(
                "camera",
                List.of("/usr/bin/python3", CAMERA.toString(), String.valueOf(port), String.valueOf(firstNumber)));
        camera.awaitLine("camera ready", Programs.START, () -> false);
        return camera;
    }

    private void awaitLines(int count) throws Exception {
        Eventually.await(
                count + " results",
                LIMIT,
                () -> ResultLine.read(results).size() >= count,
                () -> ResultLine.read(results).size() + " results; the capture says:\n" + capture.lastLines());
    }

    private void awaitAway(int outage, String why) throws Exception {
        long startedNanos = System.nanoTime();
        capture.awaitLine(why, LIMIT, () -> false);
        figures.add(String.format("outage %d seen after %.1f s", outage, (System.nanoTime() - startedNanos) / 1e9));
    }

    /** The camera is there again, since now. */
    private void awaitRecovery(String what, int more) throws Exception {
        long startedNanos = System.nanoTime();
        int before = ResultLine.read(results).size();
        awaitLines(before + 1);
        figures.add(String.format(
                "%s camera: pictures again %.1f s after its return", what, (System.nanoTime() - startedNanos) / 1e9));
        awaitLines(before + more);
    }

    private void awaitAllAcked(long before) throws Exception {
        Eventually.await(
                "acknowledgement of every frame",
                LIMIT,
                () -> programs.ledger("cam", "g").getAcked()
                        == programs.ledger("cam").getStream().getStored() - before,
                () -> programs.ledger("cam"));
    }

    private static void signal(ChildProcess child, String signal) throws Exception {

        assertThat(new ProcessBuilder("kill", signal, String.valueOf(child.pid()))
                        .start()
                        .waitFor())
                .isZero();
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0)) {
            return socket.getLocalPort();
        }
    }
}
