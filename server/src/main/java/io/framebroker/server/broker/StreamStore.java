package io.framebroker.server.broker;

import java.util.List;

/**
 * One stream's frames, and what its groups have done with them.
 *
 * <p>Nothing here decides: the core says what is appended, delivered, settled and trimmed, the store makes it last and
 * says when it has. What it counts, it counts itself, so that the ledger compares two bookkeepers.
 */
public interface StreamStore {
    /** What the store tells the stream's owner. May be called inside the call that caused it, or later on any thread. */
    interface Listener {
        /** Every frame up to this ordinal is stored at the store's ack level. Ordinals only grow. */
        void stored(long throughOrdinal);

        /** Settlements of this group up to the given number, counted from the first one asked, are durable. */
        void settled(String group, long throughSettlement);

        /** Frames that {@link #read} could not give at once are in memory now. Never called inside {@code read}. */
        void readable();
    }

    /** What becomes of frames that leave a group. */
    enum Outcome {
        ACKED,
        SKIPPED
    }

    /** Ordinal of the newest frame that {@code stored} has told; 0 when there never was one. */
    long lastOrdinal();

    /** Ordinal of the oldest frame still there; {@code lastOrdinal() + 1} when there is none. */
    long firstOrdinal();

    /** Appends frames with consecutive ordinals, right behind those appended before. {@code stored} follows. */
    void append(List<Frame> frames);

    /**
     * Frames from {@code from} on, in order, without holes, none above {@code through}, which is stored. Gives at most
     * {@code maxFrames}, and stops before {@code maxBytes} is exceeded, but gives one frame of any size. Empty when
     * {@code from} is gone, or is not in memory: then {@code readable} follows.
     */
    List<Frame> read(long from, long through, int maxFrames, long maxBytes);

    /** Counts the stored frames that are still there among {@code from .. through}, both included. */
    long count(long from, long through);

    /** Removes all frames up to this ordinal. Groups keep their counts. */
    void trim(long throughOrdinal);

    /** Creates a group whose first frame is the one behind {@code base}. */
    void createGroup(String group, long base);

    void deleteGroup(String group);

    /**
     * Notes that frames {@code first .. last} were handed to a consumer as the given attempt. The first attempt moves
     * the group's cursor, and starts right behind it.
     */
    void delivered(String group, long first, long last, int attempt);

    /**
     * Takes frames {@code first .. last} out of a group for good, whether they were delivered or still waiting; waiting
     * ones start right behind the cursor and move it. {@code settled} follows.
     *
     * @param reason why they are skipped, in UPPER_SNAKE; null for ACKED
     */
    void settle(String group, long first, long last, Outcome outcome, String reason);

    /** What the store has counted for a group. */
    GroupRecord group(String group);
}
