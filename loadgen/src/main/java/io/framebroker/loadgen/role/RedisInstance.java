package io.framebroker.loadgen.role;

import io.framebroker.loadgen.targets.RedisConnection;
import io.framebroker.loadgen.targets.TargetException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import redis.clients.jedis.CommandArguments;
import redis.clients.jedis.Protocol.Command;
import redis.clients.jedis.exceptions.JedisDataException;

/** The Redis a target uses: one started for it alone, or one that runs and is left as it is. Used by one thread. */
final class RedisInstance implements StoreServer {
    private static final String WAY_OUT =
            "install Redis (package redis-server or redis), or say --redis-server FILE, or"
                    + " --redis-url redis://HOST:PORT of one that runs";

    private static final int READY_SECONDS = 60;
    private static final long REWRITE_SECONDS = 60;
    private static final long POLL_MILLIS = 10;
    private static final List<String> TOLD =
            List.of("appendonly", "appendfsync", "maxmemory-policy", "auto-aof-rewrite-percentage");

    /** Null for one that runs already. */
    private final HeldProcess held;

    private final String url;
    private final RedisConnection connection;

    private RedisInstance(HeldProcess held, String url) {
        this.held = held;
        this.url = url;
        this.connection = RedisConnection.open(url);
    }

    /** Opens it for a target of this name. */
    static RedisInstance open(RedisSettings settings, String name) throws InterruptedException {
        if (!settings.starts()) {
            return new RedisInstance(null, settings.url());
        }
        int port = HeldProcess.freePort();
        HeldProcess process = start(settings, name, port);
        return new RedisInstance(process, url(port));
    }

    /**
     * Starts one and waits until it answers.
     *
     * @throws RunFailure when there is no such program, or it does not come up
     */
    private static HeldProcess start(RedisSettings settings, String name, int port) throws InterruptedException {
        Path program = HeldProcess.find(settings.server(), WAY_OUT);
        Path own = HeldProcess.folder(settings.folder(), name);
        HeldProcess process = HeldProcess.start(own, settings.command(program, own, port), Map.of());
        process.awaitReady(READY_SECONDS, () -> serves(process, url(port)));
        return process;
    }

    private static boolean serves(HeldProcess process, String url) {
        try (RedisConnection connection = RedisConnection.open(url)) {
            long pid = Long.parseLong(connection.info("server").get("process_id"));
            if (pid != process.process().pid()) {
                throw new RunFailure("process " + pid + " has taken the port of " + url + "; try again");
            }
            return true;
        } catch (TargetException e) {
            return false;
        }
    }

    private static String url(int port) {
        return "redis://127.0.0.1:" + port;
    }

    @Override
    public String url() {
        return url;
    }

    @Override
    public Map<String, Object> facts() {
        Map<String, Object> facts = new LinkedHashMap<>();
        facts.put("version", connection.info("server").get("redis_version"));
        TOLD.forEach(name -> facts.put(name, setting(name)));
        if (held != null) {
            facts.put("file_system", DataFolder.fileSystem(held.folder()));
        }
        return facts;
    }

    private String setting(String name) {
        try {
            List<?> pair = (List<?>) connection.executeCommand(
                    new CommandArguments(Command.CONFIG).add("GET").add(name));
            return pair.isEmpty() ? "unknown" : new String((byte[]) pair.get(1), StandardCharsets.UTF_8);
        } catch (JedisDataException e) {
            // Managed servers do not tell.
            return "unknown";
        }
    }

    @Override
    public ProcessHandle process() {
        return held == null ? null : held.process();
    }

    @Override
    public Duration cpu() {
        if (held != null) {
            return held.process().info().totalCpuDuration().orElse(Duration.ZERO);
        }
        Map<String, String> info = connection.info("cpu");
        double seconds = Double.parseDouble(info.get("used_cpu_sys")) + Double.parseDouble(info.get("used_cpu_user"));
        return Duration.ofNanos((long) (seconds * 1e9));
    }

    @Override
    public long aofBytes() {
        return Long.parseLong(connection.info("persistence").getOrDefault("aof_current_size", "0"));
    }

    @Override
    public void check() {
        if (held != null) {
            held.check();
        }
    }

    /**
     * Rewrites the append-only file of one that was started, so that it holds what the streams hold and neither the disk
     * fills nor the next round begins with the last one's megabytes. Waits until it is done.
     */
    @Override
    public void compact() throws InterruptedException {
        if (held == null || connection.info("persistence").get("aof_enabled").equals("0")) {
            return;
        }
        connection.executeCommand(Command.BGREWRITEAOF);
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(REWRITE_SECONDS);
        Map<String, String> info;
        do {
            TimeUnit.MILLISECONDS.sleep(POLL_MILLIS);
            info = connection.info("persistence");
            if (System.nanoTime() - deadline > 0) {
                throw new RunFailure(
                        "redis-server did not rewrite its append-only file within " + REWRITE_SECONDS + " s");
            }
        } while (info.get("aof_rewrite_in_progress").equals("1")
                || info.get("aof_rewrite_scheduled").equals("1"));
        if (!info.get("aof_last_bgrewrite_status").equals("ok")) {
            throw new RunFailure("redis-server could not rewrite its append-only file" + held.log());
        }
    }

    @Override
    public void close() {
        connection.close();
        if (held != null) {
            held.close();
        }
    }
}
