package io.framebroker.wire;

import static io.framebroker.wire.Wires.assertSame;
import static io.framebroker.wire.Wires.bytes;
import static io.framebroker.wire.Wires.parsePublish;
import static io.framebroker.wire.Wires.serialized;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.framebroker.v1.Frame;
import io.framebroker.v1.FrameBatch;
import io.framebroker.v1.FrameHeader;
import io.framebroker.v1.PublishFramesRequest;
import io.framebroker.v1.PublishOpen;
import java.io.InputStream;
import java.io.SequenceInputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

class PublishMessageTest {

    @Test
    void whatProtobufReadsIsReadTheSame() throws Exception {
        for (long seed = 1; seed <= 4000; seed++) {
            byte[] message = new RandomWire(seed).publishRequest();
            PublishFramesRequest expected = PublishFramesRequest.parseFrom(message);

            PublishMessage read = parsePublish(message);

            if (read instanceof PublishMessage.Frames frames) {
                assertThat(expected.hasFrames()).as("seed %d", seed).isTrue();
                assertSame(frames.frames(), expected.getFrames().getFramesList());
                assertThat(frames.messageBytes()).isEqualTo(message.length);
            } else {
                assertThat(read).as("seed %d", seed).isEqualTo(new PublishMessage.Control(expected));
            }
        }
    }

    @Test
    void whatWasReadIsWrittenAgainWithTheSameFrames() throws Exception {
        for (long seed = 1; seed <= 1500; seed++) {
            PublishMessage read = parsePublish(new RandomWire(seed).publishRequest());

            byte[] written = bytes(read::toStream);

            PublishMessage again = parsePublish(written);
            if (read instanceof PublishMessage.Frames frames) {
                List<WireFrame> survived = ((PublishMessage.Frames) again).frames();
                assertThat(survived).as("seed %d", seed).hasSameSizeAs(frames.frames());
                for (int i = 0; i < survived.size(); i++) {
                    assertThat(serialized(survived.get(i)))
                            .isEqualTo(serialized(frames.frames().get(i)));
                }
            } else {
                assertThat(again).as("seed %d", seed).isEqualTo(read);
            }
        }
    }

    @Test
    void framesLieInTheMessageTheyCameInEvenBesideUnknownFields() {
        byte[] batch = PublishFramesRequest.newBuilder()
                .setFrames(FrameBatch.newBuilder().addFrames(frame(1)).addFrames(frame(2)))
                .build()
                .toByteArray();
        byte[] unknownField = {(byte) 0xA0, 0x3F, 5};
        byte[] message = ByteString.copyFrom(unknownField)
                .concat(ByteString.copyFrom(batch))
                .concat(ByteString.copyFrom(unknownField))
                .toByteArray();

        PublishMessage.Frames read = (PublishMessage.Frames) parsePublish(message);

        assertThat(read.frames())
                .hasSize(2)
                .extracting(WireFrame::array)
                .containsOnly(read.frames().get(0).array());
        assertThat(read.frames().get(0).array()).isEqualTo(message);
        assertThat(serialized(read.frames().get(1))).isEqualTo(frame(2).toByteArray());
    }

    @Test
    void newFramesAreWrittenAsProtobufWritesThem() throws Exception {
        for (long seed = 1; seed <= 500; seed++) {
            RandomWire random = new RandomWire(seed);
            List<NewFrame> out = new ArrayList<>();
            FrameBatch.Builder expected = FrameBatch.newBuilder();
            for (int i = random.below(5); i > 0; i--) {
                FrameHeader header = FrameHeader.parseFrom(random.header());
                byte[] pixels = random.blob(3000);
                int offset = random.below(pixels.length + 1);
                int length = random.below(pixels.length - offset + 1);
                out.add(new NewFrame(header, pixels, offset, length));
                expected.addFrames(
                        Frame.newBuilder().setHeader(header).setPayload(ByteString.copyFrom(pixels, offset, length)));
            }

            byte[] written = bytes(new PublishMessage.NewFrames(out)::toStream);

            assertThat(written)
                    .as("seed %d", seed)
                    .isEqualTo(PublishFramesRequest.newBuilder()
                            .setFrames(expected)
                            .build()
                            .toByteArray());
        }
    }

    @Test
    void nothingAtAllIsAMessageWithoutKindAndAnEmptyBatchIsNoFrames() {
        assertThat(parsePublish(new byte[0]))
                .isEqualTo(new PublishMessage.Control(PublishFramesRequest.getDefaultInstance()));
        assertThat(parsePublish(new byte[] {0x12, 0})).isEqualTo(new PublishMessage.Frames(List.of(), 2));
    }

    @Test
    void aStreamOfUnknownLengthIsReadToItsEnd() {
        byte[] message = PublishFramesRequest.newBuilder()
                .setFrames(FrameBatch.newBuilder().addFrames(frame(7)))
                .build()
                .toByteArray();
        InputStream inPieces = new SequenceInputStream(
                new java.io.ByteArrayInputStream(message, 0, 10),
                new java.io.ByteArrayInputStream(message, 10, message.length - 10));

        PublishMessage.Frames read = (PublishMessage.Frames) PublishMessage.MARSHALLER.parse(inPieces);

        assertThat(read.frames().get(0).frame()).isEqualTo(frame(7));
    }

    @Test
    void theInProcessTransportReadsWhatTheMarshallerStreams() {
        Supplier<InputStream> stream =
                () -> PublishMessage.MARSHALLER.stream(new PublishMessage.NewFrames(List.of(newFrame(3))));

        PublishMessage.Frames read = (PublishMessage.Frames) PublishMessage.MARSHALLER.parse(stream.get());

        assertThat(read.frames().get(0).sequence()).isEqualTo(3);
    }

    /** Used to be taken: 16 million frames in 32 MB, each an object or five. */
    @Test
    void aMessageOfCountlessEmptyFramesIsMalformed() {
        byte[] frames = new byte[2 * (PublishMessage.MOST_FRAMES + 1)];
        for (int i = 0; i < frames.length; i += 2) {
            frames[i] = 0x0A;
        }
        byte[] message = inBatch(frames);
        byte[] oneLess = inBatch(java.util.Arrays.copyOf(frames, frames.length - 2));

        assertThat(parsePublish(message))
                .isEqualTo(new PublishMessage.Malformed(
                        "more than " + PublishMessage.MOST_FRAMES + " frames in one message"));
        assertThat(((PublishMessage.Frames) parsePublish(oneLess)).frames()).hasSize(PublishMessage.MOST_FRAMES);
    }

    @Test
    void aLargeMessageWithoutFramesIsMalformed() {
        byte[] message = PublishFramesRequest.newBuilder()
                .setOpen(PublishOpen.newBuilder().setStream("a".repeat(PublishMessage.MOST_CONTROL_BYTES)))
                .build()
                .toByteArray();

        assertThat(parsePublish(message))
                .isEqualTo(new PublishMessage.Malformed(
                        message.length + " bytes without frames; at most " + PublishMessage.MOST_CONTROL_BYTES));
    }

    /** Used to escape as an exception, which ended the call without a word about why. */
    @Test
    void whatCannotBeUnpackedIsMalformed() {
        InputStream broken = new InputStream() {
            @Override
            public int read() throws java.io.IOException {
                throw new java.util.zip.ZipException("no gzip");
            }
        };

        assertThat(PublishMessage.MARSHALLER.parse(broken)).isInstanceOf(PublishMessage.Malformed.class);
    }

    private static byte[] inBatch(byte[] frames) {
        return PublishFramesRequest.newBuilder()
                .setFrames(FrameBatch.getDefaultInstance())
                .build()
                .toByteString()
                .substring(0, 1)
                .concat(varint(frames.length))
                .concat(ByteString.copyFrom(frames))
                .toByteArray();
    }

    private static ByteString varint(int value) {
        ByteString.Output out = ByteString.newOutput();
        int rest = value;
        while (rest > 0x7F) {
            out.write(rest & 0x7F | 0x80);
            rest >>>= 7;
        }
        out.write(rest);
        return out.toByteString();
    }

    private static Frame frame(long sequence) {
        return Frame.newBuilder()
                .setHeader(FrameHeader.newBuilder().setSequence(sequence).putAttributes("site", "gate"))
                .setPayload(ByteString.copyFromUtf8("pixels of " + sequence))
                .build();
    }

    private static NewFrame newFrame(long sequence) {
        byte[] pixels = {1, 2, 3};
        return new NewFrame(FrameHeader.newBuilder().setSequence(sequence).build(), pixels, 0, pixels.length);
    }
}
