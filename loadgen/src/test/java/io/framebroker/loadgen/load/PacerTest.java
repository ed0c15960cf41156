package io.framebroker.loadgen.load;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class PacerTest {
    private static final long START_MICROS = 1_000_000_000;

    private final FakeClock clock = new FakeClock();

    @Test
    void framesAreDueOnePeriodApart() {
        Pacer pacer = new Pacer(100, clock);

        assertThat(next(pacer, 1)).containsExactly(START_MICROS);
        assertThat(next(pacer, 1)).containsExactly(START_MICROS + 10_000);
        assertThat(next(pacer, 1)).containsExactly(START_MICROS + 20_000);
        assertThat(clock.nanos).isEqualTo(20_000_000);
    }

    @Test
    void aStallDoesNotMoveTheTimesOfTheFramesItDelayed() {
        Pacer pacer = new Pacer(100, clock);
        next(pacer, 1);

        clock.nanos += 35_000_000;

        assertThat(next(pacer, 1)).containsExactly(START_MICROS + 10_000);
        assertThat(next(pacer, 1)).containsExactly(START_MICROS + 20_000);
        assertThat(next(pacer, 1)).containsExactly(START_MICROS + 30_000);
        assertThat(clock.nanos).as("late frames are not waited for").isEqualTo(35_000_000);
        assertThat(next(pacer, 1)).containsExactly(START_MICROS + 40_000);
        assertThat(clock.nanos).as("and the schedule is caught up with").isEqualTo(40_000_000);
    }

    @Test
    void aBatchLeavesWhenItsLastFrameIsDueAndKeepsEachTime() {
        Pacer pacer = new Pacer(1_000, clock);

        assertThat(next(pacer, 3)).containsExactly(START_MICROS, START_MICROS + 1_000, START_MICROS + 2_000);
        assertThat(clock.nanos).isEqualTo(2_000_000);
    }

    @Test
    void theScheduleDoesNotDriftAtAnAwkwardRate() {
        Pacer pacer = new Pacer(30, clock);
        long[] due = new long[1];
        for (int i = 0; i <= 30 * 3_600; i++) {
            pacer.next(due);
        }

        assertThat(due[0]).isEqualTo(START_MICROS + 3_600_000_000L);
    }

    @Test
    void whatComesBetweenTheTwoClocksMakesNoFrameYounger() {
        FakeClock stalls = new FakeClock() {
            private boolean stalled;

            @Override
            public long wallMicros() {
                long micros = super.wallMicros();
                if (!stalled) {
                    stalled = true;
                    nanos += 5_000_000;
                }
                return micros;
            }
        };
        Pacer pacer = new Pacer(100, stalls);
        next(pacer, 1);

        assertThat(next(pacer, 1)).containsExactly(stalls.wallMicros());
    }

    @Test
    void restartBeginsANewSchedule() {
        Pacer pacer = new Pacer(100, clock);
        next(pacer, 1);
        clock.nanos += 7_000_000_000L;

        pacer.restart(500_000_000);

        assertThat(next(pacer, 1)).containsExactly(START_MICROS + 7_500_000);
        assertThat(clock.nanos).isEqualTo(7_500_000_000L);
    }

    @Test
    void aRestartMayChangeTheRate() {
        Pacer pacer = new Pacer(100, clock);

        pacer.restart(0, 1_000);

        assertThat(next(pacer, 3)).containsExactly(START_MICROS, START_MICROS + 1_000, START_MICROS + 2_000);
    }

    @Test
    void flatOutEveryFrameIsDueWhenAskedFor() {
        Pacer pacer = new Pacer(0, clock);
        clock.nanos += 5_000_000;

        assertThat(next(pacer, 2)).containsExactly(START_MICROS + 5_000, START_MICROS + 5_000);
        assertThat(clock.sleeps).isZero();
    }

    private static long[] next(Pacer pacer, int frames) {
        long[] due = new long[frames];
        pacer.next(due);
        return due;
    }

    /** Time passes only by sleeping, and sleep wakes too early the first time. */
    private static class FakeClock implements Pacer.Clock {
        long nanos;
        private int sleeps;

        @Override
        public long nanoTime() {
            return nanos;
        }

        @Override
        public long wallMicros() {
            return START_MICROS + nanos / 1_000;
        }

        @Override
        public void sleep(long time) {
            nanos += sleeps++ == 0 ? time / 2 : time;
        }
    }
}
