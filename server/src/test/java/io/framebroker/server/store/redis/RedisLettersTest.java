package io.framebroker.server.store.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.framebroker.server.broker.DeadLetter;
import io.framebroker.server.broker.Frame;
import io.framebroker.server.broker.GroupRecord;
import io.framebroker.server.broker.StreamRecord;
import io.framebroker.server.store.Letters;
import io.framebroker.server.store.Samples;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Dead letters lie beside the stream: both or neither of letter and settlement, and no copy that nobody needs. */
@Timeout(300)
class RedisLettersTest {
    private static final String GROUP = "detectors";

    private final RedisProcess redis = RedisProcess.emptied();
    private final RedisTruth truth = new RedisTruth(redis, Owner.STREAM);
    private final List<Owner> brokers = new ArrayList<>();
    private Owner broker;
    private List<Frame> frames;

    @BeforeEach
    void someFramesArePending() {
        broker = broker(1).takes();
        frames = broker.append(1, 10, 500);
        broker.group(GROUP, 0);
        broker.stream.delivered(GROUP, 1, 10, 1);
        broker.noted();
    }

    @AfterEach
    void close() {
        redis.call("CONFIG", "SET", "maxmemory", 0);
        brokers.forEach(Owner::close);
    }

    private Owner broker(int number) {
        return toClose(Owner.at(redis, number));
    }

    private Owner toClose(Owner owner) {
        brokers.add(owner);
        return owner;
    }

    /** Another broker takes the stream, whose lease is short: it looks often. */
    private void handedToOneThatLooksOften() {
        broker.store.close();
        broker = toClose(Owner.brief(redis, 7)).takes();
        // Redis is told everything anew.
        broker.noted();
    }

    private Frame frame(long ordinal) {
        return frames.get((int) ordinal - 1);
    }

    private DeadLetter bury(long ordinal) {
        return Letters.bury(broker.stream, GROUP, frame(ordinal), 3);
    }

    private boolean hasRoomFor(long ordinal) {
        return broker.stream.hasRoomFor(GROUP, frame(ordinal), Letters.of(frame(ordinal), 3));
    }

    private void awaitRoomFor(long ordinal) {
        RedisProcess.await("room", () -> hasRoomFor(ordinal));
    }

    private long copies() {
        return (Long) redis.call("HLEN", truth.copiesKey(GROUP)) / LetterFormat.FIELDS_OF_COPY;
    }

    // ---- as an operator sees it

    @Test
    void whatIsKnownIsReadAndTheCopyIsTheFrameAlone() {
        DeadLetter letter = bury(4);
        broker.noted();

        assertThat(truth.entries()).hasSize(1);
        assertThat(redis.call("HGET", truth.lettersKey(GROUP), "1-4"))
                .asString()
                .startsWith("reason MAX_ATTEMPTS\nattempts 3\ndead_micros " + letter.deadMicros() + "\n")
                .endsWith("last_consumer worker-3\nlast_error cannot decode \u00fc 4\n");
        assertThat(redis.call("HSTRLEN", truth.copiesKey(GROUP), "f:1-4")).isEqualTo((long) letter.bytes());
    }

    @Test
    void whateverIsSaidOfAFrameComesBack() {
        DeadLetter said = new DeadLetter(
                frame(1).id(), 17, "NACK_DEAD_LETTER", 1, "two\nlines, \\n and \\\\ \u20ac ", "", Long.MAX_VALUE);

        assertThat(LetterFormat.letter(LetterFormat.field(said.id(), 3), LetterFormat.text(said)))
                .isEqualTo(said);
        assertThat(LetterFormat.restarts(LetterFormat.field(said.id(), 3))).isEqualTo(3);
    }

    @Test
    void theyGoWithTheirGroupAndWithTheirStream() throws Exception {
        bury(4);
        broker.group("archive", 0);
        broker.stream.delivered("archive", 1, 1, 1);
        Letters.bury(broker.stream, "archive", frame(1), 3);
        broker.noted();

        broker.stream.deleteGroup(GROUP);
        broker.noted();
        assertThat(RedisKeys.of(redis))
                .doesNotContain(truth.lettersKey(GROUP), truth.copiesKey(GROUP))
                .contains(truth.lettersKey("archive"), truth.copiesKey("archive"));
        broker.stream.delete();

        RedisProcess.await(
                "nothing being left of them",
                () -> RedisKeys.of(redis).stream().noneMatch(key -> key.contains("letters") || key.contains("copies")));
    }

    // ---- memory

    @Test
    void whenMemoryIsUsedUpTheyWaitAndSettlementsGoOn() throws Exception {
        bury(1);
        broker.answers.awaitSettled(GROUP, 1);
        redis.call("CONFIG", "SET", "maxmemory", 1);

        assertThat(hasRoomFor(2)).isFalse();
        for (int each = 3; each <= 6; each++) {
            broker.acks(GROUP, each, each);
            broker.answers.awaitSettled(GROUP, each - 1);
            assertThat(hasRoomFor(2)).isFalse();
        }
        assertThat(broker.stream.group(GROUP)).isEqualTo(new GroupRecord(0, 10, 5, 4, 1, Map.of()));
        assertThat(copies()).isOne();
        redis.call("CONFIG", "SET", "maxmemory", 0);
        bury(2);

        broker.answers.awaitSettled(GROUP, 6);
        Samples.assertAlike(Letters.read(broker.stream, GROUP, 1L, 2L), frames.subList(0, 2));
        assertThat(broker.store.intrusions()).isZero();
    }

    @Test
    void oneWhoseCopyIsThereIsMadeThoughMemoryIsUsedUp() {
        awaitRoomFor(2);
        redis.call("CONFIG", "SET", "maxmemory", 1);

        bury(2);

        broker.answers.awaitSettled(GROUP, 1);
        assertThat(truth.letters(GROUP)).containsExactly(2L);
    }

    // ---- copies that nobody needs

    @Test
    void aCopyWhoseFrameWasAckedAfterAllIsDeleted() {
        awaitRoomFor(2);
        assertThat(copies()).isOne();

        broker.acks(GROUP, 1, 5);
        broker.noted();

        assertThat(copies()).isZero();
        assertThatThrownBy(() -> hasRoomFor(2)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void aCopyThatACrashLeftIsDeletedByWhoComesNext() {
        awaitRoomFor(2);
        bury(3);
        broker.noted();
        assertThat(copies()).isEqualTo(2);

        broker.store.abandon();
        RedisKeys.endLeases(redis);
        broker = broker(2).takes();
        broker.noted();

        assertThat(copies()).isOne();
        assertThat(truth.letters(GROUP)).containsExactly(3L);
        assertThat(broker.stream.group(GROUP)).isEqualTo(new GroupRecord(0, 10, 9, 0, 1, Map.of()));
    }

    // ---- who was the owner

    @Test
    void whoHasLostTheStreamAddsNeitherLetterNorCopy() {
        awaitRoomFor(2);
        broker.proxy.freeze();
        bury(2);
        assertThat(hasRoomFor(3)).isFalse();
        RedisKeys.endLeases(redis);
        Owner next = broker(2).takes();
        next.noted();

        broker.proxy.thaw();
        assertThat(broker.answers.awaitLost().reason()).isEqualTo("STREAM_MOVED");

        assertThat(RedisKeys.of(redis)).doesNotContain(truth.lettersKey(GROUP), truth.copiesKey(GROUP));
        assertThat(next.stream.group(GROUP)).isEqualTo(new GroupRecord(0, 10, 10, 0, 0, Map.of()));
        assertThat(next.record.groups().get(0).pending()).hasSize(10);
    }

    // ---- what somebody deletes

    @Test
    void lettersThatSomebodyDeletesAreWrittenAgain() throws Exception {
        handedToOneThatLooksOften();
        bury(2);
        broker.noted();

        redis.call("DEL", truth.lettersKey(GROUP));

        RedisProcess.await("it being there again", () -> truth.letters(GROUP).contains(2L));
        assertThat(broker.store.intrusions()).isPositive();
        Samples.assertAlike(Letters.read(broker.stream, GROUP, 2L), List.of(frame(2)));
    }

    @Test
    void copiesOfTheNewestAreWrittenAgain() throws Exception {
        handedToOneThatLooksOften();
        bury(2);
        broker.noted();

        redis.call("DEL", truth.copiesKey(GROUP));

        RedisProcess.await("it being there again", () -> copies() == 1);
        Samples.assertAlike(Letters.read(broker.stream, GROUP, 2L), List.of(frame(2)));
        assertThat(broker.stream.group(GROUP)).isEqualTo(new GroupRecord(0, 10, 9, 0, 1, Map.of()));
    }

    @Test
    void aLetterOfBeforeThatHasNoCopyAnyMoreIsLostByName() {
        bury(2);
        broker.noted();
        handedToOneThatLooksOften();

        redis.call("HDEL", truth.copiesKey(GROUP), "f:1-2");

        RedisProcess.await(
                "its being lost",
                () -> broker.stream.group(GROUP).equals(new GroupRecord(0, 10, 9, 0, 0, Map.of("STORE_LOST", 1L))));
        assertThat(broker.stream.deadLetters(GROUP)).isEmpty();
        assertThat(broker.store.intrusions()).isPositive();
        // Who has listed it before does not know.
        broker.stream.purge(GROUP, List.of(2L), "OLD");
        broker.noted();
        assertThat(copies()).isZero();
        assertThat(broker.stream.group(GROUP)).isEqualTo(new GroupRecord(0, 10, 9, 0, 0, Map.of("STORE_LOST", 1L)));
    }

    @Test
    void aLetterWithoutItsCopyIsPendingAgainForWhoTakesTheStream() throws Exception {
        bury(2);
        bury(3);
        broker.noted();
        broker.store.close();
        redis.call("HDEL", truth.copiesKey(GROUP), "m:1-2");

        broker = broker(2).takes();

        assertThat(broker.stream.group(GROUP)).isEqualTo(new GroupRecord(0, 10, 9, 0, 1, Map.of()));
        assertThat(broker.record.groups().get(0).pending()).contains(new StreamRecord.Pending(2, 1, 1));
        bury(2);
        broker.noted();
        Samples.assertAlike(Letters.read(broker.stream, GROUP, 2L, 3L), frames.subList(1, 3));
        assertThat(truth.letters(GROUP)).containsExactlyInAnyOrder(2L, 3L);
    }
}
