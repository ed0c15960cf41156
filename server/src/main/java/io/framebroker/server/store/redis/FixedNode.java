package io.framebroker.server.store.redis;

import java.util.List;
import redis.clients.jedis.CommandArguments;
import redis.clients.jedis.Connection;
import redis.clients.jedis.ConnectionPool;
import redis.clients.jedis.HostAndPort;

/** One Redis at one address. */
final class FixedNode implements RedisNodes {
    private final HostAndPort node;
    private final ConnectionPool pool;

    FixedNode(HostAndPort node, RedisPools pools) {
        this.node = node;
        this.pool = pools.to(node);
    }

    @Override
    public HostAndPort serving(byte[] key) {
        return node;
    }

    @Override
    public List<HostAndPort> all() {
        return List.of(node);
    }

    @Override
    public Connection getConnection() {
        return pool.getResource();
    }

    @Override
    public Connection getConnection(CommandArguments command) {
        return pool.getResource();
    }

    @Override
    public Connection getConnection(HostAndPort other) {
        throw new IllegalStateException("Redis at " + node + " is a node of a Cluster, and sends us to " + other
                + "; write redis-cluster:// for redis://");
    }

    @Override
    public void suspect() {
        // There is no other.
    }

    @Override
    public void refresh() {
        // There is no other.
    }

    @Override
    public void close() {
        pool.close();
    }
}
