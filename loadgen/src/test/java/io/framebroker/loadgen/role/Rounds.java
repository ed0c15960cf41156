package io.framebroker.loadgen.role;

import static org.assertj.core.api.Assertions.assertThat;

import io.framebroker.loadgen.check.Defects;
import java.time.Duration;
import java.util.function.Predicate;

/** Short rounds of whole runs, for tests. */
final class Rounds {
    private static final int MOST = 100;

    private Rounds() {}

    /** The first round in which frames flow: what is new to its JVM, on a busy machine, may take longer than a short one. */
    static Measurement flowing(Rig rig, Duration each) throws InterruptedException {
        return showing(measured -> measured.latencyMicros().getTotalCount() > 0 && measured.published() > 0, rig, each);
    }

    /** The first round that shows what is looked for. */
    static Measurement showing(Predicate<Measurement> shown, Rig rig, Duration each) throws InterruptedException {
        Measurement measured = rig.measure(Duration.ZERO, each, (before, now) -> {});
        for (int round = 1; round < MOST && !shown.test(measured); round++) {
            assertThat(measured.defects()).isEqualTo(Defects.NONE);
            measured = rig.measure(Duration.ZERO, each, (before, now) -> {});
        }
        return measured;
    }
}
