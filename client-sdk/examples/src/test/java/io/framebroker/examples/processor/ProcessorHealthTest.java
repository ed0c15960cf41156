package io.framebroker.examples.processor;

import static org.assertj.core.api.Assertions.assertThat;

import io.framebroker.examples.http.JsonObject;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class ProcessorHealthTest {

    private static final long SECOND = 1_000_000_000L;

    private final ProcessorHealth health = new ProcessorHealth(Duration.ofSeconds(60), 0);

    @Test
    void idleAndConnectedIsHealthy() {
        health.connected(true, SECOND);

        assertThat(health.illnesses(3600 * SECOND)).isEmpty();
    }

    @Test
    void aShortLossOfTheBrokerIsForgivenALongOneIsNot() {
        health.connected(true, SECOND);
        health.connected(false, 10 * SECOND);

        assertThat(health.illnesses(15 * SECOND)).isEmpty();
        assertThat(health.illnesses(25 * SECOND)).singleElement().asString().contains("not connected");
    }

    @Test
    void aFrameInHandWithoutEndIsAnIllness() {
        health.connected(true, 0);
        health.begun(SECOND);

        assertThat(health.illnesses(30 * SECOND)).isEmpty();
        assertThat(health.illnesses(70 * SECOND)).singleElement().asString().contains("no progress");
    }

    @Test
    void oneFailureAfterTheOtherIsAnIllnessUntilAFrameSucceeds() {
        health.connected(true, 0);
        for (int i = 0; i < 10; i++) {
            health.begun(SECOND);
            health.failed("jpeg: cut off", SECOND);
        }

        assertThat(health.illnesses(2 * SECOND)).singleElement().asString().contains("cut off");

        health.begun(3 * SECOND);
        health.processed(3 * SECOND);
        assertThat(health.illnesses(4 * SECOND)).isEmpty();
    }

    @Test
    void theAnswerSaysWhy() {
        for (int i = 0; i < 10; i++) {
            health.begun(0);
            health.failed("cut\noff \"here\"", 0);
        }

        String body = health.report(new JsonObject().put("group", "g"), Instant.EPOCH, 0)
                .body()
                .toString();

        assertThat(body)
                .contains("\"status\":\"unhealthy\"")
                .contains("cut\\noff \\\"here\\\"")
                .contains("\"frames_failed\":10");
    }
}
