package io.framebroker.loadgen.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class GoalTest {
    /** 0.9 and 1.1 of Redis, 90 and 110 frames a second, 0.25 cores, p99 of 2 ms. */
    private final Results results = new Written(100_000, 0)
            .target("redis", 20, 100, 100)
            .target("broker-redis", 2, 90, 110)
            .results();

    @ParameterizedTest
    @CsvSource({
        "broker-redis/redis>=0.9, MET",
        "broker-redis/redis>=0.91, NOT_DISTINGUISHABLE",
        "broker-redis/redis>=1.1, NOT_DISTINGUISHABLE",
        "broker-redis/redis>=1.11, NOT_MET",
        "broker-redis/redis<1.11, MET",
        "broker-redis/redis<0.9, NOT_MET",
        "fps(broker-redis)>=100, NOT_DISTINGUISHABLE",
        "fps(redis)>=100, MET",
        "fps(redis)<100, NOT_MET",
        "cores(broker-redis)<0.3, MET",
        "cores(broker-redis)<0.25, NOT_MET",
        "cores(redis)<0.3, NOT_MEASURED",
        "p99(broker-redis)<3, MET",
        "p99(redis)<3, NOT_MET",
        "p50(redis)<3, MET",
        "p99(broker-redis)/p99(redis)<1, MET",
        "p99(broker-redis)/p99(redis)<0.1, NOT_MET",
        "p50(redis)/p50(nats)<1, NOT_MEASURED",
        "cores(broker-redis)/cores(redis)<1, NOT_MEASURED",
        "broker/redis>=1, NOT_MEASURED",
        "broker-redis/broker-redis@64>=1, NOT_MEASURED",
    })
    void everyRoundHasToMeetIt(String goal, Goal.Verdict verdict) {
        assertThat(Goal.parse(goal).judge(results)).isEqualTo(verdict);
        assertThat(Goal.parse(goal)).hasToString(goal);
    }

    /** A broker that takes a tenth of the frames needs little for it, and is not late with them. */
    @Test
    void whoFellBehindMeetsNothing() {
        Results paced = new Written(100_000, 1_000)
                .target("redis", 2, 1_000, 951)
                .target("broker-redis", 2, 1_000, 949)
                .results();

        assertThat(Goal.parse("p99(redis)<3").judge(paced)).isEqualTo(Goal.Verdict.MET);
        assertThat(Goal.parse("p99(broker-redis)<3").judge(paced)).isEqualTo(Goal.Verdict.FELL_BEHIND);
        assertThat(Goal.parse("redis/broker-redis>=1").judge(paced)).isEqualTo(Goal.Verdict.FELL_BEHIND);
    }

    /** Frames that pile up come late, but not within the round. */
    @Test
    void whoTookFramesAndDidNotHandThemOnMeetsNothing() {
        Results paced = new Written(100_000, 1_000)
                .target("redis", 2, 1_000, 1_000)
                .backedUp("broker-redis", 2, 1_000, 400, 990)
                .backedUp("broker-redis-latest", 2, 1_000, 400, 990)
                .results();

        assertThat(Goal.parse("p99(broker-redis)<3").judge(paced)).isEqualTo(Goal.Verdict.FELL_BEHIND);
        // It leaves out what it cannot carry; how much is another goal.
        assertThat(Goal.parse("p99(broker-redis-latest)<3").judge(paced)).isEqualTo(Goal.Verdict.MET);
        assertThat(Goal.parse("fps(broker-redis-latest)>=900").judge(paced))
                .isEqualTo(Goal.Verdict.NOT_DISTINGUISHABLE);
    }

    @Test
    void aRoundWithoutTheFigureIsNoneThatMeetsIt() {
        Results odd = new Written(100_000, 0)
                .target("redis", 2, 100, 100)
                .target("broker-redis", 2, 100, 0)
                .results();

        assertThat(Goal.parse("redis/broker-redis>=1").judge(odd)).isEqualTo(Goal.Verdict.NOT_MEASURED);
    }

    @Test
    void figuresHaveTheDigitsThatMatter() {
        assertThat(Goal.parse("p50(redis)<3").measured(results)).isEqualTo("2.0 [2.0 - 2.0]");
        assertThat(Goal.parse("cores(broker-redis)<3").measured(results)).isEqualTo("0.25 [0.25 - 0.25]");
        assertThat(Goal.parse("p99(broker-redis)/p99(redis)<1").measured(results))
                .isEqualTo("0.10 [0.10 - 0.10]");
        assertThat(Goal.parse("nats/redis>=1").measured(results)).isEqualTo("-");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "broker/relay",
                "broker/relay>0.9",
                "p90(broker)<3",
                "fps(broker)>=many",
                ">=3",
                "broker>=3",
                "p99(broker)/p50(redis)<1",
                "p99(broker)/redis<1"
            })
    void otherWordsAreRefused(String goal) {
        assertThatThrownBy(() -> Goal.parse(goal))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("--goal is '" + goal + "'; write it as broker/relay>=0.9, fps(broker)");
    }

    @Test
    void nobodyKnowsItsTarget() {
        assertThatThrownBy(() -> Goal.parse("kafka/redis>=1")).hasMessageContaining("target 'kafka' is not known");
    }
}
