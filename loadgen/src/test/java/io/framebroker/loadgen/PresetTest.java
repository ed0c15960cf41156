package io.framebroker.loadgen;

import static org.assertj.core.api.Assertions.assertThat;

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
