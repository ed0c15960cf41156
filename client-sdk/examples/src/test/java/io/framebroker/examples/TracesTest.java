package io.framebroker.examples;

import static org.assertj.core.api.Assertions.assertThat;

import io.framebroker.client.FrameBrokerClient;
import io.framebroker.client.FrameConsumer;
import io.framebroker.examples.SpanReceiver.Received;
import io.framebroker.examples.child.ChildProcess;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import redis.embedded.RedisServer;

/** One trace from the camera to the processor, through two brokers that only have a Redis in common. */
@Timeout(300)
class TracesTest {
    private static final Duration PATIENCE = Duration.ofSeconds(90);
    private static final int PICTURES = 12;

    private final List<ChildProcess> started = new ArrayList<>();
    private SpanReceiver receiver;
    private RedisServer redis;

    @BeforeEach
    void start() throws Exception {
        receiver = new SpanReceiver();
        int port;
        try (ServerSocket free = new ServerSocket(0)) {
            port = free.getLocalPort();
        }
        redis = RedisServer.newRedisServer()
                .port(port)
                .bind("127.0.0.1")
                .setting("save \"\"")
                .build();
        redis.start();
    }

    @AfterEach
    void stop() throws Exception {
        started.forEach(ChildProcess::close);
        redis.stop();
        receiver.close();
    }

    private ChildProcess java(String name, String main, String... arguments) throws Exception {
        List<String> line = new ArrayList<>(List.of("-cp", System.getProperty("java.class.path"), main));
        line.addAll(List.of(arguments));
        line.addAll(List.of("--otlp-endpoint", receiver.url(), "--exit-with-stdin"));
        ChildProcess child = ChildProcess.start(
                name, ChildProcess.java(List.of("-Xmx256m", "-XX:TieredStopAtLevel=1"), line), each -> {});
        started.add(child);
        return child;
    }

    private ChildProcess broker(String name) throws Exception {
        String url = "redis://127.0.0.1:" + redis.ports().get(0);
        String main = "io.framebroker.server.FrameBroker";
        return java(name, main, "--grpc-port", "0", "--http-port", "-1", "--redis-url", url);
    }

    private static String address(ChildProcess broker) throws Exception {
        String ready = broker.awaitLine("frame-broker ready", PATIENCE, () -> false);
        return "localhost:" + ready.replaceAll(".*grpc=(\\d+).*", "$1");
    }

    private void runs(String program, String... arguments) throws Exception {
        List<String> line = new ArrayList<>(List.of(program));
        line.addAll(List.of(arguments));
        ChildProcess child = java(program, Examples.class.getName(), line.toArray(String[]::new));
        assertThat(child.waitFor(PATIENCE))
                .as(program + " ends: " + child.lastLines())
                .isTrue();
        assertThat(child.exitCode()).as(child.lastLines()).isZero();
    }

    private Received only(Stream<Received> spans) {
        List<Received> all = spans.toList();
        assertThat(all).as("of all spans: " + receiver.all()).hasSize(1);
        return all.get(0);
    }

    private Received child(Received parent, String name, String group) {
        return only(receiver.named(name).stream()
                .filter(each ->
                        each.isChildOf(parent) && each.attribute("group").equals(group)));
    }

    @Test
    void aFrameThatIsProcessedAndDroppedElsewhereIsOneTrace() throws Exception {
        ChildProcess first = broker("first broker");
        runs(
                "rtsp-capture",
                "--camera",
                "cam1=synthetic:128x96@10",
                "--limit",
                "" + PICTURES,
                "--broker",
                address(first));
        Programs.end(first);

        ChildProcess second = broker("second broker");
        String address = address(second);
        runs(
                "sample-processor",
                "--streams",
                "cam1",
                "--from-start",
                "--limit",
                "" + PICTURES,
                "--health-port",
                "-1",
                "--broker",
                address);
        try (FrameBrokerClient client = FrameBrokerClient.connect(address)) {
            FrameConsumer picky = client.consumer("cam1")
                    .group("picky")
                    .fromEarliest()
                    .limit(PICTURES)
                    .onFrame(frame -> frame.skip("BLURRED"));
            picky.done().get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
        }
        Programs.end(second);

        List<Received> captures = receiver.named("frame.capture");
        assertThat(captures.size()).as("of 12 pictures in a second").isBetween(1, 4);
        for (Received capture : captures) {
            assertThat(capture.service()).isEqualTo("rtsp-capture");
            assertThat(capture.attribute("outcome")).isEqualTo("STORED");
            assertThat(capture.span().getParentSpanId().isEmpty()).isTrue();
            Received enqueue = child(capture, "frame.enqueue", "");
            assertThat(enqueue.service()).isEqualTo("frame-broker");
            assertThat(enqueue.instance()).isEqualTo("process " + first.pid());
            Received dequeue = child(capture, "frame.dequeue", "sample-processor");
            assertThat(dequeue.instance()).isEqualTo("process " + second.pid());
            assertThat(dequeue.attribute("ordinal")).isEqualTo(enqueue.attribute("ordinal"));
            Received process = child(capture, "frame.process", "sample-processor");
            assertThat(process.service()).isEqualTo("sample-processor");
            assertThat(process.attribute("outcome")).isEqualTo("ACKED");

            child(capture, "frame.dequeue", "picky");
            Received drop = child(capture, "frame.drop", "picky");
            assertThat(drop.instance()).isEqualTo("process " + second.pid());
            assertThat(drop.attribute("outcome")).isEqualTo("SKIPPED");
            assertThat(drop.attribute("reason")).isEqualTo("BLURRED");
        }
        // The others cost no span, unless they are dropped.
        assertThat(receiver.named("frame.dequeue")).hasSize(2 * captures.size());
        assertThat(receiver.named("frame.process")).hasSize(captures.size());
        for (Received batch : receiver.named("frame.process_batch")) {
            assertThat(receiver.named("frame.process")).anyMatch(batch::isLinkedTo);
        }
        aCallIsOneTraceToo("rtsp-capture", "framebroker.v1.FrameBrokerService/PublishFrames");
        aCallIsOneTraceToo("sample-processor", "framebroker.v1.FrameBrokerService/ConsumeFrames");
    }

    private void aCallIsOneTraceToo(String client, String method) {
        Received asked = receiver.named(method).stream()
                .filter(each -> each.service().equals(client))
                .findFirst()
                .orElseThrow(() -> new AssertionError("no span of " + client + "; there are " + receiver.all()));
        Received answered = only(receiver.named(method).stream().filter(each -> each.isChildOf(asked)));
        assertThat(answered.service()).isEqualTo("frame-broker");
        assertThat(asked.span().getEventsCount()).as("events, one a message").isZero();
    }
}
