package io.framebroker.loadgen.role;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.StringReader;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.HdrHistogram.Histogram;
import org.junit.jupiter.api.Test;

class LineTest {
    @Test
    void carriesAnyTextInOneLine() {
        Line line =
                Line.of("open").with("message", "two words\nand = a % sign, ü").with("empty", "");

        assertThat(line.toString()).doesNotContain("\n");
        assertThat(Line.parse(line.toString())).isEqualTo(line);
    }

    @Test
    void saysWhatIsMissing() {
        assertThatThrownBy(() -> Line.parse("open port=1").get("address"))
                .hasMessageContaining("'open' without 'address'");
    }

    @Test
    void carriesAnAccount() {
        Map<Long, String> refused = Map.of(17L, "REJECTED CRC_MISMATCH expected 1, was 2");
        Line line = Line.of(Line.OK).with(Accounts.write(0, 20, refused)).with(Accounts.write(1, 0, Map.of()));

        assertThat(Accounts.last(line, 0)).isEqualTo(20);
        assertThat(Accounts.notStored(line, 0))
                .containsExactly(Map.entry(17L, "REJECTED CRC_MISMATCH expected 1; was 2"));
        assertThat(Accounts.notStored(line, 1)).isEmpty();
    }

    @Test
    void carriesLatencies() {
        Histogram histogram = new Histogram(3);
        for (int micros = 1; micros < 100_000; micros += 7) {
            histogram.recordValue(micros);
        }

        assertThat(Latencies.read(Latencies.write(histogram))).isEqualTo(histogram);
    }

    @Test
    void aServedRoleAnswersErrorsAndGoesOn() throws IOException {
        ByteArrayOutputStream answers = new ByteArrayOutputStream();
        String commands = "dance\nnot a=line\nlisten port=0 message-bytes=100\n";

        RoleServer.serve(
                new RelayRole(io.framebroker.loadgen.targets.Target.RELAY),
                new BufferedReader(new StringReader(commands)),
                new PrintStream(answers, true, StandardCharsets.UTF_8));

        String[] lines = answers.toString(StandardCharsets.UTF_8).split("\n");
        assertThat(Line.parse(lines[0]).get("message")).isEqualTo("a relay does not know 'dance'");
        assertThat(Line.parse(lines[1]).verb()).isEqualTo(Line.ERROR);
        assertThat(Line.parse(lines[2]).get("address")).startsWith("127.0.0.1:");
    }
}
