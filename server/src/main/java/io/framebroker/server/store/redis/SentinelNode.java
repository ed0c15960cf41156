package io.framebroker.server.store.redis;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import redis.clients.jedis.CommandArguments;
import redis.clients.jedis.Connection;
import redis.clients.jedis.ConnectionPool;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.JedisClientConfig;
import redis.clients.jedis.exceptions.JedisConnectionException;
import redis.clients.jedis.exceptions.JedisException;

/**
 * The one that Sentinels say is primary. All of them are asked, and the one with the newest configuration is believed:
 * a Sentinel that was cut off from the others still names the old one.
 *
 * <p>Nobody listens for failovers. Who is replaced closes its connections or answers READONLY, and who hangs runs into
 * the socket timeout; each leads here through {@link #suspect}.
 */
final class SentinelNode implements RedisNodes {
    private static final Logger log = LoggerFactory.getLogger(SentinelNode.class);

    private final String master;
    private final List<HostAndPort> sentinels;
    private final JedisClientConfig sentinelConfig;
    private final RedisPools pools;

    /** What is believed, and a pool to it; null before the first answer. Guarded by this. */
    private HostAndPort primary;

    private ConnectionPool pool;
    private volatile boolean suspect = true;

    SentinelNode(String master, List<HostAndPort> sentinels, JedisClientConfig sentinelConfig, RedisPools pools) {
        this.master = master;
        this.sentinels = sentinels;
        this.sentinelConfig = sentinelConfig;
        this.pools = pools;
    }

    @Override
    public HostAndPort serving(byte[] key) {
        return primary();
    }

    @Override
    public List<HostAndPort> all() {
        return List.of(primary());
    }

    @Override
    public Connection getConnection() {
        return pool().getResource();
    }

    @Override
    public Connection getConnection(CommandArguments command) {
        return getConnection();
    }

    @Override
    public Connection getConnection(HostAndPort other) {
        throw new IllegalStateException("Redis at " + primary() + " is a node of a Cluster, and sends us to " + other
                + "; write redis-cluster:// for redis-sentinel://");
    }

    private synchronized HostAndPort primary() {
        if (suspect) {
            ask();
        }
        return primary;
    }

    private synchronized ConnectionPool pool() {
        primary();
        return pool;
    }

    @Override
    public void suspect() {
        suspect = true;
    }

    @Override
    public synchronized void refresh() {
        try {
            ask();
        } catch (JedisException e) {
            log.warn("{}", e.getMessage());
        }
    }

    /** The newest configuration wins; without any answer the last one stays. */
    private void ask() {
        suspect = false;
        HostAndPort newest = null;
        long newestEpoch = -1;
        List<String> failures = new ArrayList<>();
        for (HostAndPort sentinel : sentinels) {
            try (Jedis jedis = new Jedis(sentinel, sentinelConfig)) {
                Map<String, String> state = jedis.sentinelMaster(master);
                long epoch = Long.parseLong(state.get("config-epoch"));
                // Not the state's own address, which is the old one until all replicas have been told.
                List<String> address = jedis.sentinelGetMasterAddrByName(master);
                if (epoch > newestEpoch && address != null) {
                    newestEpoch = epoch;
                    newest = new HostAndPort(address.get(0), Integer.parseInt(address.get(1)));
                }
            } catch (JedisException e) {
                failures.add(sentinel + ": " + e.getMessage());
            }
        }
        if (newest != null && !newest.equals(primary)) {
            log.info("Redis primary of {} is {}, was {}", master, newest, primary);
            if (pool != null) {
                pool.close();
            }
            primary = newest;
            pool = pools.to(newest);
        } else if (primary == null) {
            suspect = true;
            throw new JedisConnectionException(
                    "no Sentinel tells where the primary of '" + master + "' is: " + String.join("; ", failures));
        } else if (newest == null) {
            log.warn("no Sentinel answers, {} is taken for primary of {} still: {}", primary, master, failures);
        }
    }

    @Override
    public synchronized void close() {
        if (pool != null) {
            pool.close();
        }
    }
}
