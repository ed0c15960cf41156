package io.framebroker.server.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.framebroker.server.broker.DeadLetter;
import io.framebroker.server.broker.Frame;
import io.framebroker.server.broker.FrameStore;
import io.framebroker.server.broker.StreamStore;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/** Dead letters, as a broker has them made and read. */
public final class Letters {
    private static final long PATIENCE_SECONDS = 60;

    private Letters() {}

    /** A store that keeps none refuses them in the core. */
    public static void assumeKept(FrameStore store) {
        assumeThat(store.mostDeadLetterBytes())
                .as("the %s store keeps dead letters", store.name())
                .isPositive();
    }

    public static DeadLetter of(Frame frame, int attempts) {
        return new DeadLetter(
                frame.id(),
                frame.bytes(),
                DeadLetter.MAX_ATTEMPTS,
                attempts,
                "cannot decode \u00fc " + frame.ordinal(),
                "worker-" + attempts,
                Samples.RECEIVED + 1_000_000 - frame.ordinal() / 10);
    }

    /** Makes a pending frame a dead letter; one settlement. */
    public static DeadLetter bury(StreamStore stream, String group, Frame frame, int attempts) {
        DeadLetter letter = of(frame, attempts);
        awaitRoomFor(stream, group, frame, letter);
        stream.settle(group, frame, letter);
        return letter;
    }

    private static void awaitRoomFor(StreamStore stream, String group, Frame frame, DeadLetter letter) {
        long giveUp = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
        while (!stream.hasRoomFor(group, frame, letter)) {
            assertThat(giveUp - System.nanoTime())
                    .as("waited in vain for room for " + letter)
                    .isPositive();
            LockSupport.parkNanos(100_000);
        }
    }

    public static List<Frame> read(StreamStore stream, String group, Long... ordinals) throws Exception {
        CompletableFuture<List<Frame>> read = new CompletableFuture<>();
        stream.readDeadLetters(group, List.of(ordinals), read::complete);
        return read.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
    }
}
