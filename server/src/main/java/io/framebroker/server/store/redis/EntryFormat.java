package io.framebroker.server.store.redis;

import io.framebroker.server.broker.Frame;
import io.framebroker.server.broker.FrameContent;
import io.framebroker.server.broker.PublisherKey;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * How frames lie in an entry: field {@code p} is the publisher as id@epoch, {@code f} the serialized frames one behind
 * the other, {@code m} what there is to know of each. A marker has the one field {@code marker}, with the address of
 * the broker that begins the generation.
 *
 * <p>{@code m} is a version byte, then varints: for each frame its sequence and time of receipt in microseconds, both
 * as differences from the frame before, and twice its length, plus one for a keyframe.
 */
final class EntryFormat {
    static final byte[] PUBLISHER = {'p'};
    static final byte[] META = {'m'};
    static final byte[] FRAMES = {'f'};
    static final byte[] MARKER = StreamKeys.bytes("marker");
    private static final int VERSION = 1;
    private static final int MOST_BYTES_OF_VARINT = 10;

    private EntryFormat() {}

    static byte[] publisher(PublisherKey key) {
        return StreamKeys.bytes(key.toString());
    }

    private static PublisherKey publisher(byte[] field) {
        String text = new String(field, StandardCharsets.UTF_8);
        int at = text.lastIndexOf('@');
        return new PublisherKey(text.substring(0, at), Long.parseUnsignedLong(text.substring(at + 1)));
    }

    static byte[] meta(List<Frame> frames) {
        byte[] meta = new byte[1 + 3 * MOST_BYTES_OF_VARINT * frames.size()];
        meta[0] = VERSION;
        int at = 1;
        long sequence = 0;
        long received = 0;
        for (Frame frame : frames) {
            at = varint(meta, at, frame.sequence() - sequence);
            at = varint(meta, at, zigzag(frame.receivedMicros() - received));
            at = varint(meta, at, 2L * frame.bytes() + (frame.content().keyframe() ? 1 : 0));
            sequence = frame.sequence();
            received = frame.receivedMicros();
        }
        return Arrays.copyOf(meta, at);
    }

    /** The serialized frames; the frame's own array where that is just what it holds. */
    static byte[] bytes(List<Frame> frames) {
        FrameContent only = frames.get(0).content();
        if (frames.size() == 1 && only.offset() == 0 && only.length() == only.array().length) {
            return only.array();
        }
        int length = 0;
        for (Frame frame : frames) {
            length += frame.bytes();
        }
        byte[] together = new byte[length];
        int at = 0;
        for (Frame frame : frames) {
            FrameContent content = frame.content();
            System.arraycopy(content.array(), content.offset(), together, at, content.length());
            at += content.length();
        }
        return together;
    }

    /**
     * Reads the frames of an entry; they share its bytes.
     *
     * @param fields names and values in turn
     * @throws IllegalArgumentException it is not one of ours
     * @throws IllegalStateException it is one of a broker that writes another version of the format
     */
    static List<Frame> read(String id, List<byte[]> fields) {
        byte[] publisherField = field(id, fields, PUBLISHER);
        byte[] meta = field(id, fields, META);
        byte[] bytes = field(id, fields, FRAMES);
        long generation = Entry.half(id, 0);
        long ordinal = Entry.half(id, 1);
        if (meta.length > 0 && meta[0] != VERSION) {
            throw new IllegalStateException(
                    "entry " + id + " is of version " + meta[0] + " of the format, and this broker" + " reads version "
                            + VERSION + "; have a broker of the release that wrote it serve the stream");
        }
        try {
            PublisherKey publisher = publisher(publisherField);
            List<Frame> frames = new ArrayList<>();
            Varints in = new Varints(meta, 1);
            long sequence = 0;
            long received = 0;
            int offset = 0;
            while (in.hasMore()) {
                sequence += in.next();
                received += unzigzag(in.next());
                long size = in.next();
                int length = Math.toIntExact(size >>> 1);
                FrameContent content = new FrameContent(bytes, offset, length, sequence, (size & 1) == 1, null);
                frames.add(new Frame(content, generation, ordinal++, sequence, received, publisher));
                offset += length;
            }
            if (offset != bytes.length) {
                throw new IllegalArgumentException("frames of " + offset + " bytes in " + bytes.length);
            }
            return frames;
        } catch (RuntimeException e) {
            throw new IllegalArgumentException("entry " + id + " cannot be read: " + e.getMessage(), e);
        }
    }

    static boolean isMarker(List<byte[]> fields) {
        return fields.size() == 2 && new String(fields.get(0), StandardCharsets.UTF_8).equals("marker");
    }

    private static byte[] field(String id, List<byte[]> fields, byte[] name) {
        for (int i = 0; i + 1 < fields.size(); i += 2) {
            byte[] candidate = fields.get(i);
            if (candidate.length == 1 && candidate[0] == name[0]) {
                return fields.get(i + 1);
            }
        }
        throw new IllegalArgumentException("entry " + id + " has no field " + (char) name[0] + ": not a frame");
    }

    private static long zigzag(long value) {
        return value << 1 ^ value >> 63;
    }

    private static long unzigzag(long value) {
        return value >>> 1 ^ -(value & 1);
    }

    /** Returns the place behind it. */
    private static int varint(byte[] out, int from, long value) {
        int at = from;
        long rest = value;
        while ((rest & ~0x7FL) != 0) {
            out[at++] = (byte) (rest & 0x7F | 0x80);
            rest >>>= 7;
        }
        out[at++] = (byte) rest;
        return at;
    }

    private static final class Varints {
        private final byte[] array;
        private int at;

        Varints(byte[] array, int at) {
            this.array = array;
            this.at = at;
        }

        boolean hasMore() {
            return at < array.length;
        }

        long next() {
            long value = 0;
            for (int shift = 0; shift < 64; shift += 7) {
                byte next = array[at++];
                value |= (next & 0x7FL) << shift;
                if (next >= 0) {
                    return value;
                }
            }
            throw new IllegalArgumentException("a number of more than 64 bits");
        }
    }
}
