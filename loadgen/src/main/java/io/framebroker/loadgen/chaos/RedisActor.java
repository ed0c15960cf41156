package io.framebroker.loadgen.chaos;

import io.framebroker.loadgen.role.Children;
import io.framebroker.loadgen.role.RunFailure;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;

/** A Redis server of the run's own. Started again, it has the same port and reads what it wrote. */
public final class RedisActor extends Actor {
    private static final Duration READY_TIMEOUT = Duration.ofSeconds(60);
    private static final int SOCKET_MILLIS = 30_000;
    private static final long POLL_MILLIS = 20;
    private static final long END_SECONDS = 10;
    private static final int FIRST_PORT = 11_000;
    private static final int LAST_PORT = 19_999;
    private static final int MOST_PORTS = 100;

    private final List<String> command;
    private final int port;
    private Process process;

    /**
     * @param program for instance {@code redis-server}
     * @param folder where it keeps its files
     * @param arguments for instance {@code --appendonly yes}
     */
    public RedisActor(String name, String program, Path folder, List<String> arguments) throws InterruptedException {
        super(name);
        this.port = freePort();
        this.command = new ArrayList<>(
                List.of(program, "--port", Integer.toString(port), "--bind", "127.0.0.1", "--dir", folder.toString()));
        command.addAll(arguments);
        try {
            Files.createDirectories(folder);
        } catch (IOException e) {
            throw new UncheckedIOException("folder of " + name, e);
        }
        restart();
    }

    public int port() {
        return port;
    }

    @Override
    public ProcessHandle process() {
        return process.toHandle();
    }

    @Override
    public void restart() throws InterruptedException {
        process = Children.start(command);
        // It would wait for a reader once the pipe is full.
        Thread reader = new Thread(this::passOver, "output-of-" + name());
        reader.setDaemon(true);
        reader.start();
        long deadline = System.nanoTime() + READY_TIMEOUT.toNanos();
        while (!ask("PING").equals("+PONG")) {
            if (!process.isAlive() || System.nanoTime() - deadline > 0) {
                throw new RunFailure(this + (process.isAlive() ? " does not answer PING" : " ended") + ": "
                        + String.join(" ", command));
            }
            TimeUnit.MILLISECONDS.sleep(POLL_MILLIS);
        }
    }

    /** First line of the answer to a command; empty when there is none. */
    public String ask(String command) {
        try (Socket socket = new Socket()) {
            socket.connect(new InetSocketAddress("127.0.0.1", port), SOCKET_MILLIS);
            socket.setSoTimeout(SOCKET_MILLIS);
            OutputStream out = socket.getOutputStream();
            out.write((command + "\r\n").getBytes(StandardCharsets.UTF_8));
            out.flush();
            String line = new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8))
                    .readLine();
            return line == null ? "" : line;
        } catch (IOException e) {
            return "";
        }
    }

    @Override
    void end() {
        process.destroy();
        try {
            if (!process.waitFor(END_SECONDS, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }

    private void passOver() {
        try {
            process.getInputStream().transferTo(OutputStream.nullOutputStream());
        } catch (IOException e) {
            // It ended.
        }
    }

    /**
     * Below those that systems give to outgoing connections: it stays free while the Redis is down, and no broker that tries to
     * reach it meanwhile is connected with itself.
     */
    private static int freePort() {
        for (int attempt = 1; ; attempt++) {
            int port = ThreadLocalRandom.current().nextInt(FIRST_PORT, LAST_PORT + 1);
            try (ServerSocket socket = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
                return socket.getLocalPort();
            } catch (IOException taken) {
                if (attempt == MOST_PORTS) {
                    throw new UncheckedIOException("a free port", taken);
                }
            }
        }
    }
}
