package io.framebroker.server.store.redis;

import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import redis.clients.jedis.Connection;
import redis.clients.jedis.exceptions.JedisException;

/** Which brokers share a Redis, and which of them is to have a stream that nobody has. Thread-safe; all but {@link #preferred} and
 * {@link #areSeveral} block. */
final class LiveBrokers {
    private static final Logger log = LoggerFactory.getLogger(LiveBrokers.class);

    private final RedisLink link;
    private final byte[] key;
    private final byte[] lifeMillis;
    private final String address;
    private volatile List<String> alive;

    /** @param address of this broker, which is one of them */
    LiveBrokers(RedisLink link, RedisSettings settings, String address) {
        this.link = link;
        this.key = StreamKeys.brokers(settings.keyPrefix());
        this.lifeMillis = StreamKeys.bytes(settings.leaseMillis());
        this.address = address;
        this.alive = List.of(address);
    }

    void tryToSayAlive() {
        try {
            sayAlive();
        } catch (JedisException e) {
            log.debug("could not say that this broker is alive: {}", e.getMessage());
        }
    }

    /** Says that this broker is alive, and is told who is. */
    void sayAlive() {
        try (Connection connection = link.connection(key)) {
            List<?> members = (List<?>)
                    Script.ALIVE.call(connection, List.of(key), List.of(StreamKeys.bytes(address), lifeMillis));
            alive = members.stream().map(StreamKeys::text).toList();
        }
    }

    /** Whether others were alive when it was last asked. */
    boolean areSeveral() {
        return alive.size() > 1;
    }

    void takeLeave() {
        link.commands().zrem(key, StreamKeys.bytes(address));
    }

    /** Which of those that were alive when it was last asked a stream that nobody owns belongs to: all agree on that. */
    String preferred(String stream) {
        String best = address;
        long most = Long.MIN_VALUE;
        for (String each : alive) {
            long weight = weight(each, stream);
            if (weight > most || weight == most && each.compareTo(best) < 0) {
                most = weight;
                best = each;
            }
        }
        return best;
    }

    /** Of a broker for a stream (rendezvous hashing): when a broker goes, only its own streams move. */
    private static long weight(String broker, String stream) {
        long hash = 0xcbf29ce484222325L;
        for (byte each : StreamKeys.bytes(broker + '\n' + stream)) {
            hash = (hash ^ each & 0xff) * 0x100000001b3L;
        }
        hash ^= hash >>> 32;
        hash *= 0xd6e8feb86659fd93L;
        return hash ^ hash >>> 32;
    }
}
