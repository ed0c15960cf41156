package io.framebroker.examples.demo;

import static org.assertj.core.api.Assertions.assertThat;

import io.framebroker.examples.child.ChildProcess;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.jar.Attributes;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(400)
class DemoTest {

    /** A line of rates, whose first is not zero. */
    private static final Pattern FRAMES_OF_CAM1 = Pattern.compile("^cam1 +(?!0\\.0 )\\d+\\.\\d ");

    private static final Pattern LAST_WORDS = Pattern.compile("accounted for|something is wrong");

    @TempDir
    Path directory;

    @Test
    void theDemoShowsABalancedLedgerAndTheNextGoesOnBehindItsFrames() throws Exception {
        String said;
        try (ChildProcess demo = demo("--broker-jar", brokerJar().toString(), "--seconds", "4", "--cameras", "2")) {
            said = saidByTheEnd(demo);
            assertThat(demo.exitCode()).as(said).isZero();
        }
        assertThat(said)
                .contains("cam1", "cam2", "MB/s", "the ledger balances", "every frame is accounted for")
                .doesNotContain("\u001b");

        assertThat(publishedWhenItIsToldToEnd()).isGreaterThan(published(said));
    }

    @Test
    void killingTheDemoEndsItsPrograms() throws Exception {
        ChildProcess demo = demo("--broker-jar", brokerJar().toString(), "--cameras", "1");
        demo.awaitLine("cam1", Duration.ofSeconds(120), () -> false);
        List<ProcessHandle> programs =
                ProcessHandle.of(demo.pid()).orElseThrow().descendants().toList();
        assertThat(programs).hasSize(3);

        demo.kill();

        long deadlineNanos = System.nanoTime() + Duration.ofSeconds(30).toNanos();
        for (ProcessHandle program : programs) {
            while (program.isAlive()) {
                assertThat(System.nanoTime() - deadlineNanos)
                        .as("%s lives on", program.info().commandLine())
                        .isNegative();
                Thread.sleep(20);
            }
        }
    }

    /** What the broker has counted of its camera, ever, when a demo that has shown frames is over. */
    private long publishedWhenItIsToldToEnd() throws Exception {
        CountDownLatch shown = new CountDownLatch(1);
        Consumer<String> listener = line -> {
            if (FRAMES_OF_CAM1.matcher(line).find()) {
                shown.countDown();
            }
        };
        try (ChildProcess demo = demo(listener, "--broker-jar", brokerJar().toString(), "--cameras", "1")) {
            assertThat(shown.await(120, TimeUnit.SECONDS)).as(demo.lastLines()).isTrue();
            ProcessHandle.of(demo.pid()).orElseThrow().destroy();
            String said = saidByTheEnd(demo);
            assertThat(said).contains("every frame is accounted for");
            return published(said);
        }
    }

    /** All of them processed. */
    private static long published(String said) {
        Matcher published =
                Pattern.compile("cam1 +published (\\d+), processed (\\d+)").matcher(said);
        assertThat(published.find()).as(said).isTrue();
        assertThat(published.group(2)).isEqualTo(published.group(1));
        return Long.parseLong(published.group(1));
    }

    /** What a demo has said when it is over; its last words may come after that. */
    private static String saidByTheEnd(ChildProcess demo) throws InterruptedException {
        assertThat(demo.waitFor(Duration.ofSeconds(150))).as(demo.lastLines()).isTrue();
        long deadlineNanos = System.nanoTime() + Duration.ofSeconds(20).toNanos();
        while (!LAST_WORDS.matcher(demo.lastLines()).find() && System.nanoTime() - deadlineNanos < 0) {
            Thread.sleep(20);
        }
        return demo.lastLines();
    }

    private ChildProcess demo(String... arguments) throws Exception {
        return demo(line -> {}, arguments);
    }

    private ChildProcess demo(Consumer<String> listener, String... arguments) throws Exception {
        List<String> line = new ArrayList<>(
                List.of("-cp", System.getProperty("java.class.path"), "io.framebroker.examples.Examples", "demo"));
        line.addAll(List.of(arguments));
        // Small pictures, few of them: the slowest machine processes what is left when the cameras have ended in time.
        line.addAll(List.of("--url", "synthetic:160x128@10"));
        line.addAll(List.of("--data-dir", directory.resolve("data").toString()));
        // For the programs that it starts, too: none lives long enough for the other compiler.
        List<String> command =
                new ArrayList<>(List.of("/usr/bin/env", "JAVA_TOOL_OPTIONS=-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"));
        command.addAll(ChildProcess.java(List.of(), line));
        return ChildProcess.start("demo", command, listener);
    }

    /** A jar that holds nothing but the way to the broker's classes of this build. */
    private Path brokerJar() throws Exception {
        String classPath = Arrays.stream(System.getProperty("java.class.path").split(":"))
                .map(entry -> Path.of(entry).toUri().toString())
                .collect(Collectors.joining(" "));
        Manifest manifest = new Manifest();
        manifest.getMainAttributes().put(Attributes.Name.MANIFEST_VERSION, "1.0");
        manifest.getMainAttributes().put(Attributes.Name.MAIN_CLASS, "io.framebroker.server.FrameBroker");
        manifest.getMainAttributes().put(Attributes.Name.CLASS_PATH, classPath);
        Path jar = directory.resolve("broker.jar");
        try (OutputStream out = Files.newOutputStream(jar);
                JarOutputStream closed = new JarOutputStream(out, manifest)) {
            closed.flush();
        }
        return jar;
    }
}
