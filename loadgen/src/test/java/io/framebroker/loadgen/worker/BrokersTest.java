package io.framebroker.loadgen.worker;

import static org.assertj.core.api.Assertions.assertThat;

import io.framebroker.client.FrameBrokerClient;
import io.framebroker.v1.GetBrokerInfoRequest;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(300)
class BrokersTest {
    @Test
    void oneOfSeveralIsUsedThatIsThere() throws IOException {
        // A port that is taken, and on which nobody listens.
        try (Socket nobody = new Socket();
                BrokenBroker broker = new BrokenBroker(BrokenBroker.Defect.NONE)) {
            nobody.bind(new InetSocketAddress("127.0.0.1", 0));
            try (FrameBrokerClient client =
                    Brokers.connect("127.0.0.1:" + nobody.getLocalPort() + "," + broker.address())) {
                assertThat(client.diagnostics()
                                .withDeadlineAfter(60, TimeUnit.SECONDS)
                                .getBrokerInfo(GetBrokerInfoRequest.getDefaultInstance())
                                .getStore())
                        .isEqualTo("memory");
            }
        }
    }

    @Test
    void oneAloneIsReachedAsEver() throws IOException {
        try (BrokenBroker broker = new BrokenBroker(BrokenBroker.Defect.NONE);
                FrameBrokerClient client = Brokers.connect(broker.address())) {
            assertThat(client.streams()
                            .withDeadlineAfter(60, TimeUnit.SECONDS)
                            .listStreams(io.framebroker.v1.ListStreamsRequest.getDefaultInstance())
                            .getStreamsCount())
                    .isZero();
        }
    }
}
