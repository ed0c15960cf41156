package io.framebroker.server.broker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayDeque;
import java.util.Random;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.RepetitionInfo;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class WindowTest {
    @ParameterizedTest
    @CsvSource({"0,1", "-1,1", "100001,1", "1,-1", "2147483647,0"})
    void limitsOutsideTheRangeAreRefused(int frames, long bytes) {
        assertThatThrownBy(() -> new Window(frames, bytes)).isInstanceOf(BrokerException.class);
    }

    @Test
    void aRefusedResizeChangesNothing() {
        Window window = new Window(3, 100);

        assertThatThrownBy(() -> window.resize(5, -1)).isInstanceOf(BrokerException.class);

        assertThat(window.maxFrames()).isEqualTo(3);
        assertThat(window.maxBytes()).isEqualTo(100);
    }

    @Test
    void zeroBytesStandForTheDefault() {
        assertThat(new Window(1, 0).maxBytes()).isEqualTo(Window.DEFAULT_BYTES);
    }

    @Test
    void roomIsTakenInFramesAndBytes() {
        Window window = new Window(3, 100);

        assertThat(window.tryTake(60)).isTrue();
        assertThat(window.tryTake(41)).isFalse();
        assertThat(window.tryTake(40)).isTrue();
        assertThat(window.tryTake(0)).isTrue();
        assertThat(window.tryTake(0)).isFalse();
        assertThat(window.freeFrames()).isZero();
        assertThat(window.outstandingBytes()).isEqualTo(100);
    }

    @Test
    void aFrameOfAnySizePassesAnEmptyWindow() {
        Window window = new Window(2, 100);

        assertThat(window.tryTake(Integer.MAX_VALUE)).isTrue();
        assertThat(window.tryTake(0)).isFalse();
        window.giveBack(1, Integer.MAX_VALUE);
        assertThat(window.tryTake(1)).isTrue();
    }

    @Test
    void whatIsTakenBackByAReturningConsumerMayExceedTheLimits() {
        Window window = new Window(1, 10);

        window.take(5, 500);

        assertThat(window.freeFrames()).isZero();
        assertThat(window.freeBytes()).isZero();
        assertThat(window.tryTake(1)).isFalse();
        window.giveBack(5, 500);
        assertThat(window.tryTake(1)).isTrue();
    }

    @Test
    void aFrameThatIsAloneHasTheWholeWindow() {
        Window window = new Window(3, 100);
        Object cam = "cam";

        assertThat(window.tryTakeAlone(500, cam)).isTrue();

        assertThat(window.tryTake(0)).isFalse();
        assertThat(window.tryTakeAlone(0, cam)).isFalse();
        assertThat(window.freeFrames()).isZero();
        window.giveBack(1, 500);
        assertThat(window.tryTake(1)).isTrue();
        assertThat(window.tryTakeAlone(0, cam)).isFalse();
    }

    @Test
    void whoHasClaimedAWindowIsTheNextToTakeFromIt() {
        Window window = new Window(3, 100);
        Object cam = "cam";
        Object dock = "dock";
        window.tryTake(10);

        assertThat(window.tryClaim(cam)).isTrue();
        assertThat(window.tryClaim(dock)).isFalse();
        assertThat(window.tryTake(1)).isFalse();
        window.giveBack(1, 10);
        assertThat(window.tryTake(1)).isFalse();
        assertThat(window.tryTakeAlone(1, dock)).isFalse();
        assertThat(window.tryTakeAlone(1, cam)).isTrue();
        window.giveBack(1, 1);

        assertThat(window.tryTake(1)).isTrue();
    }

    @Test
    void aClaimThatIsGivenUpHoldsNobodyBack() {
        Window window = new Window(3, 100);
        Object cam = "cam";
        Object dock = "dock";
        window.tryTake(10);
        window.tryClaim(cam);

        assertThat(window.disclaim(dock)).isFalse();
        assertThat(window.tryTake(1)).isFalse();
        assertThat(window.disclaim(cam)).isTrue();

        assertThat(window.tryTake(1)).isTrue();
    }

    @Test
    void roomComesBackOnce() {
        Window window = new Window(3, 100);
        window.tryTake(10);

        assertThatThrownBy(() -> window.giveBack(2, 10)).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> window.giveBack(1, 11)).isInstanceOf(IllegalStateException.class);
        window.giveBack(1, 10);
        assertThatThrownBy(() -> window.giveBack(1, 0)).isInstanceOf(IllegalStateException.class);
    }

    @RepeatedTest(20)
    void isNeverFullerThanItsLimitsAllow(RepetitionInfo repetition) {
        Random random = new Random(repetition.getCurrentRepetition());
        Window window = new Window(1 + random.nextInt(20), 1 + random.nextInt(5_000));
        ArrayDeque<Integer> taken = new ArrayDeque<>();

        for (int step = 0; step < 1_000; step++) {
            int bytes = random.nextInt(2_000);
            long bytesBefore = window.outstandingBytes();
            if (random.nextBoolean() && window.tryTake(bytes)) {
                assertThat(bytesBefore == 0 || bytesBefore + bytes <= window.maxBytes() || taken.isEmpty())
                        .isTrue();
                taken.add(bytes);
                assertThat(taken.size()).isLessThanOrEqualTo(window.maxFrames());
            } else if (!taken.isEmpty()) {
                window.giveBack(1, taken.poll());
            }
            if (random.nextInt(50) == 0) {
                window.resize(Math.max(taken.size(), 1 + random.nextInt(20)), 1 + random.nextInt(5_000));
            }

            assertThat(window.outstandingFrames()).isEqualTo(taken.size());
            assertThat(window.outstandingBytes())
                    .isEqualTo(taken.stream().mapToLong(Integer::longValue).sum());
            assertThat(window.freeFrames()).isNotNegative();
            assertThat(window.freeBytes()).isNotNegative();
        }
    }
}
