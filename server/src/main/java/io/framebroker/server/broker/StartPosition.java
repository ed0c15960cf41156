package io.framebroker.server.broker;

/** Where a group starts. */
public sealed interface StartPosition {
    /** Ordinal in front of the first frame of a group that starts here. */
    long baseIn(StreamStore store);

    /** Behind the newest frame. */
    record New() implements StartPosition {
        @Override
        public long baseIn(StreamStore store) {
            return store.lastOrdinal();
        }
    }

    /** At the oldest frame still there. */
    record Earliest() implements StartPosition {
        @Override
        public long baseIn(StreamStore store) {
            return store.firstOrdinal() - 1;
        }
    }

    /** At the first frame received at or after this time, in microseconds since 1970. */
    record Time(long micros) implements StartPosition {
        @Override
        public long baseIn(StreamStore store) {
            return store.firstReceivedFrom(micros) - 1;
        }
    }

    /** At this frame, or the first one behind it that is still there. */
    record Id(FrameId id) implements StartPosition {
        @Override
        public long baseIn(StreamStore store) {
            return Math.max(store.firstOrdinal(), Math.min(id.ordinal(), store.lastOrdinal() + 1)) - 1;
        }
    }
}
