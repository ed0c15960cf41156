package io.framebroker.client;

import io.framebroker.v1.ConsumeMode;
import io.framebroker.v1.ConsumeOpen;
import io.framebroker.v1.Gap;
import io.framebroker.v1.GroupSettings;
import io.framebroker.v1.Heartbeat;
import io.framebroker.v1.PayloadMode;
import io.framebroker.v1.SettleResult;
import io.framebroker.v1.StreamsChanged;
import java.util.List;
import java.util.function.Consumer;

/**
 * How a consumer was asked to be.
 *
 * @param open what every call is opened with, but for window, limit and held deliveries
 * @param maxUnpackedBytes largest payload that a packed one may unpack to; 0 when packed payloads are wanted as they are
 * @param manualSettle whether a handler that returns leaves its frames unsettled
 * @param silenceMillis how long the broker may say nothing before the call is given up
 * @param closeMillis how long {@code close} waits for handlers
 */
record ConsumerOptions(
        ConsumeOpen open,
        boolean autoExtend,
        boolean verifyChecksum,
        int maxUnpackedBytes,
        boolean manualSettle,
        long silenceMillis,
        long closeMillis,
        Callbacks callbacks) {

    record Callbacks(
            Consumer<Gap> onGap,
            Consumer<Heartbeat> onHeartbeat,
            Consumer<StreamsChanged> onStreamsChanged,
            Consumer<SettleResult> onSettled) {}

    List<String> streams() {
        return open.getStreamsList();
    }

    /** Whether streams may come to the consumer that its last call did not have. */
    boolean takesNewStreams() {
        return streams().stream().anyMatch(stream -> stream.indexOf('*') >= 0);
    }

    GroupSettings settings() {
        return open.getSettings();
    }

    /** Whether deliveries outlive the call: only a durable group keeps them for a consumer that comes back. */
    boolean resumable() {
        return !open.getGroup().isEmpty()
                && !open.getAutoAck()
                && (open.getMode() == ConsumeMode.CONSUME_MODE_UNSPECIFIED
                        || open.getMode() == ConsumeMode.CONSUME_MODE_QUEUE);
    }

    /**
     * Whether the group outlives the call and nobody said where it is to start. Only then may a consumer that comes back say
     * so itself.
     */
    boolean startsWhereItLeft() {
        return !open.getGroup().isEmpty()
                && !settings().hasStart()
                && (open.getMode() == ConsumeMode.CONSUME_MODE_UNSPECIFIED
                        || open.getMode() == ConsumeMode.CONSUME_MODE_QUEUE);
    }

    /** Whether there is an end to what is wanted, at which the broker ends the call. */
    boolean endsByItself() {
        return open.getMode() == ConsumeMode.CONSUME_MODE_REPLAY && !open.getFollow();
    }

    /** Largest payload to unpack; 0 for leaving all as they come. */
    int unpacksUpToBytes() {
        return open.getPayload() == PayloadMode.PAYLOAD_MODE_METADATA_ONLY ? 0 : maxUnpackedBytes;
    }

    /** The broker takes a half-close for the end, unless the call has an end of its own. */
    boolean endsByCancel() {
        return open.getAutoAck() || open.getLimit() > 0;
    }

    boolean checksCrc() {
        return verifyChecksum && open.getPayload() != PayloadMode.PAYLOAD_MODE_METADATA_ONLY;
    }

    @Override
    public String toString() {
        String group = open.getGroup().isEmpty() ? "" : " in group " + open.getGroup();
        return "consumer " + open.getConsumerId() + group + " of " + String.join(", ", streams());
    }
}
