package io.framebroker.server.store.redis;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import redis.clients.jedis.CommandArguments;
import redis.clients.jedis.Connection;
import redis.clients.jedis.ConnectionPool;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.JedisClientConfig;
import redis.clients.jedis.exceptions.JedisClusterOperationException;
import redis.clients.jedis.exceptions.JedisException;
import redis.clients.jedis.providers.ClusterConnectionProvider;
import redis.clients.jedis.util.JedisClusterCRC16;

/** The primaries of a Cluster, each of which serves some of the slots. */
final class ClusterNodes implements RedisNodes {
    private static final Logger log = LoggerFactory.getLogger(ClusterNodes.class);

    private final Set<HostAndPort> seeds;
    private final JedisClientConfig config;
    private final RedisPools pools;
    /** To each node that was ever asked. */
    private final Map<HostAndPort, ConnectionPool> connections = new ConcurrentHashMap<>();

    /**
     * Tells where slots are, and lends no connections: of idle ones that Redis has closed it would log stack traces. Null
     * until a node has answered. Guarded by this.
     */
    private ClusterConnectionProvider slots;

    private volatile boolean suspect;

    ClusterNodes(Set<HostAndPort> seeds, JedisClientConfig config) {
        this.seeds = seeds;
        this.config = config;
        this.pools = new RedisPools(config);
    }

    @Override
    public HostAndPort serving(byte[] key) {
        return serving(JedisClusterCRC16.getSlot(key));
    }

    private HostAndPort serving(int slot) {
        HostAndPort node = slots().getNode(slot);
        if (node == null) {
            suspect();
            node = slots().getNode(slot);
        }
        if (node == null) {
            throw new JedisClusterOperationException("no node of the Redis Cluster serves slot " + slot);
        }
        return node;
    }

    @Override
    public List<HostAndPort> all() {
        return slots().getPrimaryNodes().keySet().stream()
                .sorted()
                .map(HostAndPort::from)
                .toList();
    }

    @Override
    public Connection getConnection() {
        List<HostAndPort> any = new ArrayList<>(all());
        Collections.shuffle(any);
        JedisException last = new JedisClusterOperationException("no node of the Redis Cluster is known");
        for (HostAndPort node : any) {
            try {
                return getConnection(node);
            } catch (JedisException e) {
                last = e;
            }
        }
        throw last;
    }

    /** Keys of several slots are a question to the first of them, which refuses it. */
    @Override
    public Connection getConnection(CommandArguments command) {
        return command.isKeyless()
                ? getConnection()
                : getConnection(serving(command.getKeyHashSlots().iterator().next()));
    }

    @Override
    public Connection getConnection(HostAndPort node) {
        return connections.computeIfAbsent(node, pools::to).getResource();
    }

    private synchronized ClusterConnectionProvider slots() {
        boolean outdated = suspect;
        suspect = false;
        if (slots == null) {
            slots = new ClusterConnectionProvider(seeds, config, RedisPools.limits(config));
        } else if (outdated) {
            slots.renewSlotCache();
        }
        return slots;
    }

    @Override
    public void suspect() {
        suspect = true;
    }

    @Override
    public void refresh() {
        suspect = true;
        try {
            slots();
        } catch (JedisException e) {
            log.warn("the Redis Cluster does not tell its slots: {}", e.getMessage());
        }
    }

    @Override
    public synchronized void close() {
        connections.values().forEach(ConnectionPool::close);
        if (slots != null) {
            slots.close();
        }
    }
}
