package io.framebroker.loadgen.worker;

import static org.assertj.core.api.Assertions.assertThat;

import io.framebroker.client.FrameBrokerClient;
import io.framebroker.v1.GetBrokerInfoRequest;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class BrokersTest {
    @Test
    void oneOfSeveralIsUsedThatIsThere() throws IOException {
        try (BrokenBroker broker = new BrokenBroker(BrokenBroker.Defect.NONE);
                FrameBrokerClient client = Brokers.connect(nobody() + "," + broker.address())) {
            assertThat(client.diagnostics()
                            .getBrokerInfo(GetBrokerInfoRequest.getDefaultInstance())
                            .getStore())
                    .isEqualTo("memory");
        }
    }

    @Test
    void oneAloneIsReachedAsEver() throws IOException {
        try (BrokenBroker broker = new BrokenBroker(BrokenBroker.Defect.NONE);
                FrameBrokerClient client = Brokers.connect(broker.address())) {
            assertThat(client.streams()
                            .listStreams(io.framebroker.v1.ListStreamsRequest.getDefaultInstance())
                            .getStreamsCount())
                    .isZero();
        }
    }

    /** A port that was free a moment ago. */
    private static String nobody() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return "127.0.0.1:" + socket.getLocalPort();
        }
    }
}
