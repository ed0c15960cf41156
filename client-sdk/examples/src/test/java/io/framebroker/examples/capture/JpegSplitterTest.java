package io.framebroker.examples.capture;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class JpegSplitterTest {

    private static final Instant NOW = Instant.EPOCH;
    private static final int LIMIT = 1 << 20;

    private final CollectingSink sink = new CollectingSink();
    private final JpegSplitter splitter = new JpegSplitter(LIMIT);

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20})
    void anyChunkingWithThumbnailsAndGarbageGivesTheSamePictures(long seed) throws Exception {
        SplittableRandom random = new SplittableRandom(seed);
        List<byte[]> sent = new ArrayList<>();
        ByteArrayOutputStream stream = new ByteArrayOutputStream();
        for (int i = 0; i < 20; i++) {
            byte[] jpeg = jpeg(i, 128 + 16 * random.nextInt(8), 96 + 16 * random.nextInt(8));
            byte[] picture = random.nextBoolean() ? withThumbnail(jpeg, jpeg(99, 128, 96)) : jpeg;
            if (random.nextBoolean()) {
                stream.write(garbage(random));
            }
            stream.write(picture);
            sent.add(picture);
        }

        feedInRandomChunks(stream.toByteArray(), random);

        assertThat(sink.pictures).as("seed %d", seed).hasSize(20);
        for (int i = 0; i < 20; i++) {
            assertThat(sink.pictures.get(i).bytes())
                    .as("seed %d picture %d", seed, i)
                    .isEqualTo(sent.get(i));
        }
        assertThat(sink.unusable).as("seed %d", seed).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10})
    void aPictureCutOffCostsAtMostItselfAndTheNext(long seed) throws Exception {
        SplittableRandom random = new SplittableRandom(seed);
        byte[] cut = withThumbnail(jpeg(1, 160, 112), jpeg(99, 128, 96));
        byte[] second = jpeg(2, 160, 112);
        byte[] third = jpeg(3, 160, 112);
        ByteArrayOutputStream stream = new ByteArrayOutputStream();
        stream.write(cut, 0, 4 + random.nextInt(cut.length - 5));
        stream.write(second);
        stream.write(third);
        stream.write(third);

        feedInRandomChunks(stream.toByteArray(), random);

        assertThat(sink.pictures).as("seed %d", seed).hasSizeBetween(2, 3);
        assertThat(sink.pictures.get(sink.pictures.size() - 1).bytes()).isEqualTo(third);
        assertThat(sink.pictures)
                .as("seed %d: no thumbnail passes for a picture", seed)
                .allMatch(picture -> picture.width() == 160 || picture.bytes().length > second.length);
        assertThat(sink.unusable).as("seed %d", seed).isNotEmpty().containsOnly(PictureSink.BROKEN);
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5})
    void noiseNeverThrowsAndNeverKeepsMoreThanTheLimit(long seed) throws Exception {
        SplittableRandom random = new SplittableRandom(seed);
        byte[] noise = new byte[200_000];
        random.nextBytes(noise);
        for (int i = 0; i < noise.length; i += 1 + random.nextInt(50)) {
            noise[i] = (byte) 0xFF;
        }
        JpegSplitter small = new JpegSplitter(1_000);

        small.feed(noise, noise.length, NOW, sink);
        small.end(sink);

        assertThat(sink.pictures).allMatch(picture -> picture.bytes().length <= 1_000);
    }

    @Test
    void sizeComesFromTheFrameHeaderAndNotFromTheThumbnail() throws Exception {
        byte[] picture = withThumbnail(jpeg(1, 320, 240), jpeg(2, 128, 96));

        splitter.feed(picture, picture.length, NOW, sink);

        assertThat(sink.pictures).singleElement().satisfies(only -> {
            assertThat(only.width()).isEqualTo(320);
            assertThat(only.height()).isEqualTo(240);
        });
    }

    @Test
    void captureTimeIsThatOfTheFirstByte() throws Exception {
        byte[] picture = jpeg(1, 128, 96);
        byte[] head = Arrays.copyOfRange(picture, 0, 1);
        byte[] rest = Arrays.copyOfRange(picture, 1, picture.length);

        splitter.feed(head, head.length, NOW, sink);
        splitter.feed(rest, rest.length, NOW.plusSeconds(1), sink);

        assertThat(sink.pictures)
                .singleElement()
                .satisfies(only -> assertThat(only.capturedAt()).isEqualTo(NOW));
    }

    @Test
    void aPictureOverTheLimitIsReportedOnceAndTheNextOneComes() throws Exception {
        byte[] large = jpeg(1, 640, 480);
        byte[] small = jpeg(2, 128, 96);
        JpegSplitter limited = new JpegSplitter(large.length - 1);

        limited.feed(large, large.length, NOW, sink);
        limited.feed(small, small.length, NOW, sink);

        assertThat(sink.unusable).containsExactly(PictureSink.TOO_LARGE);
        assertThat(sink.pictures)
                .singleElement()
                .satisfies(only -> assertThat(only.bytes()).isEqualTo(small));
    }

    @Test
    void aPictureOfExactlyTheLimitPasses() throws Exception {
        byte[] picture = jpeg(1, 640, 480);
        JpegSplitter limited = new JpegSplitter(picture.length);

        limited.feed(picture, picture.length, NOW, sink);

        assertThat(sink.pictures).hasSize(1);
    }

    @Test
    void theEndInsideAPictureIsReported() throws Exception {
        byte[] picture = jpeg(1, 128, 96);

        splitter.feed(picture, picture.length - 1, NOW, sink);
        splitter.end(sink);

        assertThat(sink.pictures).isEmpty();
        assertThat(sink.unusable).containsExactly(PictureSink.BROKEN);
    }

    private void feedInRandomChunks(byte[] stream, SplittableRandom random) throws InterruptedException {
        int at = 0;
        while (at < stream.length) {
            int length = Math.min(stream.length - at, 1 + random.nextInt(random.nextBoolean() ? 3 : 5_000));
            splitter.feed(Arrays.copyOfRange(stream, at, at + length), length, NOW, sink);
            at += length;
        }
        splitter.end(sink);
    }

    private static byte[] jpeg(long number, int width, int height) throws IOException {
        return new SyntheticPicture("cam", width, height)
                .draw(number, NOW, PictureFormat.JPEG)
                .bytes();
    }

    /** Puts a whole JPEG into an APP1 segment behind SOI, as cameras do with their thumbnails. */
    private static byte[] withThumbnail(byte[] jpeg, byte[] thumbnail) {
        int length = thumbnail.length + 2 + 6;
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.write(jpeg, 0, 2);
        out.writeBytes(new byte[] {(byte) 0xFF, (byte) 0xE1, (byte) (length >> 8), (byte) length});
        out.writeBytes(new byte[] {'E', 'x', 'i', 'f', 0, 0});
        out.writeBytes(thumbnail);
        out.write(jpeg, 2, jpeg.length - 2);
        return out.toByteArray();
    }

    /** Anything but the three bytes a picture starts with. */
    private static byte[] garbage(SplittableRandom random) {
        byte[] bytes = new byte[random.nextInt(300)];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) random.nextInt(0xD8);
            if (random.nextInt(10) == 0) {
                bytes[i] = (byte) 0xFF;
            }
        }
        return bytes;
    }
}
