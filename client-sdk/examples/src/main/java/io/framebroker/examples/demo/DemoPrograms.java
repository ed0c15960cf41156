package io.framebroker.examples.demo;

import io.framebroker.examples.Examples;
import io.framebroker.examples.child.ChildProcess;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The demo's three programs, each a process of its own. Started from the broker to the cameras and ended the other way
 * round, so that nobody talks to somebody who is gone.
 */
final class DemoPrograms implements AutoCloseable {

    private static final Duration START = Duration.ofSeconds(60);
    private static final Duration END = Duration.ofSeconds(8);
    private static final Pattern PORTS = Pattern.compile("\\bgrpc=(\\d+).*\\bhttp=(\\d+|none)");

    private final Consumer<String> log;
    private final BooleanSupplier givenUp;

    /**
     * Where the broker listens.
     *
     * @param http where it shows its live page; null where another program has the port
     */
    record Ports(int grpc, String http) {}

    private ChildProcess broker;
    private ChildProcess processor;
    private ChildProcess capture;

    /**
     * @param log hears what the programs print
     * @param givenUp whether to wait no longer for a program to start
     */
    DemoPrograms(Consumer<String> log, BooleanSupplier givenUp) {
        this.log = log;
        this.givenUp = givenUp;
    }

    /** Starts the broker; null if given up. */
    Ports startBroker(Path jar, Path dataDir) throws IOException, InterruptedException {
        List<String> line = ChildProcess.java(
                List.of("-Xmx1g"),
                List.of(
                        "-jar",
                        jar.toString(),
                        "--grpc-port",
                        "0",
                        "--store",
                        "disk",
                        "--data-dir",
                        dataDir.toString(),
                        "--exit-with-stdin"));
        broker = ChildProcess.start("broker", line, text -> log.accept("broker     " + text));
        String ready = broker.awaitLine("frame-broker ready", START, givenUp);
        if (ready == null) {
            return null;
        }
        Matcher ports = PORTS.matcher(ready);
        if (!ports.find()) {
            throw new IOException("the broker did not tell its ports: " + ready);
        }
        String http = ports.group(2);
        return new Ports(Integer.parseInt(ports.group(1)), http.equals("none") ? null : http);
    }

    void startProcessor(int port, List<String> streams, String group) throws IOException, InterruptedException {
        processor = example(
                "processor",
                "sample-processor",
                List.of(
                        "--broker",
                        "localhost:" + port,
                        "--streams",
                        String.join(",", streams),
                        "--group",
                        group,
                        "--from-start",
                        "--health-port",
                        "0"));
        processor.awaitLine("sample-processor started", START, givenUp);
    }

    void startCapture(int port, List<String> streams, String url) throws IOException, InterruptedException {
        List<String> arguments = new ArrayList<>(List.of("--broker", "localhost:" + port));
        for (String stream : streams) {
            arguments.addAll(List.of("--camera", stream + "=" + url));
        }
        capture = example("capture", "rtsp-capture", arguments);
        capture.awaitLine("rtsp-capture started", START, givenUp);
    }

    /** @throws IOException if one of them ended by itself; the message has its last words */
    void requireAlive() throws IOException {
        for (ChildProcess each : List.of(broker, processor, capture)) {
            if (!each.isAlive()) {
                throw new IOException(
                        "a program ended by itself with code " + each.exitCode() + ":\n" + each.lastLines());
            }
        }
    }

    void endCapture() throws InterruptedException {
        end(capture);
    }

    void endProcessor() throws InterruptedException {
        end(processor);
    }

    /** Ends in order what still runs. */
    @Override
    public void close() {
        try {
            end(capture);
            end(processor);
            end(broker);
        } catch (InterruptedException hurry) {
            Thread.currentThread().interrupt();
        } finally {
            for (ChildProcess each : new ChildProcess[] {capture, processor, broker}) {
                if (each != null) {
                    each.close();
                }
            }
        }
    }

    private ChildProcess example(String name, String program, List<String> arguments) throws IOException {
        List<String> line = new ArrayList<>(
                List.of("-cp", System.getProperty("java.class.path"), Examples.class.getName(), program));
        line.addAll(arguments);
        line.add("--exit-with-stdin");
        return ChildProcess.start(
                name,
                ChildProcess.java(List.of("-Xmx512m"), line),
                text -> log.accept(String.format("%-10s %s", name, text)));
    }

    private static void end(ChildProcess child) throws InterruptedException {
        if (child != null) {
            child.end(END);
        }
    }
}
