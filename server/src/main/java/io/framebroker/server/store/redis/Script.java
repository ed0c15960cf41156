package io.framebroker.server.store.redis;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import redis.clients.jedis.Connection;
import redis.clients.jedis.Protocol.Command;
import redis.clients.jedis.exceptions.JedisNoScriptException;

/**
 * What has to be decided inside Redis. No script but {@link #COPY} ever sees a frame: copying one into Lua costs more than
 * storing it.
 *
 * <p>Other scripts begin with a write that needs no memory: Redis lets what follows it through when its memory is used up,
 * so that settlements and trimming, which give memory back, go on.
 */
enum Script {
    /**
     * Takes a stream over, or back. Keys: owner, generation, frames, process, taken. Arguments: who we are, lease in ms, the
     * generation that we had, 0 for none, and for how many ms a lease holds that Redis was away for. Answers [1, new
     * generation] or [0, who has it, or had it after us, or {@link #DELETED}, its generation]. The marker makes Redis
     * refuse every append of an earlier generation from then on, whenever it arrives.
     *
     * <p>When Redis has been started anew, or another has been promoted, since the last owner had its lease, that one may
     * be about to come back, and may have in memory what this Redis has lost: its lease is given to it once more.
     */
    ACQUIRE("""
            local owner = redis.call('GET', KEYS[1])
            if owner then
              local theirs, who = string.match(owner, '^(%d+) (.+)$')
              if who ~= ARGV[1] then return {0, who, tonumber(theirs)} end
            end
            redis.call('DEL', KEYS[1])
            local before, by = string.match(redis.call('GET', KEYS[2]) or '', '^(%d+) (.+)$')
            local others = by and by ~= ARGV[1]
            if others and ARGV[3] ~= '0' then return {0, by, tonumber(before)} end
            local server = redis.pcall('INFO', 'server')
            local this = type(server) == 'string' and string.match(server, 'run_id:(%w+)') or ''
            local process = redis.call('GET', KEYS[4])
            if others and process and this ~= '' and process ~= this
                and string.match(by, '^[^#]*') ~= string.match(ARGV[1], '^[^#]*') then
              redis.call('SET', KEYS[4], this)
              redis.call('SET', KEYS[1], before .. ' ' .. by, 'PX', ARGV[4])
              return {0, by, tonumber(before)}
            end
            local generation = math.max(tonumber(before or '0'), tonumber(ARGV[3])) + 1
            local found = '0-0'
            if redis.call('EXISTS', KEYS[3]) == 1 then
              local info = redis.call('XINFO', 'STREAM', KEYS[3])
              for i = 1, #info, 2 do
                if info[i] == 'last-generated-id' then
                  found = info[i + 1]
                  local last = tonumber(string.match(found, '^(%d+)'))
                  if last >= generation then generation = last + 1 end
                end
              end
            end
            if by == 'deleted' then redis.call('DEL', KEYS[3]) end
            if others then
              redis.call('RPUSH', KEYS[5], generation .. ' ' .. found .. ' ' .. ARGV[1])
              redis.call('LTRIM', KEYS[5], -8, -1)
            end
            local value = generation .. ' ' .. ARGV[1]
            redis.call('SET', KEYS[2], value)
            if this == '' then redis.call('DEL', KEYS[4]) else redis.call('SET', KEYS[4], this) end
            redis.call('SET', KEYS[1], value, 'PX', ARGV[2])
            redis.call('XADD', KEYS[3], generation .. '-0', 'marker', ARGV[1])
            return {1, generation}
            """),

    /**
     * Carries out commands if the stream is still ours, and prolongs the lease. Keys: owner. Arguments: what the owner
     * key must hold, lease in ms, then for each command the number of its words and the words. Answers their replies.
     */
    COMMIT("""
            local owner = redis.call('GET', KEYS[1])
            if owner ~= ARGV[1] then return redis.error_reply('NOTOWNER ' .. tostring(owner)) end
            redis.call('PEXPIRE', KEYS[1], ARGV[2])
            local replies = {}
            local i = 3
            while ARGV[i] do
              local words = tonumber(ARGV[i])
              replies[#replies + 1] = redis.call(unpack(ARGV, i + 1, i + words))
              i = i + words + 1
            end
            return replies
            """),

    /**
     * Keeps a frame beside the stream, if the stream is still ours. Keys: owner, copies. Arguments: what the owner key must
     * hold, then fields and values. Refused when memory is used up: nothing is written before.
     */
    COPY("""
            local owner = redis.call('GET', KEYS[1])
            if owner ~= ARGV[1] then return redis.error_reply('NOTOWNER ' .. tostring(owner)) end
            return redis.call('HSET', KEYS[2], unpack(ARGV, 2))
            """),

    /**
     * Between WATCH of the generation and MULTI: spoils the transaction unless the one before it went through. Keys:
     * generation, frames. Arguments: how many entries there are if it did. The key is touched and stays as it is. One that
     * somebody has taken away cannot be touched: then the answer is an error, and the transaction may have gone through.
     */
    FOLLOW("""
            if redis.call('XLEN', KEYS[2]) == tonumber(ARGV[1]) then return 1 end
            local left = redis.call('PTTL', KEYS[1])
            if redis.call('PEXPIRE', KEYS[1], 60000) == 0 then return redis.error_reply('NOTOWNER nobody') end
            if left > 0 then redis.call('PEXPIRE', KEYS[1], left) else redis.call('PERSIST', KEYS[1]) end
            return 0
            """),

    /**
     * Takes entries out, unless somebody has begun another generation, who may have acknowledged them. Keys: generation,
     * frames. Arguments: what the generation must hold, whatever follows it behind a blank; ids. Answers how many there
     * were. In a transaction with appends it is refused to the same who are refused these.
     */
    TAKE_OUT("""
            local by = redis.call('GET', KEYS[1]) or 'nobody'
            if string.sub(by .. ' ', 1, #ARGV[1] + 1) ~= ARGV[1] .. ' ' then
              return redis.error_reply('NOTOWNER ' .. by)
            end
            local gone = 0
            for i = 2, #ARGV, 1000 do
              gone = gone + redis.call('XDEL', KEYS[2], unpack(ARGV, i, math.min(i + 999, #ARGV)))
            end
            return gone
            """),

    /** Gives a stream up. Keys: owner, process. Arguments: what the owner key must hold. */
    RELEASE("""
            if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
            redis.call('DEL', KEYS[1], KEYS[2])
            return 1
            """),

    /**
     * Gives back a stream of whose generation nothing was ever sent. Keys: owner, process, frames. Arguments: what the
     * owner key must hold. The marker is taken out again, or each that fails to open a stream would leave one: what
     * refuses appends of earlier generations is the last id that Redis remembers of the stream, which stays when its
     * entry goes.
     */
    GIVE_BACK("""
            if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
            redis.call('DEL', KEYS[1], KEYS[2])
            redis.call('XDEL', KEYS[3], string.match(ARGV[1], '^%d+') .. '-0')
            return 1
            """),

    /** Says that a broker is alive. Keys: brokers. Arguments: its address, for how many ms. Answers all who are. */
    ALIVE("""
            local time = redis.call('TIME')
            local now = time[1] * 1000 + math.floor(time[2] / 1000)
            redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
            redis.call('ZADD', KEYS[1], now + ARGV[2], ARGV[1])
            return redis.call('ZRANGE', KEYS[1], 0, -1)
            """);

    /** Who had the last generation of a stream that has been deleted. */
    static final String DELETED = "deleted";

    private final byte[] text;
    private final byte[] sha;

    Script(String text) {
        this.text = StreamKeys.bytes(text);
        try {
            byte[] digest = MessageDigest.getInstance("SHA-1").digest(this.text);
            this.sha = StreamKeys.bytes(HexFormat.of().formatHex(digest));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JRE has SHA-1", e);
        }
    }

    /** Has a node know the script, so that {@link #send} may name it. */
    static void loadAll(Connection connection) {
        for (Script script : values()) {
            connection.sendCommand(Command.SCRIPT, StreamKeys.bytes("LOAD"), script.text);
        }
        for (Object reply : connection.getMany(values().length)) {
            if (reply instanceof RuntimeException failure) {
                throw failure;
            }
        }
    }

    /** Sends the call without waiting for its reply. */
    void send(Connection connection, List<byte[]> keys, List<byte[]> arguments) {
        connection.sendCommand(Command.EVALSHA, words(sha, keys, arguments));
    }

    /** Sends the call without waiting for its reply; the script need not be known. */
    void sendWhole(Connection connection, List<byte[]> keys, List<byte[]> arguments) {
        connection.sendCommand(Command.EVAL, words(text, keys, arguments));
    }

    /** Calls and waits; the script need not be known. */
    Object call(Connection connection, List<byte[]> keys, List<byte[]> arguments) {
        try {
            connection.sendCommand(Command.EVALSHA, words(sha, keys, arguments));
            return connection.getOne();
        } catch (JedisNoScriptException e) {
            connection.sendCommand(Command.EVAL, words(text, keys, arguments));
            return connection.getOne();
        }
    }

    private static byte[][] words(byte[] script, List<byte[]> keys, List<byte[]> arguments) {
        byte[][] words = new byte[2 + keys.size() + arguments.size()][];
        words[0] = script;
        words[1] = StreamKeys.bytes(keys.size());
        int at = 2;
        for (byte[] key : keys) {
            words[at++] = key;
        }
        for (byte[] argument : arguments) {
            words[at++] = argument;
        }
        return words;
    }
}
