package io.framebroker.client;

/** What became of a frame that is not known to be stored. */
public enum PublishFailure {
    /** The broker refused it as bad: sending it again would not help. */
    REJECTED,
    /** The broker dropped it by the stream's overflow policy. */
    DROPPED_BY_BROKER,
    /** It was dropped before it was ever sent: the ring was full, the frame too large, or the publisher ended. */
    DROPPED_HERE,
    /** It was sent and nobody said, or knows any more, what became of it: it may be stored, or not. */
    UNKNOWN
}
