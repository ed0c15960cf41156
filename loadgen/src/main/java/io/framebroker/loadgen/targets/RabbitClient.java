package io.framebroker.loadgen.targets;

import com.rabbitmq.client.Channel;
import com.rabbitmq.client.Connection;
import com.rabbitmq.client.ConnectionFactory;
import com.rabbitmq.client.ShutdownSignalException;
import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.security.GeneralSecurityException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** A connection to RabbitMQ that says when it is no longer any good. Any thread may use it. */
public final class RabbitClient implements AutoCloseable {
    private static final int CONNECT_MILLIS = (int) TimeUnit.SECONDS.toMillis(5);
    private static final int CLOSE_MILLIS = (int) TimeUnit.SECONDS.toMillis(2);

    private final String shown;
    private final Connection connection;
    private volatile String failure;

    private RabbitClient(ConnectionFactory factory) throws IOException, TimeoutException {
        this.shown = "RabbitMQ at " + factory.getHost() + ":" + factory.getPort();
        this.connection = factory.newConnection();
        connection.addShutdownListener(this::ended);
    }

    /**
     * Connects.
     *
     * @param url as {@code amqp://user:password@host:port/vhost}
     * @throws TargetException naming the server, when it is not there or does not let us in
     */
    public static RabbitClient open(String url) {
        ConnectionFactory factory = factory(url);
        try {
            return new RabbitClient(factory);
        } catch (IOException | TimeoutException e) {
            throw new TargetException(
                    "RabbitMQ at " + factory.getHost() + ":" + factory.getPort() + ": " + e.getMessage(), e);
        }
    }

    /** Whether a text is an AMQP URL. */
    public static boolean isUrl(String url) {
        try {
            URI uri = URI.create(url);
            return uri.getHost() != null && ("amqp".equals(uri.getScheme()) || "amqps".equals(uri.getScheme()));
        } catch (IllegalArgumentException e) {
            return false;
        }
    }

    private static ConnectionFactory factory(String url) {
        ConnectionFactory factory = new ConnectionFactory();
        try {
            factory.setUri(url);
        } catch (URISyntaxException | GeneralSecurityException e) {
            throw new IllegalArgumentException(e);
        }
        factory.setConnectionTimeout(CONNECT_MILLIS);
        factory.setAutomaticRecoveryEnabled(false);
        factory.setThreadFactory(task -> {
            Thread thread = new Thread(task, "rabbitmq");
            thread.setDaemon(true);
            return thread;
        });
        return factory;
    }

    Channel channel() throws IOException {
        return connection.createChannel();
    }

    public String version() {
        return connection.getServerProperties().get("version").toString();
    }

    /** What the node is called in front of its host; the same as its cluster where nobody has named that. */
    public String node() {
        return connection.getServerProperties().get("cluster_name").toString().split("@", 2)[0];
    }

    /** Why it is no longer any good; null while all is well. */
    String failure() {
        return failure;
    }

    private void ended(ShutdownSignalException cause) {
        if (!cause.isInitiatedByApplication()) {
            failure = shown + ": " + cause.getMessage();
        }
    }

    @Override
    public void close() {
        connection.abort(CLOSE_MILLIS);
    }

    @Override
    public String toString() {
        return shown;
    }
}
