package io.framebroker.loadgen;

import static org.assertj.core.api.Assertions.assertThat;

import io.framebroker.loadgen.role.BrokerJar;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;

/** {@code scale} as it is typed. */
@Timeout(300)
class ScaleTest {
    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    @TempDir
    private Path folder;

    @Test
    void aStepBesideSilentStreamsIsMeasuredWrittenAndDrawn() throws IOException {
        Path json = folder.resolve("idle.json");
        Path picture = folder.resolve("idle.svg");

        int code = execute("scale --what idle --steps 3 --rate 50 --frame-bytes 2000 --warmup 1s --duration 2s"
                + " --jvm -Xmx128m --broker-jar " + BrokerJar.ofThisBuild(folder) + " --json " + json + " --plot "
                + picture);

        assertThat(code).as(err.toString()).isZero();
        assertThat(out.toString()).contains("idle streams, memory store: 50 frames/s of 2 kB", "broker, cores");
        assertThat(Files.readString(json))
                .contains("\"what\": \"idle\"", "\"size\": 3", "\"lost\": 0", "\"duplicates\": 0")
                .contains("\"cores\": {", "\"resident_bytes\": ", "\"live_heap_bytes\": ")
                // Of four publishers, three of which say nothing: 512 KiB and a header each.
                .contains("\"inbound_reserved_bytes\": " + 4 * ((512 << 10) + 4096));
        assertThat(Files.readString(picture)).contains("idle streams", "latency, ms");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '"',
            value = {
                "scale | Missing required option: '--what=WHAT'",
                "scale --what frames | --what is 'frames'; use one of cameras, idle, consumers, groups",
                "scale --what idle --store tape | --store is 'tape'; use one of memory, disk, redis",
                "scale --what groups --steps 1,0 | --steps has 0; of groups there can be 1 to 1000",
                "scale --what groups --steps one | Invalid value for option '--steps'",
                "scale --what groups --rate 0 | --rate is 0.0; it must be above 0",
                "scale --what groups --frame-bytes 8 | --frame-bytes is 8; it must be 32 to 33554432",
                "scale --what groups --duration 1s | --duration is 1000ms; it must be 2s or more",
                "scale --what groups --plot groups.gif | 'groups.gif' is no picture",
            })
    void wrongArgumentsAreNamedAndEndWithTwo(String arguments, String message) {
        assertThat(execute(arguments)).isEqualTo(2);
        assertThat(err.toString()).contains(message);
    }

    @Test
    void aRedisThatIsNotInstalledNamesTheWayOut() throws IOException {
        int code = execute("scale --what groups --store redis --steps 1 --redis-server no-such-server --broker-jar "
                + BrokerJar.ofThisBuild(folder));

        assertThat(code).isEqualTo(1);
        assertThat(err.toString()).startsWith("failed: there is no no-such-server on the PATH");
    }

    private int execute(String arguments) {
        CommandLine commandLine = LoadGen.commandLine();
        commandLine.setOut(new PrintWriter(out, true)).setErr(new PrintWriter(err, true));
        return commandLine.execute(arguments.split(" "));
    }
}
