package io.framebroker.examples;

import io.framebroker.client.FrameBrokerClient;
import io.framebroker.examples.child.ChildProcess;
import io.framebroker.v1.GetLedgerRequest;
import io.framebroker.v1.GetLedgerResponse;
import io.framebroker.v1.GroupLedger;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Real programs for a test, each a process: a broker, and examples that talk to it. All end with the test. */
final class Programs implements AutoCloseable {

    static final Duration START = Duration.ofSeconds(60);
    private static final Duration END = Duration.ofSeconds(15);

    private final Deque<ChildProcess> started = new ArrayDeque<>();
    private final String broker;
    private final String http;
    private final FrameBrokerClient client;

    Programs(String... brokerArguments) throws Exception {
        List<String> arguments = new ArrayList<>(List.of("--grpc-port", "0", "--store", "memory", "--exit-with-stdin"));
        arguments.addAll(List.of(brokerArguments));
        String ready = java("broker", "io.framebroker.server.FrameBroker", arguments)
                .awaitLine("frame-broker ready", START, () -> false);
        broker = "localhost:" + ready.replaceAll(".*grpc=(\\d+).*", "$1");
        http = "127.0.0.1:" + ready.replaceAll(".*http=(\\w+).*", "$1");
        client = FrameBrokerClient.connect(broker);
    }

    /** Where the broker serves HTTP. */
    String http() {
        return http;
    }

    FrameBrokerClient client() {
        return client;
    }

    ChildProcess capture(String... arguments) throws Exception {
        return example("rtsp-capture", arguments);
    }

    ChildProcess processor(String... arguments) throws Exception {
        return example("sample-processor", arguments);
    }

    /** Any program, ended with the others. */
    ChildProcess other(String name, List<String> command) throws IOException {
        ChildProcess child = ChildProcess.start(name, command, line -> {});
        started.push(child);
        return child;
    }

    /** Empty while there is no such stream. */
    GetLedgerResponse ledger(String stream) {
        try {
            return client.diagnostics()
                    .withDeadlineAfter(60, TimeUnit.SECONDS)
                    .getLedger(GetLedgerRequest.newBuilder().setStream(stream).build());
        } catch (StatusRuntimeException refused) {
            if (refused.getStatus().getCode() == Status.Code.NOT_FOUND) {
                return GetLedgerResponse.getDefaultInstance();
            }
            throw refused;
        }
    }

    /** Empty while there is no such group. */
    GroupLedger ledger(String stream, String group) {
        return ledger(stream).getGroupsList().stream()
                .filter(each -> each.getGroup().equals(group))
                .findFirst()
                .orElse(GroupLedger.getDefaultInstance());
    }

    static void end(ChildProcess child) throws InterruptedException {
        child.end(END);
    }

    @Override
    public void close() {
        client.close();
        try {
            for (ChildProcess child : started) {
                end(child);
            }
        } catch (InterruptedException hurry) {
            Thread.currentThread().interrupt();
        } finally {
            started.forEach(ChildProcess::close);
        }
    }

    private ChildProcess example(String program, String... arguments) throws Exception {
        List<String> line = new ArrayList<>(List.of(program));
        line.addAll(List.of(arguments));
        line.addAll(List.of("--broker", broker, "--exit-with-stdin"));
        ChildProcess child = java(program, Examples.class.getName(), line);
        child.awaitLine(program + " started", START, () -> false);
        return child;
    }

    private ChildProcess java(String name, String main, List<String> arguments) throws IOException {
        List<String> line = new ArrayList<>(List.of("-cp", System.getProperty("java.class.path"), main));
        line.addAll(arguments);
        return other(name, ChildProcess.java(List.of("-Xmx256m", "-XX:TieredStopAtLevel=1", "-DLOG_LEVEL=INFO"), line));
    }
}
