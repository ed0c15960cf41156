package io.framebroker.server.broker;

/** What happens when a stream's backlog is at its limit. */
public enum OverflowPolicy {
    /** The publisher waits. Nothing is lost. */
    BLOCK,
    /** The groups that lag skip their oldest waiting frames, never pending ones. */
    DROP_OLDEST,
    /** Arriving frames are not taken. */
    DROP_NEWEST,
    /** Of the arriving frames fewer and fewer are taken as the backlog fills; none at the limit. */
    THIN;

    /** Whether it is the arriving frames that go, so that a publisher never waits. */
    boolean dropsArriving() {
        return this == DROP_NEWEST || this == THIN;
    }
}
