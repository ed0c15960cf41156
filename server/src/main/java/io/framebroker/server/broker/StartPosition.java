package io.framebroker.server.broker;

import java.util.List;

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
            for (long ordinal = store.firstOrdinal(); ordinal <= store.lastOrdinal(); ordinal++) {
                List<Frame> frame = store.read(ordinal, ordinal, 1, Long.MAX_VALUE);
                if (!frame.isEmpty() && frame.get(0).receivedMicros() >= micros) {
                    return ordinal - 1;
                }
            }
            return store.lastOrdinal();
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
