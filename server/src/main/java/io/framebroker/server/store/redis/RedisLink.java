package io.framebroker.server.store.redis;

import io.framebroker.server.store.redis.RedisSettings.Login;
import io.framebroker.server.store.redis.RedisSettings.Tls;
import java.util.List;
import java.util.Set;
import redis.clients.jedis.ClientSetInfoConfig;
import redis.clients.jedis.CommandObject;
import redis.clients.jedis.Connection;
import redis.clients.jedis.DefaultJedisClientConfig;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.JedisClientConfig;
import redis.clients.jedis.Protocol;
import redis.clients.jedis.UnifiedJedis;
import redis.clients.jedis.csc.Cache;
import redis.clients.jedis.exceptions.JedisAskDataException;
import redis.clients.jedis.exceptions.JedisConnectionException;
import redis.clients.jedis.exceptions.JedisDataException;
import redis.clients.jedis.exceptions.JedisMovedDataException;
import redis.clients.jedis.exceptions.JedisRedirectionException;
import redis.clients.jedis.executors.CommandExecutor;

/**
 * The way to Redis, be it one node, the primary that Sentinels name, or the nodes of a Cluster.
 *
 * <p>Nothing is sent twice: a command whose reply did not come may have been done, and stays unknown to the caller, who
 * alone knows how to ask. Only a redirection is followed, because a node that redirects has done nothing.
 *
 * <p>Nothing is connected before it is used, so a link is made while Redis is down. Thread-safe; all but {@link #close}
 * may block for the timeouts of the settings, more than once where several nodes are asked.
 */
final class RedisLink implements AutoCloseable {
    private final JedisClientConfig config;
    private final RedisNodes nodes;
    private final UnifiedJedis commands;

    private RedisLink(JedisClientConfig config, RedisNodes nodes) {
        this.config = config;
        this.nodes = nodes;
        this.commands = new Commands(new Once(nodes), nodes, config);
    }

    /** @throws IllegalArgumentException a file of the TLS settings cannot be used */
    static RedisLink to(RedisSettings settings) {
        RedisSettings.Where where = settings.where();
        JedisClientConfig config = config(settings, settings.access().redis(), where.db());
        List<HostAndPort> addresses =
                where.nodes().stream().map(RedisNodes::address).toList();
        RedisNodes nodes = switch (where.mode()) {
            case STANDALONE -> new FixedNode(addresses.get(0), new RedisPools(config));
            case SENTINEL ->
                new SentinelNode(
                        where.master(),
                        addresses,
                        config(settings, settings.access().sentinel(), 0),
                        new RedisPools(config));
            case CLUSTER -> new ClusterNodes(Set.copyOf(addresses), config);
        };
        return new RedisLink(config, nodes);
    }

    private static JedisClientConfig config(RedisSettings settings, Login login, int db) {
        DefaultJedisClientConfig.Builder config = DefaultJedisClientConfig.builder()
                .resp2()
                .connectionTimeoutMillis(settings.connectMillis())
                .socketTimeoutMillis(settings.socketMillis())
                .blockingSocketTimeoutMillis(settings.socketMillis())
                .clientName(settings.clientName())
                // Came with 7.2; before that it is an error on every connection.
                .clientSetInfoConfig(ClientSetInfoConfig.DISABLED)
                .database(db);
        if (!login.password().isEmpty()) {
            config.user(login.user().isEmpty() ? null : login.user()).password(login.password());
        }
        Tls tls = settings.access().tls();
        if (tls != null) {
            config.sslOptions(RedisTls.options(tls));
        }
        return config.build();
    }

    /**
     * For rare commands: each takes a connection out of a small pool and waits for its reply, not longer than the socket
     * timeout, also where Redis is to block. In a Cluster, a command without a key goes to any node.
     */
    UnifiedJedis commands() {
        return commands;
    }

    /**
     * A new connection to the node that serves this key, for whoever sends many commands before reading replies. The
     * caller closes it, and answers a MOVED, ASK or READONLY in it with {@link #refresh} and a new connection.
     */
    Connection connection(byte[] key) {
        return connectionTo(nodes.serving(key));
    }

    /** The same to a node that {@link #node} or {@link #nodes} gave. */
    Connection connectionTo(String node) {
        return connectionTo(HostAndPort.from(node));
    }

    private Connection connectionTo(HostAndPort node) {
        try {
            return GatheringConnection.to(node, config);
        } catch (JedisConnectionException e) {
            nodes.suspect();
            throw e;
        }
    }

    /** "host:port" of the node that serves this key now; the same for all keys unless in a Cluster. */
    String node(byte[] key) {
        return nodes.serving(key).toString();
    }

    /** "host:port" of all nodes that serve keys now. */
    List<String> nodes() {
        return nodes.all().stream().map(HostAndPort::toString).toList();
    }

    /** Whether keys are shared among {@link #nodes}. */
    boolean isCluster() {
        return nodes instanceof ClusterNodes;
    }

    /** Asks again which node serves what. Where nobody answers, what was known is kept and a line is logged. */
    void refresh() {
        nodes.refresh();
    }

    /** Closes what {@link #commands} uses; connections that were given out are their callers'. */
    @Override
    public void close() {
        nodes.close();
    }

    private static final class Commands extends UnifiedJedis {
        Commands(CommandExecutor executor, RedisNodes nodes, JedisClientConfig config) {
            super(executor, nodes, config, (Cache) null);
        }
    }

    /** Sends a command once, and again only where a node says that it has not done it and who will. */
    private static final class Once implements CommandExecutor {
        private static final int MOST_HOPS = 5;

        private final RedisNodes nodes;

        Once(RedisNodes nodes) {
            this.nodes = nodes;
        }

        @Override
        public <T> T executeCommand(CommandObject<T> command) {
            try {
                return follow(command);
            } catch (JedisConnectionException e) {
                nodes.suspect();
                throw e;
            } catch (JedisDataException e) {
                if (Refusal.isElsewhere(e.getMessage())) {
                    nodes.suspect();
                }
                throw e;
            }
        }

        private <T> T follow(CommandObject<T> command) {
            JedisRedirectionException sent = null;
            for (int hops = 0; hops <= MOST_HOPS; hops++) {
                try (Connection connection = sent == null
                        ? nodes.getConnection(command.getArguments())
                        : nodes.getConnection(sent.getTargetNode())) {
                    if (sent instanceof JedisAskDataException) {
                        connection.executeCommand(Protocol.Command.ASKING);
                    }
                    return connection.executeCommand(command);
                } catch (JedisRedirectionException e) {
                    sent = e;
                    if (e instanceof JedisMovedDataException) {
                        nodes.suspect();
                    }
                }
            }
            throw sent;
        }

        @Override
        public void close() {
            nodes.close();
        }
    }
}
