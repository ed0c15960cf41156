package io.framebroker.server.store.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.framebroker.server.broker.BrokerException;
import io.framebroker.server.store.Answers;
import io.framebroker.server.store.Opened;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A deletion is confirmed when Redis has done it, and is for good. */
@Timeout(300)
class RedisDeletionTest {
    private final RedisProcess redis = RedisProcess.emptied();
    private final RedisTruth truth = new RedisTruth(redis, Owner.STREAM);

    private static void deletes(Owner broker) throws InterruptedException {
        CountDownLatch done = new CountDownLatch(1);
        broker.stream.delete(done::countDown);
        assertThat(done.await(60, TimeUnit.SECONDS)).isTrue();
    }

    private static void assertNotThere(Owner asked) {
        assertThatThrownBy(() -> Opened.existing(asked.store, Owner.STREAM, new Answers()))
                .isInstanceOfSatisfying(
                        BrokerException.class, e -> assertThat(e.reason()).isEqualTo("STREAM_NOT_FOUND"));
    }

    @Test
    void aDeletionIsConfirmedWhenRedisHasDoneIt() throws Exception {
        try (Owner broker = Owner.at(redis, 1).takes();
                Owner other = Owner.at(redis, 2)) {
            broker.append(1, 5, 100);
            CountDownLatch done = new CountDownLatch(1);

            broker.proxy.freeze();
            broker.stream.delete(done::countDown);
            assertThat(done.await(200, TimeUnit.MILLISECONDS)).isFalse();
            broker.proxy.thaw();

            assertThat(done.await(60, TimeUnit.SECONDS)).isTrue();
            other.takes();
            assertThat(other.stream.lastOrdinal()).isZero();
        }
    }

    /** Nothing in Redis told it of anybody else: it took that for forgetting, and wrote all of it again. */
    @Test
    void whoHadTheStreamBeforeAndWasAwayDoesNotBringItBack() throws Exception {
        try (Owner away = Owner.at(redis, 1).takes();
                Owner owner = Owner.at(redis, 2)) {
            away.append(1, 5, 100);
            away.noted();
            away.proxy.freeze();
            away.appending(6, 8, 100);
            RedisKeys.endLeases(redis);
            owner.takes();
            deletes(owner);

            away.proxy.thaw();
            assertThat(away.answers.awaitLost().getMessage()).contains("deleted");

            assertThat(truth.entries()).isEmpty();
            assertThat(RedisKeys.of(redis)).doesNotContain("fb:streams", truth.stateKey(), truth.ownerKey());
            assertNotThere(away);
            assertThat(away.store.intrusions()).isZero();
        }
    }

    @Test
    void aStreamOfThatNameMayBeMadeAnewAtOnce() throws Exception {
        try (Owner away = Owner.at(redis, 1).takes();
                Owner owner = Owner.at(redis, 2)) {
            away.append(1, 5, 100);
            away.proxy.freeze();
            away.appending(6, 8, 100);
            RedisKeys.endLeases(redis);
            owner.takes();
            long generation = owner.stream.generation();
            deletes(owner);

            owner.takes();
            owner.append(1, 2, 50);
            away.proxy.thaw();
            away.answers.awaitLost();
            owner.append(3, 3, 50);
            owner.noted();

            assertThat(owner.stream.generation()).isGreaterThan(generation);
            assertThat(truth.frames()).hasSize(3);
            assertThat(redis.call("PTTL", truth.framesKey())).isEqualTo(-1L);
            assertThat(redis.call("PTTL", "fb:{cam}:generation")).isEqualTo(-1L);
            assertThat(redis.call("SMEMBERS", "fb:streams")).isEqualTo(List.of(Owner.STREAM));
            assertThat(owner.store.intrusions()).isZero();
            assertThat(away.store.intrusions()).isZero();
        }
    }

    /** It used to be confirmed at once, and undone by the next failover. */
    @Test
    void aDeletionIsConfirmedWhenEnoughReplicasHaveIt() throws Exception {
        try (RedisProcess primary = RedisProcess.started();
                RedisProcess replica =
                        RedisProcess.configured().replicaOf(primary).start()) {
            RedisProcess.await(
                    "the first copy", () -> replica.info("master_link_status").equals("up"));
            try (Owner broker = Owner.straight(primary.settings(), 1).takes()) {
                broker.append(1, 5, 100);
                CountDownLatch done = new CountDownLatch(1);

                replica.suspend();
                broker.stream.delete(done::countDown);
                RedisProcess.await(
                        "the deletion in the primary",
                        () -> !RedisKeys.of(primary).contains(truth.stateKey()));
                assertThat(done.await(1, TimeUnit.SECONDS)).isFalse();
                replica.resume();

                assertThat(done.await(60, TimeUnit.SECONDS)).isTrue();
                assertThat(RedisKeys.of(replica)).doesNotContain(truth.stateKey());
                assertThat(broker.answers.isLost()).isFalse();
            }
        }
    }
}
