package io.framebroker.loadgen.scale;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class BrokerMemoryTest {
    @Test
    void whatIsAliveIsTheTotalOfTheHistogram() {
        List<String> histogram = List.of(
                "4711:",
                " num     #instances         #bytes  class name (module)",
                "-------------------------------------------------------",
                "   1:         48221       16000488  [B (java.base@17.0.15)",
                "Total        251332       31457280");

        assertThat(BrokerMemory.total(histogram)).hasValue(31_457_280);
    }

    @Test
    void aJvmThatDoesNotTellHasNone() {
        assertThat(BrokerMemory.total(List.of("4711:", "java.io.IOException: well-known file is not secure")))
                .isEmpty();
    }
}
