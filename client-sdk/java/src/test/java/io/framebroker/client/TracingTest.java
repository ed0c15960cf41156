package io.framebroker.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.framebroker.server.BrokerServer;
import io.framebroker.server.broker.BrokerSettings;
import io.framebroker.server.broker.FrameMemory;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.context.Scope;
import io.opentelemetry.sdk.testing.junit5.OpenTelemetryExtension;
import io.opentelemetry.sdk.trace.data.SpanData;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The spans of a client, with a real broker that knows nothing of them. */
@Timeout(300)
class TracingTest {
    private static final double EVERY = 1e9;

    @RegisterExtension
    static final OpenTelemetryExtension spans = OpenTelemetryExtension.create();

    private BrokerServer server;
    private FrameBrokerClient client;

    @BeforeEach
    void start() throws Exception {
        server = BrokerServer.start(
                NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0)),
                BrokerSettings.DEFAULT,
                new FrameMemory(256 << 20, 256 << 20));
        client = FrameBrokerClient.builder("localhost:" + server.port())
                .openTelemetry(spans.getOpenTelemetry())
                .build();
    }

    @AfterEach
    void stop() {
        client.close();
        server.close();
    }

    private static OutgoingFrame picture() {
        return OutgoingFrame.jpeg(new byte[100]);
    }

    private static List<SpanData> named(String name) {
        return spans.getSpans().stream()
                .filter(span -> span.getName().equals(name))
                .toList();
    }

    /** Waits for spans that end on threads of the client. */
    private static List<SpanData> await(String name, int count) {
        Eventually.await(count + " spans " + name, () -> named(name).size() >= count, spans::getSpans);
        return named(name);
    }

    private static String attribute(SpanData span, String key) {
        return span.getAttributes().get(AttributeKey.stringKey("framebroker." + key));
    }

    private static void isParent(SpanData parent, SpanData child) {
        assertThat(child.getTraceId()).isEqualTo(parent.getTraceId());
        assertThat(child.getParentSpanId()).isEqualTo(parent.getSpanId());
    }

    private void publish(int frames) throws Exception {
        try (FramePublisher publisher =
                client.publisher("cam1").tracesPerSecond(EVERY).open()) {
            for (int i = 0; i < frames; i++) {
                publisher.publish(picture());
            }
            publisher.flush().get(60, TimeUnit.SECONDS);
        }
    }

    private FrameConsumer.Builder detector() {
        return client.consumer("cam1").group("detector").fromEarliest();
    }

    /** Its span used to be begun and never ended. */
    @Test
    void aFrameThatIsRefusedAtOnceIsOver() {
        try (FramePublisher publisher =
                client.publisher("cam1").tracesPerSecond(EVERY).open()) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> publisher.publish(picture().sequence(7)));

            assertThat(named("frame.capture")).hasSize(1);
        }
    }

    @Test
    void oneFrameASecondHasATraceFromThePictureToTheAck() throws Exception {
        Instant taken = Instant.now().minusMillis(70);
        FramePublisher publisher = client.publisher("cam1").open();
        OutgoingFrame reused = picture().capturedAt(taken);
        for (int i = 0; i < 20; i++) {
            publisher.publish(reused);
        }
        publisher.flush().get(60, TimeUnit.SECONDS);

        SpanData capture = await("frame.capture", 1).get(0);
        assertThat(capture.getStartEpochNanos()).isEqualTo(taken.getEpochSecond() * 1_000_000_000 + taken.getNano());
        assertThat(attribute(capture, "outcome")).isEqualTo("STORED");
        assertThat(capture.getParentSpanContext().isValid()).isFalse();
        assertThat(reused.traceparent)
                .as("left in a frame that may be used again")
                .isEmpty();
        List<String> traced = new ArrayList<>();
        detector()
                .limit(20)
                .onFrame(frame -> traced.add(frame.header().getTraceparent()))
                .done()
                .get(60, TimeUnit.SECONDS);
        assertThat(capture.getSpanContext().isSampled()).isTrue();
        assertThat(traced.get(0))
                .isEqualTo("00-" + capture.getTraceId() + "-" + capture.getSpanId() + "-"
                        + capture.getSpanContext().getTraceFlags().asHex());
        // A machine that stands still for a second has another one traced.
        assertThat(traced.stream().filter(each -> !each.isEmpty()).distinct().count())
                .isLessThan(20);
    }

    @Test
    void aFrameWithATraceContextOfItsOwnKeepsIt() throws Exception {
        String own = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00";
        try (FramePublisher publisher = client.publisher("cam1").open()) {
            publisher.publish(picture().traceparent(own));
            publisher.flush().get(60, TimeUnit.SECONDS);
        }
        CompletableFuture<String> came = new CompletableFuture<>();
        detector().onFrame(frame -> came.complete(frame.header().getTraceparent()));

        assertThat(came.get(60, TimeUnit.SECONDS)).isEqualTo(own);
        assertThat(spans.getSpans()).as("spans of a trace that nobody records").isEmpty();
    }

    @Test
    void theCaptureIsPartOfTheCallersTrace() throws Exception {
        Span caller =
                spans.getOpenTelemetry().getTracer("test").spanBuilder("grab").startSpan();
        Scope scope = caller.makeCurrent();
        publish(1);
        scope.close();
        caller.end();

        isParent(named("grab").get(0), await("frame.capture", 1).get(0));
    }

    @Test
    void aFrameThatIsDroppedHereEndsItsSpanByName() {
        try (FramePublisher publisher = client.publisher("cam1")
                .tracesPerSecond(EVERY)
                .maxFrameBytes(1024)
                .open()) {
            publisher.publish(OutgoingFrame.jpeg(new byte[5_000]));
        }

        SpanData capture = named("frame.capture").get(0);
        assertThat(attribute(capture, "outcome")).isEqualTo("DROPPED_HERE");
        assertThat(attribute(capture, "reason")).isEqualTo("FRAME_TOO_LARGE");
        assertThat(capture.getStatus().getStatusCode()).isEqualTo(StatusCode.ERROR);
    }

    @Test
    void theHandlerRunsInTheSpanOfItsFrame() throws Exception {
        publish(1);
        BlockingQueue<String> current = new LinkedBlockingQueue<>();

        detector().onFrame(frame -> current.add(Span.current().getSpanContext().getSpanId()));

        SpanData process = await("frame.process", 1).get(0);
        isParent(named("frame.capture").get(0), process);
        assertThat(current.poll(60, TimeUnit.SECONDS)).isEqualTo(process.getSpanId());
        assertThat(attribute(process, "outcome")).isEqualTo("ACKED");
        assertThat(attribute(process, "group")).isEqualTo("detector");
    }

    @Test
    void eachAttemptIsASpanWithItsOutcome() throws Exception {
        publish(1);

        detector().maxAttempts(3).onFrame(frame -> {
            if (frame.attempt() == 1) {
                throw new IllegalStateException("no model");
            }
        });

        List<SpanData> attempts = await("frame.process", 2);
        assertThat(attempts).extracting(span -> attribute(span, "outcome")).containsExactly("RETRY", "ACKED");
        assertThat(attribute(attempts.get(0), "reason")).contains("no model");
        assertThat(attempts.get(0).getStatus().getStatusCode()).isEqualTo(StatusCode.ERROR);
        assertThat(attempts.get(0).getEvents()).hasSize(1);
        attempts.forEach(attempt -> isParent(named("frame.capture").get(0), attempt));
    }

    @Test
    void aFrameThatIsSettledLaterIsProcessedUntilThen() throws Exception {
        publish(1);
        BlockingQueue<ReceivedFrame> open = new LinkedBlockingQueue<>();
        BlockingQueue<Boolean> returned = new LinkedBlockingQueue<>();
        FrameConsumer consumer = detector().manualSettle().concurrency(1).onFrame(open::add);
        ReceivedFrame frame = open.poll(60, TimeUnit.SECONDS);
        consumer.pause();
        returned.add(named("frame.process").isEmpty());

        frame.skip("BLURRED");

        SpanData process = await("frame.process", 1).get(0);
        assertThat(returned.poll()).as("still open before").isTrue();
        assertThat(attribute(process, "outcome")).isEqualTo("SKIP");
        assertThat(attribute(process, "reason")).isEqualTo("BLURRED");
        assertThat(process.getStatus().getStatusCode()).isEqualTo(StatusCode.UNSET);
    }

    @Test
    void aBatchIsLinkedToItsFramesAndNotTheirParent() throws Exception {
        publish(3);
        BlockingQueue<String> current = new LinkedBlockingQueue<>();

        detector()
                .onBatch(
                        3,
                        Duration.ofSeconds(60),
                        frames -> current.add(Span.current().getSpanContext().getTraceId()));

        SpanData batch = await("frame.process_batch", 1).get(0);
        List<SpanData> processes = await("frame.process", 3);
        assertThat(batch.getLinks())
                .extracting(link -> link.getSpanContext().getSpanId())
                .containsExactlyInAnyOrderElementsOf(
                        processes.stream().map(SpanData::getSpanId).toList());
        assertThat(processes).extracting(SpanData::getTraceId).doesNotContain(batch.getTraceId());
        assertThat(current.poll(60, TimeUnit.SECONDS)).isEqualTo(batch.getTraceId());
    }
}
