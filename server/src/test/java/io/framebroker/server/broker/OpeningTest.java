package io.framebroker.server.broker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** How streams are opened, and who hears of it. */
class OpeningTest {
    private final Conversation talk = Conversation.thatIsRemembered();
    private final List<String> heard = new ArrayList<>();

    private void prepares(boolean create, String... streams) {
        talk.broker().prepare(List.of(streams), create, new Broker.Prepared() {
            @Override
            public void here() {
                heard.add("here");
            }

            @Override
            public void elsewhere(Map<String, String> addresses) {
                heard.add("elsewhere " + new TreeMap<>(addresses));
            }

            @Override
            public void failed(BrokerException why) {
                heard.add("failed " + why.reason());
            }
        });
    }

    private void creates(String stream, StreamSettings settings) {
        talk.broker().createStream(stream, settings, new Broker.Created() {
            @Override
            public void created(StreamState state) {
                heard.add("created " + state.name() + " for " + state.settings().maxBacklogFrames() + " frames");
            }

            @Override
            public void elsewhere(String address) {
                heard.add("elsewhere " + address);
            }

            @Override
            public void failed(BrokerException why) {
                heard.add("failed " + why.reason());
            }
        });
    }

    private void hears(String... expected) {
        assertThat(heard).containsExactly(expected);
        heard.clear();
    }

    private List<String> streams() {
        return talk.broker().streams().stream().map(StreamState::name).toList();
    }

    // ---- before streams are used

    @Test
    void aStreamThatWasNeverThereIsCreated() {
        prepares(true, "cam");

        hears("here");
        assertThat(streams()).containsExactly("cam");
    }

    @Test
    void aStreamThatIsNotWantedToBeCreatedIsNotFound() {
        prepares(false, "cam");

        hears("failed STREAM_NOT_FOUND");
        assertThat(streams()).isEmpty();
    }

    @Test
    void aStreamThatIsOpenIsNotOpenedAgain() {
        prepares(true, "cam");
        prepares(false, "cam", "cam");

        hears("here", "here");
        assertThat(talk.remembered().opened()).isEqualTo(1);
    }

    @Test
    void streamsOfOthersAreNamedWithTheirBrokers() {
        talk.remembered().isAt("dock", "other:50051");
        talk.remembered().isAt("gate", "third:50051");

        prepares(true, "cam", "dock", "gate");

        hears("elsewhere {dock=other:50051, gate=third:50051}");
        assertThat(streams()).containsExactly("cam");
    }

    @Test
    void aStreamThatMovedAwayAndBackIsHere() {
        talk.remembered().isAt("cam", "other:50051");
        prepares(true, "cam");
        talk.remembered().isAt("cam", null);
        prepares(true, "cam");

        hears("elsewhere {cam=other:50051}", "here");
    }

    @Test
    void oneThatCannotBeOpenedFailsThemAll() {
        prepares(true, "dock");
        talk.remembered()
                .refuses(new BrokerException(BrokerException.Kind.UNAVAILABLE, "STORE_UNAVAILABLE", "no store"));

        prepares(true, "dock", "cam");

        hears("here", "failed STORE_UNAVAILABLE");
    }

    @Test
    void itIsAnsweredWhenTheStoreHasAnsweredForAll() {
        talk.remembered().isAt("dock", "other:50051");
        talk.remembered().answersLater();

        prepares(true, "cam", "dock");
        hears();
        talk.remembered().answers();

        hears("elsewhere {dock=other:50051}");
    }

    @Test
    void manyWhoWantTheSameStreamOpenItOnce() {
        talk.remembered().answersLater();
        prepares(true, "cam");
        prepares(true, "cam", "dock");
        prepares(true, "dock");

        talk.remembered().answers();

        hears("here", "here", "here");
        assertThat(talk.remembered().opened()).isEqualTo(2);
    }

    /** Whoever came second used to be told that there is no such stream, though it was to create it. */
    @Test
    void whoWantsAStreamCreatedGetsItThoughSomebodyJustLookedForIt() {
        talk.remembered().answersLater();
        prepares(false, "cam");
        prepares(true, "cam");

        talk.remembered().answers();

        hears("failed STREAM_NOT_FOUND", "here");
    }

    /** It used to wait for as long as the store took, which may be for good. */
    @Test
    void whoWaitsForAStreamThatIsNotOpenedIsSentAwayInTheEnd() {
        prepares(true, "dock");
        hears("here");
        talk.remembered().answersLater();
        prepares(true, "cam", "dock");

        talk.passes(Duration.ofMillis(29_999));
        hears();
        talk.passes(Duration.ofMillis(1));

        hears("failed STREAM_NOT_OPENED");
    }

    @Test
    void whoComesBackForAStreamThatIsNotOpenedWaitsForTheSameOpening() {
        talk.remembered().answersLater();
        prepares(true, "cam");
        talk.passes(Duration.ofSeconds(30));
        hears("failed STREAM_NOT_OPENED");

        prepares(true, "cam");
        talk.passes(Duration.ofSeconds(29));
        talk.remembered().answers();
        talk.passes(Duration.ofSeconds(30));

        hears("here");
        assertThat(talk.remembered().opened()).isEqualTo(1);
    }

    @Test
    void aStreamThatIsNotCreatedInTimeIsUnavailable() {
        talk.remembered().answersLater();
        creates("cam", Conversation.backlog(7, 1_000));

        talk.passes(Duration.ofSeconds(30));
        hears("failed STREAM_NOT_OPENED");
        talk.remembered().answers();

        hears();
        assertThat(streams()).containsExactly("cam");
    }

    @Test
    void aPublisherThatWillNotWaitForTheOpeningIsSentAway() {
        talk.remembered().answersLater();

        assertThatThrownBy(talk::camera)
                .hasMessageContaining("cam")
                .hasFieldOrPropertyWithValue("reason", "STREAM_MOVING");
        talk.remembered().answers();

        talk.camera().hears("opened behind 0");
    }

    @Test
    void aPublisherThatDidNotAskBeforeIsRefusedLikeOneThatDid() {
        talk.remembered()
                .refuses(new BrokerException(BrokerException.Kind.UNAVAILABLE, "STORE_UNAVAILABLE", "no store"));

        assertThatThrownBy(talk::camera).hasFieldOrPropertyWithValue("reason", "STORE_UNAVAILABLE");
    }

    @Test
    void noMoreStreamsAreCreatedThanABrokerTakes() {
        BrokerSettings one = new BrokerSettings(true, 1, 5_000, StreamSettings.DEFAULT);
        Conversation small = Conversation.thatIsRemembered(one, 1 << 20);
        small.camera();

        assertThatThrownBy(() -> small.camera("dock")).hasFieldOrPropertyWithValue("reason", "TOO_MANY_STREAMS");
    }

    @Test
    void whereStreamsAreNotCreatedByThemselvesTheyHaveToBeThere() {
        BrokerSettings strict = new BrokerSettings(false, 10, 5_000, StreamSettings.DEFAULT);
        Conversation formal = Conversation.thatIsRemembered(strict, 1 << 20);
        assertThatThrownBy(formal::camera).hasFieldOrPropertyWithValue("reason", "STREAM_NOT_FOUND");
        Created.stream(formal.broker(), "cam", StreamSettings.DEFAULT);
        formal.brokerCrashes();

        formal.broker().openAll();

        formal.camera().hears("opened behind 0");
    }

    // ---- at start

    @Test
    void aBrokerThatStartsOpensWhatIsItsOwn() {
        talk.camera();
        talk.camera("dock");
        talk.camera("gate");
        talk.brokerCrashes();
        talk.remembered().isAt("dock", "other:50051");

        talk.broker().openAll();

        assertThat(streams()).containsExactly("cam", "gate");
    }

    // ---- creation

    @Test
    void aStreamIsCreatedAsWanted() {
        creates("cam", Conversation.backlog(7, 1_000));

        hears("created cam for 7 frames");
    }

    @Test
    void aStreamIsCreatedOnce() {
        creates("cam", Conversation.backlog(7, 1_000));
        creates("cam", Conversation.backlog(8, 1_000));
        talk.brokerCrashes(Fate.EVERYTHING);
        creates("cam", Conversation.backlog(9, 1_000));

        hears("created cam for 7 frames", "failed STREAM_EXISTS", "failed STREAM_EXISTS");
    }

    /** Both used to be told that they had created it, one of them with the settings of the other. */
    @Test
    void ofTwoWhoCreateAStreamAtOnceOneDoes() {
        talk.remembered().answersLater();
        creates("cam", Conversation.backlog(7, 1_000));
        creates("cam", Conversation.backlog(8, 1_000));

        talk.remembered().answers();

        hears("created cam for 7 frames", "failed STREAM_EXISTS");
    }

    /** It used to be answered with the settings that it has by itself. */
    @Test
    void aStreamThatCameIntoBeingMeanwhileIsNotCreated() {
        talk.remembered().answersLater();
        prepares(true, "cam");
        creates("cam", Conversation.backlog(8, 1_000));

        talk.remembered().answers();

        hears("here", "failed STREAM_EXISTS");
    }

    @Test
    void aStreamThatBelongsElsewhereIsCreatedThere() {
        talk.remembered().isAt("cam", "other:50051");

        creates("cam", Conversation.backlog(7, 1_000));

        hears("elsewhere other:50051");
    }

    @Test
    void aStreamThatCannotBeCreatedIsNot() {
        talk.remembered()
                .refuses(new BrokerException(BrokerException.Kind.UNAVAILABLE, "STORE_UNAVAILABLE", "no store"));

        creates("cam", Conversation.backlog(7, 1_000));

        hears("failed STORE_UNAVAILABLE");
    }

    // ---- a stream that goes while it comes

    /** The broker used to keep it, to refuse everybody for good, and to count its frames as kept. */
    @Test
    void aStreamThatIsLostWhileItIsOpenedIsOpenedAgainWhenItIsWanted() {
        talk.camera().publishes(1);
        talk.brokerCrashes();
        FrameMemory memory = new FrameMemory(1 << 20, 1 << 20);
        Broker broker = new Broker(
                BrokerSettings.DEFAULT,
                new PassingStore(talk.remembered()) {
                    @Override
                    protected StreamStore wrap(String stream, StreamStore opened, StreamRecord record) {
                        return talk.remembered().opened() == 2 ? new LostAtOnce(opened) : opened;
                    }
                },
                memory,
                talk.clock());
        Camera camera = new Camera();

        assertThatThrownBy(() -> broker.openPublisher("cam", "camera-of-cam", 1, camera))
                .hasFieldOrPropertyWithValue("reason", "STREAM_MOVING");
        assertThat(memory.keptBytes()).isZero();
        broker.openPublisher("cam", "camera-of-cam", 1, camera);

        camera.hears("opened behind 1");
    }

    private static final class LostAtOnce extends PassingStream {
        LostAtOnce(StreamStore behind) {
            super(behind);
        }

        @Override
        public void listen(Listener told) {
            super.listen(told);
            told.lost(new BrokerException(BrokerException.Kind.UNAVAILABLE, "STREAM_MOVED", "gone"));
        }
    }
}
