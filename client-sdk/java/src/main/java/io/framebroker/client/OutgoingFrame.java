package io.framebroker.client;

import io.framebroker.v1.Codec;
import io.framebroker.v1.PixelFormat;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;

/**
 * A frame to be published. The payload is not copied: it must not change until the frame has an outcome. Not
 * thread-safe; the frame may be reused once {@code publish} has returned, its payload not.
 */
public final class OutgoingFrame {
    final Codec codec;
    final byte[] payload;
    final int offset;
    final int length;

    PixelFormat pixelFormat = PixelFormat.PIXEL_FORMAT_UNSPECIFIED;
    /** 0: the publisher numbers it. */
    long sequence;

    int width;
    int height;
    int strideBytes;
    boolean keyframe;
    boolean captured;
    long capturedSeconds;
    int capturedNanos;
    String frameId = "";
    String traceparent = "";
    boolean hasPts;
    long pts;
    Map<String, String> attributes = Map.of();

    private OutgoingFrame(Codec codec, byte[] payload, int offset, int length) {
        Objects.checkFromIndexSize(offset, length, payload.length);
        this.codec = Objects.requireNonNull(codec, "codec");
        this.payload = payload;
        this.offset = offset;
        this.length = length;
    }

    /** One complete JPEG picture. */
    public static OutgoingFrame jpeg(byte[] payload) {
        return of(Codec.CODEC_JPEG, payload);
    }

    /** One complete PNG picture. */
    public static OutgoingFrame png(byte[] payload) {
        return of(Codec.CODEC_PNG, payload);
    }

    /**
     * Uncompressed pixels.
     *
     * @param width in pixels
     * @param height in pixels
     */
    public static OutgoingFrame raw(byte[] payload, PixelFormat format, int width, int height) {
        OutgoingFrame frame = of(Codec.CODEC_RAW, payload).size(width, height);
        frame.pixelFormat = Objects.requireNonNull(format, "format");
        return frame;
    }

    /** Any codec; see {@link #keyframe} for H.264 and H.265. */
    public static OutgoingFrame of(Codec codec, byte[] payload) {
        return of(codec, payload, 0, payload.length);
    }

    /** As above, with the payload being a part of an array. */
    public static OutgoingFrame of(Codec codec, byte[] payload, int offset, int length) {
        return new OutgoingFrame(codec, payload, offset, length);
    }

    /**
     * Position in the source it comes from, 1 or more; only for a publisher that is {@link FramePublisher.Builder#resuming
     * resuming}.
     */
    public OutgoingFrame sequence(long sequence) {
        if (sequence < 1) {
            throw new IllegalArgumentException("sequence " + sequence + " is below 1");
        }
        this.sequence = sequence;
        return this;
    }

    /** Width and height in pixels. */
    public OutgoingFrame size(int width, int height) {
        if (width < 0 || height < 0) {
            throw new IllegalArgumentException("size " + width + "x" + height + " is negative");
        }
        this.width = width;
        this.height = height;
        return this;
    }

    /** Bytes from one row of pixels to the next; only for raw pixels that are not packed. */
    public OutgoingFrame strideBytes(int strideBytes) {
        this.strideBytes = strideBytes;
        return this;
    }

    /** Whether the frame can be decoded without any other. Only H.264 and H.265 need this. */
    public OutgoingFrame keyframe(boolean keyframe) {
        this.keyframe = keyframe;
        return this;
    }

    /** When the picture was taken, by this host's clock. */
    public OutgoingFrame capturedAt(Instant time) {
        this.captured = true;
        this.capturedSeconds = time.getEpochSecond();
        this.capturedNanos = time.getNano();
        return this;
    }

    /** Your own name for the frame, up to 128 characters; for people and logs. */
    public OutgoingFrame frameId(String frameId) {
        this.frameId = Objects.requireNonNull(frameId, "frameId");
        return this;
    }

    /** Something else the consumer should know. */
    public OutgoingFrame attribute(String key, String value) {
        if (attributes.isEmpty()) {
            attributes = new LinkedHashMap<>();
        }
        attributes.put(Objects.requireNonNull(key, "key"), Objects.requireNonNull(value, "value"));
        return this;
    }

    /** W3C trace context of the capture span. */
    public OutgoingFrame traceparent(String traceparent) {
        this.traceparent = Objects.requireNonNull(traceparent, "traceparent");
        return this;
    }

    /** Presentation time in units of the stream's own time base. */
    public OutgoingFrame pts(long pts) {
        this.hasPts = true;
        this.pts = pts;
        return this;
    }

    boolean interCoded() {
        return codec == Codec.CODEC_H264 || codec == Codec.CODEC_H265;
    }

    /** Whether the frame is of no use without the one before it. */
    boolean dependsOnEarlier() {
        return interCoded() && !keyframe;
    }

    @Override
    public String toString() {
        return codec + " of " + length + " bytes";
    }
}
