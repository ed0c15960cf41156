package io.framebroker.server.grpc;

import io.framebroker.server.broker.BrokerException;
import io.framebroker.server.broker.FrameId;
import io.framebroker.server.broker.StreamSettings;
import io.framebroker.server.broker.StreamState;
import io.framebroker.v1.OverflowPolicy;
import io.framebroker.v1.Stream;
import java.util.List;
import java.util.Set;

/** Streams and their settings, between the core's words and the contract's. */
final class StreamRequests {
    private static final Set<String> FIELDS = Set.of(
            "max_backlog_frames",
            "max_backlog_bytes",
            "overflow_policy",
            "retention_frames",
            "retention_bytes",
            "retention_age");

    private StreamRequests() {}

    /**
     * Settings after a change.
     *
     * @param mask fields to take from {@code wanted}, with or without {@code settings.} in front; empty for those set
     */
    static StreamSettings settings(StreamSettings current, io.framebroker.v1.StreamSettings wanted, List<String> mask) {
        List<String> fields =
                mask.stream().map(path -> path.replaceFirst("^settings\\.", "")).toList();
        for (String field : fields) {
            if (!FIELDS.contains(field)) {
                throw BrokerException.invalid("update_mask", '"' + field + "\" is no setting; there are " + FIELDS);
            }
        }
        OverflowPolicy policy = wanted.getOverflowPolicy();
        requireSigned("max_backlog_frames", Integer.toUnsignedLong(wanted.getMaxBacklogFrames()), Integer.MAX_VALUE);
        requireSigned("retention_frames", Integer.toUnsignedLong(wanted.getRetentionFrames()), Integer.MAX_VALUE);
        requireSigned("max_backlog_bytes", wanted.getMaxBacklogBytes(), Long.MAX_VALUE);
        requireSigned("retention_bytes", wanted.getRetentionBytes(), Long.MAX_VALUE);
        return new StreamSettings(
                takes(fields, "max_backlog_frames", wanted.getMaxBacklogFrames() != 0)
                        ? wanted.getMaxBacklogFrames()
                        : current.maxBacklogFrames(),
                takes(fields, "max_backlog_bytes", wanted.getMaxBacklogBytes() != 0)
                        ? wanted.getMaxBacklogBytes()
                        : current.maxBacklogBytes(),
                takes(fields, "overflow_policy", policy != OverflowPolicy.OVERFLOW_POLICY_UNSPECIFIED)
                        ? policy(wanted)
                        : current.overflow(),
                takes(fields, "retention_frames", wanted.getRetentionFrames() != 0)
                        ? wanted.getRetentionFrames()
                        : current.retentionFrames(),
                takes(fields, "retention_bytes", wanted.getRetentionBytes() != 0)
                        ? wanted.getRetentionBytes()
                        : current.retentionBytes(),
                takes(fields, "retention_age", wanted.hasRetentionAge())
                        ? Conversions.millis(wanted.getRetentionAge())
                        : current.retentionMillis());
    }

    private static io.framebroker.server.broker.OverflowPolicy policy(io.framebroker.v1.StreamSettings wanted) {
        return switch (wanted.getOverflowPolicy()) {
            case OVERFLOW_POLICY_UNSPECIFIED, OVERFLOW_POLICY_BLOCK ->
                io.framebroker.server.broker.OverflowPolicy.BLOCK;
            case OVERFLOW_POLICY_DROP_OLDEST -> io.framebroker.server.broker.OverflowPolicy.DROP_OLDEST;
            case OVERFLOW_POLICY_DROP_NEWEST -> io.framebroker.server.broker.OverflowPolicy.DROP_NEWEST;
            case OVERFLOW_POLICY_THIN -> io.framebroker.server.broker.OverflowPolicy.THIN;
            case UNRECOGNIZED ->
                throw BrokerException.invalid(
                        "settings.overflow_policy", wanted.getOverflowPolicyValue() + " is no policy there is");
        };
    }

    private static OverflowPolicy policy(io.framebroker.server.broker.OverflowPolicy policy) {
        return switch (policy) {
            case BLOCK -> OverflowPolicy.OVERFLOW_POLICY_BLOCK;
            case DROP_OLDEST -> OverflowPolicy.OVERFLOW_POLICY_DROP_OLDEST;
            case DROP_NEWEST -> OverflowPolicy.OVERFLOW_POLICY_DROP_NEWEST;
            case THIN -> OverflowPolicy.OVERFLOW_POLICY_THIN;
        };
    }

    /** Numbers are unsigned on the wire and signed in the core: what it would take for negative is refused here. */
    private static void requireSigned(String field, long unsigned, long most) {
        if (Long.compareUnsigned(unsigned, most) > 0) {
            throw BrokerException.invalid("settings." + field, Long.toUnsignedString(unsigned) + " is above " + most);
        }
    }

    private static boolean takes(List<String> fields, String field, boolean isSet) {
        return fields.isEmpty() ? isSet : fields.contains(field);
    }

    static Stream stream(StreamState state) {
        StreamSettings settings = state.settings();
        Stream.Builder stream = Stream.newBuilder()
                .setName(state.name())
                .setSettings(io.framebroker.v1.StreamSettings.newBuilder()
                        .setMaxBacklogFrames(settings.maxBacklogFrames())
                        .setMaxBacklogBytes(settings.maxBacklogBytes())
                        .setOverflowPolicy(policy(settings.overflow()))
                        .setRetentionFrames(settings.retentionFrames())
                        .setRetentionBytes(settings.retentionBytes()))
                .setCreateTime(Conversions.timestamp(state.createdMicros()))
                .setFrames(state.frames())
                .setBytes(state.bytes())
                .setBacklogFrames(state.backlogFrames())
                .setBacklogBytes(state.backlogBytes())
                .setBacklogLimitFrames(state.maxBacklogFrames())
                .setPublisherId(state.publisherId())
                .setWaitReason(state.waitReason())
                .setGroups(state.groups())
                .setConsumers(state.consumers())
                .setWantedFps(state.wantedFps());
        if (settings.retentionMillis() > 0) {
            stream.getSettingsBuilder().setRetentionAge(Conversions.duration(settings.retentionMillis()));
        }
        if (state.frames() > 0) {
            stream.setFirstId(Conversions.frameId(new FrameId(state.generation(), state.firstOrdinal())));
            stream.setLastId(Conversions.frameId(new FrameId(state.generation(), state.lastOrdinal())));
        }
        return stream.build();
    }
}
