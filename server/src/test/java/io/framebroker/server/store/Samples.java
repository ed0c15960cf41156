package io.framebroker.server.store;

import static org.assertj.core.api.Assertions.assertThat;

import io.framebroker.server.broker.Frame;
import io.framebroker.server.broker.FrameContent;
import io.framebroker.server.broker.PublisherKey;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.LongStream;

/** Frames whose bytes, sequence and time follow from their ordinal. */
public final class Samples {
    public static final PublisherKey PUBLISHER = new PublisherKey("camera", 1);
    /** What the frame with ordinal 0 would have been received at, in microseconds since 1970. */
    public static final long RECEIVED = 1_700_000_000_000_000L;

    private Samples() {}

    public static List<Frame> frames(long generation, long first, long last, int bytes) {
        return LongStream.rangeClosed(first, last)
                .mapToObj(ordinal -> frame(generation, ordinal, bytes, PUBLISHER))
                .toList();
    }

    public static Frame frame(long generation, long ordinal, int bytes, PublisherKey publisher) {
        FrameContent content = new FrameContent(random(bytes, ordinal), 0, bytes, ordinal, ordinal % 2 == 0, null);
        return new Frame(content, generation, ordinal, sequence(ordinal), RECEIVED + ordinal, publisher);
    }

    public static long sequence(long ordinal) {
        return ordinal * 3;
    }

    public static byte[] random(int bytes, long seed) {
        byte[] array = new byte[bytes];
        new Random(seed).nextBytes(array);
        return array;
    }

    public static List<Long> ordinals(List<Frame> frames) {
        return frames.stream().map(Frame::ordinal).toList();
    }

    public static List<Long> range(long first, long last) {
        return LongStream.rangeClosed(first, last).boxed().toList();
    }

    /** The same ids, and all else too. */
    public static void assertSame(List<Frame> actual, List<Frame> expected) {
        assertThat(actual.stream().map(Frame::id).toList())
                .isEqualTo(expected.stream().map(Frame::id).toList());
        assertAlike(actual, expected);
    }

    /** The same frames, whatever generation they lie in. */
    public static void assertAlike(List<Frame> actual, List<Frame> expected) {
        assertThat(ordinals(actual)).isEqualTo(ordinals(expected));
        for (int i = 0; i < expected.size(); i++) {
            Frame is = actual.get(i);
            Frame was = expected.get(i);
            assertThat(is.sequence()).isEqualTo(was.sequence());
            assertThat(is.receivedMicros()).isEqualTo(was.receivedMicros());
            assertThat(is.publisher()).isEqualTo(was.publisher());
            assertThat(is.content().keyframe()).isEqualTo(was.content().keyframe());
            assertThat(Arrays.equals(bytes(is), bytes(was)))
                    .as("bytes of " + was.id())
                    .isTrue();
        }
    }

    private static byte[] bytes(Frame frame) {
        FrameContent content = frame.content();
        return Arrays.copyOfRange(content.array(), content.offset(), content.offset() + content.length());
    }
}
