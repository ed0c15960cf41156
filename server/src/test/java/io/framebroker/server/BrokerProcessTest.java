package io.framebroker.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.framebroker.v1.DiagnosticsServiceGrpc;
import io.framebroker.v1.GetBrokerInfoRequest;
import io.grpc.ManagedChannel;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The broker as the process that people start. */
@Timeout(120)
class BrokerProcessTest {
    private static final Pattern READY = Pattern.compile("frame-broker ready grpc=(\\d+) store=memory");

    private static Process start(String... arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                FrameBroker.class.getName()));
        command.addAll(List.of(arguments));
        return new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
    }

    private static int readyPort(Process broker) throws IOException {
        BufferedReader out = broker.inputReader();
        Matcher ready = READY.matcher(String.valueOf(out.readLine()));
        assertThat(ready.matches()).isTrue();
        return Integer.parseInt(ready.group(1));
    }

    @Test
    void servesOnceItSaysSo() throws Exception {
        Process broker = start("--grpc-port", "0", "--exit-with-stdin");
        ManagedChannel channel = NettyChannelBuilder.forAddress("127.0.0.1", readyPort(broker))
                .usePlaintext()
                .build();

        String store = DiagnosticsServiceGrpc.newBlockingStub(channel)
                .withDeadlineAfter(30, TimeUnit.SECONDS)
                .getBrokerInfo(GetBrokerInfoRequest.getDefaultInstance())
                .getStore();

        assertThat(store).isEqualTo("memory");
        channel.shutdownNow();
        broker.destroyForcibly();
    }

    @Test
    void endsWellWhenItIsTold() throws Exception {
        Process broker = start("--grpc-port", "0");
        readyPort(broker);

        broker.destroy();

        assertThat(broker.waitFor()).isZero();
    }

    @Test
    void endsWellWithItsParentsPipe() throws Exception {
        Process broker = start("--grpc-port", "0", "--exit-with-stdin");
        readyPort(broker);

        broker.outputWriter().close();

        assertThat(broker.waitFor()).isZero();
    }

    @Test
    void aWrongSettingEndsItWithTheReason() throws Exception {
        Process broker = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        FrameBroker.class.getName(),
                        "--backlog-frames",
                        "0")
                .start();

        String error = new String(broker.getErrorStream().readAllBytes());

        assertThat(broker.waitFor()).isEqualTo(1);
        assertThat(error).contains("max_backlog_frames", "0 is outside 1..1000000");
    }

    @Test
    void aTakenPortEndsItWithTheReason() throws Exception {
        Process first = start("--grpc-port", "0", "--exit-with-stdin");
        int port = readyPort(first);
        Process second = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        FrameBroker.class.getName(),
                        "--grpc-port",
                        Integer.toString(port))
                .start();

        String error = new String(second.getErrorStream().readAllBytes());

        assertThat(second.waitFor()).isEqualTo(1);
        assertThat(error).contains("127.0.0.1:" + port);
        first.destroyForcibly();
    }
}
