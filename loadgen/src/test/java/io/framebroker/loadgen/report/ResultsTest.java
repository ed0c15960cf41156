package io.framebroker.loadgen.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.framebroker.loadgen.targets.Side;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ResultsTest {
    private static final Side BROKER = Side.of("broker");
    private static final Side RELAY = Side.of("relay");

    @Test
    void theWorkIsToldInWords() {
        Written small = new Written(184, 0).with("batch", 64).with("groups", 4);
        Written paced = new Written(100_000, 500).with("cameras", 2).redis("yes", "everysec");
        Written large = new Written(6_220_800, 0).with("rounds", 1).redis("no", "everysec");

        assertThat(words(small)).isEqualTo("184 B, 64 a message, 1 camera, 4 groups; 2 rounds");
        assertThat(words(paced)).isEqualTo("100 kB, 2 cameras, 1 group, 1 000 frames/s, Redis everysec; 2 rounds");
        assertThat(words(large)).isEqualTo("6.2 MB, 1 camera, 1 group, Redis without a file; 1 round");
    }

    @Test
    void figuresAreThoseOfTheRoundsInTheOrderOfTheTables() {
        Results results = new Written(100_000, 0)
                .target("relay", 5, 100, 50)
                .target("broker", 8, 90, 55)
                .results();

        assertThat(results.rounds().keySet()).containsExactly(RELAY, BROKER);
        assertThat(results.rateName()).isEqualTo("settled frames/s");
        assertThat(results.ratio(BROKER, RELAY)).isEqualTo(new Spread(1.0, 0.9, 1.1));
        assertThat(results.rounds().get(BROKER))
                .containsExactly(new Results.Round(90, 90, 0.8, 8, 0.25), new Results.Round(55, 55, 0.8, 8, 0.25));
        assertThat(results.rounds().get(RELAY).get(0).cores()).isNaN();
    }

    @Test
    void goalsOfSeveralStandInOneTable() {
        Results one = new Written(100_000, 0)
                .with("goals", List.of("broker/relay>=0.9", "broker/nats>=2", "p99(broker)<3"))
                .target("relay", 5, 100, 100)
                .target("broker", 8, 95, 97)
                .results();
        Results other = new Written(184, 0)
                .with("goals", List.of("fps(broker)>=1000"))
                .target("broker", 8, 900, 1_100)
                .results();

        assertThat(Results.goals(List.of(one, other)).split("\n"))
                .anyMatch(line -> line.matches("written +broker/relay>=0.9 +0.96 \\[0.95 - 0.97\\] +met"))
                .anyMatch(line -> line.matches("written +broker/nats>=2 +- +not measured"))
                .anyMatch(line -> line.matches("written +p99\\(broker\\)<3 +8.0 \\[8.0 - 8.0\\] +not met"))
                .anyMatch(line ->
                        line.matches("written +fps\\(broker\\)>=1000 +1 000 \\[900 - 1 100\\] +not distinguishable"));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "[] | it is not there, or no object",
                "{} | config is not there, or no object",
                "no json { | ",
                "{\"config\": {}, \"result\": {\"targets\": {\"kafka\": {}}}} | target 'kafka' is not known",
                "{\"config\": {}, \"result\": {\"targets\": {}}} | frame_bytes is not there",
                "{\"config\": 3} | config is not there, or no object",
            })
    void whatIsNoComparisonIsNamed(String text, String reason, @TempDir Path folder) throws IOException {
        Path file = Files.writeString(folder.resolve("x.json"), text);

        assertThatThrownBy(() -> Results.read(file))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith(file + " has no comparison: ")
                .hasMessageContaining(reason == null ? "" : reason);
    }

    private static String words(Written written) {
        return written.results().work().toString();
    }
}
