package io.framebroker.loadgen;

import static org.assertj.core.api.Assertions.assertThat;

import io.framebroker.loadgen.report.Goal;
import io.framebroker.loadgen.targets.Side;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class PresetTest {
    @Test
    void isWrittenOut() {
        assertThat(Preset.expand("compare", "--preset", "redis-184-x4"))
                .startsWith("compare", "--preset", "redis-184-x4")
                .containsSequence("--targets", "redis,redis-batch,broker-redis")
                .containsSequence("--frame-bytes", "184")
                .containsSequence("--batch", "64")
                .containsSequence("--groups", "4");
    }

    @Test
    void whatIsWrittenOutBesideItWins() {
        String[] expanded =
                Preset.expand("compare", "--rounds", "3", "--preset", "redis-100k", "--targets=redis,broker");

        assertThat(expanded)
                .containsOnlyOnce("--rounds")
                .doesNotContain("--targets")
                .containsSequence("--rounds", "3");
    }

    /** Of the peers only those are measured that are installed. */
    @Test
    void thoseOfTheDiskStoreDoWithoutPeersThatAreNotThere() {
        assertThat(Preset.expand("compare", "--preset", "disk-paced"))
                .containsSequence("--targets", "broker,broker-disk,broker-disk-fsync,redis?,rabbitmq?,nats?")
                .containsSequence("--rate", "1000");
        assertThat(Preset.expand("compare", "--preset", "disk-streams"))
                .containsSequence("--targets", "broker,broker-disk,broker@64,broker-disk@64");
    }

    @Test
    void cellsOfTheMatrixHaveGoals() {
        assertThat(Preset.expand("compare", "--preset", "goals-100k-redis-x4"))
                .containsSequence("--targets", "redis,broker-redis,nats?")
                .containsSequence("--groups", "4")
                .containsSequence("--goal", "broker-redis/redis>=1.3,broker-redis/nats>=1");
        assertThat(Preset.expand("compare", "--preset", "goals-paced-184", "--rounds", "10"))
                .containsSequence("--rate", "1000")
                .containsSequence("--batch", "1")
                .doesNotContain("7");
    }

    /** A cell that nobody runs has goals that nobody meets. */
    @Test
    void theMatrixRunsAllItsCells() throws IOException {
        List<String> cells = Arrays.stream(Preset.values())
                .filter(Preset::hasGoals)
                .map(Preset::label)
                .toList();

        assertThat(Files.readAllLines(Path.of("matrix")))
                .map(String::trim)
                .filteredOn(line -> line.startsWith("goals-"))
                .isEqualTo(cells)
                .hasSize(8);
    }

    @ParameterizedTest
    @EnumSource
    void goalsAreAboutWhatItMeasures(Preset preset) {
        List<String> expanded = List.of(Preset.expand("compare", "--preset", preset.label()));
        if (preset.hasGoals()) {
            List<Side> sides = Arrays.stream(
                            expanded.get(expanded.indexOf("--targets") + 1).split(","))
                    .map(label -> Side.of(label.replace("?", "")))
                    .toList();
            for (String text : expanded.get(expanded.indexOf("--goal") + 1).split(",")) {
                Goal goal = Goal.parse(text);
                assertThat(sides).as(text).contains(goal.side());
                assertThat(goal.beside() == null || sides.contains(goal.beside()))
                        .as(text)
                        .isTrue();
            }
        }
    }

    @Test
    void itMayStandBehindAnEqualsSign() {
        assertThat(Preset.expand("compare", "--preset=goals-184"))
                .startsWith("compare", "--preset", "goals-184")
                .containsSequence("--batch", "64");
    }

    @Test
    void withoutOneNothingIsAdded() {
        assertThat(Preset.expand("compare", "--rounds", "3")).containsExactly("compare", "--rounds", "3");
        assertThat(Preset.expand("compare", "--preset")).containsExactly("compare", "--preset");
        assertThat(Preset.expand("compare", "--preset", "fast")).containsExactly("compare", "--preset", "fast");
    }

    /** An option that a preset names and compare does not know would fail every run of it. */
    @ParameterizedTest
    @EnumSource
    void isMadeOfOptionsThatCompareKnows(Preset preset) {
        String[] expanded = Preset.expand("compare", "--preset", preset.label());

        assertThat(LoadGen.commandLine().parseArgs(expanded).errors()).isEmpty();
    }
}
