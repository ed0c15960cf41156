package io.framebroker.client;

import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The user's handler with everything around it: leases, checksums, and what becomes of a frame when it throws. */
final class Handler {
    static final String CRC_MISMATCH = "CRC_MISMATCH";

    private static final Logger log = LoggerFactory.getLogger(Handler.class);

    private final ConsumeSession session;
    private final BatchHandler handler;
    private final boolean checksCrc;
    private final boolean manualSettle;

    Handler(ConsumeSession session, BatchHandler handler, boolean checksCrc, boolean manualSettle) {
        this.session = session;
        this.handler = handler;
        this.checksCrc = checksCrc;
        this.manualSettle = manualSettle;
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
        return true;
    }

    private boolean run(List<ReceivedFrame> frames) {
        try {
            handler.handle(frames);
            return true;
        } catch (InterruptedException e) {
            session.settle(frames, Verdict.RELEASE);
        } catch (Throwable e) {
            log.warn("handler failed on {}{}: {}", frames.get(0), frames.size() > 1 ? " and others" : "", e.toString());
            log.debug("handler failed", e);
            session.settle(frames, Verdict.retry(null, e.toString()));
        }
        return false;
    }
}
