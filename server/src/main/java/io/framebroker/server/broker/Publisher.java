package io.framebroker.server.broker;

import java.util.List;

/** One publisher's call on one stream. Methods may be called from any thread; the stream's lock orders them. */
public final class Publisher {
    /** Frames that were lost before they could be sent. */
    public record Lost(String reason, long count, boolean estimated) {
        private static final long MOST = 1_000_000_000_000L;

        public Lost {
            if (!reason.matches("[A-Z][A-Z0-9_]{0,62}")) {
                throw BrokerException.invalid(
                        "report.lost.reason", Names.quoted(reason) + " is not UPPER_SNAKE of 1..63 characters");
            }
            if (count < 1 || count > MOST) {
                throw BrokerException.invalid(
                        "report.lost.count", Long.toUnsignedString(count) + " is outside 1.." + MOST);
            }
        }
    }

    private final FrameStream stream;
    private final PublisherState state;
    private final PublisherPort port;
    private final boolean numbersItself;
    private final boolean takesMemory;
    /** Unsigned; guarded by the stream's lock. */
    private long acknowledged;

    Publisher(
            FrameStream stream, PublisherState state, PublisherPort port, boolean numbersItself, boolean takesMemory) {
        this.stream = stream;
        this.state = state;
        this.port = port;
        this.numbersItself = numbersItself;
        this.takesMemory = takesMemory;
    }

    public PublisherKey key() {
        return state.key();
    }

    /**
     * Takes frames in the publisher's order.
     *
     * @return whether to read the next message now; if not, {@link PublisherPort#more} says when
     */
    public boolean publish(List<FrameContent> frames) {
        return stream.publish(this, frames);
    }

    /** Enters frames that never came into the ledger, once for each report id. */
    public void report(long reportId, List<Lost> lost) {
        stream.report(this, reportId, lost);
    }

    /** Nothing more will come: {@link PublisherPort#finished} follows when all is stored. */
    public void finish() {
        stream.finish(this);
    }

    /** The connection is gone. What was taken is still stored. Idempotent. */
    public void lost() {
        stream.leave(this);
    }

    boolean takesMemory() {
        return takesMemory;
    }

    /** Notes that frames up to a sequence are acknowledged. Returns whether that is news. */
    boolean acknowledge(long throughSequence) {
        if (Long.compareUnsigned(throughSequence, acknowledged) <= 0) {
            return false;
        }
        acknowledged = throughSequence;
        return true;
    }

    PublisherState state() {
        return state;
    }

    PublisherPort port() {
        return port;
    }

    /** Whether the publisher gives sequences; otherwise the stream does. */
    boolean numbersItself() {
        return numbersItself;
    }

    @Override
    public String toString() {
        return key().toString();
    }
}
