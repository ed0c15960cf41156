package io.framebroker.wire;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import net.jpountz.lz4.LZ4Compressor;
import net.jpountz.lz4.LZ4Exception;
import net.jpountz.lz4.LZ4Factory;
import net.jpountz.lz4.LZ4SafeDecompressor;

/**
 * What {@code COMPRESSION_LZ4} means: one LZ4 block, without LZ4's frame around it. Blocks of anybody's making may be
 * unpacked: whatever they hold ends in the payload or in {@link UnreadablePayloadException}. Thread-safe.
 */
public final class Lz4 {
    /** A byte of a block adds at most so many bytes to what it unpacks to: the format has no stronger one. */
    private static final int MOST_EXPANSION = 255;

    private static final CompletableFuture<Lz4> FASTEST = new CompletableFuture<>();
    private static final AtomicBoolean LOADING = new AtomicBoolean();

    private final LZ4Compressor compressor;
    private final LZ4SafeDecompressor decompressor;
    private final String name;

    Lz4(LZ4Factory factory) {
        this.compressor = factory.fastCompressor();
        this.decompressor = factory.safeDecompressor();
        this.name = factory.toString();
    }

    /** In native code where its library can be loaded, else in Java. The first call loads it, which takes some 50 ms. */
    public static Lz4 fastest() {
        if (LOADING.compareAndSet(false, true)) {
            load();
        }
        return FASTEST.join();
    }

    /** As {@link #fastest}, for who cannot wait: null until it is loaded, which the first call sets going on another thread. */
    public static Lz4 fastestOnceLoaded() {
        if (LOADING.compareAndSet(false, true)) {
            Thread loader = new Thread(Lz4::load, "frame-broker-lz4");
            loader.setDaemon(true);
            loader.start();
        }
        return FASTEST.isCompletedExceptionally() ? null : FASTEST.getNow(null);
    }

    private static void load() {
        try {
            FASTEST.complete(new Lz4(LZ4Factory.fastestInstance()));
        } catch (Throwable e) {
            FASTEST.completeExceptionally(e);
            throw e;
        }
    }

    /**
     * Packs {@code source[offset .. offset + length)} to the start of {@code target}.
     *
     * @param mostBytes how much of the target may be used
     * @return bytes used; 0 when they do not suffice
     */
    public int pack(byte[] source, int offset, int length, byte[] target, int mostBytes) {
        try {
            return compressor.compress(source, offset, length, target, 0, mostBytes);
        } catch (LZ4Exception doesNotFit) {
            return 0;
        }
    }

    /**
     * Unpacks a block into an array of exactly the size it is declared to have.
     *
     * @param declaredBytes what it is said to unpack to, unsigned
     * @param mostBytes the most that is wanted
     */
    byte[] unpack(byte[] block, int offset, int length, long declaredBytes, int mostBytes)
            throws UnreadablePayloadException {
        String declared = Long.toUnsignedString(declaredBytes);
        if (declaredBytes == 0) {
            throw UnreadablePayloadException.damaged(
                    "is packed, but its header does not say to how many bytes it unpacks (uncompressed_bytes)");
        }
        if (Long.compareUnsigned(declaredBytes, mostBytes) > 0) {
            throw UnreadablePayloadException.tooLarge(
                    "unpacks to " + declared + " bytes by its header, the limit here is " + mostBytes);
        }
        if (declaredBytes > (long) length * MOST_EXPANSION) {
            throw UnreadablePayloadException.damaged(
                    "unpacks to " + declared + " bytes by its header, more than " + length + " bytes of LZ4 can hold");
        }
        byte[] payload = new byte[(int) declaredBytes];
        int unpacked = decompress(block, offset, length, payload);
        if (unpacked != payload.length) {
            throw UnreadablePayloadException.damaged("unpacks to " + unpacked + " bytes, its header says " + declared);
        }
        return payload;
    }

    private int decompress(byte[] block, int offset, int length, byte[] payload) throws UnreadablePayloadException {
        try {
            return decompressor.decompress(block, offset, length, payload, 0, payload.length);
        } catch (LZ4Exception | IndexOutOfBoundsException e) {
            throw UnreadablePayloadException.damaged("is no LZ4 block of " + payload.length
                    + " bytes, as its header says: " + length + " bytes that are cut, damaged or hold more");
        }
    }

    /** Which implementation it is. */
    @Override
    public String toString() {
        return name;
    }
}
