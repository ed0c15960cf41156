package io.framebroker.server.grpc;

import io.framebroker.server.broker.BrokerException;
import io.framebroker.v1.Drain;
import io.grpc.Attributes;
import io.grpc.Grpc;
import io.grpc.ServerTransportFilter;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

/**
 * How long a connection may live. The transport tells a client that its connection has become too old, so that new calls take
 * another one; then the streaming calls that are still on it are told to end, and come back on the new one. Without that
 * they would stay where they are until the transport ends the connection below them. A call that stays all the same is
 * broken off when its time is over: it gets no more frames, and its client is to notice.
 */
public final class ConnectionAge extends ServerTransportFilter {
    private static final Attributes.Key<Connection> CONNECTION = Attributes.Key.create("framebroker-connection");
    private static final long MARGIN_MILLIS = 1_000;

    private static final class Connection {
        private final long sinceNanos = System.nanoTime();
        /** When its calls were told to end. Those that have ended stay until the connection is gone, which is soon. */
        private final Map<DrainableCall, Long> toldNanos = new ConcurrentHashMap<>();
    }

    private final long mostMillis;
    private final long drainMillis;

    /**
     * @param mostMillis age at which a connection is left; 0 for never
     * @param drainMillis time that its calls have to leave it then
     */
    ConnectionAge(long mostMillis, long drainMillis) {
        this.mostMillis = mostMillis;
        this.drainMillis = drainMillis;
    }

    /** Has the transport do its part. */
    public static void limit(NettyServerBuilder transport, EdgeSettings settings) {
        long most = settings.maxConnectionAgeMillis();
        if (most > 0) {
            // Calls that cannot even be told that they are broken off end with the connection.
            long grace = most / 5 + 4 * MARGIN_MILLIS + settings.drainMillis();
            transport.maxConnectionAge(most, TimeUnit.MILLISECONDS).maxConnectionAgeGrace(grace, TimeUnit.MILLISECONDS);
        }
    }

    /** Calls are told so much after the connection was made: the transport's own age varies by a tenth. */
    private long callsMillis() {
        return mostMillis + mostMillis / 10 + MARGIN_MILLIS;
    }

    @Override
    public Attributes transportReady(Attributes connection) {
        return connection.toBuilder().set(CONNECTION, new Connection()).build();
    }

    /** Tells a call to end if its connection is too old, and breaks it off if it was told long enough ago. */
    void check(DrainableCall call) {
        Connection connection = call.connection().get(CONNECTION);
        long now = System.nanoTime();
        if (mostMillis == 0
                || connection == null
                || now - connection.sinceNanos <= TimeUnit.MILLISECONDS.toNanos(callsMillis())) {
            return;
        }
        String why = "the connection from " + call.connection().get(Grpc.TRANSPORT_ATTR_REMOTE_ADDR) + " is older than "
                + mostMillis + " ms";
        Long told = connection.toldNanos.putIfAbsent(call, now);
        if (told == null) {
            call.drain(Drain.newBuilder()
                    .setDeadline(Conversions.duration(drainMillis))
                    .setReason(why)
                    .build());
        } else if (now - told > TimeUnit.MILLISECONDS.toNanos(drainMillis)) {
            call.breakOff(new BrokerException(
                    BrokerException.Kind.UNAVAILABLE,
                    "CONNECTION_TOO_OLD",
                    why + ", and the call has not ended within " + drainMillis
                            + " ms of being told to; open it again, on a new connection"));
        }
    }
}
