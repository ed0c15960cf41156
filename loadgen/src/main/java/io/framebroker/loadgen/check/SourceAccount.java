package io.framebroker.loadgen.check;

import io.framebroker.loadgen.log.FrameSource;

/** What the logs say of the frames of one source. */
final class SourceAccount {
    final FrameSource source;
    final Bits invoked = new Bits();

    /** Confirmed as stored, DUP included. */
    final Bits acked = new Bits();

    /** Those of them at a level that survives the loss of power, or of a node. */
    final Bits ackedDurably = new Bits();

    /** Certainly not stored. */
    final Bits refused = new Bits();

    /** With any outcome but UNKNOWN. */
    final Bits resolved = new Bits();

    final Bits toldUnknown = new Bits();

    final StoredIds storedIds = new StoredIds();

    /** Delivered under more than one id: looked at in a second reading. */
    final Bits storedTwice = new Bits();

    /** There is a log of the publisher; without one its frames are ghosts. */
    boolean published;

    /** The publisher has ended in order, with an outcome for every frame. */
    boolean ended;

    SourceAccount(FrameSource source) {
        this.source = source;
    }

    /** Published, and nobody knows what became of it. */
    Bits open() {
        return invoked.copy().minus(resolved);
    }

    String frame(int sequence) {
        return source.frameId(sequence);
    }
}
