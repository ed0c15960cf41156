package io.framebroker.server.store.disk;

import java.io.IOException;
import java.nio.ByteBuffer;

/** The bytes of a segment. What is written to them outlives the process at once, and the machine once it is forced. */
interface SegmentFile {
    /** All bytes, little-endian, for reading at absolute positions; the same buffer each time. */
    ByteBuffer bytes();

    /** Writes bytes, which {@link #bytes} has at once. */
    void put(int at, byte[] from, int offset, int length);

    /** Blocks until what was written to {@code from .. to - 1} before the call outlives the machine. */
    void force(int from, int to) throws IOException;
}
