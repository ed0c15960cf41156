package io.framebroker.server.broker;

import java.util.EnumMap;
import java.util.Map;

/** How often a stream held its publishers back, and for how long. Guarded by the stream's lock. */
final class Backpressure {
    private static final WaitReason[] REASONS = WaitReason.values();

    private final long[] events = new long[REASONS.length];
    private long pastNanos;
    private boolean now;
    private long sinceNanos;

    /** The publisher has to wait; nothing new when it waits already. */
    void begins(WaitReason reason, long nanos) {
        if (!now) {
            now = true;
            sinceNanos = nanos;
            events[reason.ordinal()]++;
        }
    }

    /** It goes on, or has gone. */
    void ends(long nanos) {
        if (now) {
            now = false;
            pastNanos += nanos - sinceNanos;
        }
    }

    Map<WaitReason, Long> events() {
        Map<WaitReason, Long> all = new EnumMap<>(WaitReason.class);
        for (WaitReason reason : REASONS) {
            all.put(reason, events[reason.ordinal()]);
        }
        return all;
    }

    /** All waits, with the one that lasts. */
    long totalNanos(long nanos) {
        return pastNanos + (now ? nanos - sinceNanos : 0);
    }
}
