package io.framebroker.server.store.disk;

import java.io.Closeable;
import java.io.IOException;
import java.util.List;

/**
 * Where segments lie. Methods block, and are called by the store's own threads. One is a folder; tests have one that
 * forgets what was not forced.
 */
interface Disk extends Closeable {
    /** Whether it is not closed. */
    boolean isOpen();

    /** For people. */
    String where();

    /** Bytes of frames and journals in a segment, without the table behind them. */
    int segmentBytes();

    /** Counts the starts on this disk, this one included; durable before it returns. */
    long start() throws IOException;

    /** Numbers of the segments that are whole, ascending. */
    List<Integer> segments() throws IOException;

    SegmentFile open(int number) throws IOException;

    /** Makes a segment of zeros, every block of which is on the disk when it is there: writing to it cannot fail. */
    SegmentFile create(int number) throws IOException;
}
