package io.framebroker.loadgen;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;

class LoadGenTest {
    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '"',
            value = {
                "run --target kafka | target 'kafka' is not known; use broker, relay or raw",
                "run --target relay --consumers 2 | the relay target has no groups to share frames in",
                "run --target relay --frame-bytes 8 | --frame-bytes is 8; it must be 32 to 33554432",
                "run --target relay --address here | --address is 'here'; write it as host:port",
                "run --target relay --warmup 10 | '10' is no duration; write it as 500ms, 15s, 2m or 1h",
                "run --target relay --cameras many | Invalid value for option '--cameras'",
                "compare --targets relay | --targets is relay; name two or more, each once",
                "compare --targets raw,raw | --targets is raw,raw; name two or more, each once",
                "compare --rounds 0 | --rounds is 0; it must be 1 or more",
                "compare --require relay>raw | --require is 'relay>raw'; write it as relay/raw=0.35",
            })
    void wrongArgumentsAreNamedAndEndWithTwo(String arguments, String message) {
        assertThat(execute(arguments)).isEqualTo(2);
        assertThat(err.toString()).contains(message);
    }

    @Test
    void aRunThatHoldsEndsWithZeroAndWritesJson(@TempDir Path folder) throws IOException {
        Path json = folder.resolve("run.json");

        int code = execute(
                "run --target relay --rate 500 --frame-bytes 1000 --warmup 10ms --duration 150ms --json " + json);

        assertThat(code).as(err.toString()).isZero();
        assertThat(out.toString()).contains("relay: published").contains("verified: lost 0");
        assertThat(Files.readString(json))
                .contains("\"target\": \"relay\"")
                .contains("\"delivered_fps\"")
                .contains("\"cores\"");
    }

    @Test
    void aRunThatFailsEndsWithOneAndSaysWhy() {
        assertThat(execute("run --target raw --address 127.0.0.1:1")).isEqualTo(1);
        assertThat(err.toString()).startsWith("failed: raw relay at ").contains("refused");
    }

    @Test
    void rolesAreHiddenFromUsers() {
        assertThat(execute("--help")).isZero();
        assertThat(out.toString()).contains("run", "compare").doesNotContain("raw-relay");
    }

    private int execute(String arguments) {
        CommandLine commandLine = LoadGen.commandLine();
        commandLine.setOut(new PrintWriter(out, true)).setErr(new PrintWriter(err, true));
        return commandLine.execute(arguments.split(" "));
    }
}
