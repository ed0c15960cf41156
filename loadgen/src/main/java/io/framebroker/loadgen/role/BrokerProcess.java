package io.framebroker.loadgen.role;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A broker started for a run, on free ports. What it prints goes to our standard error. */
public final class BrokerProcess implements AutoCloseable {
    private static final int READY_SECONDS = 60;

    private static final Pattern READY = Pattern.compile("frame-broker ready\\b.*\\bgrpc=(\\d+)");

    private final Process process;
    private final CompletableFuture<Integer> grpcPort = new CompletableFuture<>();

    private BrokerProcess(Process process) {
        this.process = process;
        Thread reader = new Thread(this::read, "output-of-broker");
        reader.setDaemon(true);
        reader.start();
    }

    public static BrokerProcess start(Path jar, Jvm jvm, List<String> arguments) {
        return start(command(jar, jvm), 0, arguments);
    }

    /**
     * Starts a broker in any way.
     *
     * @param command what starts it, without arguments
     * @param port 0 for a free one
     */
    public static BrokerProcess start(List<String> command, int port, List<String> arguments) {
        List<String> line = new ArrayList<>(command);
        line.addAll(List.of("--grpc-port", Integer.toString(port), "--exit-with-stdin"));
        line.addAll(arguments);
        return new BrokerProcess(Children.start(line));
    }

    /** What starts the broker of a jar. */
    public static List<String> command(Path jar, Jvm jvm) {
        if (!Files.isRegularFile(jar)) {
            throw new RunFailure("no broker at " + jar
                    + "; build it with 'mvn -pl server -am package', or say --broker-jar or --address");
        }
        List<String> command = new ArrayList<>(jvm.command());
        command.addAll(List.of("-jar", jar.toString()));
        return command;
    }

    /** Waits until it serves. */
    public String address() throws InterruptedException {
        try {
            return "127.0.0.1:" + grpcPort.get(READY_SECONDS, TimeUnit.SECONDS);
        } catch (ExecutionException e) {
            throw new RunFailure(e.getCause().getMessage(), e.getCause());
        } catch (TimeoutException e) {
            throw new RunFailure(
                    "the broker did not print 'frame-broker ready grpc=PORT' within " + READY_SECONDS + " s");
        }
    }

    public ProcessHandle process() {
        return process.toHandle();
    }

    public void checkAlive() {
        if (!process.isAlive()) {
            throw new RunFailure("the broker ended with exit code " + process.exitValue() + "; what it said is above");
        }
    }

    /**
     * Tells it to stop, as an operator does, and waits until it has.
     *
     * @return its exit code
     */
    public int terminate(Duration within) throws InterruptedException {
        return Children.terminate(process, within);
    }

    @Override
    public void close() {
        Children.end(process);
    }

    private void read() {
        try (BufferedReader lines = process.inputReader(StandardCharsets.UTF_8)) {
            String line;
            while ((line = lines.readLine()) != null) {
                System.err.println("broker: " + line);
                Matcher ready = READY.matcher(line);
                if (ready.find()) {
                    grpcPort.complete(Integer.parseInt(ready.group(1)));
                }
            }
        } catch (IOException e) {
            // It ended.
        }
        grpcPort.completeExceptionally(new RunFailure("the broker ended before it was ready; what it said is above"));
    }
}
