package io.framebroker.wire;

import com.google.protobuf.InvalidProtocolBufferException;
import io.framebroker.v1.Frame;
import io.framebroker.v1.PublishFramesRequest;
import io.grpc.MethodDescriptor.Marshaller;
import io.grpc.StatusRuntimeException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;

/** A {@code PublishFramesRequest}: frames as bytes, everything else as the generated class. */
public sealed interface PublishMessage {
    Marshaller<PublishMessage> MARSHALLER = new Marshaller<>() {
        @Override
        public InputStream stream(PublishMessage message) {
            return message.toStream();
        }

        @Override
        public PublishMessage parse(InputStream in) {
            try {
                return read(MessageStream.readFully(in));
            } catch (UncheckedIOException | StatusRuntimeException e) {
                // What cannot be unpacked, or grows too large in it.
                return new Malformed(e.getMessage());
            }
        }
    };

    /** Anything but frames. */
    record Control(PublishFramesRequest request) implements PublishMessage {
        @Override
        public InputStream toStream() {
            return new MessageStream(request.getSerializedSize(), out -> {
                byte[] bytes = request.toByteArray();
                out.bytes(bytes, 0, bytes.length);
            });
        }
    }

    /** Frames that came in, in a message of {@code messageBytes} bytes. */
    record Frames(List<WireFrame> frames, int messageBytes) implements PublishMessage {
        @Override
        public InputStream toStream() {
            return new NewFrames(frames).toStream();
        }
    }

    /** Frames that go out. */
    record NewFrames(List<? extends FrameBody> frames) implements PublishMessage {
        @Override
        public InputStream toStream() {
            int batchBytes = 0;
            for (FrameBody frame : frames) {
                batchBytes += WireWriter.lengthFieldBytes(frame.serializedBytes());
            }
            int length = batchBytes;
            return new MessageStream(WireWriter.lengthFieldBytes(length), out -> {
                out.lengthField(FRAMES, length);
                for (FrameBody frame : frames) {
                    out.lengthField(1, frame.serializedBytes());
                    frame.writeTo(out);
                }
            });
        }
    }

    /** Bytes that are no such message. They are a value, so that the call can say what was wrong. */
    record Malformed(String reason) implements PublishMessage {
        @Override
        public InputStream toStream() {
            throw new IllegalStateException("a malformed message is never sent");
        }
    }

    /** Number of the field {@code frames}. */
    int FRAMES = 2;

    /** Most frames in one message. */
    int MOST_FRAMES = 16 * 1024;

    /** Largest message that is not frames, in bytes: it becomes objects, many times its size. */
    int MOST_CONTROL_BYTES = 64 * 1024;

    InputStream toStream();

    private static PublishMessage read(byte[] message) {
        try {
            List<WireFrame> frames = readFrames(message);
            return frames == null ? readControl(message) : new Frames(frames, message.length);
        } catch (MalformedMessageException | InvalidProtocolBufferException e) {
            return new Malformed(e.getMessage());
        }
    }

    /** The frames of a message that holds nothing else, or only fields this version does not know; otherwise null. */
    private static List<WireFrame> readFrames(byte[] message) {
        List<WireFrame> frames = null;
        WireReader in = new WireReader(message, 0, message.length);
        while (in.hasMore()) {
            int tag = in.tag();
            switch (tag) {
                case FRAMES << 3 | WireReader.LENGTH -> {
                    if (frames == null) {
                        frames = new ArrayList<>(message.length > 16 * 1024 ? 4 : 64);
                    }
                    int outer = in.enter(in.length());
                    readBatch(message, in, frames);
                    in.leave(outer);
                }
                case 1 << 3 | WireReader.LENGTH, 3 << 3 | WireReader.LENGTH -> {
                    return null;
                }
                default -> in.skip(tag);
            }
        }
        return frames;
    }

    private static void readBatch(byte[] message, WireReader in, List<WireFrame> frames) {
        while (in.hasMore()) {
            int tag = in.tag();
            if (tag != (1 << 3 | WireReader.LENGTH)) {
                in.skip(tag);
                continue;
            }
            if (frames.size() == MOST_FRAMES) {
                throw new MalformedMessageException("more than " + MOST_FRAMES + " frames in one message");
            }
            int length = in.length();
            frames.add(WireFrame.read(message, in.advance(length), length));
        }
    }

    /** Anything else, and the oddity of frames beside another kind, where the last one counts. */
    private static PublishMessage readControl(byte[] message) throws InvalidProtocolBufferException {
        if (message.length > MOST_CONTROL_BYTES) {
            throw new MalformedMessageException(
                    message.length + " bytes without frames; at most " + MOST_CONTROL_BYTES);
        }
        PublishFramesRequest request = PublishFramesRequest.parseFrom(message);
        if (!request.hasFrames()) {
            return new Control(request);
        }
        List<WireFrame> frames = new ArrayList<>();
        for (Frame frame : request.getFrames().getFramesList()) {
            byte[] bytes = frame.toByteArray();
            frames.add(WireFrame.read(bytes, 0, bytes.length));
        }
        return new Frames(frames, message.length);
    }
}
