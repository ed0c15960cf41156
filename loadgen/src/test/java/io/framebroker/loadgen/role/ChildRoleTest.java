package io.framebroker.loadgen.role;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class ChildRoleTest {
    private static final Jvm SMALL = Jvm.of("-Xmx64m -XX:TieredStopAtLevel=1");

    @Test
    void servesInAProcessOfItsOwnAndEndsWithItsInput() throws InterruptedException {
        ChildRole child = ChildRole.start("relay", SMALL);
        try (child) {
            assertThat(child.ask(Line.parse("listen port=0 message-bytes=100")).get("address"))
                    .startsWith("127.0.0.1:");
            assertThatThrownBy(() -> child.ask(Line.of("dance")))
                    .isInstanceOf(RunFailure.class)
                    .hasMessage("relay: a relay does not know 'dance'");
            assertThat(child.process()).isNotEqualTo(ProcessHandle.current());
        }

        assertThat(child.process().isAlive()).isFalse();
    }

    @Test
    void aChildThatDiedFailsTheRunByName() {
        try (ChildRole child = ChildRole.start("relay", Jvm.of("-XX:NoSuchFlag"))) {
            assertThatThrownBy(() -> child.ask(Line.of("listen")))
                    .isInstanceOf(RunFailure.class)
                    .hasMessageContaining("relay (process ")
                    .hasMessageContaining("ended with exit code 1");
        }
    }
}
