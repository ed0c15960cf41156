package io.framebroker.server.broker;

import io.framebroker.server.broker.PublisherPort.FrameException;
import io.framebroker.server.broker.PublisherPort.Outcome;
import java.util.ArrayDeque;
import java.util.Iterator;
import java.util.List;

/** What a stream remembers of a publisher between its calls. Guarded by the stream's lock. */
final class PublisherState {
    private static final int MOST_EXCEPTIONS = 256;

    private final PublisherKey key;
    private final ArrayDeque<FrameException> exceptions = new ArrayDeque<>();
    /** Unsigned. */
    private long lastSequence;
    /** Unsigned; what is above it may still be on its way to the store. */
    private long storedSequence;

    /** Unsigned; exceptions up to this sequence are not remembered any more. */
    private long forgottenThrough;

    private long lastReportId;

    PublisherState(PublisherKey key) {
        this.key = key;
    }

    PublisherState(PublisherRecord record) {
        this(record.key());
        lastSequence = record.lastSequence();
        storedSequence = record.lastSequence();
        lastReportId = record.lastReportId();
        forgottenThrough = record.forgottenThrough();
        exceptions.addAll(record.exceptions());
    }

    PublisherRecord record() {
        return new PublisherRecord(key, lastSequence, lastReportId, forgottenThrough, exceptions());
    }

    PublisherKey key() {
        return key;
    }

    long lastSequence() {
        return lastSequence;
    }

    boolean isNew(long sequence) {
        return Long.compareUnsigned(sequence, lastSequence) > 0;
    }

    void taken(long sequence) {
        lastSequence = sequence;
    }

    void stored(long sequence) {
        storedSequence = sequence;
    }

    /** Of a sequence that was taken and is no exception. */
    boolean isStored(long sequence) {
        return Long.compareUnsigned(sequence, storedSequence) <= 0;
    }

    /** Whether a sequence that is no known exception may be one that is forgotten. */
    boolean isForgotten(long sequence) {
        return Long.compareUnsigned(sequence, forgottenThrough) <= 0;
    }

    /** Why a sequence is not stored; null when it is, or when that is forgotten. */
    FrameException exception(long sequence) {
        for (FrameException exception : exceptions) {
            if (exception.sequence() == sequence) {
                return exception;
            }
        }
        return null;
    }

    void notStored(FrameException exception) {
        if (exceptions.size() == MOST_EXCEPTIONS) {
            forgottenThrough = exceptions.poll().sequence();
        }
        exceptions.add(exception);
    }

    /**
     * Why frames were dropped that the next ones may build on; null when one behind them is stored, or on its way. Where
     * sequences are left out, those are taken for stored.
     */
    String lastDropped() {
        long sequence = lastSequence;
        Iterator<FrameException> latestFirst = exceptions.descendingIterator();
        while (latestFirst.hasNext()) {
            FrameException each = latestFirst.next();
            if (each.sequence() != sequence) {
                return null;
            }
            if (each.outcome() == Outcome.DROPPED) {
                return each.reason();
            }
            sequence--;
        }
        return null;
    }

    List<FrameException> exceptions() {
        return List.copyOf(exceptions);
    }

    long lastReportId() {
        return lastReportId;
    }

    /** Whether this report was not there before. */
    boolean takeReport(long reportId) {
        if (Long.compareUnsigned(reportId, lastReportId) <= 0) {
            return false;
        }
        lastReportId = reportId;
        return true;
    }
}
