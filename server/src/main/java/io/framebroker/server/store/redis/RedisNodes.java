package io.framebroker.server.store.redis;

import io.framebroker.server.store.redis.RedisSettings.Node;
import java.util.List;
import java.util.Map;
import redis.clients.jedis.Connection;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.providers.ConnectionProvider;

/**
 * Which node serves what, and pooled connections to it. Nothing is asked for before it is needed, so that a broker
 * starts while its Redis is down. Every method but {@link #suspect} may block for a few timeouts. Thread-safe.
 */
interface RedisNodes extends ConnectionProvider {
    /** The node that serves this key. */
    HostAndPort serving(byte[] key);

    /** All nodes that serve keys. */
    List<HostAndPort> all();

    /** A pooled connection to a node that a redirection named. */
    Connection getConnection(HostAndPort node);

    /** What is known may be outdated: it is asked for again before it is used next. Does not block. */
    void suspect();

    /** Asks again now. What was known is kept where nobody answers. */
    void refresh();

    @Override
    default Map<?, ?> getConnectionMap() {
        throw new UnsupportedOperationException("a broadcast; ask each of all()");
    }

    @Override
    void close();

    static HostAndPort address(Node node) {
        return new HostAndPort(node.host(), node.port());
    }
}
