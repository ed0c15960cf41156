package io.framebroker.server.broker;

/** Where a group starts. */
public sealed interface StartPosition {
    /** Behind the newest frame. */
    record New() implements StartPosition {}

    /** At the oldest frame still there. */
    record Earliest() implements StartPosition {}

    /** At the first frame received at or after this time, in microseconds since 1970. */
    record Time(long micros) implements StartPosition {}

    /** At this frame, or the first one behind it that is still there. */
    record Id(FrameId id) implements StartPosition {}
}
