package io.framebroker.loadgen.targets;

import io.nats.client.Connection;
import io.nats.client.ConnectionListener;
import io.nats.client.Consumer;
import io.nats.client.ErrorListener;
import io.nats.client.JetStreamOptions;
import io.nats.client.JetStreamSubscription;
import io.nats.client.Message;
import io.nats.client.Nats;
import io.nats.client.Options;
import io.nats.client.support.Status;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;

/** A connection to a NATS server that says when it is no longer any good. Any thread may use it. */
public final class NatsClient implements AutoCloseable {
    private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(5);

    /** What the client queues beyond this is dropped or refused; a publisher's frames in flight are fewer. */
    private static final int MOST_QUEUED = 2_000_000;

    /** A server at work on its files may leave everybody waiting. */
    static final JetStreamOptions PATIENT =
            JetStreamOptions.builder().requestTimeout(Duration.ofSeconds(30)).build();

    private final String shown;
    private final Connection connection;
    private volatile String failure;
    private volatile boolean closed;

    private NatsClient(String url) throws IOException, InterruptedException {
        this.shown = shown(url);
        this.connection = Nats.connect(Options.builder()
                .server(url)
                .connectionTimeout(CONNECT_TIMEOUT)
                .noReconnect()
                .maxMessagesInOutgoingQueue(MOST_QUEUED)
                .errorListener(new Listener())
                .connectionListener(this::heard)
                .build());
    }

    /**
     * Connects.
     *
     * @param url as {@code nats://user:password@host:port}
     * @throws TargetException naming the server, when it is not there or does not let us in
     */
    public static NatsClient open(String url) {
        try {
            return new NatsClient(url);
        } catch (IOException e) {
            throw new TargetException(shown(url) + ": " + e.getMessage(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new TargetException("interrupted", e);
        }
    }

    /** Whether a text is a URL of NATS. */
    public static boolean isUrl(String url) {
        try {
            URI uri = URI.create(url);
            return "nats".equals(uri.getScheme()) && uri.getHost() != null;
        } catch (IllegalArgumentException e) {
            return false;
        }
    }

    Connection connection() {
        return connection;
    }

    public String version() {
        return connection.getServerInfo().getVersion();
    }

    public String serverName() {
        return connection.getServerInfo().getServerName();
    }

    /** Why it is no longer any good; null while all is well. */
    String failure() {
        return failure;
    }

    private void heard(Connection of, ConnectionListener.Events event) {
        if (event == ConnectionListener.Events.DISCONNECTED || event == ConnectionListener.Events.CLOSED) {
            fail("the connection was lost");
        }
    }

    private void fail(String why) {
        if (!closed && failure == null) {
            failure = shown + ": " + why;
        }
    }

    @Override
    public void close() {
        closed = true;
        try {
            connection.close();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Without the password. */
    private static String shown(String url) {
        URI uri = URI.create(url);
        return "NATS at " + uri.getHost() + ":" + uri.getPort();
    }

    @Override
    public String toString() {
        return shown;
    }

    /** What the client would otherwise print, and what means that frames no longer flow. */
    private final class Listener implements ErrorListener {
        @Override
        public void errorOccurred(Connection of, String error) {
            fail(error);
        }

        @Override
        public void exceptionOccurred(Connection of, Exception e) {
            fail(e.toString());
        }

        @Override
        public void slowConsumerDetected(Connection of, Consumer consumer) {
            fail("a consumer is too slow for what it asked for, and loses messages");
        }

        @Override
        public void messageDiscarded(Connection of, Message message) {
            fail("a message was discarded");
        }

        @Override
        public void pullStatusError(Connection of, JetStreamSubscription subscription, Status status) {
            fail(status.toString());
        }

        @Override
        public void heartbeatAlarm(Connection of, JetStreamSubscription subscription, long stream, long consumer) {
            // The server is busy; the client asks again by itself.
        }
    }
}
