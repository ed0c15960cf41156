package io.framebroker.loadgen;

import static org.assertj.core.api.Assertions.assertThat;

import io.framebroker.loadgen.role.BrokerJar;
import io.framebroker.loadgen.soak.Second;
import io.framebroker.loadgen.soak.SecondsFile;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;

/** {@code run} as a soak, and {@code plot}, as they are typed. */
class SoakTest {
    private static final String NAMES = "seconds,published_fps,delivered_fps,latency_p50_ms,latency_p99_ms,"
            + "latency_max_ms,others_cores,disk_bytes,disk_limit_bytes,broker_cores,broker_resident_bytes,"
            + "broker_anonymous_bytes\n";

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    @TempDir
    Path folder;

    @Test
    void aRunOnTheDiskStoreIsWrittenDownDrawnAndJudged() throws IOException {
        Path samples = folder.resolve("s.csv");
        Path picture = folder.resolve("s.svg");

        String run = "run --target broker-disk --broker-jar " + BrokerJar.ofThisBuild(folder)
                + " --rate 50 --frame-bytes 2000 --warmup 100ms --duration 3s --broker-jvm -Xmx256m --data-dir "
                + folder
                + " --disk-limit 256M --samples " + samples + " --plot " + picture + " --json "
                + folder.resolve("s.json");

        int code = execute(run);
        List<Second> seconds = SecondsFile.read(samples);
        // A busy machine may let nothing flow for a short run.
        for (int again = 0; again < 5 && nothingFlowed(seconds); again++) {
            code = execute(run);
            seconds = SecondsFile.read(samples);
        }

        assertThat(code).as(err.toString()).isZero();
        assertThat(seconds).hasSizeBetween(1, 3);
        assertThat(seconds).anyMatch(second -> second.deliveredPerSecond() > 0);
        assertThat(seconds.get(0).disk().bytes()).isBetween(1L << 20, 256L << 20);
        assertThat(seconds.get(0).disk().limitBytes()).isEqualTo(256L << 20);
        assertThat(seconds.get(0).processes()).containsOnlyKeys("loadgen", "broker-disk");
        assertThat(Files.readString(picture))
                .contains("limit 256 MiB", "broker-disk: 1 camera(s)", "50 frames/s in all");
        assertThat(out.toString()).contains("verified: lost 0", "NOT FLAT", "are too few to tell");
        assertThat(Files.readString(folder.resolve("s.json"))).contains("\"flat\": false");
    }

    @Test
    void whatIsNotFlatEndsWithOneWhereFlatIsRequired() {
        int code = execute(
                "run --target relay --rate 100 --frame-bytes 1000 --warmup 10ms --duration 100ms --require-flat");

        assertThat(code).isEqualTo(1);
        assertThat(out.toString()).contains("NOT FLAT: 0 seconds are too few to tell");
    }

    @Test
    void samplesAreDrawnAndJudgedLater() throws IOException {
        Path samples = folder.resolve("s.csv");
        Path picture = folder.resolve("s.svg");
        StringBuilder lines = new StringBuilder(NAMES);
        for (int at = 1; at <= 12; at++) {
            lines.append(at).append(",300,300,4,").append(10 * at).append(",200,0,5,9,0.5,1000,900\n");
        }
        Files.writeString(samples, lines);

        assertThat(execute("plot " + samples + " --out " + picture)).isZero();
        assertThat(Files.readString(picture)).contains("s.csv", "latency p50");
        assertThat(execute("plot " + samples + " --out " + picture + " --require-flat"))
                .isEqualTo(1);
        assertThat(err.toString()).contains("failed: not flat: latency p99 rose from 70.0 to 110 ms");
        assertThat(execute("plot " + samples + " --out " + picture + " --require-flat --latency-tolerance 1"))
                .isZero();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '"',
            value = {
                "run --disk-limit 1G | --disk-limit is for targets broker-disk and broker-disk-fsync, not broker",
                "run --target broker-disk --disk-limit lots | 'lots' is no size; write it as 512M or 1G",
                "plot no-such.csv --out x.svg | no-such.csv is no file",
                "plot pom.xml --out x.svg | pom.xml has no samples of a run",
                "plot pom.xml --out x.gif | 'x.gif' is no picture; let its name end in .svg or .png",
                "run --plot soak.jpg | 'soak.jpg' is no picture",
                "plot a.csv b.csv --out x.svg | name one .csv of a run, which can be flat, or .json of comparisons",
                "plot a.json --out x.svg --require-flat | name one .csv of a run, which can be flat, or .json of comp",
                "plot no-such.json --out x.svg | no-such.json is no file",
                "plot pom.xml | Missing required option: '--out=FILE'",
            })
    void wrongArgumentsAreNamedAndEndWithTwo(String arguments, String message) {
        assertThat(execute(arguments)).isEqualTo(2);
        assertThat(err.toString()).contains(message);
    }

    @Test
    void aLimitThatTheDiskCannotHoldIsRefusedBeforeAnythingStarts() {
        int code = execute("run --target broker-disk --disk-limit 900000G --data-dir " + folder);

        assertThat(code).isEqualTo(1);
        assertThat(err.toString()).contains("GB are free where " + folder, "--disk-limit");
    }

    private static boolean nothingFlowed(List<Second> seconds) {
        return seconds.stream().allMatch(second -> second.deliveredPerSecond() == 0);
    }

    private int execute(String arguments) {
        CommandLine commandLine = LoadGen.commandLine();
        commandLine.setOut(new PrintWriter(out, true)).setErr(new PrintWriter(err, true));
        return commandLine.execute(arguments.split(" "));
    }
}
