package io.framebroker.server;

import io.framebroker.server.broker.Frame;
import io.framebroker.v1.Codec;
import io.framebroker.v1.FrameHeader;
import io.framebroker.wire.MalformedMessageException;
import io.framebroker.wire.WireFrame;
import java.time.Instant;
import java.util.Locale;
import java.util.TreeMap;

/**
 * A stored frame, for people and programs that read lines.
 *
 * @param wire null when its bytes are no frame of this contract
 * @param header null likewise
 */
record DumpedFrame(String stream, Frame frame, WireFrame wire, FrameHeader header) {
    static DumpedFrame of(String stream, Frame frame) {
        try {
            WireFrame wire = WireFrame.read(
                    frame.content().array(),
                    frame.content().offset(),
                    frame.content().length());
            return new DumpedFrame(stream, frame, wire, wire.header());
        } catch (MalformedMessageException e) {
            return new DumpedFrame(stream, frame, null, null);
        }
    }

    boolean isReadable() {
        return wire != null;
    }

    /** @param file where the payload went; null when it went nowhere */
    String text(String file) {
        StringBuilder line = new StringBuilder(printable(stream));
        line.append(' ').append(frame.id());
        line.append(" publisher=").append(printable(frame.publisher().id()));
        line.append('@').append(Long.toUnsignedString(frame.publisher().epoch()));
        line.append(" sequence=").append(Long.toUnsignedString(frame.sequence()));
        line.append(" received=").append(StoreCommand.time(frame.receivedMicros()));
        if (header == null) {
            return line.append(" unreadable=").append(frame.bytes()).toString();
        }
        line.append(" codec=").append(shortName(codec(), "CODEC_"));
        if (header.getPixelFormatValue() != 0) {
            line.append(" pixels=").append(shortName(pixelFormat(), "PIXEL_FORMAT_"));
        }
        if (header.getWidth() != 0 || header.getHeight() != 0) {
            line.append(" size=").append(Integer.toUnsignedString(header.getWidth()));
            line.append('x').append(Integer.toUnsignedString(header.getHeight()));
        }
        line.append(standsAlone() ? "" : header.getKeyframe() ? " keyframe" : " delta");
        if (wire.isPacked()) {
            line.append(" packed=").append(shortName(compression(), "COMPRESSION_"));
            line.append(" unpacked=").append(Long.toUnsignedString(header.getUncompressedBytes()));
        }
        if (!header.getFrameId().isEmpty()) {
            line.append(" frame_id=").append(printable(header.getFrameId()));
        }
        line.append(" payload=").append(wire.payloadBytes());
        return line.append(file == null ? "" : " file=" + file).toString();
    }

    /** Members are named as the fields of the contract. */
    String json(String file) {
        JsonLine line = new JsonLine().put("stream", stream);
        line.put("id", frame.id().toString());
        line.put("generation", frame.generation()).put("ordinal", frame.ordinal());
        line.put("publisher_id", frame.publisher().id());
        line.putUnsigned("epoch", frame.publisher().epoch());
        line.putUnsigned("sequence", frame.sequence());
        line.put("received_time", StoreCommand.time(frame.receivedMicros()).toString());
        line.put("frame_bytes", frame.bytes());
        if (header == null) {
            return line.put("unreadable", true).toString();
        }
        putHeader(line);
        line.put("payload_bytes", wire.payloadBytes());
        return (file == null ? line : line.put("file", file)).toString();
    }

    private void putHeader(JsonLine line) {
        if (header.hasCaptureTime()) {
            Instant taken = Instant.ofEpochSecond(
                    header.getCaptureTime().getSeconds(),
                    header.getCaptureTime().getNanos());
            line.put("capture_time", taken.toString());
        }
        line.put("codec", codec());
        if (header.getPixelFormatValue() != 0) {
            line.put("pixel_format", pixelFormat());
        }
        line.put("width", Integer.toUnsignedLong(header.getWidth()));
        line.put("height", Integer.toUnsignedLong(header.getHeight()));
        line.put("keyframe", standsAlone() || header.getKeyframe());
        if (header.hasCrc32C()) {
            line.put("crc32c", Integer.toUnsignedLong(header.getCrc32C()));
        }
        if (!header.getFrameId().isEmpty()) {
            line.put("frame_id", header.getFrameId());
        }
        if (!header.getTraceparent().isEmpty()) {
            line.put("traceparent", header.getTraceparent());
        }
        if (header.getStrideBytes() != 0) {
            line.put("stride_bytes", Integer.toUnsignedLong(header.getStrideBytes()));
        }
        if (wire.isPacked()) {
            line.put("compression", compression()).putUnsigned("uncompressed_bytes", header.getUncompressedBytes());
        }
        if (header.hasPts()) {
            line.put("pts", header.getPts());
        }
        if (header.getAttributesCount() > 0) {
            line.put("attributes", new TreeMap<>(header.getAttributesMap()));
        }
    }

    /** What a file of the payload ends with. */
    String extension(boolean unpacked) {
        String codec = switch (header.getCodec()) {
            case CODEC_JPEG -> "jpg";
            case CODEC_PNG -> "png";
            case CODEC_RAW -> "raw";
            case CODEC_H264 -> "h264";
            case CODEC_H265 -> "h265";
            default -> "bin";
        };
        return wire.isPacked() && !unpacked
                ? codec + "." + shortName(compression(), "COMPRESSION_").toLowerCase(Locale.ROOT)
                : codec;
    }

    /** Whether the frame needs no other one by its codec, whatever its header says. */
    private boolean standsAlone() {
        return header.getCodec() != Codec.CODEC_H264 && header.getCodec() != Codec.CODEC_H265;
    }

    // ---- names; numbers where this version has none

    private String codec() {
        return name(header.getCodec(), header.getCodecValue());
    }

    private String pixelFormat() {
        return name(header.getPixelFormat(), header.getPixelFormatValue());
    }

    private String compression() {
        return name(header.getCompression(), header.getCompressionValue());
    }

    private static String name(Enum<?> known, int number) {
        return known.name().equals("UNRECOGNIZED") ? Integer.toString(number) : known.name();
    }

    private static String shortName(String name, String prefix) {
        return name.startsWith(prefix) ? name.substring(prefix.length()) : name;
    }

    /** Free text in a line of words: nothing in it ends the word. */
    private static String printable(String text) {
        return text.isEmpty() ? "-" : Printable.of(text).replaceAll("\\p{Z}", "?");
    }
}
