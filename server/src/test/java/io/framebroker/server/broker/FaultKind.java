package io.framebroker.server.broker;

/** Bugs that can be planted around the core, to see that the simulation finds them. */
enum FaultKind {
    NONE,
    /** The store says stored before it is. */
    STORED_TOO_EARLY,
    /** The store says settled before it is durable. */
    SETTLED_TOO_EARLY,
    /** The store forgets a settlement and confirms it. */
    SETTLEMENT_LOST,
    /** The store removes one frame more than it was told. */
    TRIM_TOO_FAR,
    /** The store leaves a frame out when it reads. */
    READ_WITH_A_HOLE,
    /** The store gives one frame the contents of another. */
    READ_SWAPPED,
    /** The store counts one frame too many. */
    MISCOUNT,
    /** A delivery never reaches its consumer. */
    DELIVERY_LOST,
    /** A delivery reaches its consumer twice. */
    DELIVERED_TWICE,
    /** A frame is delivered again after it was settled. */
    DELIVERED_AFTER_SETTLED,
    /** An attempt is counted twice. */
    ATTEMPT_TOO_MANY,
    /** The store says it has an attempt before it has. */
    ATTEMPT_TOO_EARLY,
    /** A consumer that takes nothing looks as if it did. */
    NOT_READY_OVERLOOKED,
    /** A result is not told. */
    RESULT_LOST,
    /** A gap is not told. */
    GAP_LOST,
    /** A publisher is told of an ack before the store has confirmed. */
    ACK_TOO_EARLY,
    /** A publisher is not told of an ack. */
    ACK_LOST,
    /** A publisher is not told that its frame was refused. */
    EXCEPTION_LOST,
    /** A frame that is sent again gets a sequence of its own. */
    DUPLICATE_NOT_DETECTED,
    /** A report is counted twice. */
    REPORTED_TWICE,
    /** Room in a window comes back twice. */
    WINDOW_GIVEN_BACK_TWICE,
    /** Room in a window never comes back. */
    WINDOW_LEAKS,
    /** Others may go out beside a frame that is to be alone. */
    QUARANTINE_LEAKS,
    /** The clock runs ahead for a moment. */
    CLOCK_JUMPS_AHEAD
}
