package io.framebroker.server.store.redis;

import static io.framebroker.server.store.redis.RedisBreaker.State.CLOSED;
import static io.framebroker.server.store.redis.RedisBreaker.State.HALF_OPEN;
import static io.framebroker.server.store.redis.RedisBreaker.State.OPEN;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import redis.clients.jedis.exceptions.JedisClusterOperationException;
import redis.clients.jedis.exceptions.JedisConnectionException;
import redis.clients.jedis.exceptions.JedisDataException;

@Timeout(300)
class RedisBreakerTest {
    private final AtomicLong clock = new AtomicLong(Long.MAX_VALUE - 5_000_000);
    /** Always the ceiling: 100 ms, 200 ms, ... */
    private final RedisBackoff backoff = new RedisBackoff(100, 1_000, () -> 1);

    private final RedisBreaker breaker = new RedisBreaker(3, backoff, clock::get);
    private final List<String> told = new ArrayList<>();

    private void pass(long millis) {
        clock.addAndGet(TimeUnit.MILLISECONDS.toNanos(millis));
    }

    private void fail(int times) {
        for (int i = 0; i < times; i++) {
            assertThat(breaker.tryPermit()).isTrue();
            breaker.failed();
        }
    }

    @Test
    void opensAfterSoManyFailuresInARow() {
        fail(2);
        breaker.succeeded();
        fail(2);
        assertThat(breaker.state()).isEqualTo(CLOSED);

        fail(1);

        assertThat(breaker.state()).isEqualTo(OPEN);
        assertThat(breaker.tryPermit()).isFalse();
    }

    @Test
    void letsOneTryWhenTheBackoffIsOver() {
        fail(3);
        assertThat(breaker.waitNanos()).isEqualTo(100_000_000);

        pass(99);
        assertThat(breaker.tryPermit()).isFalse();
        assertThat(breaker.waitNanos()).isEqualTo(1_000_000);
        pass(1);

        assertThat(breaker.waitNanos()).isZero();
        assertThat(breaker.tryPermit()).isTrue();
        assertThat(breaker.state()).isEqualTo(HALF_OPEN);
        assertThat(breaker.tryPermit()).isFalse();
    }

    @Test
    void closesAfterATrialThatSucceeds() {
        fail(3);
        pass(100);
        assertThat(breaker.tryPermit()).isTrue();

        breaker.succeeded();

        assertThat(breaker.state()).isEqualTo(CLOSED);
        fail(2);
        assertThat(breaker.state()).isEqualTo(CLOSED);
    }

    @Test
    void waitsLongerAfterEachTrialThatFails() {
        fail(3);
        for (long millis : new long[] {100, 200, 400, 800, 1_000, 1_000}) {
            assertThat(breaker.waitNanos()).isEqualTo(millis * 1_000_000);
            pass(millis);
            fail(1);
            assertThat(breaker.state()).isEqualTo(OPEN);
        }
        pass(1_000);
        assertThat(breaker.tryPermit()).isTrue();
        breaker.succeeded();

        fail(3);

        assertThat(breaker.waitNanos()).isEqualTo(100_000_000);
    }

    @Test
    void whatWasUnderWayDoesNotMoveAnOpenOne() {
        fail(3);

        breaker.failed();
        breaker.succeeded();

        assertThat(breaker.state()).isEqualTo(OPEN);
        assertThat(breaker.waitNanos()).isEqualTo(100_000_000);
    }

    @Test
    void tellsEveryChangeWithoutALock() {
        breaker.onChange((from, to) -> told.add(from + " " + to + " " + Thread.holdsLock(breaker)));

        fail(3);
        pass(100);
        fail(1);
        pass(200);
        assertThat(breaker.tryPermit()).isTrue();
        breaker.succeeded();

        assertThat(told)
                .containsExactly(
                        "CLOSED OPEN false",
                        "OPEN HALF_OPEN false",
                        "HALF_OPEN OPEN false",
                        "OPEN HALF_OPEN false",
                        "HALF_OPEN CLOSED false");
    }

    @Test
    void aCallCountsWhatItSees() {
        JedisConnectionException gone = new JedisConnectionException("gone");
        JedisDataException wrong = new JedisDataException("WRONGTYPE it is a list");
        for (int i = 0; i < 3; i++) {
            assertThatThrownBy(() -> breaker.call(() -> {
                        throw wrong;
                    }))
                    .isSameAs(wrong);
        }
        assertThat(breaker.call(() -> 1)).isEqualTo(1);
        assertThat(breaker.state()).isEqualTo(CLOSED);
        for (int i = 0; i < 3; i++) {
            assertThatThrownBy(() -> breaker.call(() -> {
                        throw gone;
                    }))
                    .isSameAs(gone);
        }

        assertThatThrownBy(() -> breaker.call(() -> 1))
                .isInstanceOf(RedisBreaker.OpenException.class)
                .hasMessage("Redis has failed; it is tried again in 100 ms");
    }

    @Test
    void aTrialThatThrowsSomethingElseIsOver() {
        fail(3);
        pass(100);
        assertThatThrownBy(() -> breaker.call(() -> {
                    throw new AssertionError();
                }))
                .isInstanceOf(AssertionError.class);

        assertThat(breaker.state()).isEqualTo(OPEN);
    }

    @ParameterizedTest
    @CsvSource({
        "LOADING Redis is loading the dataset in memory, true",
        "BUSY Redis is busy running a script., true",
        "MASTERDOWN Link with MASTER is down, true",
        "CLUSTERDOWN The cluster is down, true",
        "NOAUTH Authentication required., true",
        "WRONGPASS invalid username-password pair, true",
        "BUSYGROUP Consumer Group name already exists, false",
        "OOM command not allowed, false",
        "READONLY You can't write, false",
        "MISCONF Errors writing to the AOF file, false",
        "NOPERM this user has no permissions, false",
        "ERR unknown command, false"
    })
    void anAnswerMaySayThatNothingIsServed(String answer, boolean outage) {
        assertThat(RedisBreaker.isOutage(new JedisDataException(answer))).isEqualTo(outage);
    }

    @Test
    void noAnswerIsAnOutage() {
        assertThat(RedisBreaker.isOutage(new JedisConnectionException("gone"))).isTrue();
        assertThat(RedisBreaker.isOutage(new JedisClusterOperationException("no node")))
                .isTrue();
        assertThat(RedisBreaker.isOutage(new IllegalStateException())).isFalse();
    }

    @Test
    void ofManyThreadsOneIsOnTrial() throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(4);
        try {
            for (int round = 0; round < 200; round++) {
                fail(3);
                pass(1_000);
                List<Future<Boolean>> asked = new ArrayList<>();
                for (int i = 0; i < 4; i++) {
                    asked.add(threads.submit(breaker::tryPermit));
                }
                int permitted = 0;
                for (Future<Boolean> one : asked) {
                    permitted += one.get() ? 1 : 0;
                }
                assertThat(permitted).isEqualTo(1);
                breaker.succeeded();
            }
        } finally {
            threads.shutdownNow();
        }
    }
}
