package io.framebroker.server.broker;

import java.util.List;

/**
 * Whether a group goes on with a keyframe only, because frames were skipped that those behind them may build on. Guarded
 * by the stream's lock.
 */
final class KeyframeWait {
    /** Why frames were skipped; null while it does not wait. */
    private String reason;

    /** Frames right behind the cursor were skipped. */
    void begin(String skippedAs) {
        reason = skippedAs;
    }

    /** Why the frames that {@link #undecodableThrough} names are to be skipped. */
    String reason() {
        return reason;
    }

    /** A frame was delivered, or may have been. Not before: a keyframe that waits may be skipped as well. */
    void end() {
        reason = null;
    }

    /** Ordinal of the last of these, in a row from the first one on, that builds on what was skipped; 0 for none. */
    long undecodableThrough(List<Frame> frames) {
        long through = 0;
        if (reason != null) {
            for (Frame frame : frames) {
                if (frame.content().keyframe()) {
                    break;
                }
                through = frame.ordinal();
            }
        }
        return through;
    }
}
