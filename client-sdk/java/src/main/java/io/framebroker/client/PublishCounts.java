package io.framebroker.client;

/** The counters behind {@link PublisherStats}. Guarded by the publisher's lock. */
final class PublishCounts {
    long published;
    long stored;
    long duplicates;
    long rejected;
    long droppedByBroker;
    long droppedHere;
    long unknown;
    long sent;
    long packed;
    long savedBytes;

    /** A frame is in the ring. */
    void took(RingFrame frame) {
        if (frame.buffer() != null) {
            packed++;
            savedBytes += frame.unpackedBytes() - frame.serializedBytes();
        }
    }

    void count(PublishFailure kind) {
        switch (kind) {
            case REJECTED -> rejected++;
            case DROPPED_BY_BROKER -> droppedByBroker++;
            case DROPPED_HERE -> droppedHere++;
            case UNKNOWN -> unknown++;
        }
    }

    PublisherStats toStats(int ringFrames, boolean connected, String waitReason, long reconnects) {
        long resolved = stored + rejected + droppedByBroker + droppedHere + unknown;
        return new PublisherStats(
                published,
                stored,
                duplicates,
                rejected,
                droppedByBroker,
                droppedHere,
                unknown,
                published - resolved,
                sent,
                packed,
                savedBytes,
                ringFrames,
                connected,
                waitReason,
                reconnects);
    }
}
