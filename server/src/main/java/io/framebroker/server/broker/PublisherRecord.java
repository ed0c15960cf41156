package io.framebroker.server.broker;

import io.framebroker.server.broker.PublisherPort.FrameException;
import java.util.List;

/**
 * What is remembered of a publisher between its calls.
 *
 * @param lastSequence last sequence that was taken, unsigned. A store makes it at least that of the publisher's last frame,
 *     and no more than what is in front of its first frame that was appended and may yet be lost: whoever comes back is told
 *     that everything up to it is there
 * @param lastReportId last report in the ledger, unsigned
 * @param forgottenThrough exceptions up to this sequence are not remembered any more, unsigned
 * @param exceptions sequences up to the last that are not stored, oldest first
 */
public record PublisherRecord(
        PublisherKey key,
        long lastSequence,
        long lastReportId,
        long forgottenThrough,
        List<FrameException> exceptions) {
    public PublisherRecord {
        exceptions = List.copyOf(exceptions);
    }
}
