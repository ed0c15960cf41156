package io.framebroker.server.broker;

/**
 * Which arriving frames a stream does not take, under the policies where it is these that go. Video goes with what it
 * builds on: behind a frame that was not taken, none is before the next keyframe. Guarded by the stream's lock.
 *
 * <p>THIN has three levels. Each begins at a part of the limit and ends when the backlog is down to 80 % of that, so that
 * it does not go back and forth with every frame:
 *
 * <pre>
 * from   to     pictures that stand alone   video
 * 50 %   40 %   every second                the first half of each group of pictures
 * 75 %   60 %   every fourth                the first quarter
 * 90 %   72 %   every fourth                keyframes
 * 100 %         none                        none
 * </pre>
 */
final class Overflow {
    /** The backlog was at its limit. */
    static final String REASON = "OVERFLOW";
    /** The backlog was filling up. */
    static final String THINNED = "THINNED";

    private static final int[] BEGIN_PERCENT = {50, 75, 90};
    private static final int[] END_PERCENT = {40, 60, 72};

    private final Backlog backlog;
    private int level;
    /** Whether frames have come that build on others. */
    private boolean interCoded;
    /** How many frames have come since the last keyframe, that one not counted. */
    private long behindKeyframe;
    /** Frames of the last whole group of pictures; 0 when that is not known. */
    private long picturesOfGroup;
    /** Pictures that stand alone and came while they were thinned. */
    private long alone;
    /** Why the rest of this group of pictures goes; null while it does not. */
    private String tailReason;

    Overflow(Backlog backlog) {
        this.backlog = backlog;
    }

    /**
     * A publisher begins, or goes on.
     *
     * @param lastDropped why the last frame that was taken of it went; null when it did not
     */
    void goesOnBehind(String lastDropped) {
        tailReason = lastDropped;
    }

    /** Whether frames are to be asked about. */
    boolean matters() {
        return tailReason != null || backlog.settings().overflow().dropsArriving();
    }

    /**
     * Why the next frame is not taken; null when it is. The frames of a message are judged by the backlog that the message
     * found.
     *
     * @param low oldest frame that somebody has yet to settle, or the store to confirm
     */
    String verdict(FrameContent content, long low) {
        follow(content);
        if (tailReason == null) {
            tailReason = reason(content, low);
        }
        return tailReason;
    }

    private void follow(FrameContent content) {
        if (content.keyframe()) {
            if (interCoded) {
                picturesOfGroup = behindKeyframe + 1;
            }
            behindKeyframe = 0;
            tailReason = null;
        } else {
            interCoded = true;
            behindKeyframe++;
        }
    }

    private String reason(FrameContent content, long low) {
        OverflowPolicy policy = backlog.settings().overflow();
        if (!policy.dropsArriving()) {
            return null;
        }
        int percent = backlog.percentUsed(low);
        if (percent >= 100) {
            return REASON;
        }
        return policy == OverflowPolicy.THIN && isThinned(content, percent) ? THINNED : null;
    }

    private boolean isThinned(FrameContent content, int percent) {
        while (level < BEGIN_PERCENT.length && percent >= BEGIN_PERCENT[level]) {
            level++;
        }
        while (level > 0 && percent < END_PERCENT[level - 1]) {
            level--;
        }
        if (level == 0) {
            return false;
        }
        if (interCoded) {
            return behindKeyframe >= Math.max(1, picturesKept());
        }
        return alone++ % (level == 1 ? 2 : 4) != 0;
    }

    /** Of a group of pictures as long as the last one. */
    private long picturesKept() {
        return switch (level) {
            case 1 -> picturesOfGroup / 2;
            case 2 -> picturesOfGroup / 4;
            default -> 1;
        };
    }
}
