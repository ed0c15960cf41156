package io.framebroker.server.broker;

/** Whose room a publisher waits for. */
public enum WaitReason {
    /** Frames that the slowest protected group has not settled are as many as the stream keeps. */
    GROUP,
    /** The same of frames that the store has not confirmed, where no group is behind, or while the store is in trouble. */
    STORE,
    /** The memory of the broker is used up, and the stream has its share of it. */
    MEMORY
}
