package io.framebroker.server.store.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.framebroker.server.broker.BrokerException;
import io.framebroker.server.broker.Frame;
import io.framebroker.server.broker.GroupRecord;
import io.framebroker.server.broker.StreamRecord;
import io.framebroker.server.store.Answers;
import io.framebroker.server.store.Opened;
import io.framebroker.server.store.Samples;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Several brokers on one Redis: a stream has one owner, and who was it before does nothing behind its back. */
@Timeout(300)
class RedisOwnershipTest {
    private final RedisProcess redis = RedisProcess.emptied();
    private final RedisTruth truth = new RedisTruth(redis, Owner.STREAM);
    private final List<Owner> brokers = new ArrayList<>();

    private Owner broker(int number) {
        return toClose(Owner.at(redis, number));
    }

    private Owner brief(int number) {
        return toClose(Owner.brief(redis, number));
    }

    private Owner toClose(Owner owner) {
        brokers.add(owner);
        return owner;
    }

    /** Its lease runs out in Redis, too, and nobody takes it for alive. */
    private void awaitLeaseOver(Owner frozen) {
        RedisProcess.await("the lease being over", () -> !frozen.stream.isOwned());
        RedisProcess.await(
                "the lease being over in Redis", () -> !RedisKeys.of(redis).contains(truth.ownerKey()));
    }

    @AfterEach
    void close() {
        brokers.forEach(Owner::close);
    }

    // ---- who it is

    @Test
    void whoeverElseAsksIsToldTheOwnersAddress() {
        Owner first = broker(1).takes();
        Owner second = broker(2);
        Owner third = broker(3);

        assertThat(second.tries(Owner.STREAM).elsewhere()).isEqualTo(Owner.address(1));
        assertThat(third.tries(Owner.STREAM).elsewhere()).isEqualTo(Owner.address(1));
        assertThat(first.stream.isOwned()).isTrue();
    }

    @Test
    void streamsThatNobodyHasAreSpreadAndAllAgreeHow() {
        // A third of the lease later, who came first knows of who came then.
        Owner first = toClose(Owner.at(redis, 1, 3_000));
        Owner second = broker(2);
        RedisProcess.await("the first knowing of the second", first.store::isShared);
        Set<String> owners = new HashSet<>();

        for (int i = 0; i < 20; i++) {
            String stream = "cam-" + i;
            Opened ofFirst = first.tries(stream);
            Opened ofSecond = second.tries(stream);
            assertThat(ofFirst.elsewhere() == null ? Owner.address(1) : ofFirst.elsewhere())
                    .isEqualTo(ofSecond.elsewhere() == null ? Owner.address(2) : ofSecond.elsewhere());
            owners.add(ofFirst.elsewhere() == null ? Owner.address(1) : ofFirst.elsewhere());
        }

        assertThat(owners).hasSize(2);
    }

    @Test
    void aBrokerKnowsWhetherThereAreOthers() {
        Owner first = brief(1);
        assertThat(first.store.isShared()).isFalse();

        Owner second = broker(2);
        RedisProcess.await("the first knowing of the second", first.store::isShared);
        brokers.remove(second);
        second.close();

        RedisProcess.await("the second being gone", () -> !first.store.isShared());
    }

    @Test
    void ofManyWhoWantAStreamAtOnceOneGetsIt() {
        List<Owner> all = List.of(broker(1), broker(2), broker(3));

        for (int i = 0; i < 10; i++) {
            String stream = "cam-" + i;
            List<Opened> answers =
                    all.parallelStream().map(each -> each.tries(stream)).toList();

            assertThat(answers.stream().filter(each -> each.elsewhere() == null))
                    .as(answers.toString())
                    .hasSizeLessThanOrEqualTo(1);
        }
    }

    @Test
    void aBrokerThatStartsAgainAtTheSameAddressWaitsForTheLeaseOfTheOneBefore() {
        Owner before = broker(1).takes();
        before.append(1, 3, 100);
        before.store.abandon();
        Owner after = broker(1);

        assertThatThrownBy(() -> after.tries(Owner.STREAM)).isInstanceOfSatisfying(BrokerException.class, e -> {
            assertThat(e.kind()).isEqualTo(BrokerException.Kind.UNAVAILABLE);
            assertThat(e.getMessage()).contains(Owner.address(1), "lease");
        });
        assertThat((Long) redis.call("PTTL", truth.ownerKey())).isBetween(1L, (long) after.store.leaseMillis());
        RedisKeys.endLeases(redis);
        after.takes();

        assertThat(after.stream.lastOrdinal()).isEqualTo(3);
    }

    @Test
    void aStreamThatIsNotThereIsNotMade() {
        Owner broker = broker(1);

        assertThatThrownBy(() -> Opened.existing(broker.store, "no-such", new Answers()))
                .isInstanceOfSatisfying(
                        BrokerException.class, e -> assertThat(e.reason()).isEqualTo("STREAM_NOT_FOUND"));

        assertThat(RedisKeys.of(redis)).containsExactly("fb:brokers");
    }

    // ---- handing over

    @Test
    void aBrokerHandsOverHoweverSoonItCloses() {
        for (int i = 1; i <= 50; i++) {
            // The next would be sent to the one before, whose lease is a minute.
            try (Owner brief = Owner.straight(redis.settings(), 0)) {
                assertThat(brief.tries(Owner.STREAM).stream()).isNotNull();
            }
        }
    }

    @Test
    void aBrokerThatClosesHandsOverAtOnce() {
        Owner first = broker(1).takes();
        Owner second = broker(2);
        first.appending(1, 500, 1_000);
        first.group("detectors", 0);

        first.store.close();
        second.has(second.tries(Owner.STREAM));

        assertThat(second.stream.lastOrdinal()).isEqualTo(500);
        assertThat(second.record.groups())
                .extracting(StreamRecord.OfGroup::name)
                .containsExactly("detectors");
    }

    @Test
    void anIdleOwnerKeepsItsStream() {
        // Short enough to see it renewed, long enough for a machine that pauses.
        Owner first = toClose(Owner.at(redis, 1, 24_000)).takes();
        Owner second = broker(2);
        long[] leftMillis = {leftMillis()};

        // It runs down for a third, and is whole again.
        RedisProcess.await("the lease being renewed", () -> {
            long before = leftMillis[0];
            leftMillis[0] = leftMillis();
            return leftMillis[0] > before;
        });

        assertThat(first.stream.isOwned()).isTrue();
        assertThat(second.tries(Owner.STREAM).elsewhere()).isEqualTo(Owner.address(1));
        assertThat(first.stream.generation()).isEqualTo(1);
        assertThat(first.answers.isLost()).isFalse();
    }

    private long leftMillis() {
        return (Long) redis.call("PTTL", truth.ownerKey());
    }

    @Test
    void whenTheOwnerIsGoneAnotherTakesTheStreamAfterTheLease() {
        Owner first = broker(1).takes();
        List<Frame> frames = first.append(1, 10, 100);
        first.group("detectors", 0);
        first.stream.delivered("detectors", 1, 6, 1);
        first.acks("detectors", 2, 3);
        first.noted();
        Owner second = broker(2);

        first.store.abandon();
        assertThat(second.tries(Owner.STREAM).elsewhere()).isEqualTo(Owner.address(1));
        assertThat(leftMillis()).isBetween(1L, (long) first.store.leaseMillis());
        RedisKeys.endLeases(redis);
        second.takes();

        assertThat(second.stream.generation()).isEqualTo(2);
        Samples.assertSame(second.read(1, 10), frames);
        assertThat(second.stream.group("detectors")).isEqualTo(new GroupRecord(0, 6, 4, 2, 0, Map.of()));
    }

    // ---- who is not it any more

    @Test
    void anOwnerThatGetsNoAnswerDoesNotSpeakForItsStreamWhenTheLeaseIsOver() {
        Owner first = brief(1).takes();
        first.append(1, 1, 10);

        first.proxy.freeze();
        RedisProcess.await(
                "the lease being over in Redis", () -> !RedisKeys.of(redis).contains(truth.ownerKey()));

        // It began to count before Redis did.
        assertThat(first.stream.isOwned()).isFalse();
        // Nobody took it: it has it again.
        long seen = first.answers.readables();
        first.proxy.thaw();
        first.answers.awaitReadable(seen);
        RedisProcess.await("the owner having it again", first.stream::isOwned);
        first.append(2, 2, 10);
        assertThat(first.answers.isLost()).isFalse();
    }

    @Test
    void aStaleOwnerChangesNothingBehindTheBackOfTheNewOne() {
        Owner stale = brief(1).takes();
        List<Frame> frames = new ArrayList<>(stale.append(1, 10, 100));
        stale.group("detectors", 0);
        stale.stream.delivered("detectors", 1, 6, 1);
        stale.noted();
        Owner owner = broker(2);

        stale.proxy.freeze();
        stale.appending(11, 15, 100);
        stale.acks("detectors", 1, 3);
        stale.stream.trim(3);
        stale.group("forged", 0);
        stale.stream.deleteGroup("detectors");
        awaitLeaseOver(stale);
        owner.takes();
        assertThat(stale.stream.isOwned()).isFalse();
        long generation = owner.stream.generation();
        frames.addAll(owner.append(11, 12, 50));
        owner.acks("detectors", 4, 4);
        owner.noted();
        stale.proxy.thaw();

        assertThat(stale.answers.awaitLost().reason()).isEqualTo("STREAM_MOVED");
        assertThat(stale.answers.stored()).isEqualTo(10);
        assertThat(stale.answers.settledAtMost("detectors")).isZero();
        assertThat(stale.answers.wrong()).isNull();
        Samples.assertAlike(truth.frames(), frames);
        assertThat(owner.stream.group("detectors")).isEqualTo(new GroupRecord(0, 6, 5, 1, 0, Map.of()));
        assertThat(truth.groups()).containsOnlyKeys("detectors");
        frames.addAll(owner.append(13, 14, 50));
        owner.noted();
        assertThat(owner.stream.generation()).isEqualTo(generation);
        Samples.assertAlike(truth.frames(), frames);
    }

    /** It used to take out what the new owner had told of, and was refused only to append it again. */
    @Test
    void aStaleOwnerTakesNothingOutThatItMeantToAppendAgain() {
        Owner stale = brief(1).takes();
        for (int i = 1; i <= 5; i++) {
            stale.append(i, i, 100);
        }
        Owner owner = broker(2);
        redis.call("CONFIG", "SET", "maxmemory", 1);
        try {
            long generation = stale.stream.generation();
            redis.call("XDEL", truth.framesKey(), truth.frames().get(2).id().toString());
            stale.noting();
            RedisProcess.await("the loss being found", () -> stale.stream.generation() > generation);
            RedisProcess.await("the store being in trouble", () -> stale.stream.trouble() != null);

            stale.proxy.freeze();
        } finally {
            redis.call("CONFIG", "SET", "maxmemory", 0);
        }
        awaitLeaseOver(stale);
        owner.takes();
        owner.append(6, 6, 100);
        stale.proxy.thaw();
        stale.answers.awaitLost();

        assertThat(truth.frames()).extracting(Frame::ordinal).containsExactly(1L, 2L, 4L, 5L, 6L);
    }

    @Test
    void aStaleOwnerDoesNotDeleteTheStream() {
        Owner stale = brief(1).takes();
        List<Frame> frames = stale.append(1, 3, 100);
        Owner owner = broker(2);

        stale.proxy.freeze();
        stale.stream.delete();
        awaitLeaseOver(stale);
        owner.takes();
        stale.proxy.thaw();
        stale.answers.awaitLost();

        Samples.assertAlike(truth.frames(), frames);
        owner.append(4, 4, 10);
    }

    @Test
    void whoWasAwayWhileAnotherHadTheStreamAndGaveItUpHasLostItToo() {
        Owner stale = brief(1).takes();
        stale.append(1, 3, 100);
        Owner other = broker(2);

        stale.proxy.freeze();
        stale.appending(4, 5, 100);
        awaitLeaseOver(stale);
        other.takes();
        other.append(4, 4, 50);
        other.store.close();
        stale.proxy.thaw();
        stale.answers.awaitLost();

        assertThat(stale.answers.stored()).isEqualTo(3);
        assertThat(truth.frames()).hasSize(4);
        stale.takes();
        assertThat(stale.stream.lastOrdinal()).isEqualTo(4);
        stale.append(5, 6, 10);
    }

    @Test
    void whoHasLostAStreamNeitherHoldsItNorWorksForIt() {
        Owner stale = brief(1).takes();
        Owner owner = broker(2);
        stale.proxy.freeze();
        awaitLeaseOver(stale);
        owner.takes();
        stale.proxy.thaw();
        stale.answers.awaitLost();

        long before = stale.proxy.up();
        long untilNanos = System.nanoTime() + stale.store.leaseNanos();
        RedisProcess.await("a lease", () -> System.nanoTime() - untilNanos > 0);

        // It says now and then that it is alive, and that is all.
        assertThat(stale.proxy.up() - before).isLessThan(5_000);
        assertThat(stale.stream.isOwned()).isFalse();
        assertThat(owner.stream.isOwned()).isTrue();
    }
}
