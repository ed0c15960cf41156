package io.framebroker.loadgen.load;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class WorkloadTest {
    @Test
    void travelsAsFields() {
        Workload workload = new Workload(-5, 2, 3, 4, 1_000, 6, 7, 80, 29.97, false);

        assertThat(Workload.of(workload.fields())).isEqualTo(workload);
    }

    @Test
    void namesTheOptionTheValueAndTheLimits() {
        assertThatThrownBy(() -> new Workload(1, 0, 1, 1, 1_000, 1, 64, 64, 0, true))
                .hasMessage("--cameras is 0; it must be 1 to 10000");
        assertThatThrownBy(() -> new Workload(1, 1, 1, 1, 8, 1, 64, 64, 0, true))
                .hasMessage("--frame-bytes is 8; it must be 32 to 33554432");
        assertThatThrownBy(() -> new Workload(1, 1, 1, 1, 1_000, 65, 64, 64, 0, true))
                .hasMessage("--in-flight is 64; it must be 65 to 1000000");
        assertThatThrownBy(() -> new Workload(1, 1, 1, 1, 1_000, 1, 64, 64, -1, true))
                .hasMessageContaining("--rate is -1.0");
        assertThatThrownBy(() -> new Workload(1, 1, 1, 1, 1_000_000, 64, 64, 64, 0, true))
                .hasMessageContaining("--batch 64 x --frame-bytes 1000000");
    }

    @Test
    void defaultInFlightHoldsSeveralMessages() {
        assertThat(Workload.inFlightFor(100_000, 1, 1)).isEqualTo(167);
        assertThat(Workload.inFlightFor(184, 64, 1)).isEqualTo(16_384);
        assertThat(Workload.inFlightFor(20_000_000, 1, 1)).isEqualTo(16);
        assertThat(Workload.inFlightFor(100_000, 100, 1)).isEqualTo(400);
        assertThat(Workload.inFlightFor(100_000, 1, 16)).isEqualTo(167);
        assertThat(Workload.inFlightFor(100_000, 1, 64))
                .as("all of them together 256 MiB")
                .isEqualTo(41);
    }
}
