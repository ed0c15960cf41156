package io.framebroker.server.store.redis;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import redis.clients.jedis.HostAndPort;

/** A primary and replicas with files, and three Sentinels that replace it when {@link #failOver} says so. Each is a process. */
public final class RedisSentinels implements AutoCloseable {
    public static final String MASTER = "frames";
    /** A pause of the machine is not to look like a loss. */
    private static final int NEVER_MILLIS = 600_000;

    private static final int SOON_MILLIS = 500;
    /** For half a minute behind a pause of more than two seconds, Sentinels do nothing. */
    private static final int FAILOVER_SECONDS = 180;

    private final List<RedisProcess> data = new ArrayList<>();
    private final List<RedisProcess> sentinels = new ArrayList<>();

    private RedisSentinels() {}

    /**
     * Returns when the replicas are in step and each Sentinel knows all of them.
     *
     * @param replicas 1 or 2
     */
    public static RedisSentinels start(int replicas) {
        RedisSentinels all = new RedisSentinels();
        try {
            all.startAll(replicas);
            return all;
        } catch (RuntimeException e) {
            all.close();
            throw e;
        }
    }

    private void startAll(int replicas) {
        data.add(RedisProcess.configured().appendOnly("everysec").start());
        for (int i = 0; i < replicas; i++) {
            data.add(RedisProcess.configured()
                    .appendOnly("everysec")
                    .replicaOf(data.get(0))
                    .start());
        }
        data.stream()
                .skip(1)
                .forEach(replica -> RedisProcess.await(
                        "the first copy",
                        () -> replica.info("master_link_status").equals("up")));
        for (int i = 0; i < 3; i++) {
            sentinels.add(RedisProcess.configured()
                    .sentinel()
                    .directives(
                            "sentinel myid " + id(i),
                            "sentinel monitor " + MASTER + " 127.0.0.1 "
                                    + primary().port() + " 2",
                            "sentinel down-after-milliseconds " + MASTER + " " + NEVER_MILLIS,
                            "sentinel failover-timeout " + MASTER + " 5000")
                    // Told, not found out: that takes them seconds.
                    .directives(data.stream()
                            .skip(1)
                            .map(replica -> "sentinel known-replica " + MASTER + " 127.0.0.1 " + replica.port())
                            .toArray(String[]::new))
                    .directives(IntStream.range(0, sentinels.size())
                            .mapToObj(other -> "sentinel known-sentinel " + MASTER + " 127.0.0.1 "
                                    + sentinels.get(other).port() + " " + id(other))
                            .toArray(String[]::new))
                    .start());
        }
        sentinels.forEach(sentinel -> RedisProcess.await("Sentinels that know each other", () -> {
            String state = sentinel.info("master0");
            return state.contains("status=ok") && state.contains("slaves=" + replicas) && state.contains("sentinels=3");
        }));
    }

    private static String id(int sentinel) {
        return Integer.toHexString(sentinel + 1).repeat(40);
    }

    /** As {@code RedisSettings} takes it. */
    public String url() {
        return "redis-sentinel://"
                + sentinels.stream().map(s -> s.address().toString()).collect(Collectors.joining(",")) + "/" + MASTER;
    }

    /** The one that is primary at the start. */
    public RedisProcess primary() {
        return data.get(0);
    }

    public List<RedisProcess> replicas() {
        return data.subList(1, data.size());
    }

    public List<RedisProcess> sentinels() {
        return sentinels;
    }

    /** The address that this Sentinel answers now. */
    public HostAndPort namedBy(RedisProcess sentinel) {
        List<?> address = (List<?>) sentinel.call("SENTINEL", "get-master-addr-by-name", MASTER);
        return new HostAndPort(
                address.get(0).toString(), Integer.parseInt(address.get(1).toString()));
    }

    /** Kills the primary and returns the one that all Sentinels name then. */
    public RedisProcess failOver() {
        HostAndPort old = namedBy(sentinels.get(0));
        at(old).kill();
        missAfter(SOON_MILLIS);
        RedisProcess.await("a new primary", FAILOVER_SECONDS, () -> {
            Set<HostAndPort> named = sentinels.stream().map(this::namedBy).collect(Collectors.toSet());
            return named.size() == 1 && !named.contains(old);
        });
        missAfter(NEVER_MILLIS);
        return at(namedBy(sentinels.get(0)));
    }

    private void missAfter(int millis) {
        sentinels.forEach(each -> each.call("SENTINEL", "SET", MASTER, "down-after-milliseconds", millis));
    }

    private RedisProcess at(HostAndPort address) {
        return data.stream()
                .filter(one -> one.address().equals(address))
                .findFirst()
                .orElseThrow();
    }

    @Override
    public void close() {
        Stream.concat(sentinels.stream(), data.stream()).forEach(RedisProcess::close);
    }
}
