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
import java.util.jar.Attributes;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(120)
class DemoTest {

    @TempDir
    Path directory;

    @Test
    void theDemoShowsABalancedLedgerAndLeavesNothingBehind() throws Exception {
        ChildProcess demo = demo("--broker-jar", brokerJar().toString(), "--seconds", "2", "--cameras", "2");

        assertThat(demo.waitFor(Duration.ofSeconds(90))).as(demo.lastLines()).isTrue();

        assertThat(demo.exitCode()).as(demo.lastLines()).isZero();
        assertThat(demo.lastLines())
                .contains("cam1", "cam2", "MB/s", "the ledger balances", "every frame is accounted for")
                .doesNotContain("\u001b");
    }

    @Test
    void killingTheDemoEndsItsPrograms() throws Exception {
        ChildProcess demo = demo("--broker-jar", brokerJar().toString(), "--cameras", "1");
        demo.awaitLine("cam1", Duration.ofSeconds(60), () -> false);
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

    private static ChildProcess demo(String... arguments) throws Exception {
        List<String> line = new ArrayList<>(
                List.of("-cp", System.getProperty("java.class.path"), "io.framebroker.examples.Examples", "demo"));
        line.addAll(List.of(arguments));
        return ChildProcess.start("demo", ChildProcess.java(List.of("-XX:TieredStopAtLevel=1"), line), text -> {});
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
