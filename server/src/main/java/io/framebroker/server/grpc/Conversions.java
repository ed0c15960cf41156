package io.framebroker.server.grpc;

import com.google.protobuf.Duration;
import com.google.protobuf.Timestamp;
import io.framebroker.server.broker.BrokerException;
import io.framebroker.server.broker.ConsumerLag;
import io.framebroker.server.broker.ConsumerPort;
import io.framebroker.server.broker.FrameContent;
import io.framebroker.server.broker.FrameId;
import io.framebroker.server.broker.PublisherPort;
import io.framebroker.server.broker.Token;
import io.framebroker.v1.AckLevel;
import io.framebroker.v1.Codec;
import io.framebroker.v1.DeliveryToken;
import io.framebroker.v1.FrameException;
import io.framebroker.v1.FrameOutcome;
import io.framebroker.v1.SettleOutcome;
import io.framebroker.v1.SettleResult;
import io.framebroker.v1.StreamLag;
import io.framebroker.wire.WireFrame;

/** Between the core's words and the contract's. */
final class Conversions {
    private Conversions() {}

    static FrameContent content(WireFrame frame, FrameContent.Defect defect) {
        return new FrameContent(
                frame.array(),
                frame.offset(),
                frame.serializedBytes(),
                frame.sequence(),
                standsAlone(frame),
                defect,
                frame.isTraced() ? FrameContent.Traced.YES : FrameContent.Traced.NO);
    }

    /** Only video says so by itself; everything else can be decoded without any other frame. */
    private static boolean standsAlone(WireFrame frame) {
        boolean isVideo = frame.codec() == Codec.CODEC_H264_VALUE || frame.codec() == Codec.CODEC_H265_VALUE;
        return frame.keyframe() || !isVideo;
    }

    static AckLevel ackLevel(io.framebroker.server.broker.AckLevel level) {
        return switch (level) {
            case MEMORY -> AckLevel.ACK_LEVEL_MEMORY;
            case STORED -> AckLevel.ACK_LEVEL_STORED;
            case FSYNC -> AckLevel.ACK_LEVEL_FSYNC;
            case REPLICATED -> AckLevel.ACK_LEVEL_REPLICATED;
        };
    }

    /** The least is what somebody asks for who does not say. */
    static io.framebroker.server.broker.AckLevel ackLevel(AckLevel level) {
        return switch (level) {
            case ACK_LEVEL_STORED -> io.framebroker.server.broker.AckLevel.STORED;
            case ACK_LEVEL_FSYNC -> io.framebroker.server.broker.AckLevel.FSYNC;
            case ACK_LEVEL_REPLICATED -> io.framebroker.server.broker.AckLevel.REPLICATED;
            default -> io.framebroker.server.broker.AckLevel.MEMORY;
        };
    }

    static FrameException exception(PublisherPort.FrameException exception) {
        return FrameException.newBuilder()
                .setSequence(exception.sequence())
                .setOutcome(
                        switch (exception.outcome()) {
                            case DUPLICATE -> FrameOutcome.FRAME_OUTCOME_DUPLICATE;
                            case DROPPED -> FrameOutcome.FRAME_OUTCOME_DROPPED;
                            case REJECTED -> FrameOutcome.FRAME_OUTCOME_REJECTED;
                            case UNKNOWN -> FrameOutcome.FRAME_OUTCOME_UNKNOWN;
                        })
                .setReason(exception.reason())
                .setMessage(exception.message())
                .build();
    }

    static SettleResult settleResult(ConsumerPort.SettleResult result) {
        return SettleResult.newBuilder()
                .setStream(result.stream())
                .setToken(token(result.token()))
                .setCount(result.count())
                .setOutcome(
                        switch (result.outcome()) {
                            case OK -> SettleOutcome.SETTLE_OUTCOME_OK;
                            case ALREADY_SETTLED -> SettleOutcome.SETTLE_OUTCOME_ALREADY_SETTLED;
                            case STALE -> SettleOutcome.SETTLE_OUTCOME_STALE;
                            case UNKNOWN_TOKEN -> SettleOutcome.SETTLE_OUTCOME_UNKNOWN_TOKEN;
                        })
                .setMessage(result.message())
                .build();
    }

    static SettleResult rejected(String stream, DeliveryToken token, int count, BrokerException why) {
        return SettleResult.newBuilder()
                .setStream(stream)
                .setToken(token)
                .setCount(count)
                .setOutcome(SettleOutcome.SETTLE_OUTCOME_REJECTED)
                .setMessage(why.getMessage())
                .build();
    }

    static StreamLag lag(ConsumerLag lag) {
        return StreamLag.newBuilder()
                .setStream(lag.stream())
                .setWaiting(lag.waiting())
                .setPending(lag.pending())
                .setAge(duration(lag.ageMicros() / 1_000))
                .build();
    }

    static Token token(DeliveryToken token) {
        return new Token(token.getGeneration(), token.getOrdinal(), token.getAttempt());
    }

    static DeliveryToken token(Token token) {
        return DeliveryToken.newBuilder()
                .setGeneration(token.generation())
                .setOrdinal(token.ordinal())
                .setAttempt(token.attempt())
                .build();
    }

    static io.framebroker.v1.FrameId frameId(FrameId id) {
        return io.framebroker.v1.FrameId.newBuilder()
                .setGeneration(id.generation())
                .setOrdinal(id.ordinal())
                .build();
    }

    static Duration duration(long millis) {
        return Duration.newBuilder()
                .setSeconds(millis / 1_000)
                .setNanos((int) (millis % 1_000) * 1_000_000)
                .build();
    }

    /** Rounded up, so that a positive duration stays positive. */
    static long millis(Duration duration) {
        long seconds = Math.max(-1_000_000_000L, Math.min(1_000_000_000L, duration.getSeconds()));
        return seconds * 1_000 + Math.floorDiv(duration.getNanos() + 999_999L, 1_000_000L);
    }

    static Timestamp timestamp(long micros) {
        return Timestamp.newBuilder()
                .setSeconds(Math.floorDiv(micros, 1_000_000L))
                .setNanos((int) Math.floorMod(micros, 1_000_000L) * 1_000)
                .build();
    }

    /** Times beyond some 35 000 years are taken for that. */
    static long micros(Timestamp timestamp) {
        long seconds = Math.max(-(1L << 40), Math.min(1L << 40, timestamp.getSeconds()));
        return seconds * 1_000_000 + timestamp.getNanos() / 1_000;
    }
}
