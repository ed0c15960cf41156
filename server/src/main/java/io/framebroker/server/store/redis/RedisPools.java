package io.framebroker.server.store.redis;

import java.time.Duration;
import org.apache.commons.pool2.PooledObject;
import redis.clients.jedis.Connection;
import redis.clients.jedis.ConnectionFactory;
import redis.clients.jedis.ConnectionPool;
import redis.clients.jedis.ConnectionPoolConfig;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.JedisClientConfig;
import redis.clients.jedis.exceptions.JedisException;

/** Pools for rare commands: few connections, and none that Redis has closed meanwhile is handed out. */
final class RedisPools {
    private static final int MOST = 8;

    private final JedisClientConfig config;

    RedisPools(JedisClientConfig config) {
        this.config = config;
    }

    ConnectionPool to(HostAndPort node) {
        return new ConnectionPool(new Quiet(node, config), limits(config));
    }

    static ConnectionPoolConfig limits(JedisClientConfig config) {
        ConnectionPoolConfig limits = new ConnectionPoolConfig();
        limits.setMaxTotal(MOST);
        limits.setMaxIdle(MOST);
        // Else a command waits for ever while eight others hang.
        limits.setMaxWait(Duration.ofMillis(config.getConnectionTimeoutMillis() + config.getSocketTimeoutMillis()));
        // A round trip more; without it the first command after a restart of Redis ends with an unknown outcome.
        limits.setTestOnBorrow(true);
        limits.setJmxEnabled(false);
        return limits;
    }

    /** A connection that Redis has closed is no news, and not worth the driver's stack trace. */
    private static final class Quiet extends ConnectionFactory {
        Quiet(HostAndPort node, JedisClientConfig config) {
            super(node, config);
        }

        @Override
        public boolean validateObject(PooledObject<Connection> pooled) {
            try {
                return pooled.getObject().isConnected() && pooled.getObject().ping();
            } catch (JedisException e) {
                return false;
            }
        }
    }
}
