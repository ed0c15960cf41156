package io.framebroker.server.store.disk;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.util.concurrent.atomic.LongAdder;

/**
 * A segment that is read in memory, where little is written too. Much is written to the file, as long as that is cheaper: the
 * first write to a page in memory after it was forced costs a fault, which is more than the page's share of a call. Where
 * pages are written over again and again in between, memory is cheaper: there is one copy less. Thread-safe.
 *
 * <p>A thread that is interrupted while it writes closes the file; then memory has to do.
 */
final class MappedSegment implements SegmentFile {
    /** Four pages. */
    private static final int MUCH_BYTES = 16 << 10;

    private static final int PIECE_BYTES = 128 << 10;
    /** A fault costs about as much as it costs to copy three pages. */
    private static final int OFTEN = 4;

    private final MappedByteBuffer bytes;
    private final FileChannel file;
    /** Of large writes, since the last force. */
    private final LongAdder written = new LongAdder();
    /** Whether each page was written over several times between the last two forces, on average. */
    private volatile boolean often;

    MappedSegment(MappedByteBuffer bytes, FileChannel file) {
        this.bytes = bytes;
        this.file = file;
    }

    @Override
    public ByteBuffer bytes() {
        return bytes;
    }

    @Override
    public void put(int at, byte[] from, int offset, int length) {
        if (length >= MUCH_BYTES) {
            written.add(length);
            if (!often && file.isOpen()) {
                putToFile(at, from, offset, length);
                return;
            }
        }
        bytes.put(at, from, offset, length);
    }

    private void putToFile(int at, byte[] from, int offset, int length) {
        try {
            ByteBuffer left = ByteBuffer.wrap(from, offset, length);
            while (left.position() < offset + length) {
                // What goes into the file at once lies in a buffer of the thread's meanwhile.
                left.limit(Math.min(offset + length, left.position() + PIECE_BYTES));
                file.write(left, at + left.position() - offset);
            }
        } catch (IOException e) {
            bytes.put(at, from, offset, length);
        }
    }

    @Override
    public void force(int from, int to) throws IOException {
        often = written.sumThenReset() > OFTEN * (long) bytes.capacity();
        try {
            bytes.force(from, to - from);
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
    }
}
