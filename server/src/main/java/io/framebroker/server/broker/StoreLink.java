package io.framebroker.server.broker;

/**
 * The way to a store that is another process.
 *
 * @param circuit whether it is asked anything
 * @param roundTrips from sending what was gathered to having read the last answer to it
 */
public record StoreLink(Circuit circuit, DurationCounts roundTrips) {
    /** Whether a store that fails is spared. */
    public enum Circuit {
        CLOSED,
        /** It is tried whether it answers again. */
        HALF_OPEN,
        /** Nothing is asked of it. */
        OPEN
    }
}
