package io.framebroker.server.store.redis;

import static org.assertj.core.api.Assertions.assertThat;

import io.framebroker.server.broker.AckLevel;
import io.framebroker.server.broker.Frame;
import io.framebroker.server.broker.GroupRecord;
import io.framebroker.server.store.Samples;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A primary is lost, and Sentinels name another. */
@Timeout(300)
class RedisFailoverTest {
    private static final int MOST_FRAMES = 2_000;

    @Test
    void nothingThatOneReplicaHadIsLostAndPublishingGoesOn() throws Exception {
        try (RedisSentinels redis = RedisSentinels.start(2);
                Owner broker = Owner.straight(settings(redis), 1).takes()) {
            assertThat(broker.store.ackLevel()).isEqualTo(AckLevel.REPLICATED);
            broker.append(1, 100, 1_000);
            broker.group("detectors", 0);
            broker.stream.delivered("detectors", 1, 80, 1);
            broker.acks("detectors", 1, 50);
            broker.noted();
            long[] appended = {100};
            long[] toldBefore = {0};

            CompletableFuture<RedisProcess> failover = CompletableFuture.supplyAsync(redis::failOver);
            RedisProcess.await("another primary", () -> {
                if (appended[0] < MOST_FRAMES) {
                    appended[0]++;
                    broker.appending(appended[0], appended[0], 1_000);
                }
                toldBefore[0] = failover.isDone() ? toldBefore[0] : broker.answers.stored();
                return failover.isDone();
            });
            RedisTruth truth = new RedisTruth(failover.get(), Owner.STREAM);

            assertThat(toldBefore[0]).isGreaterThanOrEqualTo(100);
            List<Frame> there = truth.frames();
            Samples.assertAlike(there.subList(0, (int) toldBefore[0]), Samples.frames(1, 1, toldBefore[0], 1_000));
            broker.answers.awaitStored(appended[0]);
            broker.acks("detectors", 51, 60);
            broker.noted();
            Samples.assertAlike(truth.frames(), Samples.frames(1, 1, appended[0], 1_000));
            assertThat(broker.answers.wrong()).isNull();
            assertThat(broker.answers.isLost()).isFalse();
            broker.store.close();

            try (Owner next = Owner.straight(settings(redis), 0).takes()) {
                assertThat(next.stream.group("detectors")).isEqualTo(new GroupRecord(0, 80, 20, 60, 0, Map.of()));
                Samples.assertAlike(next.read(1, appended[0]), Samples.frames(1, 1, appended[0], 1_000));
            }
        }
    }

    /** With little patience, the wait for replicas used to break the connection, again and again. */
    @ParameterizedTest
    @ValueSource(ints = {20_000, 3_000})
    void nothingIsToldWhileTooFewReplicasHaveIt(int socketMillis) {
        try (RedisProcess redis = RedisProcess.started();
                RedisProcess replica =
                        RedisProcess.configured().replicaOf(redis).start()) {
            RedisProcess.await(
                    "the first copy", () -> replica.info("master_link_status").equals("up"));
            RedisSettings settings = RedisSettings.parse(redis.url()).withTimeouts(20_000, socketMillis);
            try (Owner broker = Owner.straight(settings, 1).takes()) {
                broker.append(1, 10, 1_000);

                replica.suspend();
                broker.appending(11, 20, 1_000);
                RedisTruth truth = new RedisTruth(redis, Owner.STREAM);
                RedisProcess.await("frames in the primary", () -> truth.frames().size() == 20);
                RedisProcess.await("the store being in trouble", () -> broker.stream.trouble() != null);

                assertThat(broker.answers.stored()).isEqualTo(10);
                assertThat(broker.stream.lastOrdinal()).isEqualTo(10);
                assertThat(broker.stream.trouble()).contains("replica");
                replica.resume();
                broker.answers.awaitStored(20);
                RedisProcess.await("the trouble being over", () -> broker.stream.trouble() == null);
                assertThat(broker.stream.generation()).isEqualTo(1);
            }
        }
    }

    private static RedisSettings settings(RedisSentinels redis) {
        return RedisSettings.parse(redis.url()).withTimeouts(20_000, 20_000);
    }
}
