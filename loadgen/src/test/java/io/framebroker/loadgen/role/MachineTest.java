package io.framebroker.loadgen.role;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

class MachineTest {
    @Test
    void userNiceAndSystemAreUsedTheRestIsNot() {
        assertThat(Machine.used("cpu  100 20 3 99999 7 8 9 10 0 0")).isEqualTo(Duration.ofMillis(1_230));
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void theMachineHasUsedSome() {
        assertThat(Machine.used()).isPositive();
    }
}
