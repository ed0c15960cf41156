package io.framebroker.examples.capture;

import java.time.Instant;
import java.util.Arrays;

/**
 * Cuts concatenated JPEG files apart (ISO/IEC 10918-1, annex B).
 *
 * <p>Looking for FFD8..FFD9 alone would cut a picture at the thumbnail inside its EXIF segment, so the marker segments
 * are walked by their lengths; only behind SOS, where FF is always stuffed, does a marker mean what it looks like.
 *
 * <p>Bytes between pictures are passed over. A picture that breaks off is given up where the break is seen: its bytes are
 * not searched again for a start, since that would find thumbnails. A picture larger than the limit is followed to its
 * end without being kept. Memory: at most twice the limit.
 */
final class JpegSplitter implements PictureSplitter {

    private static final int FIRST_CAPACITY = 64 * 1024;
    private static final int SOI = 0xD8;
    private static final int EOI = 0xD9;
    private static final int SOS = 0xDA;

    private enum State {
        /** Between pictures: looking for FF D8 FF. */
        SEEK,
        /** A marker must come. */
        MARKER,
        LENGTH_HIGH,
        LENGTH_LOW,
        /** Inside a segment that has a length. */
        SEGMENT,
        /** Entropy-coded data. */
        SCAN
    }

    private final int maxBytes;

    private State state = State.SEEK;
    /** SEEK: how much of FF D8 FF was seen. */
    private int seen;
    /** MARKER and SCAN: whether the byte before was FF. */
    private boolean afterFf;

    private Instant startedAt;
    private byte[] kept = new byte[FIRST_CAPACITY];
    private int keptBytes;
    private boolean tooLarge;
    private int marker;
    private int segmentLeft;
    private int segmentAt;
    private int width;
    private int height;
    private boolean sized;
    private boolean scanned;

    /** @param maxBytes largest picture handed on, in bytes */
    JpegSplitter(int maxBytes) {
        this.maxBytes = maxBytes;
    }

    @Override
    public void feed(byte[] chunk, int length, Instant readAt, PictureSink sink) throws InterruptedException {
        int at = 0;
        while (at < length) {
            at = state == State.SEEK ? seek(chunk, at, length, readAt) : walk(chunk, at, length, readAt, sink);
        }
    }

    @Override
    public void end(PictureSink sink) {
        if (state != State.SEEK) {
            giveUp("the source ended inside a picture", sink);
        }
    }

    /** Passes over bytes until a picture starts; returns where to go on. */
    private int seek(byte[] chunk, int from, int end, Instant readAt) {
        for (int at = from; at < end; at++) {
            int value = chunk[at] & 0xFF;
            if (value == 0xFF) {
                if (seen == 2) {
                    begin();
                    afterFf = true;
                    keep(0xFF);
                    return at + 1;
                }
                seen = 1;
                startedAt = readAt;
            } else {
                seen = seen == 1 && value == SOI ? 2 : 0;
            }
        }
        return end;
    }

    /** Follows a picture to its end or the end of the bytes; returns where to go on. */
    private int walk(byte[] chunk, int from, int end, Instant readAt, PictureSink sink) throws InterruptedException {
        int at = from;
        while (at < end) {
            int value = chunk[at] & 0xFF;
            switch (state) {
                case MARKER, SCAN -> {
                    at++;
                    if (!afterFf) {
                        if (value == 0xFF) {
                            afterFf = true;
                        } else if (state == State.MARKER) {
                            giveUp("a marker should follow, there is byte " + value, sink);
                            return at;
                        }
                    } else if (value != 0xFF) {
                        afterFf = false;
                        if (value == SOI) {
                            giveUp("another picture starts inside it", sink);
                            startedAt = readAt;
                            begin();
                            return at;
                        }
                        if (value == EOI) {
                            keep(chunk, from, at, sink);
                            finish(sink);
                            return at;
                        }
                        if (!standsAlone(value)) {
                            marker = value;
                            state = State.LENGTH_HIGH;
                        }
                    }
                }
                case LENGTH_HIGH -> {
                    at++;
                    segmentLeft = value << 8;
                    state = State.LENGTH_LOW;
                }
                case LENGTH_LOW -> {
                    at++;
                    segmentLeft = (segmentLeft | value) - 2;
                    segmentAt = 0;
                    if (segmentLeft < 0) {
                        giveUp("a segment of " + (segmentLeft + 2) + " bytes", sink);
                        return at;
                    }
                    enterSegment();
                }
                case SEGMENT -> {
                    int step = isFrameHeader(marker) && segmentAt < 5 ? 1 : Math.min(segmentLeft, end - at);
                    readSize(value);
                    segmentAt += step;
                    segmentLeft -= step;
                    at += step;
                    if (segmentLeft == 0) {
                        leaveSegment();
                    }
                }
                default -> throw new IllegalStateException("no picture in state " + state);
            }
        }
        keep(chunk, from, end, sink);
        return end;
    }

    private void begin() {
        state = State.MARKER;
        seen = 0;
        afterFf = false;
        keptBytes = 0;
        tooLarge = false;
        width = 0;
        height = 0;
        sized = false;
        scanned = false;
        keep(0xFF);
        keep(SOI);
    }

    private void enterSegment() {
        state = State.SEGMENT;
        if (segmentLeft == 0) {
            leaveSegment();
        }
    }

    private void leaveSegment() {
        afterFf = false;
        if (marker == SOS) {
            scanned = true;
            state = State.SCAN;
        } else {
            state = State.MARKER;
        }
    }

    /** SOFn: one byte of precision, two of height, two of width. */
    private void readSize(int value) {
        if (!isFrameHeader(marker)) {
            return;
        }
        switch (segmentAt) {
            case 1, 2 -> height = height << 8 | value;
            case 3, 4 -> {
                width = width << 8 | value;
                sized = segmentAt == 4;
            }
            default -> {}
        }
    }

    private void finish(PictureSink sink) throws InterruptedException {
        state = State.SEEK;
        if (tooLarge) {
            return;
        }
        if (!sized || !scanned) {
            sink.unusable(PictureSink.BROKEN, 1, "JPEG of " + keptBytes + " bytes without a frame header or scan");
            return;
        }
        sink.picture(new Picture(Arrays.copyOf(kept, keptBytes), PictureFormat.JPEG, width, height, startedAt));
    }

    private void giveUp(String why, PictureSink sink) {
        state = State.SEEK;
        seen = 0;
        if (!tooLarge) {
            sink.unusable(PictureSink.BROKEN, 1, "JPEG: " + why);
        }
    }

    private void keep(int value) {
        kept[keptBytes++] = (byte) value;
    }

    private void keep(byte[] chunk, int from, int to, PictureSink sink) {
        int more = to - from;
        if (tooLarge || more == 0) {
            return;
        }
        if (more > maxBytes - keptBytes) {
            tooLarge = true;
            sink.unusable(PictureSink.TOO_LARGE, 1, "JPEG of more than " + maxBytes + " bytes");
            return;
        }
        if (keptBytes + more > kept.length) {
            long grown = Math.max(keptBytes + more, Math.min(2L * kept.length, maxBytes));
            kept = Arrays.copyOf(kept, (int) grown);
        }
        System.arraycopy(chunk, from, kept, keptBytes, more);
        keptBytes += more;
    }

    /** RSTn and TEM have no length; neither has the 00 that stuffs an FF in a scan. */
    private static boolean standsAlone(int marker) {
        return marker == 0x00 || marker == 0x01 || marker >= 0xD0 && marker <= 0xD7;
    }

    /** SOF0..SOF15 without DHT, JPG and DAC, which lie between them. */
    private static boolean isFrameHeader(int marker) {
        return marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC;
    }
}
