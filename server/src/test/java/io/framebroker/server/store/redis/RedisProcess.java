package io.framebroker.server.store.redis;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import redis.clients.jedis.CommandArguments;
import redis.clients.jedis.Connection;
import redis.clients.jedis.DefaultJedisClientConfig;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.Protocol;
import redis.clients.jedis.exceptions.JedisConnectionException;
import redis.clients.jedis.util.SafeEncoder;

/**
 * A real redis-server on a loopback port of its own, with a directory of its own. It lives until it is closed or the
 * JVM is gone, also when that is killed.
 *
 * <p>Not thread-safe, but for {@link #kill}, {@link #suspend} and {@link #resume}.
 */
public final class RedisProcess implements AutoCloseable {
    private static final int PATIENCE_SECONDS = 60;
    private static final int PATIENCE_MILLIS = 1_000 * PATIENCE_SECONDS;
    /** Below those that the system gives to outgoing connections, so that a port stays free while its Redis is down. */
    private static final int FIRST_PORT = 11_000;

    private static final int PORTS = 9_000;
    private static final Set<RedisProcess> RUNNING = ConcurrentHashMap.newKeySet();
    private static final Set<Path> LEFT_OVERS = ConcurrentHashMap.newKeySet();
    /** Ends never: a child that asked for it is killed when the thread that made it ends. */
    private static final ExecutorService STARTER = Executors.newSingleThreadExecutor(work -> {
        Thread thread = new Thread(work, "redis-starter");
        thread.setDaemon(true);
        return thread;
    });

    static {
        Runtime.getRuntime().addShutdownHook(new Thread(RedisProcess::endAll, "redis-end"));
    }

    private final RedisOptions options;
    private final Path directory;
    private int port;
    private volatile Process process;

    RedisProcess(RedisOptions options) {
        this.options = options;
        try {
            this.directory = Files.createTempDirectory("redis-");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        LEFT_OVERS.add(directory);
    }

    /** To be configured and started. Unless told otherwise: no append-only file, no snapshots, no password. */
    public static RedisOptions configured() {
        return new RedisOptions();
    }

    /** Started, with these lines added to its configuration. */
    public static RedisProcess started(String... directives) {
        return configured().directives(directives).start();
    }

    /** One for the whole JVM, emptied by this call. For suites that need no more than an empty database. */
    public static RedisProcess emptied() {
        Shared.REDIS.call("FLUSHALL");
        return Shared.REDIS;
    }

    private static final class Shared {
        static final RedisProcess REDIS = started();
    }

    /** Starts it, or starts it again on the same port with the same data. Returns when it answers and has loaded. */
    public RedisProcess start() {
        if (isAlive()) {
            throw new IllegalStateException(this + " runs already");
        }
        boolean first = port == 0;
        while (true) {
            if (first) {
                port = freePort(options.isCluster());
                options.write(configFile(), port, directory);
            }
            if (cameUp()) {
                return this;
            }
            // Somebody was quicker to take the port that was free a moment ago.
            if (!first || !log().contains("Address already in use")) {
                String log = log();
                close();
                throw new IllegalStateException(this + " did not start:\n" + log);
            }
        }
    }

    private boolean cameUp() {
        List<String> command = new ArrayList<>();
        Path setpriv = Path.of("/usr/bin/setpriv");
        if (Files.isExecutable(setpriv)) {
            command.addAll(List.of(setpriv.toString(), "--pdeathsig", "KILL", "--"));
        }
        command.addAll(List.of(options.binary().file().toString(), configFile().toString()));
        command.addAll(options.arguments());
        RUNNING.add(this);
        try {
            process = STARTER.submit(() -> new ProcessBuilder(command)
                            .directory(directory.toFile())
                            .redirectErrorStream(true)
                            .redirectOutput(
                                    ProcessBuilder.Redirect.appendTo(logFile().toFile()))
                            .start())
                    .get();
        } catch (InterruptedException | ExecutionException e) {
            throw new IllegalStateException(e);
        }
        await("an answer", () -> !process.isAlive() || answersPing());
        return process.isAlive();
    }

    /** On the Unix socket, which is there whatever ports and encryption there are. */
    private boolean answersPing() {
        try (SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
            channel.connect(UnixDomainSocketAddress.of(directory.resolve("s")));
            channel.write(ByteBuffer.wrap("PING\r\n".getBytes(StandardCharsets.US_ASCII)));
            ByteBuffer reply = ByteBuffer.allocate(128);
            channel.read(reply);
            String line = new String(reply.array(), 0, reply.position(), StandardCharsets.US_ASCII);
            // Other errors, such as NOAUTH, come from a server that serves.
            return !line.isEmpty() && !line.startsWith("-LOADING");
        } catch (IOException e) {
            return false;
        }
    }

    /** Adds lines to its configuration, which the next start reads. */
    public void addDirectives(String... lines) {
        try {
            Files.write(configFile(), List.of(lines), StandardOpenOption.APPEND);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Ends it in good order, as SIGTERM does. */
    public RedisProcess stop() {
        resume();
        process.destroy();
        return ended();
    }

    /** Ends it as a crash does (SIGKILL). */
    public RedisProcess kill() {
        // A child that writes a file would go on without it.
        List<ProcessHandle> children = process.descendants().toList();
        process.destroyForcibly();
        children.forEach(ProcessHandle::destroyForcibly);
        return ended();
    }

    private RedisProcess ended() {
        try {
            if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
                process.destroyForcibly().waitFor();
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
        RUNNING.remove(this);
        return this;
    }

    /** Keeps it from running, with its connections left open (SIGSTOP). */
    public void suspend() {
        signal("-STOP");
    }

    /** Undoes {@link #suspend}. */
    public void resume() {
        if (isAlive()) {
            signal("-CONT");
        }
    }

    private void signal(String signal) {
        try {
            int exit = new ProcessBuilder("kill", signal, Long.toString(process.pid()))
                    .start()
                    .waitFor();
            if (exit != 0) {
                throw new IllegalStateException("kill " + signal + " " + this + " answered " + exit);
            }
        } catch (IOException | InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Stops it if it runs, and starts it on the same port with the same data. */
    public RedisProcess restart() {
        if (isAlive()) {
            stop();
        }
        return start();
    }

    public boolean isAlive() {
        return process != null && process.isAlive();
    }

    public long pid() {
        return process.pid();
    }

    public int port() {
        return port;
    }

    /** For {@code RedisSettings}, with the password if it has one. */
    public String url() {
        String password = options.password() == null ? "" : ":" + options.password() + "@";
        return (options.isTls() ? "rediss://" : "redis://") + password + "127.0.0.1:" + port;
    }

    /** As a broker has them, with more patience than the machine may pause. */
    public RedisSettings settings() {
        return RedisSettings.parse(url()).withTimeouts(20_000, 20_000);
    }

    public HostAndPort address() {
        return new HostAndPort("127.0.0.1", port);
    }

    /** Where the append-only file is. */
    public Path directory() {
        return directory;
    }

    /** What it has written to its log. */
    public String log() {
        try {
            return Files.readString(logFile());
        } catch (IOException e) {
            return "(no log: " + e + ")";
        }
    }

    /** A connection as its administrator. Not with TLS. */
    public Connection connection() {
        return new Connection(
                address(),
                DefaultJedisClientConfig.builder()
                        .resp2()
                        .connectionTimeoutMillis(PATIENCE_MILLIS)
                        .socketTimeoutMillis(PATIENCE_MILLIS)
                        .password(options.password())
                        .build());
    }

    /** Starts it again so that it loads for most of a minute, unless {@link #loadOn}, and answers meanwhile. 7.0 or later. */
    public CompletableFuture<Void> loading() {
        call("CONFIG", "SET", "rdbcompression", "no");
        for (int i = 0; i < 2_000; i++) {
            call("SET", "filler-" + i, "x".repeat(1_100));
        }
        call("BGREWRITEAOF");
        await("a rewritten file", () -> info("aof_last_rewrite_time_sec").matches("\\d+"));
        stop();
        addDirectives("key-load-delay 20000", "loading-process-events-interval-bytes 1024");
        CompletableFuture<Void> started = CompletableFuture.runAsync(this::start, RedisProcess::besides);
        await("a Redis that loads", this::isLoading);
        return started;
    }

    /** On a thread of its own: the common pool of a small machine has one, and what waits in it holds up the others. */
    static void besides(Runnable task) {
        new Thread(task, "besides").start();
    }

    private boolean isLoading() {
        try {
            return info("loading").equals("1");
        } catch (JedisConnectionException e) {
            return false;
        }
    }

    /** What is left of it loads at once. */
    public void loadOn() {
        call("CONFIG", "SET", "key-load-delay", 0);
    }

    /** Asks one command as its administrator; takes and answers texts, numbers, and lists of them. Not with TLS. */
    public Object call(String command, Object... arguments) {
        try (Connection connection = connection()) {
            CommandArguments all = new CommandArguments(() -> SafeEncoder.encode(command));
            for (Object argument : arguments) {
                if (argument instanceof List<?> list) {
                    list.forEach(all::add);
                } else {
                    all.add(argument);
                }
            }
            return SafeEncoder.encodeObject(connection.executeCommand(all));
        }
    }

    /** A line of INFO; "" where there is none of that name. */
    public String info(String field) {
        return call(Protocol.Command.INFO.name(), "all")
                .toString()
                .lines()
                .filter(line -> line.startsWith(field + ":"))
                .map(line -> line.substring(field.length() + 1))
                .findFirst()
                .orElse("");
    }

    /** Whether it is of this major version or a later one. */
    public boolean isAtLeast(int major) {
        return Integer.parseInt(info("redis_version").split("\\.")[0]) >= major;
    }

    /** Waits for something outside this JVM that can only be asked for. */
    static void await(String what, BooleanSupplier there) {
        await(what, PATIENCE_SECONDS, there);
    }

    static void await(String what, int seconds, BooleanSupplier there) {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
        while (!there.getAsBoolean()) {
            if (System.nanoTime() - deadline > 0) {
                throw new IllegalStateException("waited " + seconds + " s for " + what);
            }
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(2));
        }
    }

    private Path configFile() {
        return directory.resolve("redis.conf");
    }

    private Path logFile() {
        return directory.resolve("log");
    }

    private static int freePort(boolean cluster) {
        int start = ThreadLocalRandom.current().nextInt(PORTS);
        for (int i = 0; i < PORTS; i++) {
            int port = FIRST_PORT + (start + i) % PORTS;
            // A node of a cluster talks to the others 10000 ports higher.
            if (isFree(port) && (!cluster || isFree(port + 10_000))) {
                return port;
            }
        }
        throw new IllegalStateException("no free port from " + FIRST_PORT + " to " + (FIRST_PORT + PORTS - 1));
    }

    private static boolean isFree(int port) {
        try (ServerSocket socket = new ServerSocket()) {
            socket.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    static void deleteAtExit(Path folder) {
        LEFT_OVERS.add(folder);
    }

    private static void endAll() {
        RUNNING.forEach(redis -> {
            if (redis.process != null) {
                redis.kill();
            }
        });
        LEFT_OVERS.forEach(RedisProcess::delete);
    }

    private static void delete(Path folder) {
        try (Stream<Path> all = Files.walk(folder)) {
            for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(path);
            }
        } catch (IOException e) {
            // The system's temporary directory; it is emptied by others.
            return;
        }
    }

    /** Ends it and deletes its directory. */
    @Override
    public void close() {
        if (isAlive()) {
            kill();
        }
        RUNNING.remove(this);
        delete(directory);
        LEFT_OVERS.remove(directory);
    }

    @Override
    public String toString() {
        return options.binary() + " redis-server on port " + port;
    }
}
