package io.framebroker.server.broker;

import java.util.List;

/**
 * Where a publisher hears from its stream. All but {@link #flush} are called under the stream's lock: they note what is
 * to be said, in order, and must neither send, block nor call back.
 */
public interface PublisherPort extends Outlet {
    /** A frame that was not stored. */
    record FrameException(long sequence, Outcome outcome, String reason, String message) {}

    enum Outcome {
        DUPLICATE,
        DROPPED,
        REJECTED,
        UNKNOWN
    }

    /**
     * The publisher is in place, and nothing it sent before is still on its way.
     *
     * @param lastSequence last sequence of this publisher that was taken, unsigned; 0 when none
     * @param exceptions those up to {@code lastSequence} that are not stored, the newest 256
     * @param lastReportId last report in the ledger, unsigned; 0 when none
     */
    void opened(long lastSequence, List<FrameException> exceptions, long lastReportId);

    /** Every frame of this publisher up to this sequence is stored, except those told by {@link #exception}. */
    void stored(long throughSequence);

    void exception(FrameException exception);

    /** Every report up to this id is in the ledger. */
    void reported(long throughReportId);

    /** Who wants the frames now. Told with {@link #opened}, and when it has changed; not each of many quick changes. */
    void demand(Demand demand);

    /** The publisher has been made to wait for a while. */
    void waiting(String reason);

    /** The wait that was told is over. */
    void resumed();

    /** There is room: read the next message. Told once open, and after {@link Publisher#publish} answered false. */
    void more();

    /** Everything is stored and the publisher had nothing more to say: end the call well. */
    void finished();

    /** The stream is done with this publisher: end the call. */
    void ended(BrokerException why);
}
