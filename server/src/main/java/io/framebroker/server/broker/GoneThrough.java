package io.framebroker.server.broker;

import java.util.Arrays;

/**
 * When a stream let its frames go: points on the way, of which every other one is dropped when there are too many. Any
 * frame's time is known, the further back the stream goes the less exactly. Guarded by the stream's lock.
 */
final class GoneThrough {
    static final int MOST_POINTS = 128;

    /** Frames in front of this one had gone before. */
    private final long first;

    private long[] ordinals = {};
    private long[] times = {};
    private int points;
    /** Fewer frames than this are not worth a point of their own. */
    private long step = 1;

    /** @param first ordinal of the oldest frame still there */
    GoneThrough(long first) {
        this.first = first;
    }

    /** Frames up to this ordinal have gone, at a time in microseconds since 1970. */
    void add(long through, long micros) {
        if (points >= 2 && through - ordinals[points - 2] < step) {
            points--;
        } else if (points == MOST_POINTS) {
            thin();
        }
        if (points == ordinals.length) {
            int size = Math.max(8, 2 * points);
            ordinals = Arrays.copyOf(ordinals, size);
            times = Arrays.copyOf(times, size);
        }
        ordinals[points] = through;
        times[points] = micros;
        points++;
    }

    private void thin() {
        int left = 0;
        for (int i = 1; i < points; i += 2) {
            ordinals[left] = ordinals[i];
            times[left] = times[i];
            left++;
        }
        points = left;
        step = Math.max(1, (ordinals[points - 1] - ordinals[0]) / (points - 1));
    }

    /** When a frame that has gone was gone at the latest; 0 when nothing is known of that. */
    long by(long ordinal) {
        int after = after(ordinal);
        return ordinal < first || after == points ? 0 : times[after];
    }

    /** When a frame that has gone was still there; 0 when nothing is known of that. */
    long notBefore(long ordinal) {
        int after = after(ordinal);
        return ordinal < first || after == 0 ? 0 : times[after - 1];
    }

    int points() {
        return points;
    }

    private int after(long ordinal) {
        int found = Arrays.binarySearch(ordinals, 0, points, ordinal);
        return found >= 0 ? found : -found - 1;
    }
}
