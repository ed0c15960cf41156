package io.framebroker.server.store.redis;

import static org.assertj.core.api.Assertions.assertThat;

import io.framebroker.server.broker.StreamStore.Outcome;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What an operator reads with XINFO, XPENDING and XLEN is so. Entries hold one frame each where it matters: 70 kB. */
@Timeout(300)
class RedisAsSeenTest {
    private static final int ALONE = 70_000;

    private final RedisProcess redis = RedisProcess.emptied();
    private final RedisTruth truth = new RedisTruth(redis, Owner.STREAM);
    private Owner broker = Owner.at(redis, 1).takes();

    @AfterEach
    void close() {
        broker.close();
    }

    @Test
    void framesAreEntriesNamedByTheirIds() {
        broker.append(1, 3, ALONE);
        broker.append(4, 300, 10);

        assertThat(truth.entries())
                .extracting(entry -> entry.generation() + "-" + entry.first() + " x "
                        + entry.frames().size())
                .startsWith("1-1 x 1", "1-2 x 1", "1-3 x 1", "1-4 x 256", "1-260 x 41");
        // And the marker that began the generation.
        assertThat(truth.length()).isEqualTo(truth.entries().size() + 1L);
    }

    @Test
    void whatIsDeliveredIsPendingUntilItIsSettled() {
        broker.append(1, 5, ALONE);
        broker.group("detectors", 0);

        broker.stream.delivered("detectors", 1, 4, 1);
        broker.noted();
        assertThat(truth.pending("detectors")).isEqualTo(Map.of("1-1", 1L, "1-2", 1L, "1-3", 1L, "1-4", 1L));
        assertSeen("detectors", 4, "1-4", 1);
        broker.acks("detectors", 2, 3);
        broker.noted();

        assertThat(truth.pending("detectors")).isEqualTo(Map.of("1-1", 1L, "1-4", 1L));
        assertSeen("detectors", 2, "1-4", 1);
    }

    @Test
    void aRedeliveryIsADelivery() {
        broker.append(1, 2, ALONE);
        broker.append(3, 5, 10);
        broker.group("detectors", 0);
        broker.stream.delivered("detectors", 1, 5, 1);

        broker.stream.delivered("detectors", 2, 2, 2);
        broker.stream.delivered("detectors", 2, 2, 3);
        broker.stream.delivered("detectors", 4, 4, 3);
        broker.stream.delivered("detectors", 5, 5, 2);
        broker.noted();

        // Of frames that share an entry, the one delivered most often counts.
        assertThat(truth.pending("detectors")).isEqualTo(Map.of("1-1", 1L, "1-2", 3L, "1-3", 3L));
    }

    @Test
    void anEntryIsPendingUntilTheLastOfItsFramesIsSettled() {
        broker.append(1, 20, 10);
        broker.group("detectors", 5);
        broker.stream.delivered("detectors", 6, 20, 1);
        broker.acks("detectors", 6, 11);
        broker.acks("detectors", 13, 20);
        broker.noted();
        assertThat(truth.pending("detectors")).containsOnlyKeys("1-1");

        broker.acks("detectors", 12, 12);
        broker.noted();

        assertThat(truth.pending("detectors")).isEmpty();
        assertThat(redis.call("HKEYS", truth.groupKey("detectors")).toString()).doesNotContain("s:");
        assertSeen("detectors", 0, "1-1", 0);
    }

    @Test
    void whatIsSkippedIsReadAndNotPending() {
        broker.append(1, 5, ALONE);
        broker.group("detectors", 0);

        broker.stream.settle("detectors", 1, 3, Outcome.SKIPPED, "PURGED");
        broker.noted();

        assertSeen("detectors", 0, "1-3", 2);
    }

    @Test
    void aGroupBeginsBehindItsBase() {
        broker.append(1, 5, ALONE);

        broker.group("detectors", 3);
        broker.group("all", 0);
        broker.group("later", 5);
        broker.noted();

        assertSeen("detectors", 0, "1-3", 2);
        assertThat(truth.lag("all")).isIn(null, truth.entriesBehind("all"));
        assertSeen("later", 0, "1-5", 0);
    }

    @Test
    void trimmedEntriesAreGone() {
        broker.append(1, 5, ALONE);
        broker.group("detectors", 0);
        broker.stream.delivered("detectors", 1, 4, 1);
        broker.acks("detectors", 1, 4);
        broker.noted();

        broker.stream.trim(3);
        broker.noted();
        assertThat(truth.length()).isEqualTo(2);
        assertSeen("detectors", 0, "1-4", 1);
        broker.stream.delivered("detectors", 5, 5, 1);
        broker.acks("detectors", 5, 5);
        broker.stream.trim(5);
        broker.noted();

        assertThat(truth.length()).isZero();
        assertSeen("detectors", 0, "1-5", 0);
    }

    @Test
    void someFramesOfAnEntryDoNotGoAlone() {
        broker.append(1, 10, 10);
        broker.append(11, 20, 10);
        broker.stream.trim(14);
        broker.noted();

        assertThat(truth.entries()).extracting(RedisEntry::first).containsExactly(11L);
        assertThat(broker.stream.firstOrdinal()).isEqualTo(15);
    }

    @Test
    void whoTakesOverStandsForEverythingPending() {
        broker.append(1, 5, ALONE);
        broker.group("detectors", 0);
        broker.stream.delivered("detectors", 1, 4, 1);
        broker.stream.delivered("detectors", 2, 2, 2);
        broker.acks("detectors", 3, 3);
        broker.noted();
        assertThat(truth.consumers("detectors")).containsExactly(Owner.address(1));

        broker.close();
        broker = Owner.at(redis, 2).takes();
        broker.noted();

        assertThat(truth.consumers("detectors")).containsExactly(Owner.address(2));
        assertThat(truth.pending("detectors")).isEqualTo(Map.of("1-1", 1L, "1-2", 2L, "1-4", 1L));
        // The frame that waits, and the marker that the second broker has set behind it.
        assertSeen("detectors", 3, "1-4", 2);
    }

    @Test
    void aGroupThatHasReadEverythingDoesNotLagWhenTheBrokerChanges() {
        broker.append(1, 5, ALONE);
        broker.group("detectors", 0);
        broker.stream.delivered("detectors", 1, 5, 1);
        broker.acks("detectors", 1, 5);
        broker.noted();

        broker.close();
        broker = Owner.at(redis, 2).takes();
        broker.noted();

        assertSeen("detectors", 0, "2-0", 0);
        broker.append(6, 6, ALONE);
        assertSeen("detectors", 0, "2-0", 1);
    }

    @Test
    void aConsumerGroupOfSomebodyElseIsLeftAlone() {
        redis.call("XGROUP", "CREATE", truth.framesKey(), "theirs", "0");
        broker.append(1, 5, ALONE);
        broker.group("detectors", 0);
        broker.noted();

        broker.close();
        broker = Owner.at(redis, 2).takes();
        broker.noted();

        assertThat(broker.record.groups()).extracting(group -> group.name()).containsExactly("detectors");
        assertThat(truth.groups()).containsOnlyKeys("detectors", "theirs");
    }

    @Test
    void aGroupOfOneCallIsNotThere() {
        broker.append(1, 5, ALONE);
        broker.stream.createGroup("viewer", 0, Owner.SETTINGS, false);
        broker.stream.delivered("viewer", 1, 5, 1);
        broker.noted();

        assertThat(truth.groups()).isEmpty();
        assertThat(redis.call("EXISTS", truth.groupKey("viewer"))).isEqualTo(0L);
    }

    @Test
    void aDeletedStreamLeavesOnlyThatItWasDeleted() {
        broker.append(1, 5, ALONE);
        broker.group("detectors", 0);
        broker.group("gone", 0);
        broker.stream.delivered("detectors", 1, 4, 1);
        broker.noted();
        broker.stream.deleteGroup("gone");
        broker.stream.delete();
        RedisProcess.await("the stream being gone", () -> !RedisKeys.of(redis).contains("fb:streams"));

        assertThat(RedisKeys.of(redis))
                .containsExactlyInAnyOrder("fb:brokers", "fb:{cam}:generation", "fb:{cam}:frames");
        broker.close();
        assertThat(RedisKeys.of(redis))
                .hasSize(2)
                .allSatisfy(key -> assertThat((Long) redis.call("PTTL", key)).isBetween(3_500_000L, 3_600_000L));
        assertThat(truth.entries()).isEmpty();
        broker = Owner.at(redis, 2);
    }

    @Test
    void aBrokerThatClosesHoldsNothing() {
        broker.append(1, 1, 10);

        broker.close();

        assertThat(RedisKeys.of(redis)).doesNotContain(truth.ownerKey(), "fb:brokers");
        broker = Owner.at(redis, 2);
    }

    private void assertSeen(String group, long pending, String lastDelivered, long lag) {
        Map<String, Object> facts = truth.group(group);
        assertThat(facts.get("pending")).isEqualTo(pending);
        assertThat(facts.get("last-delivered-id")).isEqualTo(lastDelivered);
        if (truth.knowsLag()) {
            assertThat(facts.get("lag")).isEqualTo(lag);
        }
        assertThat(List.of(truth.entriesBehind(group))).containsExactly(lag);
    }
}
