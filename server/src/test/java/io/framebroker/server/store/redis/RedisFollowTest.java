package io.framebroker.server.store.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import redis.clients.jedis.Connection;
import redis.clients.jedis.Protocol.Command;
import redis.clients.jedis.exceptions.JedisDataException;

/** What guards frames that were sent before it was known what became of those before them. */
@Timeout(300)
class RedisFollowTest {
    private static final StreamKeys KEYS = new StreamKeys("fb:", "cam");

    private RedisProcess redis;
    private Connection connection;

    @BeforeEach
    void start() {
        redis = RedisProcess.started();
        connection = redis.connection();
        redis.call("XADD", KEYS.frames, "1-0", "marker", "me");
        redis.call("SET", KEYS.generation, "1 me");
    }

    @AfterEach
    void stop() {
        connection.close();
        redis.close();
    }

    /** Sends two frames behind one entry, and maybe another before them. */
    private List<Object> replies(boolean beforeThem) {
        Batch batch = new Batch();
        batch.follow(KEYS, 2);
        batch.add(to -> to.sendCommand(Command.MULTI));
        for (String id : List.of("1-2", "1-3")) {
            batch.add(to -> to.sendCommand(Command.XADD, KEYS.frames, StreamKeys.bytes(id), new byte[1], new byte[1]));
        }
        batch.add(to -> to.sendCommand(Command.EXEC));
        if (beforeThem) {
            redis.call("XADD", KEYS.frames, "1-1", "f", "frame");
        }
        batch.write(connection);
        return connection.getMany(6);
    }

    private long length() {
        return (Long) redis.call("XLEN", KEYS.frames);
    }

    @Test
    void theyGoThroughIfThoseBeforeThemDid() {
        List<Object> replies = replies(true);

        assertThat(replies.get(1)).isEqualTo(1L);
        assertThat(replies.get(5)).isInstanceOf(List.class);
        assertThat(length()).isEqualTo(4);
    }

    @Test
    void theyDoNotIfThoseBeforeThemDidNot() {
        List<Object> replies = replies(false);

        assertThat(replies.get(1)).isEqualTo(0L);
        assertThat(replies.get(5)).isNull();
        assertThat(length()).isEqualTo(1);
        assertThat(redis.call("PTTL", KEYS.generation)).isEqualTo(-1L);
    }

    @Test
    void whatSaysThatTheStreamIsDeletedStillGoesInItsTime() {
        redis.call("SET", KEYS.generation, "1 deleted", "PX", 3_600_000);

        replies(false);

        assertThat((Long) redis.call("PTTL", KEYS.generation)).isBetween(3_500_000L, 3_600_000L);
    }

    @ParameterizedTest
    @ValueSource(strings = {"1 me", "1 me and more"})
    void theOwnerTakesOutAsManyAsThereAre(String generation) {
        redis.call("SET", KEYS.generation, generation);
        List<byte[]> arguments = new ArrayList<>(List.of(StreamKeys.bytes("1 me")));
        for (int i = 1; i <= 2_500; i++) {
            redis.call("XADD", KEYS.frames, "1-" + i, "f", "frame");
            arguments.add(StreamKeys.bytes("1-" + i));
        }

        assertThat(takeOut(arguments)).isEqualTo(2_500L);
        assertThat(length()).isEqualTo(1);
    }

    @ParameterizedTest
    @ValueSource(strings = {"2 another", "2 me", "1 mean", "1"})
    void whoIsNotTheOwnerAnyMoreTakesNothingOut(String generation) {
        redis.call("SET", KEYS.generation, generation);

        assertThatThrownBy(() -> takeOut(List.of(StreamKeys.bytes("1 me"), StreamKeys.bytes("1-0"))))
                .isInstanceOfSatisfying(
                        JedisDataException.class,
                        refusal ->
                                assertThat(Refusal.code(refusal.getMessage())).isEqualTo("NOTOWNER"));
        assertThat(length()).isEqualTo(1);
    }

    private Object takeOut(List<byte[]> arguments) {
        return Script.TAKE_OUT.call(connection, List.of(KEYS.generation, KEYS.frames), arguments);
    }

    /** There is nothing to be touched then: they went through, and nobody was told that they had left others behind. */
    @Test
    void whenNothingIsThereAnyMoreItIsSaid() {
        redis.call("FLUSHALL");

        List<Object> replies = replies(false);

        assertThat(replies.get(1))
                .isInstanceOfSatisfying(
                        JedisDataException.class,
                        refusal ->
                                assertThat(Refusal.code(refusal.getMessage())).isEqualTo("NOTOWNER"));
    }
}
