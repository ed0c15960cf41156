package io.framebroker.server.grpc;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import io.framebroker.v1.ConsumeFramesResponse;
import io.framebroker.v1.ConsumeOpened;
import io.framebroker.v1.Deliveries;
import io.framebroker.v1.Delivery;
import io.framebroker.v1.Drain;
import io.framebroker.v1.Heartbeat;
import io.framebroker.v1.IdleReason;
import io.framebroker.v1.StreamLag;
import io.framebroker.v1.Window;
import java.util.List;
import org.junit.jupiter.api.Test;

class SpreadRepliesTest {
    private static final ConsumeFramesResponse OPENED = ConsumeFramesResponse.newBuilder()
            .setOpened(ConsumeOpened.newBuilder()
                    .setConsumerId("worker")
                    .setWindow(Window.newBuilder().setMaxFrames(2).setMaxBytes(30)))
            .build();

    private static SpreadReplies opened(Integer... streamsOfEach) throws InvalidProtocolBufferException {
        SpreadReplies replies = new SpreadReplies(List.of("a", "b"), List.of(streamsOfEach));
        for (int i = 0; i < streamsOfEach.length; i++) {
            assertThat(tell(replies, i, OPENED)).isTrue();
        }
        assertThat(next(replies).hasOpened()).isTrue();
        return replies;
    }

    private static boolean tell(SpreadReplies replies, int broker, ConsumeFramesResponse reply)
            throws InvalidProtocolBufferException {
        return replies.told(broker, reply.toByteArray());
    }

    private static ConsumeFramesResponse next(SpreadReplies replies) throws InvalidProtocolBufferException {
        SpreadReplies.Reply next = replies.next();
        return next == null ? null : ConsumeFramesResponse.parseFrom(next.message());
    }

    private static ConsumeFramesResponse openedWith(String stream) {
        return ConsumeFramesResponse.newBuilder()
                .setOpened(OPENED.getOpened().toBuilder().addStreams(stream))
                .build();
    }

    private static ConsumeFramesResponse delivery(String stream, int bytes) {
        return ConsumeFramesResponse.newBuilder()
                .setDeliveries(Deliveries.newBuilder()
                        .setStream(stream)
                        .addDeliveries(
                                Delivery.newBuilder().setFrame(Say.frame(1, ByteString.copyFrom(new byte[bytes])))))
                .build();
    }

    private static ConsumeFramesResponse idle(String stream, IdleReason reason) {
        return ConsumeFramesResponse.newBuilder()
                .setHeartbeat(Heartbeat.newBuilder()
                        .addLags(StreamLag.newBuilder().setStream(stream))
                        .setIdle(reason))
                .build();
    }

    @Test
    void openedComesFirstAndOnceAllHaveOpened() throws Exception {
        SpreadReplies replies = new SpreadReplies(List.of("b", "a"), List.of(1, 1));

        assertThat(tell(replies, 1, OPENED)).isTrue();
        assertThat(tell(replies, 1, delivery("a", 10))).isFalse();
        assertThat(replies.next()).isNull();
        assertThat(tell(replies, 0, OPENED)).isTrue();

        ConsumeOpened opened = next(replies).getOpened();
        assertThat(opened.getConsumerId()).isEqualTo("worker");
        assertThat(opened.getStreamsList()).containsExactly("b", "a");
        assertThat(opened.getWindow().getMaxFrames()).isEqualTo(4);
        assertThat(opened.getWindow().getMaxBytes()).isEqualTo(60);
        assertThat(next(replies)).isEqualTo(delivery("a", 10));
        assertThat(replies.next()).isNull();
    }

    /** Used to wait for the one that came later, which may not answer at all. */
    @Test
    void openedDoesNotWaitForABrokerThatCameLater() throws Exception {
        SpreadReplies replies = new SpreadReplies(List.of("a", "b"), List.of(1, 1));
        tell(replies, 0, OPENED);
        int late = replies.add();
        tell(replies, 1, OPENED);

        ConsumeOpened opened = next(replies).getOpened();
        assertThat(opened.getStreamsList()).containsExactly("a", "b");
        assertThat(opened.getWindow().getMaxFrames()).isEqualTo(4);

        assertThat(tell(replies, late, openedWith("c"))).isFalse();
        assertThat(next(replies).getStreamsChanged().getAddedList()).containsExactly("c");
    }

    @Test
    void aBrokerThatCameLaterAndOpensFirstHasItsStreamsToldAsChanges() throws Exception {
        SpreadReplies replies = new SpreadReplies(List.of("a", "b"), List.of(1, 1));
        tell(replies, 0, OPENED);
        assertThat(tell(replies, replies.add(), openedWith("c"))).isFalse();
        assertThat(replies.next()).isNull();

        tell(replies, 1, OPENED);

        assertThat(next(replies).getOpened().getStreamsList()).containsExactly("a", "b");
        assertThat(next(replies).getStreamsChanged().getAddedList()).containsExactly("c");
    }

    /** How often each broker has its turn in a hundred, when both always have something. */
    private static int turnsOfFirst(SpreadReplies replies, int bytesOfFirst, int bytesOfSecond) throws Exception {
        tell(replies, 0, delivery("a", bytesOfFirst));
        tell(replies, 1, delivery("b", bytesOfSecond));
        int first = 0;
        for (int i = 0; i < 100; i++) {
            int broker = replies.next().broker();
            tell(replies, broker, delivery("x", broker == 0 ? bytesOfFirst : bytesOfSecond));
            first += broker == 0 ? 1 : 0;
        }
        return first;
    }

    @Test
    void turnsGoByBytes() throws Exception {
        assertThat(turnsOfFirst(opened(1, 1), 100_000, 100_000)).isEqualTo(50);
        assertThat(turnsOfFirst(opened(1, 1), 100_000, 300_000)).isBetween(73, 77);
        assertThat(turnsOfFirst(opened(4, 1), 100_000, 100_000)).isBetween(78, 82);
    }

    @Test
    void whoWasIdleSavesNothingUp() throws Exception {
        SpreadReplies replies = opened(1, 1);
        for (int i = 0; i < 50; i++) {
            tell(replies, 0, delivery("a", 100_000));
            assertThat(replies.next().broker()).isZero();
        }

        assertThat(turnsOfFirst(replies, 100_000, 100_000)).isBetween(49, 51);
    }

    @Test
    void aHeartbeatComesOnceAllAreIdle() throws Exception {
        SpreadReplies replies = opened(1, 1);

        tell(replies, 0, idle("a", IdleReason.IDLE_REASON_WINDOW_FULL));
        tell(replies, 0, idle("a", IdleReason.IDLE_REASON_WINDOW_FULL));
        assertThat(replies.next()).isNull();
        tell(replies, 1, idle("b", IdleReason.IDLE_REASON_NO_FRAMES));

        Heartbeat merged = next(replies).getHeartbeat();
        assertThat(merged.getLagsList()).extracting(StreamLag::getStream).containsExactly("a", "b");
        assertThat(merged.getIdle()).isEqualTo(IdleReason.IDLE_REASON_WINDOW_FULL);
        tell(replies, 0, idle("a", IdleReason.IDLE_REASON_NO_FRAMES));
        tell(replies, 0, delivery("a", 10));
        tell(replies, 1, idle("b", IdleReason.IDLE_REASON_NO_FRAMES));
        assertThat(next(replies).hasDeliveries()).isTrue();
        assertThat(replies.next()).isNull();
    }

    @Test
    void onlyTheFirstDrainIsTold() throws Exception {
        SpreadReplies replies = opened(1, 1);
        ConsumeFramesResponse drain = ConsumeFramesResponse.newBuilder()
                .setDrain(Drain.newBuilder().setReason("the broker is stopping"))
                .build();

        assertThat(tell(replies, 1, drain)).isFalse();
        assertThat(tell(replies, 0, drain)).isTrue();

        assertThat(next(replies)).isEqualTo(drain);
        assertThat(replies.next()).isNull();
    }
}
