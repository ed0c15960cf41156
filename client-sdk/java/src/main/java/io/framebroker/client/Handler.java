package io.framebroker.client;

import io.framebroker.wire.UnreadablePayloadException;
import io.opentelemetry.context.Scope;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The user's handler with everything around it: leases, checksums, unpacking, and what becomes of a frame when it throws.
 */
final class Handler {
    static final String CRC_MISMATCH = "CRC_MISMATCH";
    static final String PAYLOAD_UNREADABLE = "PAYLOAD_UNREADABLE";

    private static final Logger log = LoggerFactory.getLogger(Handler.class);

    private final ConsumeSession session;
    private final BatchHandler handler;
    private final boolean checksCrc;
    private final int unpacksUpToBytes;
    private final boolean manualSettle;
    /** Null for none. */
    private final Tracing tracing;

    /** @param tracing null for none */
    Handler(ConsumeSession session, BatchHandler handler, ConsumerOptions options, Tracing tracing) {
        this.tracing = tracing;
        this.session = session;
        this.handler = handler;
        this.checksCrc = options.checksCrc();
        this.unpacksUpToBytes = options.unpacksUpToBytes();
        this.manualSettle = options.manualSettle();
    }

    /** Runs the handler over those frames that are still ours and whole, and settles them. */
    void handle(List<ReceivedFrame> frames) {
        List<ReceivedFrame> usable = usable(frames);
        if (!usable.isEmpty() && run(usable)) {
            ackOpen(usable);
        }
    }

    /** As {@link #handle}, but leaves it to the caller to acknowledge. */
    void handleUnacked(ReceivedFrame frame) {
        if (isUsable(frame)) {
            run(List.of(frame));
        }
    }

    /** Acknowledges what was handled and not settled, unless the user settles by hand. */
    void ackOpen(List<ReceivedFrame> frames) {
        if (!manualSettle) {
            session.settle(frames, Verdict.ACK);
        }
    }

    private List<ReceivedFrame> usable(List<ReceivedFrame> frames) {
        if (frames.size() == 1) {
            return isUsable(frames.get(0)) ? frames : List.of();
        }
        List<ReceivedFrame> usable = new ArrayList<>(frames.size());
        for (ReceivedFrame frame : frames) {
            if (isUsable(frame)) {
                usable.add(frame);
            }
        }
        return usable;
    }

    private boolean isUsable(ReceivedFrame frame) {
        if (frame.state() == ReceivedFrame.State.SETTLED || !session.leaseHolds(frame)) {
            return false;
        }
        if (checksCrc && !frame.crcMatches()) {
            session.corrupt(frame, Verdict.retry(null, CRC_MISMATCH));
            return false;
        }
        return unpacksUpToBytes == 0 || unpack(frame);
    }

    /** Before the handler sees any of its frames, so that a bad one takes no good ones along. */
    private boolean unpack(ReceivedFrame frame) {
        try {
            frame.unpack(unpacksUpToBytes);
            return true;
        } catch (UnreadablePayloadException e) {
            String why = PAYLOAD_UNREADABLE + ": payload " + e.getMessage()
                    + (e.tooLarge() ? "; raise maxUnpackedBytes, or publish smaller frames" : "");
            log.warn("{}: {}", frame, why);
            session.corrupt(frame, Verdict.retry(null, why));
        } catch (OutOfMemoryError e) {
            log.warn("{}: no memory to unpack it: {}", frame, e.toString());
            session.settle(frame, Verdict.retry(null, e.toString()));
        }
        return false;
    }

    private boolean run(List<ReceivedFrame> frames) {
        Processing processing = tracing == null ? null : tracing.processing(frames);
        if (processing == null) {
            return run(frames, null);
        }
        Scope scope = processing.begin();
        try {
            return run(frames, processing);
        } finally {
            scope.close();
            processing.returned();
        }
    }

    /** @param processing null when nothing of it is traced */
    private boolean run(List<ReceivedFrame> frames, Processing processing) {
        try {
            handler.handle(frames);
            return true;
        } catch (InterruptedException e) {
            session.settle(frames, Verdict.RELEASE);
        } catch (Throwable e) {
            log.warn("handler failed on {}{}: {}", frames.get(0), frames.size() > 1 ? " and others" : "", e.toString());
            log.debug("handler failed", e);
            if (processing != null) {
                processing.threw(e);
            }
            session.settle(frames, Verdict.retry(null, e.toString()));
        } finally {
            if (!manualSettle) {
                frames.forEach(ReceivedFrame::forgetUnpacked);
            }
        }
        return false;
    }
}
