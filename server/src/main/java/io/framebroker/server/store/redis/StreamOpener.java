package io.framebroker.server.store.redis;

import io.framebroker.server.broker.BrokerException;
import io.framebroker.server.broker.FrameStore.Opening;
import io.framebroker.server.broker.StreamRecord;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import redis.clients.jedis.Connection;
import redis.clients.jedis.exceptions.JedisException;

/**
 * Takes streams for this broker, or finds out who has them. What was taken and could not be read is given back at once,
 * and left alone for a while. Thread-safe; blocks.
 */
final class StreamOpener {
    private static final Logger log = LoggerFactory.getLogger(StreamOpener.class);

    /** A stream that is ours, and may be used. */
    private record Taken(RedisStreamStore stream, StreamRecord record, Lane lane) {}

    /** How often in a row a stream that was taken could not be read, and until when it is left alone. */
    private record Failure(int times, long untilNanos, String why) {}

    private final RedisFrameStore store;
    private final RedisLink link;
    private final LiveBrokers brokers;
    private final String keyPrefix;
    private final StreamNames names;
    private final RedisBackoff backoff = RedisBackoff.standard();
    private final Map<String, Failure> failures = new ConcurrentHashMap<>();

    StreamOpener(RedisFrameStore store, RedisLink link, LiveBrokers brokers, StreamNames names, String keyPrefix) {
        this.store = store;
        this.link = link;
        this.brokers = brokers;
        this.keyPrefix = keyPrefix;
        this.names = names;
    }

    /** Answers {@code opening}, once. */
    void open(String stream, boolean create, Opening opening) {
        StreamKeys keys = new StreamKeys(keyPrefix, stream);
        Taken taken;
        try {
            taken = take(stream, keys, create, opening);
        } catch (RedisBreaker.OpenException e) {
            opening.failed(RedisFrameStore.unavailable("stream " + stream + " is not opened now: " + e.getMessage()));
            return;
        } catch (RuntimeException | InterruptedException | Error e) {
            log.warn("stream {} could not be opened: {}", stream, e.toString());
            link.refresh();
            opening.failed(RedisFrameStore.unavailable(
                    "stream " + stream + " could not be opened in Redis: " + e.getMessage()));
            return;
        }
        if (taken == null) {
            return;
        }
        long generation = taken.stream.generation();
        log.info("stream {} is served here in generation {}", stream, generation);
        try {
            opening.opened(taken.stream, taken.record);
            taken.stream.start(taken.lane);
            failures.remove(stream);
        } catch (RuntimeException | Error e) {
            log.error("stream {} could not be taken up", stream, e);
            failed(stream, e);
            giveBack(keys, generation);
            // Last: whoever opens it next waits for this, and would else take it before it is given back.
            taken.stream.fail("it could not be taken up: " + e);
        }
    }

    /** Takes the stream; null when there is nothing to take, which the opening has been told then. */
    private Taken take(String stream, StreamKeys keys, boolean create, Opening opening) throws InterruptedException {
        RedisStreamStore before = store.served(stream);
        if (before != null && !before.awaitGone(store.socketMillis())) {
            throw new IllegalStateException("it is still being given up");
        }
        // The first question alone is the trial: a stream may take long to read, and others wait for the breaker.
        boolean exists = store.ask(() -> names.isThere(keys));
        try {
            return takeIfOurs(stream, keys, exists, create, opening);
        } catch (JedisException e) {
            store.askedInVain(e);
            throw e;
        }
    }

    private Taken takeIfOurs(String stream, StreamKeys keys, boolean exists, boolean create, Opening opening) {
        if (!exists && !create) {
            // It may have a name still: its deletion was not finished then.
            names.remove(stream, keys);
            opening.failed(BrokerException.streamNotFound(stream));
            return null;
        }
        byte[] owner = link.commands().get(keys.owner);
        String belongsTo = owner == null
                ? preferred(stream)
                : RedisFrameStore.addressOf(StreamKeys.text(owner).split(" ", 2)[1]);
        if (!belongsTo.equals(store.address())) {
            opening.elsewhere(belongsTo);
            return null;
        }
        checkFailures(stream);
        if (!exists) {
            // And again when it is there: it is to be listed whoever crashes now, or deletes what was there before.
            names.add(stream);
        }
        try (Connection connection = link.connection(keys.owner)) {
            return acquire(connection, stream, keys, opening);
        }
    }

    /** Nobody is sent to a broker that has left, or refuses because it is leaving: it is no longer on the list then. */
    private String preferred(String stream) {
        if (!brokers.preferred(stream).equals(store.address())) {
            brokers.sayAlive();
        }
        return brokers.preferred(stream);
    }

    private Taken acquire(Connection connection, String stream, StreamKeys keys, Opening opening) {
        long sinceNanos = System.nanoTime();
        List<?> answer = (List<?>) Script.ACQUIRE.call(
                connection,
                List.of(keys.owner, keys.generation, keys.frames, keys.process, keys.taken),
                List.of(
                        StreamKeys.bytes(store.me()),
                        StreamKeys.bytes(store.leaseMillis()),
                        StreamKeys.bytes(0),
                        StreamKeys.bytes(store.returnMillis())));
        if ((Long) answer.get(0) == 0) {
            String who = RedisFrameStore.addressOf(StreamKeys.text(answer.get(1)));
            if (who.equals(store.address())) {
                throw new IllegalStateException("it is held by another broker at " + who
                        + ": one that was here before, whose lease is over in " + store.leaseMillis()
                        + " ms, or one that advertises the same address");
            }
            opening.elsewhere(who);
            return null;
        }
        long generation = (Long) answer.get(1);
        try {
            StreamLoader loader = new StreamLoader(store, connection, stream, keys);
            StreamLoader.Loaded loaded = loader.load(generation, sinceNanos);
            RedisStreamStore opened = new RedisStreamStore(store, stream, keys, loaded);
            opened.cool(loaded.coldThrough());
            StreamRecord record = new StreamRecord(
                    loaded.facts().description(),
                    loaded.facts().counts(),
                    loaded.facts().publishers(),
                    loader.groups(opened, loaded.ring()),
                    loaded.facts().paused());
            Lane lane = store.lane(keys.owner);
            store.serves(opened);
            store.nameAgain(opened);
            return new Taken(opened, record, lane);
        } catch (RuntimeException | Error e) {
            giveBack(keys, generation);
            failed(stream, e);
            throw e;
        }
    }

    private void failed(String stream, Throwable e) {
        failures.compute(stream, (name, last) -> {
            int times = last == null ? 1 : last.times + 1;
            return new Failure(times, System.nanoTime() + backoff.nanos(times), String.valueOf(e.getMessage()));
        });
    }

    private void checkFailures(String stream) {
        Failure last = failures.get(stream);
        if (last == null) {
            return;
        }
        long left = last.untilNanos - System.nanoTime();
        if (left > 0) {
            throw new IllegalStateException("it was taken and could not be read, " + last.times
                    + " times in a row; it is taken again in " + (left / 1_000_000 + 1) + " ms. Last it was: "
                    + last.why);
        }
    }

    /** So that nobody has to wait for the lease. Where that fails too, they do. */
    private void giveBack(StreamKeys keys, long generation) {
        List<byte[]> arguments = List.of(StreamKeys.bytes(generation + " " + store.me()));
        // The connection at hand may be what failed.
        try (Connection connection = link.connection(keys.owner)) {
            Script.GIVE_BACK.call(connection, List.of(keys.owner, keys.process, keys.frames), arguments);
        } catch (JedisException e) {
            log.debug(
                    "{} could not be given back, its lease runs out: {}", StreamKeys.text(keys.owner), e.getMessage());
        }
    }
}
