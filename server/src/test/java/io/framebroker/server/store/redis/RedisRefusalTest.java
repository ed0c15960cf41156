package io.framebroker.server.store.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import redis.clients.jedis.Connection;
import redis.clients.jedis.exceptions.JedisDataException;

@Timeout(300)
class RedisRefusalTest {
    private static final StreamKeys KEYS = new StreamKeys("fb:", "cam");

    static Stream<RedisBinary> binaries() {
        return Stream.of(RedisBinary.values()).filter(RedisBinary::isThere);
    }

    private static String acquire(RedisProcess redis) {
        try (Connection connection = redis.connection()) {
            return catchThrowableOfType(
                            JedisDataException.class,
                            () -> Script.ACQUIRE.call(
                                    connection,
                                    List.of(KEYS.owner, KEYS.generation, KEYS.frames),
                                    List.of(StreamKeys.bytes("me"), StreamKeys.bytes(1_000), StreamKeys.bytes(0))))
                    .getMessage();
        }
    }

    /** What a script says of it begins with other words in 6.2, and was not known for what it is. */
    @ParameterizedTest
    @MethodSource("binaries")
    void aReplicaSaysThatAnotherIsWrittenTo(RedisBinary binary) {
        try (RedisProcess redis = RedisProcess.configured().binary(binary).start()) {
            redis.call("REPLICAOF", "127.0.0.1", 1);

            String message = acquire(redis);

            assertThat(Refusal.code(message)).as(message).isEqualTo("READONLY");
            assertThat(Refusal.isElsewhere(message)).isTrue();
            assertThat(Refusal.isOutage(message)).isFalse();
        }
    }

    @ParameterizedTest
    @MethodSource("binaries")
    void aRefusalInAScriptIsKnownByItsWord(RedisBinary binary) {
        try (RedisProcess redis = RedisProcess.configured().binary(binary).start()) {
            redis.call("CONFIG", "SET", "min-replicas-to-write", 1);
            assertThat(Refusal.code(acquire(redis))).isEqualTo("NOREPLICAS");
            redis.call("CONFIG", "SET", "min-replicas-to-write", 0);
            redis.call("RPUSH", "fb:{cam}:generation", "not a string");

            String message = acquire(redis);

            assertThat(Refusal.code(message)).as(message).isEqualTo("WRONGTYPE");
            assertThat(Refusal.isElsewhere(message)).isFalse();
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "MOVED 1234 127.0.0.1:7001 | true | false",
                "ASK 1234 127.0.0.1:7001 | true | false",
                "READONLY You can't write against a read only replica. | true | false",
                "LOADING Redis is loading the dataset in memory | false | true",
                "ERR Error running script (call to f_ab1): @user_script:3: @user_script: 3: -OOM command not allowed"
                        + " when used memory > 'maxmemory'. | false | false",
                "OOM command not allowed when used memory > 'maxmemory'. | false | false",
                "NOTOWNER 7 a:1#READONLY | false | false",
                "ASKED for something | false | false",
                "LOADINGS | false | false"
            })
    void otherWordsAreOtherThings(String message, boolean elsewhere, boolean outage) {
        assertThat(Refusal.isElsewhere(message)).isEqualTo(elsewhere);
        assertThat(Refusal.isOutage(message)).isEqualTo(outage);
    }

    @Test
    void noMessageMeansNothing() {
        assertThat(Refusal.code(null)).isEmpty();
        assertThat(Refusal.code("")).isEmpty();
        assertThat(Refusal.code("connection reset")).isEmpty();
    }
}
