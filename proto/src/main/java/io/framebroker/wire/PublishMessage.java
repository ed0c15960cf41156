package io.framebroker.wire;

import com.google.protobuf.InvalidProtocolBufferException;
import io.framebroker.v1.Frame;
import io.framebroker.v1.PublishFramesRequest;
import io.grpc.MethodDescriptor.Marshaller;
import java.io.InputStream;
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
            return read(MessageStream.readFully(in));
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

    /** Frames that came in. All lie in one array of {@code messageBytes} bytes. */
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
                batchBytes += WireWriter.lengthFieldBytes(1, frame.serializedBytes());
            }
            int length = batchBytes;
            return new MessageStream(WireWriter.lengthFieldBytes(FRAMES, length), out -> {
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

    InputStream toStream();

    private static PublishMessage read(byte[] message) {
        try {
            WireReader in = new WireReader(message, 0, message.length);
            if (in.hasMore()
                    && in.tag() == (FRAMES << 3 | WireReader.LENGTH)
                    && in.length() == in.limit() - in.position()) {
                return readFrames(message, in);
            }
            return readOther(message);
        } catch (MalformedMessageException | InvalidProtocolBufferException e) {
            return new Malformed(e.getMessage());
        }
    }

    private static Frames readFrames(byte[] message, WireReader in) {
        List<WireFrame> frames = new ArrayList<>(message.length > 16 * 1024 ? 4 : 64);
        while (in.hasMore()) {
            int tag = in.tag();
            if (tag == (1 << 3 | WireReader.LENGTH)) {
                int length = in.length();
                frames.add(WireFrame.read(message, in.advance(length), length));
            } else {
                in.skip(tag);
            }
        }
        return new Frames(frames, message.length);
    }

    /** Control messages, and frames in an unusual but valid form: with unknown fields beside them, say. */
    private static PublishMessage readOther(byte[] message) throws InvalidProtocolBufferException {
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
