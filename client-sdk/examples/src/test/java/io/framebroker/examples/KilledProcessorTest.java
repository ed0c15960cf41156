package io.framebroker.examples;

import static org.assertj.core.api.Assertions.assertThat;

import io.framebroker.examples.child.ChildProcess;
import io.framebroker.v1.GroupLedger;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Every program is a process of its own: only then is killing one what it is in life. */
@Timeout(300)
class KilledProcessorTest {

    private static final int FRAMES = 40;
    private static final Duration LIMIT = Duration.ofSeconds(60);

    @TempDir
    Path directory;

    @Test
    void framesInTheHandsOfAKilledProcessorComeAgainAsAttemptTwoAndNoneIsLost() throws Exception {
        Path before = directory.resolve("before.jsonl");
        Path after = directory.resolve("after.jsonl");
        try (Programs programs = new Programs("--resume-grace", "PT0.5S")) {
            ChildProcess doomed = programs.processor(
                    "--streams",
                    "cam",
                    "--group",
                    "g",
                    "--from-start",
                    "--delay-ms",
                    "300",
                    "--window",
                    "16",
                    "--health-port",
                    "-1",
                    "--results",
                    before.toString());
            programs.capture("--camera", "cam=synthetic:320x240", "--no-pacing", "--limit", String.valueOf(FRAMES));
            Eventually.await(
                    "work of the first processor",
                    LIMIT,
                    () -> {
                        int results = ResultLine.read(before).size();
                        return results >= 4
                                && programs.ledger("cam").getStream().getStored() == FRAMES
                                && programs.ledger("cam", "g").getAcked() >= results - 1;
                    },
                    () -> ResultLine.read(before) + "\n" + programs.ledger("cam"));

            // It waits 300 ms for each frame: wherever this hits, a frame is in hand and fifteen more are its own.
            doomed.kill();
            programs.processor(
                    "--streams",
                    "cam",
                    "--group",
                    "g",
                    "--delay-ms",
                    "0",
                    "--health-port",
                    "-1",
                    "--results",
                    after.toString());
            Eventually.await(
                    "acknowledgement of every frame",
                    LIMIT,
                    () -> programs.ledger("cam", "g").getAcked() == FRAMES,
                    () -> programs.ledger("cam", "g"));

            List<ResultLine> first = ResultLine.read(before);
            List<ResultLine> second = ResultLine.read(after);
            assertThat(first).allMatch(line -> line.attempt() == 1 && line.decoded());
            assertThat(sequences(first, second))
                    .as("no frame is lost")
                    .containsExactlyElementsOf(
                            LongStream.rangeClosed(1, FRAMES).boxed().toList());
            List<ResultLine> again =
                    second.stream().filter(line -> line.attempt() > 1).toList();
            assertThat(again)
                    .as("what the killed one held comes again")
                    .hasSizeBetween(1, 16)
                    .allMatch(line -> line.attempt() == 2);
            assertThat(second)
                    .as("nothing it had finished comes again, but for acks that were on their way")
                    .filteredOn(line -> first.stream().anyMatch(done -> done.sequence() == line.sequence()))
                    .hasSizeLessThanOrEqualTo(2);
            GroupLedger ledger = programs.ledger("cam", "g");
            assertThat(ledger.getStored()).isEqualTo(FRAMES);
            assertThat(ledger.getImbalance()).isZero();
            assertThat(ledger.getWaiting() + ledger.getPending() + ledger.getDeadLettered())
                    .isZero();
        }
    }

    private static Set<Long> sequences(List<ResultLine> first, List<ResultLine> second) {
        return java.util.stream.Stream.concat(first.stream(), second.stream())
                .map(ResultLine::sequence)
                .collect(Collectors.toCollection(TreeSet::new));
    }
}
