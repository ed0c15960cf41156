package io.framebroker.server.broker;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Consumers that take streams by globs. */
class GlobConsumersTest {
    private static final StartPosition NEW = new StartPosition.New();

    private final Conversation conversation = new Conversation();

    @AfterEach
    void comesOutEven() {
        conversation.comesOutEven();
    }

    private Worker.Opening detector(String... streams) {
        return conversation.worker("w").of("detectors").takes(streams).from(NEW);
    }

    @Test
    void streamsThatExistAreTakenAtOnceAndOthersAsTheyComeUp() {
        Camera one = conversation.camera("cam-1");
        Camera other = conversation.camera("yard");
        Worker worker = detector("cam-*").joins();

        one.publishes(1);
        other.publishes(1);
        worker.receivesInAll("cam-1 1");

        Camera two = conversation.camera("cam-2");
        worker.hears("added: cam-2");
        two.publishes(1);
        worker.receivesInAll("cam-2 1");
    }

    @Test
    void whereNothingMatchesTheCallWaits() {
        Worker worker = detector("cam-*").joins();
        assertThat(worker.call().idle()).isEqualTo(Consumer.Idle.NO_FRAMES);

        conversation.camera("cam-1").publishes(1);

        worker.receivesInAll("cam-1 1");
    }

    @Test
    void oneThatIsNamedAndMatchesIsTakenOnce() {
        conversation.camera("cam-1");
        Worker worker = detector("cam-1", "cam-*", "*").joins();

        assertThat(worker.call().lags()).extracting(ConsumerLag::stream).containsExactly("cam-1");
    }

    @Test
    void aDeletedStreamFallsOutAndItsRoomIsTheOthers() {
        Camera one = conversation.camera("cam-1");
        Camera two = conversation.camera("cam-2");
        Worker worker = detector("cam-*").window(2).joins();
        one.publishes(1, 2);
        two.publishes(1, 2);
        worker.receivesInAll("cam-1 1", "cam-1 2");

        Deleted.stream(conversation.broker(), "cam-1", true);

        worker.hears("removed: cam-1");
        worker.receivesInAll("cam-2 1", "cam-2 2");
        worker.acksOn("cam-2", 1, 2);
        worker.hasOutstanding(0);
        worker.acksOn("cam-1", 1);
        worker.forgetsWhatItHeard();

        conversation.camera("cam-1").publishes(1);
        worker.hears("added: cam-1");
        worker.receivesInAll("cam-1 1");
    }

    @Test
    void aDeletedStreamThatIsNamedEndsTheCall() {
        conversation.camera("cam-1");
        Worker worker = detector("cam-1", "cam-*").joins();

        Deleted.stream(conversation.broker(), "cam-1", true);

        worker.hears("ended: STREAM_DELETED");
    }

    @Test
    void aSettlementTheStoreHadNotConfirmedIsAnsweredWhenItsStreamIsDeleted() {
        Camera one = conversation.camera("cam-1");
        Worker worker = detector("cam-*").joins();
        one.publishes(1);
        worker.receivesInAll("cam-1 1");
        conversation.store().defer();
        worker.acksOn("cam-1", 1);

        Deleted.stream(conversation.broker(), "cam-1", true);
        worker.hears("removed: cam-1", "1-1/1 UNKNOWN_TOKEN");
        worker.finishes();

        worker.hears("finished");
    }

    @Test
    void theNewestFramesOfNewStreamsComeTooAndTheWindowGrowsWithThem() {
        conversation.camera("cam-1");
        Worker viewer = conversation
                .worker("v")
                .takes("cam-*")
                .from(NEW)
                .latest(0)
                .window(Window.ofStreams())
                .joins();
        assertThat(viewer.call().window().maxFrames()).isEqualTo(1);

        conversation.camera("cam-2").publishes(1, 2);

        viewer.receivesInAll("cam-2 1");
        assertThat(viewer.call().window().maxFrames()).isEqualTo(2);
        Deleted.stream(conversation.broker(), "cam-2", true);
        assertThat(viewer.call().window().maxFrames()).isEqualTo(1);
        viewer.hasOutstanding(0);
    }

    @Test
    void aReplayTakesThoseThereAreAndEndsWithThem() {
        conversation.camera("cam-1").publishes(1, 2);
        conversation.camera("cam-2").publishes(1);
        Worker viewer = conversation.worker("v").takes("cam-*").replay().joins();
        viewer.receivesInAll("cam-1 1", "cam-1 2", "cam-2 1");
        conversation.camera("cam-3").publishes(1);
        Deleted.stream(conversation.broker(), "cam-2", true);

        viewer.acksOn("cam-1", 1, 2);

        viewer.receivesInAll();
        assertThat(viewer.isOver()).isTrue();
    }

    @Test
    void aReplayEndsWhenAllThatWasLeftOfItIsDeleted() {
        conversation.camera("cam-1").publishes(1);
        conversation.camera("cam-2").publishes(1);
        Worker viewer = conversation.worker("v").takes("cam-*").replay().joins();
        viewer.acksOn("cam-1", 1);
        assertThat(viewer.isOver()).isFalse();

        Deleted.stream(conversation.broker(), "cam-2", true);

        viewer.takesStock();
        assertThat(viewer.isOver()).isTrue();
    }

    /** It used to be lost for as long as the call lived. */
    @Test
    void roomThatWasKeptForAnAttemptOfADeletedStreamComesBack() {
        Camera one = conversation.camera("cam-1");
        Worker worker = detector("cam-*").window(1).joins();
        one.publishes(1);
        worker.receivesInAll("cam-1 1");
        conversation.store().defer();
        worker.settlesRun("cam-1", worker.tokenOn("cam-1", 1), 1, new Verdict.Retry(0));

        Deleted.stream(conversation.broker(), "cam-1", true);
        conversation.store().answerAtOnce();

        worker.hasOutstanding(0);
        worker.forgetsWhatItHeard();
        conversation.camera("cam-2").publishes(1);
        worker.receivesInAll("cam-2 1");
        worker.forgetsWhatItHeard();
    }

    /** A late word on a frame that is gone was taken for one on the frame in its place. */
    @Test
    void aLateAckOfADeletedStreamIsNotForTheNextOneOfItsName() {
        conversation.camera("cam-1").publishes(1);
        Worker worker = detector("cam-*").joins();
        Token late = worker.tokenOn("cam-1", 1);
        Deleted.stream(conversation.broker(), "cam-1", true);
        conversation.camera("cam-1").publishes(1);
        worker.receivesInAll("cam-1 1", "cam-1 1");
        worker.forgetsWhatItHeard();

        worker.settlesRun("cam-1", late, 1, Verdict.ACK);

        worker.hears("1-1/1 UNKNOWN_TOKEN");
        worker.hasOutstanding(1);
    }

    @Test
    void aReplayOfNothingIsOver() {
        Worker viewer = conversation.worker("v").takes("cam-*").replay().joins();

        viewer.hears("finished");
    }

    @Test
    void aStreamWhoseGroupHasOtherSettingsIsLeftOutAndTold() {
        Conversation remembered = Conversation.thatIsRemembered();
        remembered.camera("cam-1");
        remembered.worker("w").of("detectors").takes("cam-1").lease(5_000).joins();
        remembered.brokerCrashes();
        Worker worker = remembered
                .worker("w")
                .of("detectors")
                .takes("cam-*")
                .lease(9_000)
                .joins();

        remembered.camera("cam-1", "camera-of-cam-1", 2);
        remembered.broker().seatLeftOut();

        assertThat(worker.takesHeard())
                .singleElement()
                .satisfies(line -> assertThat(line)
                        .startsWith("left out: 1, group detectors on stream cam-1 has ")
                        .contains("5000", "9000"));
        remembered.camera("cam-2").publishes(1);
        worker.receivesInAll("cam-2 1");
    }

    @Test
    void aThousandStreamsAreTakenAndOthersWhenOneFallsOut() {
        for (int i = 0; i < Consumer.MOST_STREAMS; i++) {
            conversation.camera("cam-" + i);
        }
        Worker worker = detector("cam-*").joins();
        conversation.camera("cam-late").publishes(1);

        assertThat(worker.call().seats()).isEqualTo(Consumer.MOST_STREAMS);
        worker.hears("left out: 1, the call has 1000 streams of this broker, the most it may have; take the others in"
                + " a second call");
        conversation.broker().seatLeftOut();
        worker.hearsNothing();

        Deleted.stream(conversation.broker(), "cam-7", true);
        conversation.broker().seatLeftOut();

        worker.hears("removed: cam-7", "left out: 0, ", "added: cam-late");
        worker.receivesInAll("cam-late 1");
    }

    @Test
    void laggingStreamsGetTheSameBytesWhateverTheirFramesAre() {
        Conversation busy = new Conversation(Conversation.backlog(20_000, 1L << 30));
        List<Worker> workers = List.of(
                busy.worker("frames").of("frames").takes("cam-*").window(64).joins(),
                busy.worker("bytes")
                        .of("bytes")
                        .takes("cam-*")
                        .window(5_000, 300_000)
                        .joins(),
                busy.worker("both")
                        .of("both")
                        .takes("cam-*")
                        .window(50, 250_000)
                        .joins());
        Camera small = busy.camera("cam-small");
        Camera large = busy.camera("cam-large");
        for (int i = 1; i <= 200; i++) {
            large.publishesLarge(i, 100_000);
        }
        for (int i = 1; i <= 10_000; i++) {
            small.publishesLarge(i, 1_000);
        }
        for (Worker worker : workers) {
            // What came before both of them lagged.
            long large0 = worker.bytesOf("cam-large");
            long small0 = worker.bytesOf("cam-small");
            while (worker.bytesOf("cam-large") - large0 + worker.bytesOf("cam-small") - small0 < 8_000_000) {
                worker.acksNext();
            }
            assertThat(worker.bytesOf("cam-large") - large0).isBetween(3_600_000L, 4_400_000L);
            assertThat(worker.bytesOf("cam-small") - small0).isBetween(3_600_000L, 4_400_000L);
        }
        busy.comesOutEven();
    }

    /** What it had while nobody waited does not count against it. */
    @Test
    void aStreamThatWasAloneGetsItsHalfAsSoonAsAnotherLags() {
        Conversation busy = new Conversation(Conversation.backlog(20_000, 1L << 30));
        Worker worker =
                busy.worker("w").of("detectors").takes("cam-*").window(64).joins();
        Camera first = busy.camera("cam-first");
        for (int i = 1; i <= 2_000; i++) {
            first.publishesLarge(i, 1_000);
            worker.acksNext();
        }
        Camera late = busy.camera("cam-late");
        for (int i = 1; i <= 2_000; i++) {
            first.publishesLarge(2_000 + i, 1_000);
            late.publishesLarge(i, 1_000);
        }
        long before = worker.bytesOf("cam-first");

        for (int i = 0; i < 2_000; i++) {
            worker.acksNext();
        }

        assertThat(worker.bytesOf("cam-first") - before).isBetween(700_000L, 1_300_000L);
        assertThat(worker.bytesOf("cam-late")).isBetween(700_000L, 1_300_000L);
        busy.comesOutEven();
    }
}
