package io.framebroker.server.grpc;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.framebroker.v1.Codec;
import io.framebroker.v1.ConsumeFramesRequest;
import io.framebroker.v1.ConsumeFramesResponse;
import io.framebroker.v1.ConsumeMode;
import io.framebroker.v1.ConsumeOpen;
import io.framebroker.v1.Delivery;
import io.framebroker.v1.Frame;
import io.framebroker.v1.FrameHeader;
import io.framebroker.v1.Gap;
import io.framebroker.v1.GroupSettings;
import io.framebroker.v1.PayloadMode;
import io.framebroker.v1.SettleOutcome;
import io.framebroker.v1.StartEdge;
import io.framebroker.v1.StartPosition;
import io.framebroker.v1.Window;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.EnumSource.Mode;

/** The ways to consume, as clients see them. */
@Timeout(300)
class ModesTest {
    private static final int KILO = 1000;

    private static ConsumeOpen.Builder viewer(ConsumeMode mode) {
        return ConsumeOpen.newBuilder().addStreams("gate").setMode(mode);
    }

    private static void publish(EdgeBroker broker, Frame... frames) {
        var camera = broker.publish(Say.open("gate"));
        for (Frame frame : frames) {
            camera.say(Say.frames(frame));
        }
        camera.halfClose();
        camera.endsWell();
    }

    private static void publish(EdgeBroker broker, long first, long last) {
        var camera = broker.publish(Say.open("gate"));
        for (long sequence = first; sequence <= last; sequence++) {
            camera.say(Say.frames(sequence, sequence));
        }
        camera.halfClose();
        camera.endsWell();
    }

    private static Delivery one(Talk<ConsumeFramesRequest, ConsumeFramesResponse> consumer) {
        List<Delivery> deliveries = consumer.next(ConsumeFramesResponse::hasDeliveries)
                .getDeliveries()
                .getDeliveriesList();
        assertThat(deliveries).hasSize(1);
        return deliveries.get(0);
    }

    @Test
    void whoeverSettlesGetsTheNewestFrameRightBehindTheGap() {
        try (EdgeBroker broker = EdgeBroker.inProcess()) {
            var viewer = broker.consume(Say.consume(viewer(ConsumeMode.CONSUME_MODE_LATEST)));
            publish(broker, 1, 1);
            assertThat(one(viewer).getSequence()).isEqualTo(1);
            publish(broker, 2, 5);

            viewer.say(Say.ack("gate", Say.token(1, 1)));

            var settled = viewer.next().getSettled();
            assertThat(settled.getResults(0).getOutcome()).isEqualTo(SettleOutcome.SETTLE_OUTCOME_OK);
            Gap gap = viewer.next().getGap();
            assertThat(gap.getReason()).isEqualTo("CONFLATED");
            assertThat(gap.getCount()).isEqualTo(3);
            assertThat(gap.getFirstId().getOrdinal()).isEqualTo(2);
            assertThat(gap.getLastId().getOrdinal()).isEqualTo(4);
            assertThat(viewer.next().getDeliveries().getDeliveries(0).getSequence())
                    .isEqualTo(5);
        }
    }

    @Test
    void oneFrameOfEachStreamIsRoomEnoughUnlessMoreIsAskedFor() {
        try (EdgeBroker broker = EdgeBroker.inProcess()) {
            var three = broker.consume();
            three.say(Say.consume(viewer(ConsumeMode.CONSUME_MODE_LATEST)
                    .addStreams("yard")
                    .addStreams("dock")
                    .addStreams("gate")));
            var asked = broker.consume();
            asked.say(Say.consume(viewer(ConsumeMode.CONSUME_MODE_LATEST)
                    .setWindow(Window.newBuilder().setMaxFrames(7))));
            var replay = broker.consume();
            replay.say(Say.consume(viewer(ConsumeMode.CONSUME_MODE_REPLAY).setFollow(true)));

            assertThat(three.next().getOpened().getWindow().getMaxFrames()).isEqualTo(3);
            assertThat(asked.next().getOpened().getWindow().getMaxFrames()).isEqualTo(7);
            assertThat(replay.next().getOpened().getWindow().getMaxFrames()).isEqualTo(64);
        }
    }

    @Test
    void aDeltaIsLeftOutUntilItCanBeDecodedAndAPictureNever() {
        try (EdgeBroker broker = EdgeBroker.inProcess()) {
            var viewer = broker.consume(Say.consume(viewer(ConsumeMode.CONSUME_MODE_LATEST)));
            publish(broker, coded(1, Codec.CODEC_H264, true));
            assertThat(one(viewer).getSequence()).isEqualTo(1);
            publish(broker, coded(2, Codec.CODEC_H264, false), coded(3, Codec.CODEC_H264, false));

            acks(viewer, 1);
            publish(broker, coded(4, Codec.CODEC_H264, true));
            Gap gap = viewer.next().getGap();
            assertThat(gap.getReason()).isEqualTo("AWAITING_KEYFRAME");
            assertThat(gap.getCount()).isEqualTo(2);
            assertThat(one(viewer).getSequence()).isEqualTo(4);

            acks(viewer, 4);
            publish(broker, coded(5, Codec.CODEC_H264, false));
            assertThat(one(viewer).getSequence()).isEqualTo(5);
            acks(viewer, 5);
            publish(broker, coded(6, Codec.CODEC_JPEG, false));
            assertThat(one(viewer).getSequence()).isEqualTo(6);
        }
    }

    private static void acks(Talk<ConsumeFramesRequest, ConsumeFramesResponse> viewer, long ordinal) {
        viewer.say(Say.ack("gate", Say.token(ordinal, 1)));
        assertThat(viewer.next().getSettled().getResults(0).getOutcome()).isEqualTo(SettleOutcome.SETTLE_OUTCOME_OK);
    }

    private static Frame coded(long sequence, Codec codec, boolean keyframe) {
        return Frame.newBuilder()
                .setHeader(FrameHeader.newBuilder()
                        .setSequence(sequence)
                        .setCodec(codec)
                        .setKeyframe(keyframe))
                .setPayload(ByteString.copyFromUtf8("coded"))
                .build();
    }

    @Test
    void aReplayEndsWithItsLastSettlement() {
        try (EdgeBroker broker = EdgeBroker.inProcess()) {
            publish(broker, 1, 3);
            var viewer = broker.consume(Say.consume(viewer(ConsumeMode.CONSUME_MODE_REPLAY)));
            List<Long> sequences = new ArrayList<>();
            while (sequences.size() < 3) {
                viewer.next(ConsumeFramesResponse::hasDeliveries)
                        .getDeliveries()
                        .getDeliveriesList()
                        .forEach(delivery -> sequences.add(delivery.getSequence()));
            }
            assertThat(sequences).containsExactly(1L, 2L, 3L);

            viewer.say(Say.settle(Say.ackOf("gate", Say.token(1, 1), 3)));

            assertThat(viewer.next().getSettled().getResults(0).getCount()).isEqualTo(3);
            viewer.endsWell();
            assertThat(broker.core().ledger("gate").groups()).isEmpty();
        }
    }

    @Test
    void aReplayOfNothingEndsBehindItsOpened() {
        try (EdgeBroker broker = EdgeBroker.inProcess()) {
            var viewer = broker.consume(Say.consume(viewer(ConsumeMode.CONSUME_MODE_REPLAY)));

            viewer.endsWell();
        }
    }

    /** As grpcurl does. */
    @Test
    void aReplayWithAutoAckOutlivesHalfClose() {
        try (EdgeBroker broker = EdgeBroker.inProcess()) {
            publish(broker, 1, 3);
            var viewer = broker.consume();
            viewer.say(Say.consume(viewer(ConsumeMode.CONSUME_MODE_REPLAY)
                    .setAutoAck(true)
                    .setMaxFps(50)
                    .setSettings(GroupSettings.newBuilder()
                            .setStart(StartPosition.newBuilder().setEdge(StartEdge.START_EDGE_EARLIEST)))));
            viewer.halfClose();

            assertThat(viewer.rest().stream()
                            .mapToInt(told -> told.getDeliveries().getDeliveriesCount())
                            .sum())
                    .isEqualTo(3);
            viewer.endsWell();
        }
    }

    @ParameterizedTest
    @EnumSource(value = ConsumeMode.class, names = "UNRECOGNIZED", mode = Mode.EXCLUDE)
    void withoutPixelsTheHeaderComesAsPublishedAndTheWindowCountsWhatWasPublished(ConsumeMode mode) {
        try (EdgeBroker broker = EdgeBroker.inProcess()) {
            Frame[] frames = {large(1), large(2), large(3)};
            publish(broker, frames);
            var viewer = broker.consume(Say.consume(viewer(mode)
                    .setPayload(PayloadMode.PAYLOAD_MODE_METADATA_ONLY)
                    .setWindow(Window.newBuilder().setMaxFrames(10).setMaxBytes(KILO + KILO / 2))
                    .setSettings(GroupSettings.newBuilder()
                            .setStart(StartPosition.newBuilder().setEdge(StartEdge.START_EDGE_EARLIEST)))));

            ConsumeFramesResponse told = viewer.next(ConsumeFramesResponse::hasDeliveries);

            assertThat(told.getSerializedSize()).isLessThan(KILO / 5);
            Frame got = told.getDeliveries().getDeliveries(0).getFrame();
            Frame published = frames[(int) got.getHeader().getSequence() - 1];
            assertThat(got).isEqualTo(published.toBuilder().clearPayload().build());
            assertThat(got.getHeader().getCrc32C()).isNotZero();
            assertThat(told.getDeliveries().getDeliveriesCount()).isEqualTo(1);
            viewer.say(Say.ackAll(told));
            if (mode == ConsumeMode.CONSUME_MODE_LATEST) {
                publish(broker, large(4));
            }
            one(viewer);
        }
    }

    private static Frame large(long sequence) {
        byte[] payload = new byte[KILO];
        CRC32C crc = new CRC32C();
        crc.update(payload);
        return Frame.newBuilder()
                .setHeader(FrameHeader.newBuilder().setSequence(sequence).setCrc32C((int) crc.getValue()))
                .setPayload(ByteString.copyFrom(payload))
                .build();
    }
}
