package io.framebroker.server.store.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.framebroker.server.broker.BrokerException;
import io.framebroker.server.broker.Frame;
import io.framebroker.server.broker.GroupRecord;
import io.framebroker.server.broker.PublisherRecord;
import io.framebroker.server.broker.StoreLink;
import io.framebroker.server.broker.StreamNote;
import io.framebroker.server.store.Answers;
import io.framebroker.server.store.Opened;
import io.framebroker.server.store.Samples;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Redis refuses, hangs, crashes or forgets. What was told is true, what was not told is told when Redis is well again. */
@Timeout(300)
class RedisTroubleTest {
    private final List<AutoCloseable> toClose = new ArrayList<>();
    private RedisProcess redis;
    private RedisTruth truth;
    private Owner broker;

    /** A Redis for this test alone. */
    private void given(RedisProcess process) {
        toClose.add(process);
        begin(process);
    }

    /** One that others use too, and so is not to be killed. */
    private void givenAny() {
        begin(RedisProcess.emptied());
    }

    private void begin(RedisProcess process) {
        redis = process;
        truth = new RedisTruth(redis, Owner.STREAM);
        broker = broker(1).takes();
    }

    private Owner broker(int number) {
        return toClose(Owner.at(redis, number));
    }

    private Owner toClose(Owner owner) {
        toClose.add(owner);
        return owner;
    }

    /** From now on a broker has the stream whose lease is short. */
    private void handedToOneWithAShortLease() {
        broker.store.close();
        broker = toClose(Owner.brief(redis, 7)).takes();
        // Redis is told everything anew.
        broker.noted();
    }

    @AfterEach
    void close() throws Exception {
        for (int i = toClose.size() - 1; i >= 0; i--) {
            toClose.get(i).close();
        }
    }

    private void someWork() {
        broker.append(1, 40, 1_000);
        broker.group("detectors", 0);
        broker.group("archive", 10);
        broker.stream.delivered("detectors", 1, 30, 1);
        broker.stream.delivered("detectors", 7, 7, 2);
        broker.acks("detectors", 1, 5);
        broker.acks("detectors", 10, 20);
        broker.noted();
    }

    private static final GroupRecord DETECTORS = new GroupRecord(0, 30, 14, 16, 0, Map.of());
    private static final GroupRecord ARCHIVE = new GroupRecord(10, 10, 0, 0, 0, Map.of());

    /** All of {@link #someWork} and the frames behind it, here, in Redis, and for a broker that takes over. */
    private void assertAllThere(long lastFrame) {
        broker.noted();
        broker.noted();
        assertThat(broker.answers.wrong()).isNull();
        assertThat(broker.answers.isLost()).isFalse();
        Samples.assertAlike(truth.frames(), Samples.frames(1, 1, lastFrame, 1_000));
        assertThat(broker.stream.group("detectors")).isEqualTo(DETECTORS);
        broker.store.close();

        assertThat((List<?>) redis.call("SMEMBERS", "fb:streams")).isEqualTo(List.of(Owner.STREAM));
        Owner next = broker(99).takes();
        Samples.assertAlike(next.read(1, lastFrame), Samples.frames(1, 1, lastFrame, 1_000));
        assertThat(next.stream.group("detectors")).isEqualTo(DETECTORS);
        assertThat(next.stream.group("archive")).isEqualTo(ARCHIVE);
        assertThat(next.record.groups().get(1).pending())
                .filteredOn(pending -> pending.attempt() == 2)
                .extracting(pending -> pending.ordinal())
                .containsExactly(7L);
    }

    // ---- a crash of Redis

    @ParameterizedTest
    @ValueSource(strings = {"always", "everysec"})
    void redisCrashesWhileItIsWrittenTo(String appendFsync) {
        given(RedisProcess.configured().appendOnly(appendFsync).start());
        someWork();
        for (long first = 41; first <= 200; first += 10) {
            broker.appending(first, first + 9, 1_000);
        }

        redis.kill().start();

        broker.answers.awaitStored(200);
        assertAllThere(200);
    }

    @Test
    void redisComesBackWithWhatItHadAMinuteAgo() {
        given(RedisProcess.started());
        broker.append(1, 20, 1_000);
        broker.group("gone-again", 0);
        broker.noted();
        redis.call("SAVE");
        broker.append(21, 40, 1_000);
        broker.group("detectors", 0);
        broker.group("archive", 10);
        broker.stream.delivered("detectors", 1, 30, 1);
        broker.stream.delivered("detectors", 7, 7, 2);
        broker.acks("detectors", 1, 5);
        broker.acks("detectors", 10, 20);
        broker.stream.deleteGroup("gone-again");
        broker.noted();

        redis.kill().start();

        broker.append(41, 50, 1_000);
        assertThat(broker.store.intrusions()).isPositive();
        assertAllThere(50);
        assertThat(truth.groups()).containsOnlyKeys("archive", "detectors");
    }

    @Test
    void redisComesBackWithNothing() {
        given(RedisProcess.started());
        someWork();
        long generation = broker.stream.generation();

        redis.kill().start();

        broker.append(41, 50, 1_000);
        assertThat(broker.stream.generation()).isGreaterThan(generation);
        assertAllThere(50);
    }

    @Test
    void redisForgetsAndHasNoMemoryForWhatItForgot() {
        givenAny();
        someWork();
        redis.call("FLUSHALL");
        noMoreMemory();
        broker.noting();
        RedisProcess.await("the store being in trouble", () -> broker.stream.trouble() != null);

        enoughMemory();

        assertAllThere(40);
    }

    @Test
    void theWayToRedisIsTold() {
        given(RedisProcess.started());
        someWork();
        assertThat(broker.store.link().circuit()).isEqualTo(StoreLink.Circuit.CLOSED);
        assertThat(roundTrips()).isPositive();

        redis.kill();
        broker.noting();
        RedisProcess.await("Redis being spared", () -> broker.store.link().circuit() == StoreLink.Circuit.OPEN);
        long before = roundTrips();
        redis.start();
        broker.append(41, 50, 1_000);

        RedisProcess.await("Redis being asked again", () -> broker.store.link().circuit() == StoreLink.Circuit.CLOSED);
        assertThat(roundTrips()).isGreaterThan(before);
    }

    private long roundTrips() {
        return Arrays.stream(broker.store.link().roundTrips().counts()).sum();
    }

    // ---- what others do

    @Test
    void everythingIsFlushed() {
        givenAny();
        someWork();
        long generation = broker.stream.generation();

        redis.call("FLUSHALL");
        broker.append(41, 45, 1_000);
        broker.noted();

        assertThat(broker.stream.generation()).isGreaterThan(generation);
        assertThat(broker.store.intrusions()).isEqualTo(1);
        assertAllThere(45);
    }

    @Test
    void theStreamIsDeleted() {
        givenAny();
        someWork();

        redis.call("DEL", truth.framesKey());
        broker.append(41, 45, 1_000);
        broker.noted();
        broker.noted();

        assertThat(broker.store.intrusions()).isPositive();
        assertAllThere(45);
    }

    /** By its length it is as it was; its groups are gone. */
    @Test
    void theStreamIsDeletedWhileNothingIsInIt() {
        givenAny();
        broker.append(1, 40, 1_000);
        broker.group("detectors", 0);
        broker.stream.delivered("detectors", 1, 40, 1);
        broker.acks("detectors", 1, 40);
        broker.noted();
        broker.stream.trim(40);
        broker.noted();
        assertThat(redis.call("XLEN", truth.framesKey())).isEqualTo(0L);

        redis.call("DEL", truth.framesKey());
        broker.noted();

        assertThat(broker.store.intrusions()).isEqualTo(1);
        broker.append(41, 45, 1_000);
        broker.noted();
        assertThat((List<?>) redis.call("XINFO", "GROUPS", truth.framesKey())).hasSize(1);
        assertThat(broker.answers.wrong()).isNull();
        assertThat(broker.stream.group("detectors")).isEqualTo(new GroupRecord(0, 40, 0, 40, 0, Map.of()));
    }

    @Test
    void theEndOfTheStreamIsDeleted() {
        givenAny();
        someWork();
        broker.append(41, 45, 1_000);
        broker.append(46, 50, 1_000);

        truth.dropTail(1);

        assertAllThere(50);
    }

    @Test
    void framesInTheMiddleAreDeleted() {
        givenAny();
        someWork();
        for (int i = 41; i <= 50; i++) {
            broker.append(i, i, 1_000);
        }

        redis.call("XDEL", truth.framesKey(), "1-43");
        redis.call("XDEL", truth.framesKey(), "1-46");

        assertAllThere(50);
    }

    @Test
    void theScriptsAreForgotten() {
        givenAny();
        someWork();

        redis.call("SCRIPT", "FLUSH");
        broker.append(41, 45, 1_000);

        assertThat(broker.store.intrusions()).isZero();
        assertAllThere(45);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "XGROUP DESTROY frames detectors",
                "XGROUP DELCONSUMER frames detectors 127.0.0.1:7",
                "XACK frames detectors 1-1",
                "DEL group",
                "DEL state",
            })
    void whatNobodyTouchesIsMissedWithinTheLease(String command) {
        givenAny();
        broker.appending(1, 40, 1_000);
        someWorkOnly();
        handedToOneWithAShortLease();

        redis.call(command.split(" ")[0], (Object[]) command.substring(command.indexOf(' ') + 1)
                .replace("frames", truth.framesKey())
                .replace("group", truth.groupKey("detectors"))
                .replace("state", truth.stateKey())
                .split(" "));
        RedisProcess.await("the store noticing", () -> broker.store.intrusions() > 0);

        assertAllThere(40);
    }

    private void someWorkOnly() {
        broker.answers.awaitStored(40);
        broker.group("detectors", 0);
        broker.group("archive", 10);
        broker.stream.delivered("detectors", 1, 30, 1);
        broker.stream.delivered("detectors", 7, 7, 2);
        broker.acks("detectors", 1, 5);
        broker.acks("detectors", 10, 20);
        broker.noted();
    }

    @Test
    void aKeyIsOverwritten() {
        given(RedisProcess.started());
        someWork();

        redis.call("SET", truth.groupKey("detectors"), "nonsense");
        broker.stream.delivered("archive", 11, 11, 1);
        broker.stream.delivered("detectors", 7, 7, 2);
        broker.noted();

        assertThat(broker.store.intrusions()).isPositive();
        assertThat(redis.call("TYPE", truth.groupKey("detectors"))).isEqualTo("hash");
        assertThat(broker.stream.group("detectors")).isEqualTo(DETECTORS);
    }

    @Test
    void anEntryOfSomebodyElseIsPassedOver() {
        givenAny();
        someWork();

        redis.call("XADD", truth.framesKey(), "7-7", "hello", "world");
        broker.append(41, 45, 1_000);
        broker.noted();
        assertThat(broker.answers.isLost()).isFalse();
        broker.store.close();
        Owner next = broker(2).takes();

        Samples.assertAlike(next.read(1, 45), Samples.frames(1, 1, 45, 1_000));
        next.stream.trim(45);
        next.noted();
        assertThat(truth.entries()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 1, 20, 200})
    void theConnectionIsCutWhileTheStreamIsDeleted(long bytes) {
        givenAny();
        someWork();
        CompletableFuture<Void> deleted = new CompletableFuture<>();

        broker.proxy.cutDownAfter(bytes);
        broker.stream.delete(() -> deleted.complete(null));
        Owner next = broker(2);
        deleted.orTimeout(60, TimeUnit.SECONDS).join();

        assertThat(broker.store.intrusions()).isZero();
        assertThat(broker.answers.isLost()).isFalse();
        assertThat(RedisKeys.of(redis))
                .containsExactlyInAnyOrder("fb:brokers", "fb:{cam}:generation", "fb:{cam}:frames");
        assertThatThrownBy(() -> Opened.existing(next.store, Owner.STREAM, new Answers()))
                .isInstanceOfSatisfying(
                        BrokerException.class, e -> assertThat(e.reason()).isEqualTo("STREAM_NOT_FOUND"));
    }

    @Test
    void theBrokerDiesBeforeTheNameOfADeletedStreamIsDeleted() {
        givenAny();
        broker.store.close();
        RedisKeys.of(redis).stream().filter(key -> key.contains("{")).forEach(key -> redis.call("DEL", key));
        Owner next = broker(2);

        assertThatThrownBy(() -> Opened.existing(next.store, Owner.STREAM, new Answers()))
                .isInstanceOfSatisfying(
                        BrokerException.class, e -> assertThat(e.reason()).isEqualTo("STREAM_NOT_FOUND"));

        assertThat(RedisKeys.of(redis)).containsExactly("fb:brokers");
    }

    // ---- while nobody has the stream

    @Test
    void framesThatHaveVanishedAreNamed() {
        givenAny();
        for (int i = 1; i <= 20; i++) {
            broker.append(i, i, 1_000);
        }
        broker.group("detectors", 0);
        broker.group("archive", 0);
        broker.stream.delivered("detectors", 1, 10, 1);
        broker.acks("detectors", 1, 3);
        broker.noted();
        broker.store.close();

        for (int vanished : new int[] {2, 5, 6, 12, 15, 16, 19, 20}) {
            redis.call("XDEL", truth.framesKey(), "1-" + vanished);
        }
        Owner next = broker(2).takes();

        assertThat(next.store.intrusions()).isPositive();
        assertThat(next.stream.lastOrdinal()).isEqualTo(20);
        assertThat(next.stream.count(1, 20)).isEqualTo(12);
        assertThat(next.read(1, 20))
                .extracting(Frame::ordinal)
                .containsExactly(1L, 3L, 4L, 7L, 8L, 9L, 10L, 11L, 13L, 14L, 17L, 18L);
        assertThat(next.stream.receivedMicros(12)).isZero();
        assertThat(next.stream.group("detectors")).isEqualTo(new GroupRecord(0, 10, 5, 3, 0, Map.of("STORE_LOST", 2L)));
        assertThat(next.stream.group("archive")).isEqualTo(new GroupRecord(0, 0, 0, 0, 0, Map.of()));
        next.append(21, 22, 1_000);
        assertThat(next.stream.count(11, 22)).isEqualTo(7);
    }

    @Test
    void aGroupThatHadReadWhatVanishedFromTheEndReadsWhatComesThen() {
        givenAny();
        for (int i = 1; i <= 10; i++) {
            broker.append(i, i, 1_000);
        }
        broker.group("detectors", 0);
        broker.stream.delivered("detectors", 1, 10, 1);
        broker.acks("detectors", 1, 9);
        broker.noted();
        broker.store.close();

        truth.dropTail(3);
        Owner next = broker(2).takes();
        next.append(11, 12, 1_000);

        assertThat(next.stream.group("detectors")).isEqualTo(new GroupRecord(0, 10, 0, 9, 0, Map.of("STORE_LOST", 1L)));
        next.stream.delivered("detectors", 11, 12, 1);
        next.acks("detectors", 11, 12);
        next.noted();
        assertThat(next.stream.group("detectors").acked()).isEqualTo(11);
    }

    @Test
    void theStreamIsDeletedWhileNobodyHasIt() {
        givenAny();
        someWork();
        broker.store.close();

        redis.call("DEL", truth.framesKey());
        Owner next = broker(2).takes();

        assertThat(next.store.intrusions()).isPositive();
        assertThat(next.stream.lastOrdinal()).isEqualTo(40);
        assertThat(next.stream.count(1, 40)).isZero();
        assertThat(next.stream.group("detectors"))
                .isEqualTo(new GroupRecord(0, 30, 0, 16, 0, Map.of("STORE_LOST", 14L)));
        assertThat(next.stream.group("archive")).isEqualTo(ARCHIVE);
        next.append(41, 41, 1_000);
    }

    @Test
    void aGroupIsDeletedWhileNobodyHasTheStream() {
        givenAny();
        someWork();
        broker.store.close();

        redis.call("XGROUP", "DESTROY", truth.framesKey(), "detectors");
        Owner next = broker(2).takes();
        next.noted();

        assertThat(next.store.intrusions()).isPositive();
        assertThat(next.stream.group("detectors"))
                .isEqualTo(new GroupRecord(0, 30, 0, 16, 0, Map.of("STORE_LOST", 14L)));
        assertThat(truth.groups()).containsOnlyKeys("archive", "detectors");
    }

    // ---- out of memory

    private void noMoreMemory() {
        redis.call("CONFIG", "SET", "maxmemory", 1);
    }

    private void enoughMemory() {
        redis.call("CONFIG", "SET", "maxmemory", 0);
    }

    @Test
    void memoryRunsOutInTheMiddleOfABatch() {
        given(RedisProcess.started());
        broker.group("detectors", 0);
        broker.append(1, 10, 10_000);
        redis.call("CONFIG", "SET", "maxmemory", Long.parseLong(redis.info("used_memory")) + 3_000_000);

        for (int i = 11; i <= 1_000; i++) {
            broker.appending(i, i, 10_000);
        }
        RedisProcess.await("the store being in trouble", () -> broker.stream.trouble() != null);
        assertThat(broker.stream.trouble()).startsWith("OOM");
        assertThat(broker.stream.isOwned()).isTrue();
        long stored = broker.stream.lastOrdinal();
        Samples.assertAlike(truth.frames().subList(0, (int) stored), Samples.frames(1, 1, stored, 10_000));
        while (stored < 1_000) {
            // What was stored is delivered, settled and trimmed, which makes room for what was not.
            long from = broker.stream.group("detectors").cursor() + 1;
            broker.stream.delivered("detectors", from, stored, 1);
            broker.acks("detectors", from, stored);
            broker.noted();
            broker.stream.trim(stored);
            broker.answers.awaitStored(stored + 1);
            stored = broker.stream.lastOrdinal();
        }

        broker.noted();
        RedisProcess.await("the trouble being over", () -> broker.stream.trouble() == null);
        assertThat(broker.stream.generation()).isEqualTo(1);
        assertThat(broker.store.intrusions()).isZero();
        List<Frame> left = truth.frames();
        Samples.assertAlike(left, Samples.frames(1, left.get(0).ordinal(), 1_000, 10_000));
    }

    @Test
    void aBrokerComesWhileThereIsNoMemory() {
        givenAny();
        someWork();
        broker.store.close();
        noMoreMemory();
        try {
            broker = broker(2).takes();
            broker.appending(41, 45, 1_000);
            RedisProcess.await("the store being in trouble", () -> broker.stream.trouble() != null);
            assertThat(broker.stream.group("detectors")).isEqualTo(DETECTORS);
            assertThat(broker.read(1, 40)).hasSize(40);
            broker.noted();
        } finally {
            enoughMemory();
        }

        broker.answers.awaitStored(45);
        assertAllThere(45);
    }

    @Test
    void aPublisherIsNotSaidToHaveStoredWhatMemoryHadNoRoomFor() {
        givenAny();
        broker.note(new StreamNote(null, new PublisherRecord(Samples.PUBLISHER, 0, 0, 0, List.of()), null));
        broker.append(1, 3, 1_000);
        noMoreMemory();
        try {
            broker.appending(4, 6, 1_000);
            RedisProcess.await("the store being in trouble", () -> broker.stream.trouble() != null);
            long taken = Samples.sequence(6);
            broker.note(new StreamNote(null, new PublisherRecord(Samples.PUBLISHER, taken, 1, 0, List.of()), null));
            broker.noted();
            broker.store.abandon();
            RedisKeys.endLeases(redis);
        } finally {
            enoughMemory();
        }

        Owner next = broker(2).takes();
        assertThat(next.stream.lastOrdinal()).isEqualTo(3);
        assertThat(next.record.publishers()).singleElement().satisfies(camera -> {
            assertThat(camera.lastReportId()).isEqualTo(1);
            // What comes again from there on is what is missing.
            assertThat(camera.lastSequence()).isBetween(Samples.sequence(3), Samples.sequence(4) - 1);
        });
    }

    // ---- refusals

    @Test
    void redisBecomesAReplicaForAWhile() {
        given(RedisProcess.started());
        someWork();

        redis.call("REPLICAOF", "127.0.0.1", "1");
        broker.appending(41, 45, 1_000);
        RedisProcess.await("the store being in trouble", () -> broker.stream.trouble() != null);
        redis.call("REPLICAOF", "NO", "ONE");

        broker.answers.awaitStored(45);
        assertAllThere(45);
    }

    @Test
    void redisCannotWriteItsFile() throws IOException {
        given(RedisProcess.started());
        someWork();
        noMoreFile();

        broker.appending(41, 45, 1_000);
        RedisProcess.await("the store being in trouble", () -> broker.stream.trouble() != null);
        assertThat(broker.stream.trouble()).contains("MISCONF");
        redis.call("CONFIG", "SET", "save", "");

        broker.answers.awaitStored(45);
        assertAllThere(45);
    }

    /** The writer used to wake a thousand times a second, for a lease that it could not ask for. */
    @Test
    void aDoubtThatLastsIsLookedAtNowAndThen() throws IOException {
        given(RedisProcess.started());
        someWork();
        handedToOneWithAShortLease();
        RedisStreamStore stream = (RedisStreamStore) broker.stream;
        noMoreFile();

        broker.noting();
        RedisProcess.await("the lease being over", () -> !stream.isOwned());
        RedisProcess.await("a writer that waits", () -> stream.untilDue(System.nanoTime()) > 50_000_000);
        redis.call("CONFIG", "SET", "save", "");

        assertAllThere(40);
    }

    private void noMoreFile() throws IOException {
        Path file = redis.directory().resolve("dump.rdb");
        Files.createDirectories(file.resolve("in-the-way"));
        redis.call("CONFIG", "SET", "save", "3600 1");
        redis.call("BGSAVE");
        RedisProcess.await(
                "a failed snapshot", () -> redis.info("rdb_last_bgsave_status").equals("err"));
    }

    @Test
    void redisTakesLongToLoad() throws Exception {
        given(RedisProcess.configured()
                .appendOnly("always")
                .directives("key-load-delay 300", "aof-use-rdb-preamble no")
                .start());
        someWork();
        redis.call("EVAL", "for i = 1, 4000 do redis.call('SET', 'filler-' .. i, 'x') end", 0);

        redis.kill();
        CompletableFuture<Void> started = CompletableFuture.runAsync(() -> redis.start());
        broker.appending(41, 45, 1_000);
        broker.answers.awaitStored(45);

        started.get();
        assertAllThere(45);
    }

    // ---- silence

    @Test
    void redisHangsForLongerThanTheLease() {
        given(RedisProcess.started());
        someWork();
        handedToOneWithAShortLease();

        redis.suspend();
        broker.appending(41, 45, 1_000);
        RedisProcess.await("the lease being over", () -> !broker.stream.isOwned());
        RedisProcess.await("the store being in trouble", () -> broker.stream.trouble() != null);
        assertThat(broker.answers.stored()).isZero();
        redis.resume();

        broker.answers.awaitStored(45);
        RedisProcess.await("the lease", broker.stream::isOwned);
        assertAllThere(45);
    }

    @Test
    void redisIsNotThereWhenABrokerWantsAStream() {
        given(RedisProcess.started());
        someWork();
        Owner other = broker(2);
        broker.store.close();

        redis.kill();
        assertThatThrownBy(() -> other.tries(Owner.STREAM))
                .isInstanceOfSatisfying(
                        BrokerException.class, e -> assertThat(e.kind()).isEqualTo(BrokerException.Kind.UNAVAILABLE));
        redis.start();

        assertThat(other.takes().stream.lastOrdinal()).isZero();
    }
}
