package io.framebroker.client;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.Metadata;
import io.grpc.Status;
import java.net.ConnectException;
import org.junit.jupiter.api.Test;

class CallFailureTest {
    @Test
    void aLogGetsOneLineWithoutTheCause() {
        Status status = Status.UNAVAILABLE.withCause(new ConnectException("refused"));

        assertThat(line(status)).isEqualTo("UNAVAILABLE");
        assertThat(line(status.withDescription("io exception\nChannel closed")))
                .isEqualTo("UNAVAILABLE: io exception Channel closed");
    }

    private static String line(Status status) {
        return CallFailure.of(status, new Metadata()).inOneLine();
    }
}
