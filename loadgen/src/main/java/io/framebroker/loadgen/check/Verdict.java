package io.framebroker.loadgen.check;

/** What the logs of a run show to be wrong. */
public enum Verdict {
    /** Acked, and a group that was to get it never did, nor is it a dead letter or counted as skipped. */
    LOST,
    /** As LOST, or a confirmed settlement gone, but only from the end of what was confirmed before a store crashed. */
    TAIL_LOST,
    /** One frame under two ids of its stream. */
    STORED_TWICE,
    /** Delivered or acked, though nobody published it. */
    GHOST,
    /** Delivered with other bytes, or under another name, than it was published. */
    CORRUPT,
    /** First deliveries out of the publisher's order, or a second delivery that calls itself the first. */
    REORDER,
    /** Delivered to a group again after the broker had confirmed the group's ack. */
    ACK_LOST,
    /** Delivered, though the broker or the client had said for certain that it is not stored. */
    FAIL_BUT_STORED,
    /** A ledger that says another number of frames stored, dropped, reported or skipped than the logs do, or does not balance. */
    DROP_MISMATCH,
    /**
     * Poison that is no dead letter, or what is none and is one; one that is there twice, or with other attempts than the group
     * gives; or that was replayed and is not settled.
     */
    DEAD_MISMATCH,
    /** Frames waited for an ack for too long, and no fault excuses it. */
    UNAVAILABLE,
    /** When all faults were over a group still had frames to take or to settle, and did not get on with them. */
    UNDRAINED,
    /** The run proves nothing: too little happened, a planned fault was not in effect, or a log cannot be read. */
    VOID
}
