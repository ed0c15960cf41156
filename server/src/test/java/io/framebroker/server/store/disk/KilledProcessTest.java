package io.framebroker.server.store.disk;

import static org.assertj.core.api.Assertions.assertThat;

import io.framebroker.server.broker.AckLevel;
import io.framebroker.server.broker.Frame;
import io.framebroker.server.broker.GroupRecord;
import io.framebroker.server.broker.GroupSettings;
import io.framebroker.server.broker.StreamRecord;
import io.framebroker.server.broker.StreamStore;
import io.framebroker.server.broker.StreamStore.Outcome;
import io.framebroker.server.store.Answers;
import io.framebroker.server.store.Opened;
import io.framebroker.server.store.Samples;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A process that is killed in the middle of its work leaves everything it was told of. */
@Timeout(1_000)
class KilledProcessTest {
    private static final int ROUNDS = 4;
    private static final int MOST_BYTES = 60_000;
    private static final int KEPT = 50;
    /** More than are kept, so that the first round trims too. */
    private static final int LEAST_TOLD = KEPT + 10;

    private static final int MORE_TOLD = 200;
    private static final int PATIENCE_SECONDS = 240;

    /** Stores frames, settles and trims them, and says after each what it was told, until it is killed. */
    static final class Writer {
        private Writer() {}

        public static void main(String[] args) {
            DiskFrameStore store = Folders.store(Path.of(args[0]), AckLevel.valueOf(args[1]));
            Answers answers = new Answers();
            Opened opened = Opened.of(store, "cam", answers);
            StreamStore stream = opened.stream();
            if (opened.record().groups().isEmpty()) {
                stream.createGroup("detectors", 0, new GroupSettings(12_000), true);
            }
            GroupRecord before = stream.group("detectors");
            Random random = new Random(Long.parseLong(args[2]));
            long settlements = 0;
            for (StreamRecord.OfGroup group : opened.record().groups()) {
                for (StreamRecord.Pending each : group.pending()) {
                    stream.settle("detectors", each.ordinal(), each.ordinal(), Outcome.ACKED, null);
                    settlements++;
                }
            }
            long cursor = before.cursor();
            for (long ordinal = stream.lastOrdinal() + 1; ; ordinal++) {
                stream.append(List.of(
                        Samples.frame(stream.generation(), ordinal, random.nextInt(MOST_BYTES), Samples.PUBLISHER)));
                answers.awaitStored(ordinal);
                stream.delivered("detectors", cursor + 1, ordinal, 1);
                stream.settle("detectors", cursor + 1, ordinal, Outcome.ACKED, null);
                cursor = ordinal;
                answers.awaitSettled("detectors", ++settlements);
                stream.trim(ordinal - KEPT);
                System.out.println(ordinal);
            }
        }
    }

    @TempDir
    Path folder;

    @ParameterizedTest
    @EnumSource(names = {"STORED", "FSYNC"})
    void nothingItWasToldIsGone(AckLevel level) throws IOException, InterruptedException {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        for (int round = 0; round < ROUNDS; round++) {
            int after = LEAST_TOLD + random.nextInt(MORE_TOLD);
            String which = "round %d of seed %d, killed after %d lines".formatted(round, seed, after);
            long told = killed(level, after, random.nextLong(), which);

            try (DiskFrameStore store = Folders.store(folder, level)) {
                Answers answers = new Answers();
                Opened opened = Opened.of(store, "cam", answers);
                StreamStore stream = opened.stream();
                assertThat(stream.lastOrdinal()).as(which).isBetween(told, told + 1);
                assertThat(stream.firstOrdinal()).as(which).isBetween(told - KEPT, told - KEPT + 2);
                assertThat(stream.group("detectors").acked()).as(which).isBetween(told, told + 1);
                List<Frame> frames = answers.read(stream, stream.firstOrdinal(), stream.lastOrdinal());
                assertThat(Samples.ordinals(frames))
                        .as(which)
                        .isEqualTo(Samples.range(stream.firstOrdinal(), stream.lastOrdinal()));
                for (Frame frame : frames) {
                    Frame sent = Samples.frame(frame.generation(), frame.ordinal(), frame.bytes(), Samples.PUBLISHER);
                    Samples.assertSame(List.of(frame), List.of(sent));
                }
            }
        }
    }

    /** Returns the last frame that a process said it was told of before it was killed. */
    private long killed(AckLevel level, int after, long seed, String which) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx256m",
                        "-XX:TieredStopAtLevel=1",
                        "-cp",
                        System.getProperty("java.class.path"),
                        Writer.class.getName(),
                        folder.toString(),
                        level.name(),
                        Long.toString(seed))
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        // Whoever reads what it says cannot be interrupted.
        CompletableFuture.delayedExecutor(PATIENCE_SECONDS, TimeUnit.SECONDS).execute(process::destroyForcibly);
        long told = 0;
        int lines = 0;
        try (BufferedReader said =
                new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
            for (String line = said.readLine(); line != null; line = said.readLine()) {
                if (line.matches("[0-9]+")) {
                    told = Long.parseLong(line);
                    if (++lines == after) {
                        // Not by the process itself, which would close what it has said.
                        process.toHandle().destroyForcibly();
                    }
                }
            }
        } finally {
            process.destroyForcibly().waitFor();
        }
        assertThat(lines).as(which).isGreaterThanOrEqualTo(after);
        return told;
    }
}
