package io.framebroker.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.google.gson.JsonPrimitive;
import com.google.protobuf.ByteString;
import io.framebroker.v1.AckLevel;
import io.framebroker.v1.DiagnosticsServiceGrpc;
import io.framebroker.v1.Frame;
import io.framebroker.v1.FrameBatch;
import io.framebroker.v1.FrameBrokerServiceGrpc;
import io.framebroker.v1.GetBrokerInfoRequest;
import io.framebroker.v1.GetLedgerRequest;
import io.framebroker.v1.PublishFramesRequest;
import io.framebroker.v1.PublishFramesResponse;
import io.framebroker.v1.PublishOpen;
import io.framebroker.v1.StreamLedger;
import io.grpc.ManagedChannel;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.StreamObserver;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The broker as the process that people start. */
@Timeout(300)
class BrokerProcessTest {
    private static final long PATIENCE_SECONDS = 60;
    private static final Pattern READY =
            Pattern.compile("frame-broker ready grpc=(\\d+) store=(?:memory|disk) http=(?:\\d+|none)");

    @TempDir
    Path folder;

    private final List<Process> started = new ArrayList<>();

    /** Before its folder is deleted: until it is gone, it may make files there. */
    @AfterEach
    void end() throws InterruptedException {
        for (Process each : started) {
            each.destroyForcibly().waitFor();
        }
    }

    private static ProcessBuilder broker(String... arguments) {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                // It does not live long enough for more.
                "-XX:TieredStopAtLevel=1",
                // As the jar's manifest says.
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"),
                FrameBroker.class.getName()));
        command.addAll(List.of(arguments));
        return new ProcessBuilder(command);
    }

    private Process start(String... arguments) throws IOException {
        Process process =
                broker(arguments).redirectError(ProcessBuilder.Redirect.DISCARD).start();
        started.add(process);
        return process;
    }

    /** A broker as one starts it who has read nothing, but for where it keeps its frames. */
    private Process startOnDisk() throws IOException {
        return start("--grpc-port", "0", "--data-dir", folder.toString());
    }

    /** What it says before it ends with 1. */
    private static String refusal(String... arguments) throws Exception {
        Process broker = broker(arguments).start();
        String error = new String(broker.getErrorStream().readAllBytes());
        assertThat(broker.waitFor()).isEqualTo(1);
        return error;
    }

    private static int readyPort(Process broker) throws IOException {
        BufferedReader out = broker.inputReader();
        Matcher ready = READY.matcher(String.valueOf(out.readLine()));
        assertThat(ready.matches()).isTrue();
        return Integer.parseInt(ready.group(1));
    }

    @Test
    void servesOnceItSaysSo() throws Exception {
        Process broker = startOnDisk();
        ManagedChannel channel = NettyChannelBuilder.forAddress("127.0.0.1", readyPort(broker))
                .usePlaintext()
                .build();

        String store = DiagnosticsServiceGrpc.newBlockingStub(channel)
                .withDeadlineAfter(PATIENCE_SECONDS, TimeUnit.SECONDS)
                .getBrokerInfo(GetBrokerInfoRequest.getDefaultInstance())
                .getStore();

        assertThat(store).isEqualTo("disk");
        channel.shutdownNow();
    }

    @Test
    void nothingOfOpenTelemetryIsLoadedUnlessTracesAreWanted() throws Exception {
        Path loaded = folder.resolve("loaded");
        ProcessBuilder line = broker("--grpc-port", "0", "--http-port", "-1", "--store", "memory");
        line.environment().put("JDK_JAVA_OPTIONS", "-Xlog:class+load:file=" + loaded);
        Process broker = line.redirectError(ProcessBuilder.Redirect.DISCARD).start();
        started.add(broker);
        readyPort(broker);
        broker.destroy();
        broker.waitFor();

        assertThat(Files.readString(loaded))
                .contains(BrokerServer.class.getName())
                .doesNotContain("io.opentelemetry");
    }

    /** Port 1 is nobody's. */
    @Test
    void aReceiverOfTracesThatIsAwayKeepsNobodyWaiting() throws Exception {
        Process broker = start(
                "--grpc-port", "0", "--http-port", "-1", "--store", "memory", "--otlp-endpoint", "http://127.0.0.1:1");
        ManagedChannel channel = NettyChannelBuilder.forAddress("127.0.0.1", readyPort(broker))
                .usePlaintext()
                .build();

        String store = DiagnosticsServiceGrpc.newBlockingStub(channel)
                .withDeadlineAfter(PATIENCE_SECONDS, TimeUnit.SECONDS)
                .getBrokerInfo(GetBrokerInfoRequest.getDefaultInstance())
                .getStore();
        channel.shutdownNow();
        broker.destroy();

        assertThat(store).isEqualTo("memory");
        assertThat(broker.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)).isTrue();
        assertThat(broker.exitValue()).isZero();
    }

    @Test
    void anEndpointThatIsNoneIsRefused() throws Exception {
        assertThat(refusal("--grpc-port", "0", "--store", "memory", "--otlp-endpoint", "localhost:4318"))
                .contains("--otlp-endpoint localhost:4318 is no http://host:port");
    }

    @Test
    void endsWellWhenItIsTold() throws Exception {
        Process broker = startOnDisk();
        readyPort(broker);

        broker.destroy();

        assertThat(broker.waitFor()).isZero();
    }

    @Test
    void endsWellWithItsParentsPipe() throws Exception {
        Process broker = start("--grpc-port", "0", "--store", "memory", "--exit-with-stdin");
        readyPort(broker);

        broker.outputWriter().close();

        assertThat(broker.waitFor()).isZero();
    }

    @Test
    void aWrongSettingEndsItWithTheReason() throws Exception {
        assertThat(refusal("--store", "memory", "--backlog-frames", "-1"))
                .contains("--backlog-frames", "-1 is outside 0..1000000");
    }

    @Test
    void aTakenPortEndsItWithTheReason() throws Exception {
        Process first = start("--grpc-port", "0", "--store", "memory", "--exit-with-stdin");
        String port = Integer.toString(readyPort(first));

        assertThat(refusal("--grpc-port", port, "--data-dir", folder.toString()))
                .contains("127.0.0.1:" + port);
    }

    @Test
    void eachLineOfItsLogIsJsonWhereThatIsAskedFor() throws Exception {
        Path log = folder.resolve("log");
        ProcessBuilder quarrelsome =
                broker("--grpc-port", "0", "--store", "memory", "--http-port", "-1", "--log-format", "json");
        // As it comes from the jar; the one of the tests is quieter.
        quarrelsome.command().add(1, "-Dlogback.configurationFile=logback.xml");
        Process broker = quarrelsome.redirectError(log.toFile()).start();
        started.add(broker);
        try (OneBroker client = new OneBroker(readyPort(broker))) {
            client.publish("gate", 1);
        }
        broker.destroy();

        assertThat(broker.waitFor()).isZero();
        List<JsonObject> lines = Files.readAllLines(log).stream()
                .map(line -> JsonParser.parseString(line).getAsJsonObject())
                .toList();
        assertThat(lines)
                .anySatisfy(line -> assertThat(line.get("stream")).isEqualTo(new JsonPrimitive("gate")))
                .anySatisfy(
                        line -> assertThat(line.get("message").getAsString()).isEqualTo("stopped"));
    }

    @Test
    void whyItDoesNotStartIsJsonToo() throws Exception {
        ProcessBuilder wrong = broker("--store", "nowhere", "--log-format", "json");
        wrong.command().add(1, "-Dlogback.configurationFile=logback.xml");
        Process broker = wrong.start();

        String said = new String(broker.getErrorStream().readAllBytes());

        assertThat(broker.waitFor()).isEqualTo(1);
        assertThat(JsonParser.parseString(said).getAsJsonObject().get("message").getAsString())
                .contains("--store nowhere is none of");
    }

    @Test
    void whatItAcknowledgedIsOnTheDiskWhenItIsKilled() throws Exception {
        Process broker = startOnDisk();
        int port = readyPort(broker);
        assertThat(refusal("--grpc-port", "0", "--data-dir", folder.toString()))
                .contains("--data-dir " + folder, "in use by process " + broker.pid());

        StringWriter lookingFails = new StringWriter();
        assertThat(FrameBroker.commandLine()
                        .setErr(new PrintWriter(lookingFails))
                        .execute("store", "verify", folder.toString()))
                .isEqualTo(2);
        assertThat(lookingFails.toString()).contains(folder.toString(), "in use by process " + broker.pid());

        try (OneBroker client = new OneBroker(port)) {
            assertThat(client.publish("gate", 3)).isEqualTo(AckLevel.ACK_LEVEL_STORED);
        }
        broker.destroyForcibly().waitFor();
        StringWriter looked = new StringWriter();
        assertThat(FrameBroker.commandLine()
                        .setOut(new PrintWriter(looked))
                        .execute("store", "dump", folder.toString()))
                .isZero();
        assertThat(looked.toString().lines().filter(line -> line.startsWith("gate 1-")))
                .hasSize(3);

        Process next = startOnDisk();
        try (OneBroker client = new OneBroker(readyPort(next))) {
            assertThat(client.ledger("gate").getStored()).isEqualTo(3);
        }
    }

    /** Somebody who talks to a broker. */
    private static final class OneBroker implements AutoCloseable {
        private final ManagedChannel channel;

        OneBroker(int port) {
            channel = NettyChannelBuilder.forAddress("127.0.0.1", port)
                    .usePlaintext()
                    .build();
        }

        /** Publishes frames 1 and on; returns the level of the ack of all of them. */
        AckLevel publish(String stream, int frames) throws InterruptedException {
            BlockingQueue<PublishFramesResponse> said = new LinkedBlockingQueue<>();
            StreamObserver<PublishFramesRequest> call = FrameBrokerServiceGrpc.newStub(channel)
                    .publishFrames(new StreamObserver<>() {
                        @Override
                        public void onNext(PublishFramesResponse response) {
                            said.add(response);
                        }

                        @Override
                        public void onError(Throwable t) {
                            said.add(PublishFramesResponse.getDefaultInstance());
                        }

                        @Override
                        public void onCompleted() {
                            // Nobody waits for the end.
                        }
                    });
            call.onNext(PublishFramesRequest.newBuilder()
                    .setOpen(PublishOpen.newBuilder().setStream(stream))
                    .build());
            FrameBatch.Builder batch = FrameBatch.newBuilder();
            for (int i = 0; i < frames; i++) {
                batch.addFrames(Frame.newBuilder().setPayload(ByteString.copyFromUtf8("pixels " + i)));
            }
            call.onNext(PublishFramesRequest.newBuilder().setFrames(batch).build());
            while (true) {
                PublishFramesResponse response = said.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
                assertThat(response).isNotNull().isNotEqualTo(PublishFramesResponse.getDefaultInstance());
                if (response.getAck().getStoredThrough() >= frames) {
                    return response.getAck().getLevel();
                }
            }
        }

        StreamLedger ledger(String stream) {
            return DiagnosticsServiceGrpc.newBlockingStub(channel)
                    .withDeadlineAfter(PATIENCE_SECONDS, TimeUnit.SECONDS)
                    .getLedger(GetLedgerRequest.newBuilder().setStream(stream).build())
                    .getStream();
        }

        @Override
        public void close() {
            channel.shutdownNow();
        }
    }
}
