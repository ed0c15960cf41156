package io.framebroker.loadgen.scenario;

import static org.assertj.core.api.Assertions.assertThat;

import io.framebroker.server.BrokerServer;
import io.framebroker.server.broker.BrokerSettings;
import io.framebroker.server.broker.FrameMemory;
import io.framebroker.v1.GetLedgerResponse;
import io.framebroker.v1.StreamLedger;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import java.time.Duration;
import java.util.Map;
import org.HdrHistogram.Histogram;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(300)
class FreshFramesTest {

    @Test
    void whatIsNotDeliveredIsNamed() throws Exception {
        FreshFramesFindings findings;
        try (BrokerServer broker = BrokerServer.start(
                NettyServerBuilder.forPort(0), BrokerSettings.DEFAULT, new FrameMemory(64L << 20, 64L << 20))) {
            findings = new FreshFrames("127.0.0.1:" + broker.port(), 100, 1_000, Duration.ofSeconds(200), Duration.ZERO)
                    .run(Duration.ofMillis(500));
        }

        assertThat(findings.published()).isEqualTo(50);
        // Of age and stalls a short run on any machine says nothing.
        assertThat(findings.verdict())
                .filteredOn(wrong -> !wrong.contains("stalled") && !wrong.contains("p99"))
                .isEmpty();
        assertThat(findings.latest().gaps()).isNotEmpty();
        assertThat(findings.young().gaps()).isEmpty();
    }

    @Test
    void whatDoesNotHoldIsSaid() {
        Histogram old = new Histogram(3_600_000_000L, 3);
        old.recordValue(300_000);
        FreshFramesFindings.Consumer one = new FreshFramesFindings.Consumer(old, Map.of("MAX_AGE", 8L), 0, 1);
        GetLedgerResponse ledger = GetLedgerResponse.newBuilder()
                .setStream(StreamLedger.newBuilder().setStored(9).setOffered(9))
                .build();

        Duration maxAge = Duration.ofMillis(200);
        FreshFramesFindings findings = new FreshFramesFindings(10, maxAge, Duration.ZERO, one, one, ledger);

        assertThat(findings.verdict())
                .containsExactly(
                        "LATEST: 9 delivered or named, 10 published",
                        "LATEST: 1 came twice or behind later ones",
                        "LATEST: it never stalled; run longer",
                        "max_age: 9 delivered or named, 10 published",
                        "max_age: 1 came twice or behind later ones",
                        "max_age: it never stalled; run longer",
                        "LATEST: p99 above 150 ms",
                        "max_age: something older than 200 ms and 50 ms for the way was delivered",
                        "ledger: " + ledger.getStream());
        assertThat(new FreshFramesFindings(10, maxAge, Duration.ofMillis(149), one, one, ledger).verdict())
                .contains("LATEST: p99 above 299 ms")
                .noneMatch(wrong -> wrong.startsWith("max_age: something older"));
    }
}
