package io.framebroker.server.broker;

import java.util.Arrays;
import java.util.List;

/**
 * Frames of one publisher that were acknowledged from memory and that the store had not confirmed when their stream was
 * lost.
 */
final class DegradeLoss {
    /** What they are called in the ledger. */
    static final String REASON = "DEGRADE_LOST";

    private final PublisherKey publisher;
    /** Unsigned, growing. */
    private final long[] sequences;

    DegradeLoss(PublisherKey publisher, long[] sequences) {
        this.publisher = publisher;
        this.sequences = sequences;
    }

    /** How many may be lost. */
    int most() {
        return sequences.length;
    }

    /**
     * How many are lost: those that the store has not got after all.
     *
     * @param known publishers of the stream, by what is stored now
     */
    long lost(List<PublisherRecord> known) {
        for (PublisherRecord each : known) {
            if (each.key().equals(publisher)) {
                return Arrays.stream(sequences)
                        .filter(sequence -> Long.compareUnsigned(sequence, each.lastSequence()) > 0)
                        .count();
            }
        }
        return sequences.length;
    }

    @Override
    public String toString() {
        return sequences.length + " frames of publisher " + publisher + ", sequences "
                + Long.toUnsignedString(sequences[0]) + " to "
                + Long.toUnsignedString(sequences[sequences.length - 1]);
    }
}
