package io.framebroker.server.grpc;

import static org.assertj.core.api.Assertions.assertThat;

import io.framebroker.server.broker.Window;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class WindowSharesTest {

    private static List<Integer> frames(int whole, Integer... streams) {
        return WindowShares.of(new Window(whole, 0), List.of(streams)).stream()
                .map(Window::maxFrames)
                .toList();
    }

    @Test
    void sharesGoByTheNumberOfStreams() {
        assertThat(frames(64, 1, 1)).containsExactly(32, 32);
        assertThat(frames(100, 1, 3)).containsExactly(25, 75);
        assertThat(frames(10, 1, 1, 1)).containsExactly(3, 3, 4);
    }

    @Test
    void everyBrokerGetsOneFrameHoweverFewThereAre() {
        assertThat(frames(1, 5, 1, 1)).containsExactly(1, 1, 1);
        assertThat(frames(4, 997, 1, 1)).containsExactly(1, 1, 2);
        assertThat(frames(3, 1, 997)).containsExactly(1, 2);
    }

    @Test
    void whateverTheNumbersSharesAddUpAndMoreStreamsNeverGetLess() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        for (int round = 0; round < 1000; round++) {
            List<Integer> streams = new ArrayList<>();
            for (int i = random.nextInt(9) + 2; i > 0; i--) {
                streams.add(1 + random.nextInt(90));
            }
            int frames = 1 + random.nextInt(random.nextBoolean() ? 20 : Window.MOST_FRAMES);
            long bytes = 1 + (random.nextLong() >>> 1 + random.nextInt(62));

            List<Window> shares = WindowShares.of(new Window(frames, bytes), streams);

            String as = "seed " + seed + ": " + frames + " frames, " + bytes + " bytes over " + streams;
            assertThat(shares.stream().mapToInt(Window::maxFrames).sum())
                    .as(as)
                    .isEqualTo(Math.max(frames, streams.size()));
            assertThat(shares.stream().mapToLong(Window::maxBytes).sum())
                    .as(as)
                    .isEqualTo(Math.max(bytes, streams.size()));
            for (int a = 0; a < streams.size(); a++) {
                for (int b = 0; b < streams.size(); b++) {
                    if (streams.get(a) >= streams.get(b)) {
                        // Rounding moves one.
                        assertThat(shares.get(a).maxFrames() + 1)
                                .as(as)
                                .isGreaterThanOrEqualTo(shares.get(b).maxFrames());
                    }
                }
            }
        }
    }
}
