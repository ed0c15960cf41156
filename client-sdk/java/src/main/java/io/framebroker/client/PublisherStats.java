package io.framebroker.client;

/**
 * Counts of one publisher since it was opened. Always: published = stored + rejected + droppedByBroker + droppedHere +
 * unknown + unacked.
 *
 * @param published frames given to {@code publish}
 * @param stored frames the broker said are stored, duplicates included
 * @param duplicates frames that turned out to have been stored before
 * @param rejected frames the broker refused as bad
 * @param droppedByBroker frames the stream's overflow policy dropped
 * @param droppedHere frames dropped before they were sent
 * @param unknown frames that were sent and whose outcome was never learnt
 * @param unacked frames without an outcome at this moment
 * @param sent frames written to the transport, each resend counted
 * @param packed frames whose payload travels packed, of those that came into the ring
 * @param savedBytes what packing took off them
 * @param ringFrames places taken in the ring at this moment
 * @param connected whether the broker has answered the present call
 * @param waitReason why the broker asks to wait; empty when it does not
 * @param reconnects calls opened after the first
 */
public record PublisherStats(
        long published,
        long stored,
        long duplicates,
        long rejected,
        long droppedByBroker,
        long droppedHere,
        long unknown,
        long unacked,
        long sent,
        long packed,
        long savedBytes,
        int ringFrames,
        boolean connected,
        String waitReason,
        long reconnects) {}
