package io.framebroker.server.grpc;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class SingleDrainTest {
    private final List<String> seen = new ArrayList<>();

    @Test
    void whoAsksWithinTheWorkHasItRunOnceMore() {
        SingleDrain[] drain = new SingleDrain[1];
        drain[0] = new SingleDrain(
                () -> {
                    seen.add("work");
                    if (seen.size() < 3) {
                        drain[0].run();
                    }
                },
                failure -> seen.add("failure"));

        drain[0].run();

        assertThat(seen).containsExactly("work", "work", "work");
    }

    /** It used to be stuck for good: nobody was let in again. */
    @Test
    void workThatThrowsIsToldAndCanBeAskedForAgain() {
        SingleDrain drain = new SingleDrain(
                () -> {
                    throw new OutOfMemoryError("direct buffers");
                },
                failure -> seen.add(failure.getMessage()));

        drain.run();
        drain.run();

        assertThat(seen).containsExactly("direct buffers", "direct buffers");
    }
}
