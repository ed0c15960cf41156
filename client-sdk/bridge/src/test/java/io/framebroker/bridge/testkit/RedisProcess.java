package io.framebroker.bridge.testkit;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import java.util.stream.Stream;
import redis.clients.jedis.Jedis;

/** A Redis of its own for a test: on a free port, in a directory of its own, ended with the test or with the JVM. */
public final class RedisProcess implements AutoCloseable {
    private static final int MOST_ATTEMPTS = 5;
    private static final int FIRST_PORT = 11_000;
    private static final int LAST_PORT = 19_999;
    private static final int MOST_PORTS = 100;
    /** A Redis that writes to a busy disk may be silent for seconds. */
    private static final int ANSWER_MILLIS = 60_000;

    private final Path directory;
    private int port;
    private List<String> command;
    private Process process;

    private RedisProcess(Path program, String... arguments) throws IOException {
        directory = Files.createTempDirectory("bridge-redis");
        Runtime.getRuntime().addShutdownHook(new Thread(this::kill));
        for (int attempt = 1; ; attempt++) {
            port = freePort();
            command = command(program, arguments);
            try {
                start();
                return;
            } catch (IOException portWasTakenMeanwhile) {
                if (attempt == MOST_ATTEMPTS) {
                    throw portWasTakenMeanwhile;
                }
            }
        }
    }

    private List<String> command(Path program, String... arguments) {
        List<String> line = new ArrayList<>(
                List.of(program.toString(), "--bind", "127.0.0.1", "--dir", directory.toString(), "--save", ""));
        boolean tls = List.of(arguments).contains("--tls-port");
        line.addAll(tls ? List.of("--port", "0") : List.of("--port", Integer.toString(port)));
        for (String argument : arguments) {
            line.add(argument.replace("PORT", Integer.toString(port)));
        }
        return line;
    }

    /**
     * The installed Redis, or 6.2 where there is none.
     *
     * @param arguments of redis-server; PORT stands for the port
     */
    public static RedisProcess started(String... arguments) throws IOException {
        Optional<Path> installed = installed();
        return new RedisProcess(installed.isPresent() ? installed.get() : embedded(), arguments);
    }

    /** Redis 6.2, the oldest that is supported. */
    public static RedisProcess startedOld(String... arguments) throws IOException {
        return new RedisProcess(embedded(), arguments);
    }

    public int port() {
        return port;
    }

    public String url() {
        return "redis://127.0.0.1:" + port;
    }

    public Jedis client() {
        return new Jedis("127.0.0.1", port, ANSWER_MILLIS);
    }

    /** Ends it as a crash would. Returns when it is gone. */
    public void kill() {
        process.destroyForcibly();
        process.onExit().join();
    }

    /** Starts it again where it was. */
    public void start() throws IOException {
        process = new ProcessBuilder(command).redirectErrorStream(true).start();
        BufferedReader out = process.inputReader();
        StringBuilder said = new StringBuilder();
        for (String line = out.readLine(); line != null; line = out.readLine()) {
            said.append(line).append('\n');
            if (line.contains("eady to accept connections")) {
                drain(out);
                return;
            }
        }
        throw new IOException("redis-server did not start:\n" + said);
    }

    @Override
    public void close() {
        kill();
        try (Stream<Path> files = Files.walk(directory)) {
            files.sorted((one, other) -> other.compareTo(one))
                    .forEach(file -> file.toFile().delete());
        } catch (IOException leftBehind) {
            // A temporary directory: the system tidies it.
        }
    }

    private static void drain(BufferedReader out) {
        Thread reader = new Thread(() -> out.lines().forEach(line -> {}), "redis-output");
        reader.setDaemon(true);
        reader.start();
    }

    /**
     * Below those that the system gives to outgoing connections: it stays free while who listens there is down, and nobody who
     * tries to reach it meanwhile is connected with itself.
     */
    public static int freePort() throws IOException {
        for (int attempt = 1; ; attempt++) {
            int port = ThreadLocalRandom.current().nextInt(FIRST_PORT, LAST_PORT + 1);
            try (ServerSocket socket = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
                return socket.getLocalPort();
            } catch (IOException taken) {
                if (attempt == MOST_PORTS) {
                    throw taken;
                }
            }
        }
    }

    private static Optional<Path> installed() {
        return Stream.of(System.getenv("PATH").split(":"))
                .map(directory -> Path.of(directory, "redis-server"))
                .filter(Files::isExecutable)
                .findFirst();
    }

    private static synchronized Path embedded() throws IOException {
        boolean arm = System.getProperty("os.arch").equals("aarch64");
        boolean mac = System.getProperty("os.name").toLowerCase(Locale.ROOT).contains("mac");
        String name = "redis-server-"
                + (mac
                        ? "6.2.6-v5-darwin-" + (arm ? "arm64" : "amd64")
                        : arm ? "6.2.7-linux-arm64" : "6.2.6-v5-linux-amd64");
        Path program = Files.createTempFile("redis-server", "");
        program.toFile().deleteOnExit();
        try (InputStream in = RedisProcess.class.getResourceAsStream("/" + name)) {
            Files.write(program, in.readAllBytes());
        }
        if (!program.toFile().setExecutable(true)) {
            throw new IOException(program + " cannot be made executable");
        }
        return program;
    }
}
