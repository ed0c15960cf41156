package io.framebroker.server.broker;

import java.util.Collection;
import java.util.List;
import java.util.function.Consumer;

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

        /**
         * Deliveries of this group above the first attempt are durable, up to the given number, counted from the first
         * one asked.
         */
        void attempted(String group, long throughAttempt);

        /** Notes up to the given number, counted from the first one asked, are durable. */
        void noted(long throughNote);

        /** Frames that {@link #read} could not give at once are in memory now, or the broker may speak for the stream
         * again. Never called inside {@code read}. */
        void readable();

        /** The stream is no longer this broker's, or not as it was: nothing more is told, nothing more is to be asked. */
        void lost(BrokerException why);
    }

    /** What becomes of frames that leave a group. */
    enum Outcome {
        ACKED,
        SKIPPED
    }

    /** Called once, before anything else. */
    void listen(Listener listener);

    /** Fencing number of this ownership, 1 or more. Frames appended now are stored under it, or a later one. */
    long generation();

    /** Whether this broker may still hand out frames: not while others may have taken the stream over. Any thread. */
    default boolean isOwned() {
        return true;
    }

    /** What keeps the store from storing, for people; null when nothing does. */
    default String trouble() {
        return null;
    }

    /** Ordinal of the newest frame that {@code stored} has told; 0 when there never was one. */
    long lastOrdinal();

    /** Ordinal of the oldest frame still there; {@code lastOrdinal() + 1} when there is none. */
    long firstOrdinal();

    /** Size of a stored frame; 0 when it is not there. */
    int bytes(long ordinal);

    /** When a stored frame was received, in microseconds since 1970; 0 when it is not there, in memory or out of it. */
    long receivedMicros(long ordinal);

    /**
     * Stored frames up to this ordinal need not stay in memory, where the store can read them back.
     *
     * @return ordinal of the last frame of those that memory holds none of any more
     */
    default long cool(long throughOrdinal) {
        return firstOrdinal() - 1;
    }

    /** First ordinal whose frame was received at or after a time; {@code lastOrdinal() + 1} when there is none. */
    long firstReceivedFrom(long micros);

    /** Appends frames with consecutive ordinals, right behind those appended before. {@code stored} follows. */
    void append(List<Frame> frames);

    /**
     * Frames from {@code from} on, in order, none above {@code through}, which is stored. Gives at most
     * {@code maxFrames}, and stops before {@code maxBytes} is exceeded, but gives one frame of any size. Empty when
     * {@code from} is not in memory: then {@code readable} follows; empty too when everything wanted is gone. Frames
     * that the store has lost are left out: a run then begins behind {@code from}, but has no holes in itself.
     */
    List<Frame> read(long from, long through, int maxFrames, long maxBytes);

    /** Counts the stored frames that are still there among {@code from .. through}, both included. */
    long count(long from, long through);

    /** Removes all frames up to this ordinal. Groups keep their counts. */
    void trim(long throughOrdinal);

    /**
     * Creates a group whose first frame is the one behind {@code base}.
     *
     * @param durable whether it outlives this broker
     */
    void createGroup(String group, long base, GroupSettings settings, boolean durable);

    void deleteGroup(String group);

    /**
     * Has a durable group start anew, as if it had just been created: its first frame is the one behind {@code base},
     * nothing is pending, nothing is counted, its settings stay. Its dead letters stay as well, to be read and purged, but
     * are in none of its counts. One step: after a crash the group is as it was before or as it is now. Its settlements and
     * attempts go on being numbered where they were.
     */
    void restartGroup(String group, long base);

    /**
     * Ordinal of the last frame that may be handed out to a group for the first time. A store that does not know at once
     * what has been handed out allows it in advance, so that after a crash it knows what may have been: see
     * {@link StreamRecord.OfGroup}. {@code readable} follows when more may be.
     */
    default long deliverableThrough(String group) {
        return Long.MAX_VALUE;
    }

    /**
     * Notes a delivery of frames {@code first .. last} as the given attempt. Frames that start right behind the group's
     * cursor move it; they come as the first attempt, and nobody waits for that to last. A later attempt of frames that
     * are pending is noted before they go out, and {@code attempted} follows: or a frame that breaks its broker would
     * never run out of attempts.
     */
    void delivered(String group, long first, long last, int attempt);

    /**
     * Notes how a broker that is leaving leaves frames {@code first .. last}, which are pending. Whoever opens the stream next
     * is told, see {@link StreamRecord.Pending}, and nobody after that. They may still be settled, but are delivered no more,
     * and nobody waits for it.
     */
    default void left(String group, long first, long last, StreamRecord.Left left) {}

    /**
     * Takes frames {@code first .. last} out of a group for good, whether they were delivered or still waiting; waiting
     * ones start right behind the cursor and move it. {@code settled} follows.
     *
     * @param reason why they are skipped, in UPPER_SNAKE; null for ACKED
     */
    void settle(String group, long first, long last, Outcome outcome, String reason);

    /**
     * Whether {@link #settle(String, Frame, DeadLetter)} of a pending frame may be asked now. Where it may not be, the store
     * sees to room, which may be to take the copy: {@code readable} may follow, and it is asked again some time.
     */
    default boolean hasRoomFor(String group, Frame frame, DeadLetter letter) {
        return false;
    }

    /**
     * Takes a pending frame out of a group and keeps a copy of it as a dead letter, both or neither: the frame may be
     * trimmed as soon as this is confirmed. It takes the place of one of the same frame from before the group was
     * restarted. Counts as a settlement: {@code settled} follows.
     */
    default void settle(String group, Frame frame, DeadLetter letter) {
        throw new UnsupportedOperationException("this store keeps no dead letters");
    }

    /** The dead letters of a group that were asked for, oldest first. Not to be changed; good until the next call. */
    default Collection<DeadLetter> deadLetters(String group) {
        return List.of();
    }

    /**
     * Reads the copies of dead letters.
     *
     * @param answer told the frames that are there, in the order asked; once, maybe inside this call, or later on any
     *     thread
     */
    default void readDeadLetters(String group, List<Long> ordinals, Consumer<List<Frame>> answer) {
        answer.accept(List.of());
    }

    /**
     * Removes dead letters of a group, all of them there, which are skipped or ACKED from now on; those from before it was
     * restarted just go. Counts as one settlement, however many there are: {@code settled} follows.
     *
     * @param reason why they are skipped, in UPPER_SNAKE; null for ACKED
     */
    default void purge(String group, List<Long> ordinals, String reason) {
        throw new UnsupportedOperationException("this store keeps no dead letters");
    }

    /** What the store has counted for a group. */
    GroupRecord group(String group);

    /**
     * Makes facts beside the frames last. {@code noted} follows; notes are numbered from 1 in the order asked. A note is
     * not durable before the creations, restarts and deletions of groups that were asked before it.
     */
    void note(StreamNote note);

    /** Removes the stream with its frames and groups, and gives it up. */
    void delete();

    /**
     * The same, and says when nothing of it can come back, whatever happens to broker or store. Nothing else is told of a
     * stream that is being deleted, but that it is {@code lost}: then it is not known whether it was deleted.
     *
     * @param done called once, maybe inside this call, or later on any thread
     */
    default void delete(Runnable done) {
        delete();
        done.run();
    }
}
