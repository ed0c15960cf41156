package io.framebroker.server.store.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.framebroker.server.broker.BrokerException;
import io.framebroker.server.broker.Frame;
import io.framebroker.server.broker.FrameStore;
import io.framebroker.server.broker.StreamRecord;
import io.framebroker.server.broker.StreamStore;
import io.framebroker.server.store.Samples;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import redis.clients.jedis.Connection;
import redis.clients.jedis.Protocol;

/** How a stream that others have left is opened, and what of it is in memory then. */
@Timeout(300)
class RedisOpeningTest {
    private static final long MOST_BYTES = 2 << 20;

    private final RedisProcess redis = RedisProcess.emptied();
    private final RedisTruth truth = new RedisTruth(redis, Owner.STREAM);
    private final List<Owner> brokers = new ArrayList<>();

    private Owner broker(int number) {
        Owner broker = Owner.at(redis, number);
        brokers.add(broker);
        return broker;
    }

    private static byte[] bytes(String text) {
        return StreamKeys.bytes(text);
    }

    @AfterEach
    void close() {
        brokers.forEach(Owner::close);
    }

    // ---- what is in memory

    private StreamLoader.Loaded load(Owner broker) {
        StreamKeys keys = new StreamKeys("fb:", Owner.STREAM);
        try (Connection connection = redis.connection()) {
            return new StreamLoader(broker.store, connection, Owner.STREAM, keys).load(2, System.nanoTime());
        }
    }

    private static long bytesHeld(FrameRing ring) {
        Set<byte[]> arrays = Collections.newSetFromMap(new IdentityHashMap<>());
        for (long ordinal = ring.first(); ordinal < ring.next(); ordinal++) {
            if (ring.frame(ordinal) != null) {
                arrays.add(ring.frame(ordinal).content().array());
            }
        }
        return arrays.stream().mapToLong(array -> array.length).sum();
    }

    /** All of them used to be, whatever their size: a broker that took over a thousand streams did not live. */
    @Test
    void theNewestFramesAreInMemoryAndTheOthersStayInRedis() {
        Owner first = broker(1).takes();
        first.append(1, 300, 100_000);
        first.store.close();

        FrameRing ring = load(broker(2)).ring();

        assertThat(bytesHeld(ring)).isBetween(MOST_BYTES - 100_000, MOST_BYTES);
        assertThat(ring.frame(300)).isNotNull();
        assertThat(ring.frame(1)).isNull();
        assertThat(ring.next()).isEqualTo(301);
        assertThat(ring.hasHoles()).isFalse();
        for (long ordinal = 1; ordinal <= 300; ordinal++) {
            assertThat(ring.size(ordinal)).isEqualTo(100_000);
            assertThat(ring.received(ordinal)).isEqualTo(Samples.RECEIVED + ordinal);
            assertThat(ring.entry(ordinal).id()).isEqualTo(StreamKeys.bytes("1-" + ordinal));
        }
    }

    @Test
    void framesThatShareAnEntryStayTogether() {
        Owner first = broker(1).takes();
        first.append(1, 6_000, 500);
        first.store.close();

        StreamLoader.Loaded loaded = load(broker(2));

        assertThat(bytesHeld(loaded.ring())).isBetween(MOST_BYTES - (64 << 10), MOST_BYTES);
        for (Entry entry : loaded.entries()) {
            for (long ordinal = entry.first(); ordinal <= entry.last(); ordinal++) {
                assertThat(loaded.ring().frame(ordinal) == null)
                        .isEqualTo(loaded.ring().frame(entry.first()) == null);
            }
        }
    }

    @Test
    void aFrameAboveTheBoundStaysInRedisToo() {
        Owner first = broker(1).takes();
        first.append(1, 2, 3 << 20);
        first.store.close();

        assertThat(bytesHeld(load(broker(2)).ring())).isZero();
    }

    @Test
    void whatStayedInRedisIsReadWhenItIsAskedFor() {
        Owner first = broker(1).takes();
        List<Frame> frames = new ArrayList<>(first.append(1, 60, 100_000));
        first.store.close();

        Owner second = broker(2).takes();
        Samples.assertSame(second.read(1, 60), frames);
        frames.addAll(second.append(61, 62, 100));
        second.stream.trim(30);
        second.noted();

        Samples.assertSame(second.read(31, 62), frames.subList(30, 62));
        assertThat(second.store.intrusions()).isZero();
    }

    @Test
    void whatRedisLosesOfItLaterIsSaidToBeLostAndTheRestGoesOn() {
        Owner first = broker(1).takes();
        List<Frame> frames = first.append(1, 60, 100_000);
        first.store.close();
        Owner second = broker(2).takes();
        // It has its connection by now, which is to be cut.
        second.noted();

        redis.call("XDEL", "fb:{cam}:frames", "1-7");
        second.proxy.cut();
        second.append(61, 61, 100);

        assertThat(second.stream.count(1, 60)).isEqualTo(59);
        Samples.assertSame(second.read(8, 60), frames.subList(7, 60));
    }

    // ---- when it fails

    /** A stream that any broker can take and none can read. */
    private Owner spoilt() {
        Owner first = broker(1).takes();
        first.append(1, 3, 100);
        first.noted();
        first.store.close();
        redis.call("HSET", truth.stateKey(), "first", "spoilt");
        return broker(2);
    }

    /** Each used to leave the lease, and a marker. */
    @Test
    void leavesNothingBehind() {
        Owner second = spoilt();
        long entries = truth.length();

        for (int generation = 2; generation < 5; generation++) {
            String taken = generation + " " + second.store.me();
            RedisProcess.await("being tried again", () -> {
                assertThatThrownBy(() -> second.tries(Owner.STREAM))
                        .isInstanceOf(BrokerException.class)
                        .hasMessageContaining("spoilt");
                return redis.call("GET", "fb:{cam}:generation").equals(taken);
            });

            assertThat(truth.length()).isEqualTo(entries);
            assertThat(RedisKeys.of(redis)).doesNotContain(truth.ownerKey());
        }
    }

    @Test
    void whatComesLateOfAnEarlierGenerationIsRefusedAllTheSame() {
        RedisProcess own = RedisProcess.configured().appendOnly("always").start();
        try (own;
                Connection connection = own.connection()) {
            StreamKeys keys = new StreamKeys("fb:", Owner.STREAM);
            connection.sendCommand(Protocol.Command.XADD, keys.frames, bytes("1-1"), bytes("f"), bytes("1"));
            connection.getOne();
            Script.ACQUIRE.call(
                    connection,
                    List.of(keys.owner, keys.generation, keys.frames, keys.process, keys.taken),
                    List.of(bytes("me"), bytes("5000"), bytes("0"), bytes("5000")));

            Object given = Script.GIVE_BACK.call(
                    connection, List.of(keys.owner, keys.process, keys.frames), List.of(bytes("2 me")));

            assertThat(given).isEqualTo(1L);
            assertThat(own.call("XLEN", "fb:{cam}:frames")).isEqualTo(1L);
            assertRefused(own, "1-2");
            own.kill().start();
            assertRefused(own, "1-2");
            own.call("BGREWRITEAOF");
            RedisProcess.await(
                    "the file being written",
                    () -> own.info("aof_rewrite_in_progress").equals("0"));
            own.kill().start();
            assertRefused(own, "1-2");
            assertRefused(own, "2-0");
        }
    }

    private static void assertRefused(RedisProcess redis, String id) {
        assertThatThrownBy(() -> redis.call("XADD", "fb:{cam}:frames", id, "f", "late"))
                .hasMessageContaining("equal or smaller than the target stream top item");
    }

    /** Its frames used to be passed over, and named as lost. */
    @Test
    void whatABrokerOfAnotherReleaseWroteIsLeftToIt() {
        Owner first = broker(1).takes();
        first.append(1, 3, 100);
        first.store.close();
        redis.call("XADD", truth.framesKey(), "1-4", "p", "cam@1", "m", "\u0002of the future", "f", "frame");
        long entries = truth.length();
        Owner second = broker(2);

        assertThatThrownBy(() -> second.tries(Owner.STREAM)).isInstanceOfSatisfying(BrokerException.class, e -> {
            assertThat(e.kind()).isEqualTo(BrokerException.Kind.UNAVAILABLE);
            assertThat(e.getMessage()).contains("entry 1-4", "version 2", "version 1");
        });

        assertThat(truth.length()).isEqualTo(entries);
        assertThat(RedisKeys.of(redis)).doesNotContain(truth.ownerKey());
        assertThat(second.store.intrusions()).isZero();
    }

    @Test
    void isNotTriedAgainAtOnceAndWorksWhenTheCauseIsGone() {
        Owner second = spoilt();

        for (int i = 0; i < 100; i++) {
            assertThatThrownBy(() -> second.tries(Owner.STREAM)).isInstanceOf(BrokerException.class);
        }
        int generation = Integer.parseInt(
                redis.call("GET", "fb:{cam}:generation").toString().split(" ")[0]);
        assertThat(generation).isBetween(2, 50);
        redis.call("HSET", truth.stateKey(), "first", "1");
        RedisProcess.await("being opened", () -> {
            try {
                second.has(second.tries(Owner.STREAM));
                return true;
            } catch (BrokerException e) {
                return false;
            }
        });

        assertThat(second.stream.lastOrdinal()).isEqualTo(3);
        second.append(4, 5, 100);
    }

    /** It used to be taken again at once, fifteen times a second, with a marker each time. */
    @Test
    void isNotTriedAgainAtOnceEitherWhenTheBrokerCannotTakeItUp() throws Exception {
        Owner first = broker(1).takes();
        first.append(1, 3, 100);
        first.store.close();
        Owner second = broker(2);
        long entries = truth.length();
        Refusing refusing = new Refusing();

        for (int i = 1; i <= 50; i++) {
            int answers = i;
            second.store.open(Owner.STREAM, false, refusing);
            RedisProcess.await("an answer", () -> refusing.opened.get() + refusing.failed.size() == answers);
        }

        assertThat(refusing.opened.get()).isBetween(1, 25);
        assertThat(refusing.failed).allSatisfy(why -> assertThat(why).contains("in a row", "on purpose"));
        // The last one may be on its way back still: it is given back after the broker has refused it.
        RedisProcess.await("no marker being left", () -> truth.length() == entries);
        RedisProcess.await("being opened", () -> {
            try {
                second.has(second.tries(Owner.STREAM));
                return true;
            } catch (BrokerException e) {
                return false;
            }
        });
        assertThat(second.stream.lastOrdinal()).isEqualTo(3);
    }

    private static final class Refusing implements FrameStore.Opening {
        private final AtomicInteger opened = new AtomicInteger();
        private final List<String> failed = new CopyOnWriteArrayList<>();

        @Override
        public void opened(StreamStore store, StreamRecord record) {
            opened.incrementAndGet();
            throw new IllegalStateException("on purpose");
        }

        @Override
        public void elsewhere(String address) {
            failed.add("elsewhere");
        }

        @Override
        public void failed(BrokerException why) {
            failed.add(why.getMessage());
        }
    }

    @Test
    void isOverAtOnceForOthersWhenTheWayToRedisBreaksMeanwhile() {
        Owner first = broker(1).takes();
        first.append(1, 20, 100_000);
        first.store.close();
        Owner second = broker(2);

        second.proxy.cutDownAfter(300_000);
        assertThatThrownBy(() -> second.tries(Owner.STREAM)).isInstanceOf(BrokerException.class);

        assertThat(RedisKeys.of(redis)).doesNotContain(truth.ownerKey());
    }

    // ---- when Redis is away

    @Test
    void nobodyIsMadeToWaitForARedisThatHasFailed() {
        Owner broker = broker(1);
        RedisBreaker breaker = broker.store.breaker();
        while (breaker.state() == RedisBreaker.State.CLOSED) {
            breaker.failed();
        }
        // Who is on trial does not say how it went: until then, nobody else is let through.
        RedisProcess.await("a trial", breaker::tryPermit);

        assertThatThrownBy(() -> broker.tries(Owner.STREAM)).isInstanceOfSatisfying(BrokerException.class, e -> {
            assertThat(e.kind()).isEqualTo(BrokerException.Kind.UNAVAILABLE);
            assertThat(e.getMessage()).contains(Owner.STREAM, "Redis has failed; it is tried again in ");
        });

        assertThat(RedisKeys.of(redis)).containsExactly("fb:brokers");
    }

    @Test
    void whoOpensAStreamFindsOutThatRedisIsAwayAndThatItIsBack() {
        Owner broker = broker(1);
        RedisBreaker breaker = broker.store.breaker();

        broker.proxy.refuse();
        for (int i = 0; i < 3; i++) {
            assertThatThrownBy(() -> broker.tries(Owner.STREAM)).isInstanceOf(BrokerException.class);
        }
        assertThat(breaker.state()).isNotEqualTo(RedisBreaker.State.CLOSED);
        broker.proxy.acceptAgain();
        RedisProcess.await("a trial", () -> {
            try {
                broker.has(broker.tries(Owner.STREAM));
                return true;
            } catch (BrokerException e) {
                return false;
            }
        });

        assertThat(breaker.state()).isEqualTo(RedisBreaker.State.CLOSED);
        broker.append(1, 2, 100);
    }

    // ---- handing over

    /** It used to be sent to the one that had left, until a third of the lease was over. */
    @Test
    void nobodyIsSentToABrokerThatHasLeft() {
        Owner leaving = broker(1);
        Owner staying = broker(2);
        List<String> streams = IntStream.range(0, 100)
                .mapToObj(i -> "cam-" + i)
                .filter(each -> Owner.address(1).equals(staying.tries(each).elsewhere()))
                .toList();
        assertThat(streams).isNotEmpty();

        leaving.store.close();

        assertThat(streams)
                .allSatisfy(each -> assertThat(staying.tries(each).elsewhere()).isNull());
    }
}
