package io.framebroker.server.store.redis;

import static org.assertj.core.api.Assertions.assertThat;

import io.framebroker.server.broker.BrokerException;
import io.framebroker.server.broker.Frame;
import io.framebroker.server.store.Opened;
import io.framebroker.server.store.Samples;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import redis.clients.jedis.Connection;

/** Redis has been away for longer than the lease. Who had a stream has what Redis lost of it, and is waited for. */
@Timeout(300)
class RedisReturnTest {
    private static final StreamKeys KEYS = new StreamKeys("fb:", Owner.STREAM);

    private final RedisProcess redis = RedisProcess.started();
    private final RedisTruth truth = new RedisTruth(redis, Owner.STREAM);
    private final List<Owner> brokers = new ArrayList<>();

    private Owner broker(int number) {
        return toClose(Owner.at(redis, number));
    }

    /** One that Redis is soon away for longer than its lease. */
    private Owner brief(int number) {
        return toClose(Owner.brief(redis, number));
    }

    private Owner toClose(Owner owner) {
        brokers.add(owner);
        return owner;
    }

    @AfterEach
    void close() {
        brokers.forEach(Owner::close);
        redis.close();
    }

    /** Asks until there is an answer: its breaker may be open. */
    private static Opened answer(Owner broker) {
        Opened[] answer = new Opened[1];
        RedisProcess.await("an answer", () -> {
            try {
                answer[0] = broker.tries(Owner.STREAM);
            } catch (BrokerException e) {
                assertThat(e.kind()).isEqualTo(BrokerException.Kind.UNAVAILABLE);
            }
            return answer[0] != null;
        });
        return answer[0];
    }

    /** Redis loses what is not saved, and comes back without the broker, when its lease is over. */
    private void crashWithout(Owner owner) {
        owner.proxy.refuse();
        redis.kill();
        RedisProcess.await("the lease being over", () -> !owner.stream.isOwned());
        redis.start();
        RedisProcess.await(
                "the lease being over in Redis", () -> !RedisKeys.of(redis).contains(truth.ownerKey()));
    }

    /** Another used to take the stream at once, and who had the frames in memory dropped them without a word. */
    @Test
    void whoHadAStreamStoresAgainWhatRedisLost() {
        Owner owner = brief(1).takes();
        Owner other = broker(2);
        owner.append(1, 20, 100);
        owner.noted();
        redis.call("SAVE");
        owner.append(21, 23, 100);

        crashWithout(owner);
        assertThat(answer(other).elsewhere()).isEqualTo(Owner.address(1));
        assertThat(answer(other).elsewhere()).isEqualTo(Owner.address(1));
        owner.proxy.acceptAgain();
        owner.append(24, 25, 100);
        owner.noted();

        Samples.assertAlike(truth.frames(), Samples.frames(1, 1, 25, 100));
        assertThat(owner.answers.isLost()).isFalse();
        assertThat(owner.store.intrusions()).isEqualTo(1);
        RedisProcess.await(
                "the owner having its lease",
                () -> String.valueOf(redis.call("GET", truth.ownerKey())).endsWith(" " + owner.store.me()));
    }

    @Test
    void whoDoesNotComeBackIsNotWaitedForForEver() {
        Owner owner = brief(1).takes();
        Owner other = broker(2);
        owner.append(1, 20, 100);
        owner.noted();
        redis.call("SAVE");

        crashWithout(owner);
        assertThat(answer(other).elsewhere()).isEqualTo(Owner.address(1));
        assertThat((Long) redis.call("PTTL", truth.ownerKey())).isBetween(1L, other.store.returnMillis());
        RedisKeys.endLeases(redis);
        other.takes();

        assertThat(other.stream.lastOrdinal()).isEqualTo(20);
    }

    @Test
    void whoLosesAStreamSaysWhatTheNextOwnerLacks() {
        Owner owner = brief(1).takes();
        Owner other = broker(2);
        owner.append(1, 20, 100);
        owner.noted();
        redis.call("SAVE");
        owner.append(21, 23, 100);

        crashWithout(owner);
        Object last =
                ((List<?>) ((List<?>) redis.call("XREVRANGE", truth.framesKey(), "+", "-", "COUNT", 1)).get(0)).get(0);
        answer(other);
        RedisKeys.endLeases(redis);
        other.takes();
        other.append(21, 30, 100);
        owner.proxy.acceptAgain();
        owner.answers.awaitLost();

        assertThat(owner.store.intrusions()).isEqualTo(1);
        assertThat(redis.call("LRANGE", KEYS.taken, 0, -1))
                .isEqualTo(List.of(other.stream.generation() + " " + last + " " + other.store.me()));
    }

    @Test
    void whatTheNextOwnerLacksIsNamed() {
        Takeover takeover = new Takeover(1, 20);

        assertThat(takeover.lacks(ringOf(1, 23), 1, 23, 24))
                .hasToString("ordinals 21 to 23; 3 of publisher " + Samples.PUBLISHER + ", sequences 63 to 69");
        assertThat(takeover.lacks(ringOf(1, 23), 1, 20, 24).frames()).isZero();
        assertThat(takeover.lacks(ringOf(1, 20), 1, 20, 19).frames()).isEqualTo(2);
        assertThat(new Takeover(0, 0).lacks(ringOf(1, 20), 11, 20, 21).frames()).isEqualTo(10);
    }

    @Test
    void theTakeoverThatCountsIsTheFirstBehindOurs() {
        List.of("3 1-9 me", "4 3-20 two", "5 4-30 me", "6 5-40 two")
                .forEach(each -> redis.call("RPUSH", KEYS.taken, each));

        try (Connection connection = redis.connection()) {
            assertThat(Takeover.of(connection, KEYS, 3, 6, "me")).isEqualTo(new Takeover(3, 20));
            assertThat(Takeover.of(connection, KEYS, 5, 6, "me")).isEqualTo(new Takeover(5, 40));
            assertThat(Takeover.of(connection, KEYS, 9, 6, "me")).isEqualTo(new Takeover(5, 40));
            assertThat(Takeover.of(connection, KEYS, 9, 7, "me")).isEqualTo(new Takeover(0, 0));
            assertThat(Takeover.of(connection, KEYS, 7, 8, "me")
                            .lacks(ringOf(1, 20), 1, 20, 21)
                            .frames())
                    .isZero();
        }
    }

    private static FrameRing ringOf(long first, long last) {
        FrameRing ring = new FrameRing(first);
        for (Frame frame : Samples.frames(1, first, last, 100)) {
            ring.add(frame);
            ring.entry(frame.ordinal(), new Entry(1, frame.ordinal(), 1, 0));
        }
        return ring;
    }

    @Test
    void whoGaveUpAStreamInOrderIsNotWaitedFor() {
        Owner owner = broker(1).takes();
        Owner other = broker(2);
        owner.append(1, 20, 100);
        owner.store.close();
        redis.call("SAVE");

        redis.kill().start();

        assertThat(answer(other).elsewhere()).isNull();
    }

    // ---- what the script does

    private static List<?> acquires(RedisProcess of, String who) {
        try (Connection connection = of.connection()) {
            List<?> answer = (List<?>) Script.ACQUIRE.call(
                    connection,
                    List.of(KEYS.owner, KEYS.generation, KEYS.frames, KEYS.process, KEYS.taken),
                    List.of(
                            StreamKeys.bytes(who),
                            StreamKeys.bytes(300_000),
                            StreamKeys.bytes(0),
                            StreamKeys.bytes(600_000)));
            return answer.stream()
                    .map(each -> each instanceof byte[] text ? StreamKeys.text(text) : each)
                    .toList();
        }
    }

    @Test
    void whoCrashedWhileRedisWasThereIsNotWaitedFor() {
        acquires(redis, "one:1#a");
        redis.call("DEL", KEYS.owner);

        assertThat(acquires(redis, "two:2#b")).isEqualTo(List.of(1L, 2L));
        assertThat(redis.call("LRANGE", KEYS.taken, 0, -1)).isEqualTo(List.of("2 1-0 two:2#b"));
    }

    @Test
    void afterAFailoverTheLeaseIsGivenOnceMore() {
        try (RedisProcess replica = RedisProcess.configured().replicaOf(redis).start()) {
            RedisProcess.await(
                    "the first copy", () -> replica.info("master_link_status").equals("up"));
            acquires(redis, "one:1#a");
            RedisProcess.await("the replica having it", () -> replica.call("GET", KEYS.owner) != null);
            replica.call("REPLICAOF", "NO", "ONE");
            replica.call("DEL", KEYS.owner);

            assertThat(acquires(replica, "two:2#b")).isEqualTo(List.of(0L, "one:1#a", 1L));
            assertThat(replica.call("GET", KEYS.owner)).isEqualTo("1 one:1#a");
            assertThat((Long) replica.call("PTTL", KEYS.owner)).isBetween(300_001L, 600_000L);
            replica.call("DEL", KEYS.owner);
            assertThat(acquires(replica, "two:2#b")).isEqualTo(List.of(1L, 2L));
        }
    }

    @Test
    void whereInfoIsForbiddenStreamsAreTakenAllTheSame() {
        redis.call("ACL", "SETUSER", "default", "-info");

        assertThat(acquires(redis, "one:1#a")).isEqualTo(List.of(1L, 1L));
        assertThat(redis.call("EXISTS", KEYS.process)).isEqualTo(0L);
        redis.call("DEL", KEYS.owner);
        assertThat(acquires(redis, "two:2#b")).isEqualTo(List.of(1L, 2L));
    }

    /** It is the one that was there before, and has nothing in memory. */
    @Test
    void nobodyIsWaitedForAtTheAddressOfWhoAsks() {
        acquires(redis, "one:1#a");
        redis.call("SAVE");
        redis.kill().start();
        redis.call("DEL", KEYS.owner);

        assertThat(acquires(redis, "one:1#b")).isEqualTo(List.of(1L, 2L));
    }
}
