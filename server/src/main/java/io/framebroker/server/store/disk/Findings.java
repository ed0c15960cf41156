package io.framebroker.server.store.disk;

import java.util.List;

/**
 * Told what a start finds of chunks and journals: what is not as it was written, and what a crash has left. One thread
 * at a time.
 */
interface Findings {
    /**
     * One of a chunk's two headers cannot be read, and the other tells what both said.
     *
     * @param at in the segment
     * @param isBlank whether nothing has ever been written there
     */
    void mendedHeader(int segment, int at, boolean isBlank);

    /** Neither header of a chunk can be read, so nobody knows what the {@link Chunk#LEAST} bytes there are. */
    void lostHeader(int segment, int at);

    /** A journal was read. */
    void journal(StreamState state, Chunk journal, Journal.Found found);

    /** A journal does not begin with a whole state, so the one before it is taken. */
    default void journalPassedOver(Chunk journal) {}

    /** Frames have no journal: nobody knows their stream's name, or what was settled and trimmed. */
    void journalLost(Recovery.Orphan orphan);

    /** Nobody needs these any more; they are free soon after the start. */
    default void unneeded(List<Chunk> chunks) {}
}
