package io.framebroker.loadgen.scale;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.framebroker.loadgen.load.Workload;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class GrowthTest {
    @ParameterizedTest
    @CsvSource({
        "CAMERAS, 64, 64, 1, 1, 0",
        "IDLE, 300, 1, 1, 1, 300",
        "CONSUMERS, 200, 4, 1, 200, 0",
        "GROUPS, 16, 1, 16, 1, 0",
    })
    void oneThingGrowsAndTheOthersStay(Growth growth, int size, int cameras, int groups, int consumers, int idle) {
        Workload workload = workload(growth, size);

        assertThat(workload.cameras()).isEqualTo(cameras);
        assertThat(workload.groups()).isEqualTo(groups);
        assertThat(workload.consumers()).isEqualTo(consumers);
        assertThat(growth.idle(size)).isEqualTo(idle);
        assertThat(workload.framesPerSecond()).isEqualTo(growth.framesPerSecond());
        assertThat(workload.frameBytes()).isEqualTo(growth.frameBytes());
    }

    @ParameterizedTest
    @EnumSource
    void everyUsualSizeIsOneThatCanBeHad(Growth growth) {
        assertThat(growth.steps()).isSorted().allSatisfy(size -> workload(growth, size));
        assertThat(Growth.of(growth.label())).isEqualTo(growth);
    }

    @Test
    void theProcessesAreWarmedByTwoThousandDeliveriesASecondOrTheirOwnRate() {
        assertThat(Growth.warmRate(workload(Growth.GROUPS, 4))).isEqualTo(500);
        assertThat(Growth.warmRate(workload(Growth.CAMERAS, 64))).isEqualTo(31.25);
        assertThat(Growth.warmRate(Growth.CAMERAS.workload(1, 64, 100, 50_000))).isEqualTo(100);
    }

    @Test
    void theBrokerIsToldOfMoreRoomOnlyWhereItsOwnIsTooSmall() {
        assertThat(arguments(Growth.CAMERAS, 64)).containsExactly("--log-level", "WARN");
        // 1 001 publishers of 512 KiB, and an eighth; 5 consumers beside the camera's own need little.
        assertThat(arguments(Growth.IDLE, 1_000))
                .containsExactly("--log-level", "WARN", "--inbound-limit", Long.toString(1_001L * (512 << 10) * 9 / 8));
        assertThat(arguments(Growth.CONSUMERS, 200))
                .contains("--outbound-limit")
                .doesNotContain("--inbound-limit");
        assertThat(arguments(Growth.IDLE, 3_000)).contains("--max-calls");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "IDLE | -1 | 15 | --steps has -1; of idle streams there can be 0 to 9000",
                "CAMERAS | 0 | 15 | --steps has 0; of cameras there can be 1 to 9000",
                "GROUPS | 1001 | 15 | --steps has 1001; of groups there can be 1 to 1000",
                "GROUPS | 1 | 0 | --rate is 0.0; it must be above 0",
            })
    void aSizeNobodyCanHaveIsRefused(Growth growth, int size, double rate, String message) {
        assertThatThrownBy(() -> growth.workload(1, size, rate, 1_000))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(message);
    }

    private static Workload workload(Growth growth, int size) {
        return growth.workload(1, size, growth.framesPerSecond(), growth.frameBytes());
    }

    private static java.util.List<String> arguments(Growth growth, int size) {
        return growth.brokerArguments(workload(growth, size), size);
    }
}
