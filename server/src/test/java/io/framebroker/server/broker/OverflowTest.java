package io.framebroker.server.broker;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What goes when a stream's backlog is at its limit, under the policies that let something go. */
class OverflowTest {
    private static final int KILO = 1_000;

    private Conversation talk;
    private Camera camera;

    @AfterEach
    void comesOutEven() {
        talk.comesOutEven();
    }

    private void begins(int maxFrames, OverflowPolicy policy) {
        talk = new Conversation(Conversation.backlog(maxFrames, 1 << 20).with(policy));
        camera = talk.camera();
    }

    private void beginsRemembered(int maxFrames, OverflowPolicy policy) {
        StreamSettings streams = Conversation.backlog(maxFrames, 1 << 20).with(policy);
        talk = Conversation.thatIsRemembered(new BrokerSettings(true, 100, 5_000, streams), 1L << 40);
        camera = talk.camera();
    }

    private Worker slow() {
        return talk.worker("w1").of("slow").window(1).joins();
    }

    private void publishesVideo(int pictures, long first, long last) {
        for (long sequence = first; sequence <= last; sequence++) {
            camera.publishes((sequence - 1) % pictures == 0 ? Frames.of(sequence, 100) : Frames.delta(sequence));
        }
    }

    private List<Long> storedSequences() {
        List<Long> sequences = new ArrayList<>();
        for (long ordinal = talk.stream().firstOrdinal();
                ordinal <= talk.stream().lastOrdinal();
                ordinal++) {
            talk.store().stream("cam")
                    .read(ordinal, ordinal, 1, Long.MAX_VALUE)
                    .forEach(frame -> sequences.add(frame.sequence()));
        }
        return sequences;
    }

    // ---- DROP_OLDEST

    @Test
    void aGroupThatLagsSkipsItsOldestWaitingFramesByName() {
        begins(4, OverflowPolicy.DROP_OLDEST);
        Worker slow = slow();
        camera.publishes(1, 2, 3, 4, 5);
        slow.receives(1);
        slow.hearsNothing();

        camera.publishes(6, 7);

        camera.mayGoOn();
        slow.hears("gap of 1 OVERFLOW: 1-2 through 1-2", "gap of 1 OVERFLOW: 1-3 through 1-3");
        slow.acks(1);
        slow.receives(4);
        assertThat(talk.ledger("slow").skipped()).containsExactly(Map.entry("OVERFLOW", 2L));
        assertThat(talk.ledger().dropped()).isEmpty();
    }

    @Test
    void aGroupThatLagsHarmsOnlyItself() {
        begins(3, OverflowPolicy.DROP_OLDEST);
        Worker slow = slow();
        Worker fast = talk.worker("w2").of("fast").joins();

        for (long sequence = 1; sequence <= 6; sequence++) {
            camera.publishes(sequence);
            fast.receives(sequence);
            fast.acks(sequence);
        }

        assertThat(slow.missed()).isEqualTo(2);
        assertThat(fast.missed()).isZero();
    }

    /** What is in somebody's hands is not taken away: then the publisher waits as it does under BLOCK. */
    @Test
    void pendingFramesHoldThePublisherAtTwiceTheLimit() {
        begins(3, OverflowPolicy.DROP_OLDEST);
        Worker greedy = talk.worker("w1").of("greedy").joins();
        camera.publishes(1, 2, 3, 4, 5);
        camera.mayGoOn();
        camera.publishes(6);
        camera.hasToWait();
        greedy.receives(1, 2, 3, 4, 5, 6);

        greedy.acks(1);

        camera.mayGoOn();
        assertThat(greedy.missed()).isZero();
    }

    @Test
    void framesThatAreOnTheirWayToTheStoreAreSkippedOnceTheyAreStored() {
        begins(2, OverflowPolicy.DROP_OLDEST);
        Worker slow = slow();
        camera.publishes(1);
        talk.store().defer();
        camera.publishes(2, 3);
        assertThat(slow.missed()).isZero();

        talk.store().stream("cam").releaseStored(1);
        assertThat(slow.missed()).isZero();
        camera.publishes(4);
        talk.store().releaseAll();

        assertThat(slow.missed()).isEqualTo(1);
        slow.receives(1);
    }

    @Test
    void bytesCountAsFramesDo() {
        talk = new Conversation(Conversation.backlog(100, 3 * KILO).with(OverflowPolicy.DROP_OLDEST));
        camera = talk.camera();
        Worker slow = slow();
        camera.publishesLarge(1, KILO);
        camera.publishesLarge(2, KILO);
        camera.publishesLarge(3, KILO);
        camera.publishesLarge(4, KILO);
        assertThat(slow.missed()).isZero();

        camera.publishesLarge(5, 2 * KILO);

        assertThat(slow.missed()).isEqualTo(2);
        slow.acks(1);
        slow.receives(1, 4);
    }

    @Test
    void aFrameAboveTheLimitInBytesIsDelivered() {
        talk = new Conversation(Conversation.backlog(100, KILO).with(OverflowPolicy.DROP_OLDEST));
        camera = talk.camera();
        Worker slow = slow();
        camera.publishes(1, 2);

        camera.publishesLarge(3, 5 * KILO);

        camera.hasToWait();
        slow.acks(1);
        slow.receives(1, 3);
    }

    @Test
    void videoGoesOnWithAKeyframe() {
        begins(4, OverflowPolicy.DROP_OLDEST);
        Worker slow = slow();
        publishesVideo(4, 1, 5);
        slow.receives(1);
        slow.hearsNothing();

        publishesVideo(4, 6, 6);

        slow.hears("gap of 1 OVERFLOW: 1-2 through 1-2", "gap of 2 OVERFLOW: 1-3 through 1-4");
        slow.acks(1);
        slow.receives(5);
        slow.acks(5);
        slow.receives(6);
    }

    @Test
    void videoOfOneLongGroupOfPicturesWaitsForTheNextKeyframe() {
        begins(4, OverflowPolicy.DROP_OLDEST);
        Worker slow = slow();
        publishesVideo(8, 1, 7);
        assertThat(slow.missed()).isEqualTo(5);
        slow.receives(1);

        slow.acks(1);
        publishesVideo(8, 8, 8);
        slow.receivesNothing();
        publishesVideo(8, 9, 10);

        slow.receives(9);
        assertThat(talk.ledger("slow").skipped()).containsEntry("OVERFLOW", 7L);
    }

    @Test
    void videoWaitsForAKeyframeOverACrashToo() {
        beginsRemembered(4, OverflowPolicy.DROP_OLDEST);
        Worker paused = slow();
        publishesVideo(8, 1, 1);
        paused.call().pause();
        paused.acks(1);
        publishesVideo(8, 2, 6);
        assertThat(paused.missed()).isEqualTo(5);

        talk.brokerCrashes();

        camera = talk.camera();
        Worker next = slow();
        publishesVideo(8, 7, 8);
        next.receivesNothing();
        publishesVideo(8, 9, 9);
        next.receives(9);
    }

    /** A group that had ever skipped a frame began behind each crash with a keyframe. */
    @Test
    void videoGoesOnOverACrashBehindAFrameThatWasDelivered() {
        beginsRemembered(100, OverflowPolicy.BLOCK);
        Worker slow = slow();
        publishesVideo(4, 1, 2);
        talk.broker().purgeStream("cam");
        slow.acks(1);
        publishesVideo(4, 3, 6);
        slow.receives(1, 5);

        talk.brokerCrashes();

        talk.camera();
        Worker next = talk.worker("w1")
                .of("slow")
                .window(1)
                .holds(new Consumer.Held("cam", slow.token(5), 1))
                .joins();
        next.receivesNothing();
        next.settlesRun("cam", slow.token(5), 1, Verdict.ACK);
        next.receives(6);
        assertThat(next.missed()).isZero();
    }

    @Test
    void waitingFramesGoWhenMemoryIsShort() {
        talk = new Conversation(Conversation.backlog(1_000, 1 << 30).with(OverflowPolicy.DROP_OLDEST), 20 * KILO);
        camera = talk.camera();
        Worker slow = slow();

        for (int i = 1; i <= 100; i++) {
            camera.publishesLarge(i, KILO);
            slow.acks(slow.takesOrdinals().stream().mapToLong(Long::longValue).toArray());
            slow.call().pause();
        }

        camera.mayGoOn();
        assertThat(slow.missed()).isGreaterThan(80);
        assertThat(talk.memory().keptBytes()).isLessThan(22 * KILO);
    }

    // ---- DROP_NEWEST

    @Test
    void anArrivingFrameIsNotStoredAndItsPublisherHearsIt() {
        begins(3, OverflowPolicy.DROP_NEWEST);
        Worker slow = slow();
        camera.publishes(1, 2, 3);
        camera.forgetsWhatItHeard();

        camera.publishes(4);

        camera.hears("4 DROPPED OVERFLOW");
        slow.acks(1);
        camera.publishes(5);
        camera.hears("stored through 5");
        assertThat(storedSequences()).containsExactly(1L, 2L, 3L, 5L);
        assertThat(talk.ledger().dropped()).containsExactly(Map.entry("OVERFLOW", 1L));
        assertThat(slow.missed()).isZero();
    }

    @Test
    void aMessageThatFindsRoomIsTakenWhole() {
        begins(3, OverflowPolicy.DROP_NEWEST);
        slow();

        camera.publishesTogether(1, 2, 3, 4, 5);
        camera.publishesTogether(6, 7);

        camera.hears("opened behind 0", "stored through 5", "6 DROPPED OVERFLOW", "7 DROPPED OVERFLOW");
    }

    /** A message counted as backlog of its own: of each one that was larger than the limit, the rest went for ever. */
    @ParameterizedTest
    @EnumSource(names = {"DROP_NEWEST", "THIN"})
    void largeMessagesAreTakenWhileNobodyLags(OverflowPolicy policy) {
        begins(100, policy);
        Worker fast = talk.worker("w1").of("fast").autoAck().joins();

        camera.publishesTogether(LongStream.rangeClosed(1, 256).toArray());
        camera.publishesTogether(LongStream.rangeClosed(257, 512).toArray());

        assertThat(fast.takesStock()).isEqualTo(512);
        assertThat(talk.ledger().dropped()).isEmpty();
    }

    @Test
    void videoGoesWithWhatItBuildsOnUntilAKeyframeFits() {
        begins(3, OverflowPolicy.DROP_NEWEST);
        Worker slow = slow();
        publishesVideo(4, 1, 4);
        slow.acks(1);
        slow.acks(2);

        publishesVideo(6, 5, 6);
        assertThat(storedSequences()).containsExactly(1L, 2L, 3L);
        publishesVideo(6, 7, 8);

        assertThat(storedSequences()).containsExactly(1L, 2L, 3L, 7L, 8L);
    }

    @Test
    void aDroppedFrameThatComesAgainIsAnsweredAsItWas() {
        begins(3, OverflowPolicy.DROP_NEWEST);
        Worker slow = slow();
        camera.publishes(1, 2, 3, 4);
        slow.acks(1);
        slow.acks(2);
        camera = talk.camera();
        camera.hears("opened behind 4, without [4]");

        camera.publishes(4);

        camera.hears("4 DROPPED OVERFLOW");
        assertThat(storedSequences()).containsExactly(1L, 2L, 3L);
        assertThat(talk.ledger().duplicates()).isEqualTo(1);
    }

    @Test
    void aCrashChangesNothingAboutThat() {
        beginsRemembered(3, OverflowPolicy.DROP_NEWEST);
        slow();
        publishesVideo(9, 1, 4);

        talk.brokerCrashes();

        camera = talk.camera();
        camera.hears("opened behind 4, without [4]");
        camera.publishes(Frames.delta(4));
        camera.hears("4 DROPPED OVERFLOW");
        camera.publishes(Frames.delta(5));
        camera.hears("5 DROPPED OVERFLOW");
        assertThat(talk.ledger().dropped()).containsEntry("OVERFLOW", 2L);
    }

    /** The frame dropped last was looked for behind any number of stored ones: what followed went to the next keyframe. */
    @Test
    void framesBehindARejectedOneAreStoredThoughEarlierOnesWereDropped() {
        begins(3, OverflowPolicy.DROP_NEWEST);
        Worker slow = slow();
        publishesVideo(4, 1, 4);
        slow.acks(1);
        slow.acks(2);
        slow.acks(3);
        publishesVideo(4, 5, 6);
        camera.publishes(Frames.bad(7));

        camera = talk.camera();
        camera.publishes(Frames.delta(8));

        camera.hears("opened behind 7, without [4, 7]", "stored through 8");
    }

    @Test
    void framesRightBehindADroppedAndARejectedOneGo() {
        begins(3, OverflowPolicy.DROP_NEWEST);
        Worker slow = slow();
        publishesVideo(9, 1, 4);
        camera.publishes(Frames.bad(5));
        slow.acks(1);
        slow.acks(2);

        camera = talk.camera();
        camera.publishes(Frames.delta(6));

        camera.hears("opened behind 5, without [4, 5]", "6 DROPPED OVERFLOW");
    }

    @Test
    void nobodyWaitsForMemory() {
        talk = new Conversation(Conversation.backlog(1_000, 1 << 30).with(OverflowPolicy.DROP_NEWEST), 20 * KILO);
        camera = talk.camera();
        slow();

        for (int i = 1; i <= 100; i++) {
            camera.publishesLarge(i, KILO);
        }

        camera.mayGoOn();
        assertThat(talk.memory().keptBytes()).isLessThan(22 * KILO);
        assertThat(talk.ledger().dropped().get("OVERFLOW")).isBetween(80L, 85L);
    }

    @Test
    void aPublisherThatWaitsGoesOnWhenThePolicyChanges() {
        begins(3, OverflowPolicy.BLOCK);
        slow();
        camera.publishes(1, 2, 3);
        camera.hasToWait();

        talk.broker().updateStream("cam", Conversation.backlog(3, 1 << 20).with(OverflowPolicy.DROP_NEWEST));

        camera.mayGoOn();
        camera.forgetsWhatItHeard();
        camera.publishes(4);
        camera.hears("4 DROPPED OVERFLOW");
    }

    @Test
    void theEndOfAGroupOfPicturesGoesThoughThePolicyHasChanged() {
        begins(3, OverflowPolicy.DROP_NEWEST);
        Worker slow = slow();
        publishesVideo(9, 1, 4);
        slow.acks(1);
        slow.acks(2);

        talk.broker().updateStream("cam", Conversation.backlog(3, 1 << 20));
        publishesVideo(9, 5, 11);

        assertThat(storedSequences()).containsExactly(1L, 2L, 3L, 10L, 11L);
    }

    // ---- THIN

    @Test
    void picturesThatStandAloneAreThinnedAsTheBacklogFills() {
        begins(100, OverflowPolicy.THIN);
        slow();
        camera.publishes(LongStream.rangeClosed(1, 50).toArray());
        assertThat(talk.ledger().dropped()).isEmpty();

        camera.publishes(LongStream.rangeClosed(51, 99).toArray());
        assertThat(talk.stream().backlogFrames()).isEqualTo(75);
        camera.publishes(LongStream.rangeClosed(100, 199).toArray());
        assertThat(talk.stream().backlogFrames()).isEqualTo(100);
        camera.publishes(LongStream.rangeClosed(200, 209).toArray());

        camera.mayGoOn();
        assertThat(talk.stream().backlogFrames()).isEqualTo(100);
        assertThat(talk.ledger().dropped().get("THINNED")).isBetween(95L, 100L);
        assertThat(talk.ledger().dropped().get("OVERFLOW")).isGreaterThanOrEqualTo(10L);
    }

    @Test
    void ofVideoTheEndsOfGroupsOfPicturesGoAndKeyframesLast() {
        begins(100, OverflowPolicy.THIN);
        slow();

        publishesVideo(10, 1, 400);

        List<Long> stored = storedSequences();
        assertThat(stored).startsWith(LongStream.rangeClosed(1, 50).boxed().toArray(Long[]::new));
        // The first half of each group of pictures, then two pictures of it, then the keyframe.
        assertThat(stored).containsSequence(51L, 52L, 53L, 54L, 55L, 61L, 62L, 63L, 64L, 65L);
        assertThat(stored).containsSequence(101L, 102L, 111L, 112L);
        assertThat(stored).containsSequence(181L, 191L, 201L);
        assertThat(stored).hasSize(100);
        assertDecodes(stored, 10);
    }

    @Test
    void thinningEndsWhenTheBacklogIsDownToEightyPercentOfWhereItBegan() {
        begins(10, OverflowPolicy.THIN);
        Worker worker = talk.worker("w1").of("slow").joins();
        camera.publishes(1, 2, 3, 4, 5, 6, 7);
        assertThat(storedSequences()).containsExactly(1L, 2L, 3L, 4L, 5L, 6L);

        worker.acks(1, 2);
        camera.publishes(8, 9);
        assertThat(storedSequences()).endsWith(6L, 8L).doesNotContain(9L);
        worker.acks(3, 4);
        camera.publishes(10, 11);

        assertThat(storedSequences()).endsWith(8L, 10L, 11L);
    }

    /** Every frame that builds on the one before has it. */
    private static void assertDecodes(List<Long> sequences, int pictures) {
        for (long sequence : sequences) {
            assertThat((sequence - 1) % pictures == 0 || sequences.contains(sequence - 1))
                    .as("what %d builds on is in %s", sequence, sequences)
                    .isTrue();
        }
    }
}
