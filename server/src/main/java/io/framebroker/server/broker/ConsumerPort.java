package io.framebroker.server.broker;

import java.util.List;

/**
 * Where a consumer hears from its streams. All but {@link #ready} and {@link #flush} are called under a stream's lock:
 * they note what is to be said, in order, and must neither send, block nor call back. Several streams may call at once.
 */
public interface ConsumerPort extends Outlet {
    /** What became of a settlement or an extension. */
    enum SettleOutcome {
        OK,
        ALREADY_SETTLED,
        STALE,
        UNKNOWN_TOKEN
    }

    /** One outcome for {@code count} deliveries from {@code token} on. */
    record SettleResult(String stream, Token token, int count, SettleOutcome outcome, String message) {}

    /** Whether the transport takes another message now. Called from any thread, also under a lock. */
    boolean ready();

    /**
     * Frames for the consumer, consecutive, of one publisher.
     *
     * @param leaseMillis time to settle them; 0 when they are settled already
     */
    void deliver(String stream, List<Frame> frames, int attempt, long leaseMillis);

    void settled(SettleResult result);

    /** The call has a further stream, which one of its globs matches. */
    default void added(String stream) {}

    /** A stream that the call had by a glob is deleted. */
    default void removed(String stream) {}

    /**
     * How many streams match and are not taken has changed.
     *
     * @param why the last of them is not; empty when there are none
     */
    default void leftOut(int streams, String why) {}

    /**
     * Frames this consumer will not get.
     *
     * @param first id of the first one; null when they have none
     * @param detail more words; may be empty
     */
    void gap(String stream, String reason, long count, boolean estimated, FrameId first, FrameId last, String detail);

    /**
     * The limit or the end of what was wanted is reached, nothing is outstanding and every result is told: end the call
     * well.
     */
    void finished();

    /** The broker is done with this consumer: end the call. */
    void ended(BrokerException why);
}
