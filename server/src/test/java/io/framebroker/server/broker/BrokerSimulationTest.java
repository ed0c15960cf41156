package io.framebroker.server.broker;

import static org.assertj.core.api.Assertions.assertThat;

import io.framebroker.server.store.disk.DiskInMemory;
import java.util.OptionalLong;
import java.util.concurrent.atomic.LongAdder;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Thousands of runs with everybody misbehaving at random. A failure names its seed: {@code -Dsimulation.seed=N
 * -Dsimulation.seeds=1} repeats it.
 */
class BrokerSimulationTest {
    private static final int SEEDS = 3_000;
    private static final int SEEDS_ON_DISK = 500;
    private static final int STEPS = 300;
    private static final int SEEDS_TO_FIND_A_BUG = 60;

    @Test
    void noRunBreaksARule() {
        long first = Long.getLong("simulation.seed", 1);
        int seeds = Integer.getInteger("simulation.seeds", SEEDS);
        System.out.println("simulation: seeds " + first + ".." + (first + seeds - 1) + ", " + STEPS + " steps each");
        Coverage coverage = new Coverage();

        LongStream.range(first, first + seeds)
                .parallel()
                .forEach(seed -> new Simulation(seed, STEPS, FaultKind.NONE, coverage).run());

        System.out.println("simulation reached " + coverage);
        if (seeds >= SEEDS) {
            assertEverythingWasReached(coverage);
        }
    }

    /** The same on the disk store, on a disk in memory, with its own pace of leaving memory and coming back. */
    @Test
    void noRunOnTheDiskBreaksARule() {
        long first = Long.getLong("simulation.seed", 1);
        int seeds = Integer.getInteger("simulation.seeds", SEEDS_ON_DISK);
        LongAdder reads = new LongAdder();

        LongStream.range(first, first + seeds).parallel().forEach(seed -> {
            try (DiskInMemory disk = new DiskInMemory()) {
                new Simulation(seed, STEPS, FaultKind.NONE, new Coverage(), disk.store(), disk::readBack).run();
                reads.add(disk.reads());
            }
        });

        if (seeds >= SEEDS_ON_DISK) {
            assertThat(reads.sum()).as("reads of frames that had left memory").isGreaterThan(50);
        }
    }

    /** What the runs never get to, they do not test. */
    private static void assertEverythingWasReached(Coverage coverage) {
        String[] all = {
            "- LEASED",
            "- SETTLING",
            "LEASED LEASED",
            "LEASED RETRY",
            "LEASED SETTLING",
            "RETRY LEASED",
            "RETRY WRITING",
            "RETRY SETTLING",
            "WRITING RETRY",
            "WRITING SETTLING",
            "SETTLING SETTLED",
            "verdict Ack",
            "verdict Skip",
            "verdict Retry",
            "verdict Release",
            "outcome OK",
            "outcome ALREADY_SETTLED",
            "outcome STALE",
            "outcome UNKNOWN_TOKEN",
            "exception DUPLICATE",
            "exception REJECTED",
            "exception DROPPED",
            "thinned",
            "gap OVERFLOW",
            "gap PURGED",
            "gap REPORTED",
            "gap RETENTION",
            "ended CONSUMER_REPLACED",
            "ended PUBLISHER_REPLACED",
            "ended PUBLISHER_FENCED",
            "ended STREAM_DELETED",
            "refused PUBLISHER_FENCED",
            "refused STREAM_HAS_PUBLISHER",
            "publisher finished",
            "consumer finished",
            "lease over",
            "away",
            "grace over",
            "taken over",
            "alone",
            "in order",
            "early",
            "settled early",
            "video moves",
            "video stays",
            "report",
            "report again",
            "waiting",
            "resumed"
        };
        for (String each : all) {
            assertThat(coverage.of(each)).as("times that was reached: " + each).isGreaterThan(100);
        }
        // Takes video, frames dropped out of it, and others right behind that are not stored yet.
        assertThat(coverage.of("passed over early")).isGreaterThan(20);
    }

    @Test
    void aSeedGivesTheSameRunAgain() {
        for (long seed = 1; seed <= 20; seed++) {
            long once = new Simulation(seed, STEPS, FaultKind.NONE, new Coverage()).run();
            long again = new Simulation(seed, STEPS, FaultKind.NONE, new Coverage()).run();

            assertThat(again).isEqualTo(once);
        }
    }

    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "NONE")
    void aPlantedBugIsFound(FaultKind bug) {
        OptionalLong found = LongStream.rangeClosed(1, SEEDS_TO_FIND_A_BUG)
                .parallel()
                .filter(seed -> finds(bug, seed))
                .findAny();

        assertThat(found).as("a seed that finds %s", bug).isPresent();
    }

    private static boolean finds(FaultKind bug, long seed) {
        try {
            new Simulation(seed, STEPS, bug, new Coverage()).run();
            return false;
        } catch (SimulationFailure found) {
            return true;
        }
    }
}
