package io.framebroker.client;

import io.framebroker.v1.AckLevel;
import io.framebroker.v1.FrameException;
import io.framebroker.v1.PublishAck;
import io.framebroker.v1.PublishOpened;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/**
 * Gives each frame its one outcome: counts it, and notes down who is to hear of it. Guarded by the publisher's lock; the
 * notices are told after it is released.
 */
final class Outcomes {
    /** So many exceptions {@code opened} lists at most; where it lists all of these, older ones may be missing. */
    private static final int MAX_LISTED_EXCEPTIONS = 256;

    private final Ring ring;
    private final Reports reports;
    private final PublishCounts counts;
    private final PublishListener listener;
    private final Captures captures;

    /** What the present call said of frames taken before it. */
    private Taken taken = Taken.NOTHING;

    private final ArrayDeque<Flush> flushes = new ArrayDeque<>();

    Outcomes(Ring ring, Reports reports, PublishCounts counts, PublishListener listener, Captures captures) {
        this.ring = ring;
        this.reports = reports;
        this.counts = counts;
        this.listener = listener;
        this.captures = captures;
    }

    /** A frame that never left is dropped, and will be reported to the broker. */
    void droppedHere(long sequence, long capturedMicros, String reason, String message, Notices notices) {
        reports.add(reason, 1, false, capturedMicros);
        failed(sequence, PublishFailure.DROPPED_HERE, reason, message, notices);
    }

    void acked(PublishAck ack, Notices notices) {
        for (FrameException exception : ack.getExceptionsList()) {
            except(exception, notices);
        }
        counts.stored += ring.acked(ack.getStoredThrough());
        reports.confirmed(ack.getReportedThrough(), notices);
        stored(ack.getStoredThrough(), ack.getLevel(), notices);
        completeFlushes(notices);
    }

    /** A new call tells how far the earlier ones got. */
    void resumed(PublishOpened opened, Notices notices) {
        reports.confirmed(opened.getLastReportId(), notices);
        long oldestListed = Long.MAX_VALUE;
        for (FrameException exception : opened.getExceptionsList()) {
            except(exception, notices);
            oldestListed = Math.min(oldestListed, exception.getSequence());
        }
        if (opened.getExceptionsCount() >= MAX_LISTED_EXCEPTIONS) {
            for (long oldest = ring.oldest(); oldest < oldestListed && ring.hasSent(); oldest = ring.oldest()) {
                ring.removeOldestSent();
                failed(oldest, PublishFailure.UNKNOWN, "EXCEPTIONS_TRUNCATED", "its ack was lost", notices);
            }
        }
        long through = opened.getLastSequence();
        int resolved = ring.resumed(through);
        counts.stored += resolved;
        taken = Taken.of(opened, oldestListed);
        for (long passed = ring.passTaken(through); passed != 0; passed = ring.passTaken(through)) {
            tookBefore(passed, notices);
            resolved++;
        }
        if (resolved > 0) {
            stored(through, opened.getAckLevel(), notices);
        }
        completeFlushes(notices);
    }

    /**
     * Gives a frame that has not come into the ring the outcome it has from an earlier publisher. False when the broker did
     * not take it before the present call, or there is no call.
     */
    boolean takenBefore(long sequence, Notices notices) {
        if (sequence > taken.through()) {
            return false;
        }
        ring.passed(sequence);
        tookBefore(sequence, notices);
        stored(sequence, taken.level(), notices);
        return true;
    }

    void callEnded() {
        taken = Taken.NOTHING;
    }

    /** The publisher ends: what was sent is unknown, what was not is dropped. */
    void abandon(String reason, String message, Notices notices) {
        for (RingFrame frame = ring.removeOldestSent(); frame != null; frame = ring.removeOldestSent()) {
            failed(frame.sequence, PublishFailure.UNKNOWN, reason, message, notices);
        }
        for (RingFrame frame = ring.dropOldestFresh(); frame != null; frame = ring.dropOldestFresh()) {
            failed(frame.sequence, PublishFailure.DROPPED_HERE, reason, message, notices);
        }
        completeFlushes(notices);
    }

    /** Completes when every frame up to this sequence has its outcome. */
    CompletableFuture<Void> flush(long sequence) {
        if (ring.oldest() > sequence) {
            return CompletableFuture.completedFuture(null);
        }
        Flush flush = new Flush(sequence, new CompletableFuture<>());
        flushes.add(flush);
        return flush.done();
    }

    void completeFlushes(Notices notices) {
        while (!flushes.isEmpty() && flushes.peek().sequence() < ring.oldest()) {
            CompletableFuture<Void> done = flushes.remove().done();
            notices.add(() -> done.complete(null));
        }
    }

    private void tookBefore(long sequence, Notices notices) {
        FrameException exception = taken.exceptions().get(sequence);
        if (exception != null) {
            tell(exception, notices);
        } else if (sequence < taken.unknownBelow()) {
            failed(sequence, PublishFailure.UNKNOWN, "EXCEPTIONS_TRUNCATED", "its ack was lost", notices);
        } else {
            counts.duplicates++;
            counts.stored++;
        }
    }

    private void except(FrameException exception, Notices notices) {
        long sequence = exception.getSequence();
        if (ring.except(sequence)) {
            tell(exception, notices);
        }
    }

    private void tell(FrameException exception, Notices notices) {
        switch (exception.getOutcome()) {
            case FRAME_OUTCOME_DUPLICATE -> {
                counts.duplicates++;
                counts.stored++;
            }
            case FRAME_OUTCOME_DROPPED -> failed(exception, PublishFailure.DROPPED_BY_BROKER, notices);
            case FRAME_OUTCOME_REJECTED -> failed(exception, PublishFailure.REJECTED, notices);
            default ->
                // The broker does not know (any more), or says something this client does not know: never stored.
                failed(exception, PublishFailure.UNKNOWN, notices);
        }
    }

    private void failed(FrameException exception, PublishFailure kind, Notices notices) {
        failed(exception.getSequence(), kind, exception.getReason(), exception.getMessage(), notices);
    }

    private void failed(long sequence, PublishFailure kind, String reason, String message, Notices notices) {
        counts.count(kind);
        captures.failed(sequence, kind, reason);
        notices.add(() -> listener.failed(sequence, kind, reason, message));
    }

    private void stored(long through, AckLevel level, Notices notices) {
        long known = Math.min(through, ring.highestSent());
        if (known > 0) {
            captures.stored(known);
            notices.add(() -> listener.stored(known, level));
        }
    }

    /**
     * What the broker took of this publisher before a call.
     *
     * @param through last sequence taken; 0 when there was none
     * @param exceptions those of them that are not stored, by sequence
     * @param unknownBelow below this, what is no exception may be one all the same; 0 when that is not so
     * @param level what stored means
     */
    private record Taken(long through, Map<Long, FrameException> exceptions, long unknownBelow, AckLevel level) {
        static final Taken NOTHING = new Taken(0, Map.of(), 0, AckLevel.ACK_LEVEL_UNSPECIFIED);

        static Taken of(PublishOpened opened, long oldestListed) {
            Map<Long, FrameException> exceptions = new HashMap<>();
            opened.getExceptionsList().forEach(each -> exceptions.put(each.getSequence(), each));
            boolean full = opened.getExceptionsCount() >= MAX_LISTED_EXCEPTIONS;
            return new Taken(opened.getLastSequence(), exceptions, full ? oldestListed : 0, opened.getAckLevel());
        }
    }

    private record Flush(long sequence, CompletableFuture<Void> done) {}
}
