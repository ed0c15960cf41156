package io.framebroker.client;

import io.framebroker.v1.Codec;
import io.framebroker.wire.Lz4;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * Decides which payloads of a publisher travel packed, and packs them, on the thread that publishes. Thread-safe.
 *
 * <p>AUTO looks at raw pixels only, and asks three things, first of a sample and then of the whole: is a tenth saved, does it
 * take no longer than the publisher allows, and are at least {@link #LEAST_SAVED_BYTES_PER_MILLI} saved in each millisecond.
 * What a sample does not promise is sent as it is. Where a sample promised, the whole did not keep it and took more than a
 * tenth of the time allowed, the next frame goes as it is without being looked at, then the next two, then four, up to {@link
 * #MOST_PAUSE}: so a picture that misleads the sample costs its time once in a while and not with every frame.
 */
final class Packer {
    /** What a link of one gigabit carries: whoever saves less would be done earlier by sending it. */
    static final int LEAST_SAVED_BYTES_PER_MILLI = 125_000;

    static final int MOST_PAUSE = 64;

    /** Below this there is nothing to be gained. */
    static final int LEAST_BYTES = 4 * 1024;

    /** Smaller frames are their own sample. */
    static final int SAMPLED_FROM_BYTES = 1 << 20;

    /**
     * Above 64 kB, up to which LZ4 works differently and promises other times. Four pieces are 5 % of a 1080p picture.
     */
    private static final int PIECE_BYTES = 80 * 1024;

    private static final int PIECES = 4;

    private final Compress when;
    private final int maxFrameBytes;
    private final long withinNanos;
    private final PackBuffers buffers;
    private final LongSupplier nanoTime;

    /** Frames not to be looked at. */
    private int pause;

    private int nextPause = 1;

    Packer(PublisherOptions options, PackBuffers buffers, LongSupplier nanoTime) {
        this.when = options.compress();
        this.maxFrameBytes = options.maxFrameBytes();
        this.withinNanos = options.compressWithinNanos();
        this.buffers = buffers;
        this.nanoTime = nanoTime;
    }

    /** The payload as it is to be sent; null when that is as it came. */
    Packed pack(OutgoingFrame frame) {
        if (!wanted(frame)) {
            return null;
        }
        Lz4 lz4 = when == Compress.ALWAYS ? Lz4.fastest() : Lz4.fastestOnceLoaded();
        if (lz4 == null || when == Compress.AUTO && pausing()) {
            return null;
        }
        byte[] target = buffers.take(mostPacked(frame.length));
        try {
            if (when == Compress.AUTO && frame.length >= SAMPLED_FROM_BYTES && !promising(lz4, frame, target)) {
                return null;
            }
            long startNanos = nanoTime.getAsLong();
            int length = lz4.pack(frame.payload, frame.offset, frame.length, target, mostPacked(frame.length));
            long nanos = nanoTime.getAsLong() - startNanos;
            tried(length > 0 && isWorth(frame.length - length, nanos) || nanos <= withinNanos / 10);
            return length == 0 ? null : copyOf(target, length);
        } finally {
            buffers.give(target);
        }
    }

    private boolean wanted(OutgoingFrame frame) {
        // A frame that is too large will be dropped, however well it packs: see Intake.
        return switch (when) {
            case NEVER -> false;
            case ALWAYS -> frame.length > 0 && frame.length <= maxFrameBytes;
            case AUTO -> frame.codec == Codec.CODEC_RAW && frame.length >= LEAST_BYTES && frame.length <= maxFrameBytes;
        };
    }

    private boolean promising(Lz4 lz4, OutgoingFrame frame, byte[] target) {
        long startNanos = nanoTime.getAsLong();
        int sampled = PIECES * PIECE_BYTES;
        int packed = 0;
        for (int i = 0; i < PIECES; i++) {
            int middle = (int) ((2L * i + 1) * frame.length / (2 * PIECES));
            int length =
                    lz4.pack(frame.payload, frame.offset + middle - PIECE_BYTES / 2, PIECE_BYTES, target, PIECE_BYTES);
            packed += length == 0 ? PIECE_BYTES : length;
        }
        double scale = (double) frame.length / sampled;
        long nanos = (long) ((nanoTime.getAsLong() - startNanos) * scale);
        return packed <= mostPacked(sampled) && isWorth((long) ((sampled - packed) * scale), nanos);
    }

    private boolean isWorth(long savedBytes, long nanos) {
        return nanos <= withinNanos
                && savedBytes * TimeUnit.MILLISECONDS.toNanos(1) >= nanos * LEAST_SAVED_BYTES_PER_MILLI;
    }

    private synchronized boolean pausing() {
        if (pause == 0) {
            return false;
        }
        pause--;
        return true;
    }

    /** @param well whether the whole frame was worth its time, or took hardly any */
    private synchronized void tried(boolean well) {
        pause = well ? 0 : nextPause;
        nextPause = well ? 1 : Math.min(MOST_PAUSE, 2 * nextPause);
    }

    /** So that the large array is free for the next frame, and this one waits in no more than it needs. */
    private Packed copyOf(byte[] target, int length) {
        byte[] array = buffers.take(length);
        System.arraycopy(target, 0, array, 0, length);
        return new Packed(array, length);
    }

    /** All but a tenth. */
    private static int mostPacked(int length) {
        return length - (length + 9) / 10;
    }
}
