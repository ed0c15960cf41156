package io.framebroker.server.store.disk;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;

/**
 * A disk in memory that keeps what was forced, and what was not as it pleases. A crash of the process leaves all that was
 * written; a crash of the machine leaves what was forced, and some of the rest.
 */
final class ForgetfulDisk implements Disk {
    static final int SEGMENT = 1 << 20;
    private static final int SECTOR = 512;
    private static final long PATIENCE_SECONDS = 60;

    private final class Held implements SegmentFile {
        final ByteBuffer written =
                ByteBuffer.allocate(Segment.fileBytes(SEGMENT)).order(ByteOrder.LITTLE_ENDIAN);
        final byte[] forced = new byte[Segment.fileBytes(SEGMENT)];

        @Override
        public ByteBuffer bytes() {
            return written;
        }

        @Override
        public void put(int at, byte[] from, int offset, int length) {
            written.put(at, from, offset, length);
        }

        @Override
        public void force(int from, int to) throws IOException {
            synchronized (ForgetfulDisk.this) {
                awaitRelease();
                if (forceFails) {
                    throw new IOException("Input/output error");
                }
                System.arraycopy(written.array(), from, forced, from, to - from);
                forces++;
            }
        }
    }

    private final TreeMap<Integer, Held> segments = new TreeMap<>();
    private long starts;
    private long forces;
    private String creationFails;
    private int refusals;
    private boolean forceFails;
    private boolean held;

    ForgetfulDisk() {}

    private ForgetfulDisk(ForgetfulDisk before) {
        starts = before.starts;
    }

    /**
     * What is there after the process was killed: all that was written, and what of it is forced is as it was. In the midst of
     * nothing if its store has been abandoned before.
     */
    synchronized ForgetfulDisk killed() {
        ForgetfulDisk left = new ForgetfulDisk(this);
        segments.forEach((number, held) -> {
            Held copy = left.new Held();
            copy.written.put(0, held.written.array());
            System.arraycopy(held.forced, 0, copy.forced, 0, held.forced.length);
            left.segments.put(number, copy);
        });
        return left;
    }

    /**
     * What is there after the machine has lost its power.
     *
     * @param kept part of the sectors that were not forced, and are there all the same
     */
    synchronized ForgetfulDisk crashed(Random random, double kept) {
        ForgetfulDisk left = new ForgetfulDisk(this);
        segments.forEach((number, held) -> {
            Held copy = left.new Held();
            for (int at = 0; at < held.forced.length; at += SECTOR) {
                int length = Math.min(SECTOR, held.forced.length - at);
                boolean isKept = kept >= 1 || kept > 0 && random.nextDouble() < kept;
                System.arraycopy(isKept ? held.written.array() : held.forced, at, copy.forced, at, length);
            }
            copy.written.put(0, copy.forced);
            left.segments.put(number, copy);
        });
        return left;
    }

    /** The bytes of a segment, to do them harm. */
    byte[] bytes(int segment) {
        return segments.get(segment).written.array();
    }

    /** Not for ever: a test that has failed meanwhile has its store closed, which waits for this. */
    private void awaitRelease() throws IOException {
        long giveUp = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
        try {
            while (held) {
                long left = TimeUnit.NANOSECONDS.toMillis(giveUp - System.nanoTime());
                if (left <= 0) {
                    throw new IOException("forces were held for more than " + PATIENCE_SECONDS + " s");
                }
                wait(left);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while bytes were forced", e);
        }
    }

    /** Whether forces take until this is taken back. */
    synchronized void holdForces(boolean hold) {
        held = hold;
        notifyAll();
    }

    synchronized long forces() {
        return forces;
    }

    /** @param why null when segments can be made again */
    synchronized void creationFails(String why) {
        creationFails = why;
    }

    /** How often a segment could not be made. */
    synchronized int refusals() {
        return refusals;
    }

    synchronized void forceFails() {
        forceFails = true;
    }

    @Override
    public boolean isOpen() {
        return true;
    }

    @Override
    public String where() {
        return "memory";
    }

    @Override
    public int segmentBytes() {
        return SEGMENT;
    }

    @Override
    public synchronized long start() {
        return ++starts;
    }

    @Override
    public synchronized List<Integer> segments() {
        return List.copyOf(segments.keySet());
    }

    @Override
    public synchronized SegmentFile open(int number) {
        return segments.get(number);
    }

    @Override
    public synchronized SegmentFile create(int number) throws IOException {
        if (creationFails != null) {
            refusals++;
            throw new IOException(creationFails);
        }
        Held created = new Held();
        segments.put(number, created);
        return created;
    }

    @Override
    public void close() {
        // Nobody else could take it.
    }
}
