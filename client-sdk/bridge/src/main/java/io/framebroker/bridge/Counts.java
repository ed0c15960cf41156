package io.framebroker.bridge;

/** What became of entries since the start of this process. For the pump's thread. */
final class Counts {
    /** Read from the source, each time. */
    long read;
    /** In the broker, and settled in Redis. */
    long stored;
    /** In the side stream. */
    long setAside;
    /** Found deleted from the source before they were stored. */
    long lost;
    /** Dropped by the overflow policy of their stream, and settled. */
    long dropped;
}
