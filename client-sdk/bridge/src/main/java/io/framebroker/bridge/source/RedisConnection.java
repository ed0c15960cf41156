package io.framebroker.bridge.source;

import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.exceptions.JedisAccessControlException;
import redis.clients.jedis.exceptions.JedisConnectionException;
import redis.clients.jedis.exceptions.JedisDataException;
import redis.clients.jedis.exceptions.JedisException;

/** One connection, and what its failures mean to who asked. Not thread-safe. */
final class RedisConnection implements AutoCloseable {
    /**
     * Codes that stand at the head of an error, or, where a script ran into it on Redis 6.2, somewhere within. All but the first
     * pass by themselves, or when somebody looks after Redis.
     */
    private static final Pattern CODE = Pattern.compile("\\b(NOGROUP|LOADING|OOM|READONLY|BUSY|MISCONF"
            + "|MASTERDOWN|NOREPLICAS|CLUSTERDOWN|TRYAGAIN|max number of clients)\\b");

    private final RedisAddress address;

    /** Null while there is no connection. */
    private Jedis jedis;

    RedisConnection(RedisAddress address) {
        this.address = address;
    }

    void open() throws TryAgainException {
        close();
        try {
            jedis = new Jedis(address.hostAndPort(), address.config());
            jedis.ping();
        } catch (JedisException e) {
            close();
            throw tryAgainOrGiveUp(e);
        }
    }

    boolean isOpen() {
        return jedis != null;
    }

    /** As {@link #ask}, for whom a missing group is only another failure. */
    <T> T tell(Function<Jedis, T> command) throws TryAgainException {
        try {
            return ask(command);
        } catch (GroupGoneException e) {
            throw new TryAgainException(e.getMessage(), e);
        }
    }

    <T> T ask(Function<Jedis, T> command) throws TryAgainException, GroupGoneException {
        if (jedis == null) {
            throw new TryAgainException("no connection to Redis at " + address, null);
        }
        try {
            return command.apply(jedis);
        } catch (JedisDataException e) {
            if ("NOGROUP".equals(code(e))) {
                throw new GroupGoneException(e.getMessage(), e);
            }
            throw tryAgainOrGiveUp(e);
        } catch (JedisException e) {
            throw tryAgainOrGiveUp(e);
        }
    }

    /** For throwing; itself throws when there is nothing to wait for. */
    private TryAgainException tryAgainOrGiveUp(JedisException e) {
        String code = code(e);
        boolean answered = e instanceof JedisDataException;
        if (e instanceof JedisAccessControlException || answered && code.isEmpty()) {
            throw new GiveUpException("Redis at " + address + " refuses: " + e.getMessage(), e);
        }
        String cause =
                e.getCause() == null || answered ? "" : " (" + e.getCause().getMessage() + ")";
        String what = e instanceof JedisConnectionException ? "is away: " : "cannot serve: ";
        return new TryAgainException("Redis at " + address + " " + what + e.getMessage() + cause, e);
    }

    /** Empty when it has none of those that matter here. */
    private static String code(JedisException e) {
        Matcher code = CODE.matcher(String.valueOf(e.getMessage()));
        return code.find() ? code.group(1) : "";
    }

    @Override
    public void close() {
        if (jedis != null) {
            try {
                jedis.close();
            } catch (JedisException alreadyGone) {
                // Nothing is waited for on this connection any more.
            }
            jedis = null;
        }
    }

    @Override
    public String toString() {
        return address.toString();
    }
}
