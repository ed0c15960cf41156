package io.framebroker.server.broker;

import java.util.Objects;

/**
 * What happened to a run of frames.
 *
 * @param group concerned; empty for the stream
 * @param who the consumer concerned, or the publisher of frames that came in; empty for nobody
 * @param attempt concerned; 0 for none
 * @param sinceMicros when the delivery began that ended, in microseconds since 1970; 0 for none, or not known
 * @param micros when, in microseconds since 1970
 */
record DiaryEntry(
        FrameEvent.What what,
        long first,
        long last,
        String group,
        String who,
        int attempt,
        long sinceMicros,
        long micros,
        String detail) {
    /** What happens to one frame after another within this time is told as one. */
    private static final long AT_ONCE_MICROS = 1_000;

    /** Whether another entry says the same, at the same time, whatever frames it is about. */
    boolean saysTheSame(DiaryEntry other) {
        return other.what == what
                && other.attempt == attempt
                && other.sinceMicros == sinceMicros
                && Math.abs(other.micros - micros) < AT_ONCE_MICROS
                && other.group.equals(group)
                && Objects.equals(other.who, who)
                && Objects.equals(other.detail, detail);
    }

    DiaryEntry through(long otherLast) {
        return new DiaryEntry(what, first, otherLast, group, who, attempt, sinceMicros, micros, detail);
    }
}
