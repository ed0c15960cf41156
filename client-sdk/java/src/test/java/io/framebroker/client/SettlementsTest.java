package io.framebroker.client;

import static org.assertj.core.api.Assertions.assertThat;

import io.framebroker.v1.DeliveryToken;
import io.framebroker.v1.SettleResult;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class SettlementsTest {
    private static final int ORDINALS = 40;

    @Test
    void runsAreMergedWhateverOrderTheyCameIn() {
        List<Run> merged = Run.merged(List.of(
                run("a", 5, 1, Verdict.ACK),
                run("a", 3, 2, Verdict.ACK),
                run("b", 6, 1, Verdict.ACK),
                run("a", 6, 4, Verdict.ACK),
                run("a", 10, 1, Verdict.RELEASE)));

        assertThat(merged)
                .extracting(Run::toString)
                .containsExactly(
                        "a 1-3 x7 attempt 1 " + Verdict.ACK,
                        "a 1-10 x1 attempt 1 " + Verdict.RELEASE,
                        "b 1-6 x1 attempt 1 " + Verdict.ACK);
    }

    static LongStream seeds() {
        return LongStream.range(1, 200);
    }

    /** The model asks and answers delivery by delivery; an answer belongs to the oldest question. */
    @ParameterizedTest(name = "seed {0}")
    @MethodSource("seeds")
    void everyAnswerFindsTheOldestQuestionHoweverRunsAreCut(long seed) {
        Random random = new Random(seed);
        Settlements settlements = new Settlements();
        List<List<String>> questions = new ArrayList<>();
        for (int i = 0; i < ORDINALS; i++) {
            questions.add(new ArrayList<>());
        }

        for (int step = 0; step < 200; step++) {
            int first = random.nextInt(ORDINALS);
            int count = 1 + random.nextInt(ORDINALS - first);
            if (random.nextInt(3) == 0) {
                settlements.extend(List.of(run("s", first, count, null)));
                questions.subList(first, first + count).forEach(asked -> asked.add("extension"));
                continue;
            }
            List<String> expected = new ArrayList<>();
            for (int ordinal = first; ordinal < first + count; ordinal++) {
                if (!questions.get(ordinal).isEmpty()) {
                    expected.add(ordinal + questions.get(ordinal).remove(0));
                }
            }

            List<String> answered = new ArrayList<>();
            for (Run run : settlements.answered(result(first, count))) {
                for (long ordinal = run.first(); ordinal < run.end(); ordinal++) {
                    answered.add(ordinal + (run.extension() ? "extension" : "settlement"));
                }
            }

            assertThat(answered).containsExactlyInAnyOrderElementsOf(expected);
        }
    }

    /** Brokers refuse an `open` that lists more. */
    @Test
    void aCallIsOpenedWithAtMost4096Runs() {
        Settlements settlements = new Settlements();
        List<Run> scattered = LongStream.rangeClosed(1, 5000)
                .mapToObj(i -> run("s", 2 * i, 1, null))
                .toList();

        assertThat(settlements.held(scattered)).hasSize(4096);

        assertThat(settlements.answered(result(2 * 4096, 1))).hasSize(1);
        assertThat(settlements.answered(result(2 * 4097, 1))).as("not asked").isEmpty();
        assertThat(settlements.extend(scattered).getDeliveriesCount())
                .as("extensions have no such limit")
                .isEqualTo(5000);
    }

    private static Run run(String stream, long first, int count, Verdict verdict) {
        return new Run(stream, 1, first, 1, count, verdict);
    }

    private static SettleResult result(int first, int count) {
        return SettleResult.newBuilder()
                .setStream("s")
                .setToken(DeliveryToken.newBuilder()
                        .setGeneration(1)
                        .setOrdinal(first)
                        .setAttempt(1))
                .setCount(count)
                .build();
    }
}
