package io.framebroker.bridge.source;

import static io.framebroker.bridge.source.SourceKeys.bytes;
import static io.framebroker.bridge.source.SourceKeys.text;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.Protocol;
import redis.clients.jedis.Transaction;
import redis.clients.jedis.exceptions.JedisDataException;

/** Atomic steps in Redis, among them those that only the owner of the source may take. */
final class Steps {
    private static final Script DELIVERED = Script.open("delivered");
    private static final Script READ = Script.fenced("read");

    private static final String FENCED = "FENCED ";
    private static final byte[] NOBODY = {};

    private final RedisConnection redis;
    private final SourceKeys keys;
    private final long leaseMillis;
    private final String what;

    /** @param what the source, for messages */
    Steps(RedisConnection redis, SourceKeys keys, long leaseMillis, String what) {
        this.redis = redis;
        this.keys = keys;
        this.leaseMillis = leaseMillis;
        this.what = what;
    }

    /** Runs a script that anybody may run. */
    Object run(Script script, List<byte[]> on, byte[]... arguments) throws TryAgainException {
        return redis.tell(jedis -> jedis.eval(script.text, on, List.of(arguments)));
    }

    /** Runs a fenced script; its own arguments stand behind token, lease and group. */
    Object runOwned(Script script, byte[]... arguments) throws TryAgainException, GroupGoneException {
        List<byte[]> all = new ArrayList<>(List.of(keys.token, bytes(leaseMillis), keys.group));
        all.addAll(List.of(arguments));
        try {
            return redis.ask(jedis -> jedis.eval(script.text, List.of(keys.owner, keys.state, keys.source), all));
        } catch (GiveUpException e) {
            String message = String.valueOf(e.getCause().getMessage());
            if (!message.startsWith(FENCED)) {
                throw e;
            }
            throw lost(message.substring(FENCED.length()), e);
        }
    }

    /**
     * Reads if this bridge owns the source, in one step with looking whether it does.
     *
     * @param from {@code >}, or the id behind which to read pending entries
     */
    List<Entry> read(byte[] from, int count) throws TryAgainException, GroupGoneException {
        List<Object> replies;
        try {
            replies = redis.ask(jedis -> readIfOwner(jedis, from, count));
        } catch (GiveUpException e) {
            if (!String.valueOf(e.getCause().getMessage()).startsWith("EXECABORT")) {
                throw e;
            }
            // Memory is full, which refuses every transaction, and no script that begins right.
            return entries((List<?>) runOwned(READ, keys.consumer, from, bytes(count)));
        }
        if (replies == null) {
            throw lost("", null);
        }
        if (replies.get(0) instanceof byte[] holder) {
            throw lost(text(holder), null);
        }
        // Of each stream that was asked for, its name and its entries; of this one, or none.
        return replies.get(1) instanceof List<?> streams
                ? entries((List<?>) ((List<?>) streams.get(0)).get(1))
                : List.of();
    }

    /** Replies of the transaction; the token of the owner if it is another; null when it changed after it was looked at. */
    private List<Object> readIfOwner(Jedis jedis, byte[] from, int count) {
        jedis.watch(keys.owner);
        byte[] holder = jedis.get(keys.owner);
        if (!Arrays.equals(holder, keys.token)) {
            jedis.unwatch();
            return List.of(holder == null ? NOBODY : holder);
        }
        List<Object> replies;
        try (Transaction transaction = jedis.multi()) {
            transaction.pexpire(keys.owner, leaseMillis);
            transaction.sendCommand(
                    Protocol.Command.XREADGROUP,
                    bytes("GROUP"),
                    keys.group,
                    keys.consumer,
                    bytes("COUNT"),
                    bytes(count),
                    bytes("STREAMS"),
                    keys.source,
                    from);
            transaction.eval(DELIVERED.text, List.of(keys.source, keys.state), List.of(keys.group, bytes(count)));
            replies = transaction.exec();
        }
        for (Object reply : replies == null ? List.of() : replies) {
            if (reply instanceof JedisDataException failed) {
                throw failed;
            }
        }
        return replies;
    }

    private static List<Entry> entries(List<?> replies) {
        List<Entry> entries = new ArrayList<>(replies.size());
        replies.forEach(each -> entries.add(Entry.of(each)));
        return entries;
    }

    /**
     * For throwing when nobody owns the source, and it may be asked for again; itself throws when another has it.
     *
     * @param holder token of the other; empty when nobody owns it
     */
    private TryAgainException lost(String holder, Throwable cause) {
        if (!holder.isEmpty()) {
            throw new GiveUpException(
                    what + " has been taken over by consumer " + SourceKeys.consumerOf(holder)
                            + "; what this bridge had not settled is published by that one",
                    cause);
        }
        return new TryAgainException(
                what + " has no owner any more: the lease of " + leaseMillis + " ms ran out, or Redis forgot it",
                cause);
    }
}
