package io.framebroker.client;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import io.framebroker.v1.AckLevel;
import io.framebroker.v1.PixelFormat;
import io.framebroker.wire.Lz4;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class PackerTest {
    private static final int WIDTH = 1920;
    private static final int HEIGHT = 1080;
    private static final int BYTES = WIDTH * HEIGHT * 3;

    /** Just too small for a sample. */
    private static final int SMALL = 1_000_000;

    /** A sample of a 1080p picture takes a 19th of what the whole takes. */
    private static final Duration PROMISING_19_MILLIS = Duration.ofMillis(1);

    private final PackBuffers buffers = new PackBuffers();
    private final ArrayDeque<Duration> takes = new ArrayDeque<>();
    private long nowNanos;
    private int readings;

    @BeforeAll
    static void load() {
        Lz4.fastest();
    }

    @Test
    void rawPixelsThatAreWorthItArePacked() {
        OutgoingFrame flat = raw(Pictures.bgr24(WIDTH, HEIGHT, Pictures.bars(WIDTH)));

        Packed packed = packer(Compress.AUTO).pack(flat);

        assertThat(packed.length()).isBetween(1_000, BYTES / 50);
        assertThat(packed.array().length).isLessThanOrEqualTo(packed.length() * 3 / 2 + 1);
    }

    @Test
    void noiseIsGivenUpAfterTheSample() {
        Packer packer = packer(Compress.AUTO);

        assertThat(packer.pack(raw(noise(BYTES)))).isNull();

        assertThat(readings).as("looks at the clock").isEqualTo(2);
    }

    @Test
    void aPictureThatIsCompressedAlreadyIsLeftAlone() {
        OutgoingFrame claimsToBeJpeg = OutgoingFrame.jpeg(new byte[100_000]);

        assertThat(packer(Compress.AUTO).pack(claimsToBeJpeg)).isNull();
        assertThat(packer(Compress.NEVER).pack(claimsToBeJpeg)).isNull();
        assertThat(packer(Compress.ALWAYS).pack(claimsToBeJpeg).length()).isLessThan(1_000);
    }

    @Test
    void neverMeansNeverAndAlwaysDoesNotSample() {
        OutgoingFrame flat = raw(new byte[BYTES]);

        assertThat(packer(Compress.NEVER).pack(flat)).isNull();
        assertThat(readings).isZero();
        assertThat(packer(Compress.ALWAYS).pack(flat)).isNotNull();
        assertThat(readings).isEqualTo(2);
    }

    @Test
    void whatSavesLessThanATenthIsSentAsItIsEvenWithAlways() {
        for (Compress when : List.of(Compress.AUTO, Compress.ALWAYS)) {
            assertThat(packer(when).pack(raw(noiseWithZeros(500_000, 47_000))))
                    .as("%s, saves 9 %%", when)
                    .isNull();
            assertThat(packer(when).pack(raw(noiseWithZeros(500_000, 54_000))))
                    .as("%s, saves 10 %%", when)
                    .isNotNull();
        }
    }

    @Test
    void smallFramesAreLeftAlone() {
        assertThat(packer(Compress.AUTO).pack(raw(new byte[Packer.LEAST_BYTES - 1])))
                .isNull();
        assertThat(packer(Compress.AUTO).pack(raw(new byte[Packer.LEAST_BYTES])))
                .isNotNull();
        assertThat(packer(Compress.ALWAYS).pack(raw(new byte[100]))).isNotNull();
        assertThat(packer(Compress.ALWAYS).pack(raw(new byte[0]))).isNull();
    }

    @Test
    void aFrameThatWillBeDroppedForItsSizeIsNotPackedFirst() {
        Packer packer = packer(options(Compress.ALWAYS, 99_999, Duration.ofMillis(10)));

        assertThat(packer.pack(raw(new byte[100_000]))).isNull();
        assertThat(packer.pack(raw(new byte[99_999]))).isNotNull();
    }

    @Test
    void aSampleThatPromisesToTakeTooLongEndsIt() {
        takes.add(PROMISING_19_MILLIS);

        assertThat(packer(Compress.AUTO).pack(raw(new byte[BYTES]))).isNull();
        assertThat(readings).isEqualTo(2);
    }

    @Test
    void howLongItMayTakeCanBeSaid() {
        takes.add(PROMISING_19_MILLIS);
        Packer patient = packer(options(Compress.AUTO, 32 << 20, Duration.ofMillis(30)));

        assertThat(patient.pack(raw(new byte[BYTES]))).isNotNull();
    }

    /** An eighth in 9 ms is less than a link of one gigabit would have carried meanwhile. */
    @Test
    void littleIsNotBoughtDearly() {
        takes.add(Duration.ofMillis(9).dividedBy(19));

        assertThat(packer(Compress.AUTO).pack(raw(noiseWithZeros(BYTES, BYTES / 8))))
                .isNull();
        assertThat(readings).as("looks at the clock, none after the sample").isEqualTo(2);

        takes.add(Duration.ofMillis(9).dividedBy(19));
        assertThat(packer(Compress.AUTO).pack(raw(noiseWithZeros(BYTES, BYTES / 2))))
                .isNotNull();
    }

    @Test
    void aSmallFrameThatWasBoughtDearlyIsFollowedByAPause() {
        takes.add(Duration.ofMillis(9));
        Packer packer = packer(Compress.AUTO);

        assertThat(packer.pack(raw(noiseWithZeros(SMALL, SMALL / 8)))).isNotNull();

        assertThat(packer.pack(raw(new byte[SMALL]))).isNull();
        assertThat(packer.pack(raw(new byte[SMALL]))).isNotNull();
    }

    @Test
    void whereTheWholeDoesNotKeepWhatWasPromisedEverLongerPausesFollow() {
        Packer packer = packer(Compress.AUTO);
        List<Integer> tried = new ArrayList<>();

        for (int frame = 0; frame < 400; frame++) {
            int before = readings;
            takes.add(Duration.ofMillis(50));
            packer.pack(raw(new byte[10_000]));
            if (readings > before) {
                tried.add(frame);
            } else {
                takes.clear();
            }
        }

        assertThat(tried).containsExactly(0, 2, 5, 10, 19, 36, 69, 134, 199, 264, 329, 394);
    }

    @Test
    void aPromiseThatIsKeptEndsThePauses() {
        Packer packer = packer(Compress.AUTO);
        takes.add(Duration.ofMillis(50));
        packer.pack(raw(new byte[10_000]));

        assertThat(packer.pack(raw(new byte[10_000]))).as("paused").isNull();
        assertThat(packer.pack(raw(new byte[10_000]))).isNotNull();
        assertThat(packer.pack(raw(new byte[10_000]))).isNotNull();
    }

    @Test
    void aFailureThatCostHardlyAnythingIsNotFollowedByAPause() {
        takes.add(Duration.ofMillis(1));
        takes.add(Duration.ofMillis(2));
        Packer packer = packer(Compress.AUTO);

        assertThat(packer.pack(raw(noise(10_000)))).isNull();
        assertThat(packer.pack(raw(noise(10_000)))).isNull();
        assertThat(readings).isEqualTo(4);

        assertThat(packer.pack(raw(new byte[10_000]))).as("paused").isNull();
        assertThat(packer.pack(raw(new byte[10_000]))).isNotNull();
    }

    @Test
    void whatWasPaidForIsUsed() {
        takes.add(Duration.ofMillis(50));

        assertThat(packer(Compress.AUTO).pack(raw(new byte[10_000]))).isNotNull();
    }

    @Test
    void alwaysKnowsNoPauses() {
        Packer packer = packer(Compress.ALWAYS);

        for (int i = 0; i < 20; i++) {
            takes.add(Duration.ofSeconds(1));
            assertThat(packer.pack(raw(new byte[10_000]))).isNotNull();
        }
    }

    @Test
    void aPartOfAnArrayIsSampledAndPackedWhereItLies() {
        byte[] around = noise(3 * Packer.SAMPLED_FROM_BYTES);
        int offset = Packer.SAMPLED_FROM_BYTES;
        Arrays.fill(around, offset, 2 * offset, (byte) 9);
        OutgoingFrame part = OutgoingFrame.of(io.framebroker.v1.Codec.CODEC_RAW, around, offset, offset);

        Packed packed = packer(Compress.AUTO).pack(part);

        assertThat(packed.length()).isLessThan(offset / 200);
    }

    /** Used to be 5.6 MB a frame, for the array that the frame is packed in. */
    @Test
    void arraysAreUsedAgain() {
        OutgoingFrame picture = raw(Pictures.bgr24(WIDTH, HEIGHT, Pictures.gradient(WIDTH, HEIGHT)));
        Packer packer = packer(Compress.AUTO);
        buffers.give(packer.pack(picture).array());
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long thread = Thread.currentThread().getId();

        long before = threads.getThreadAllocatedBytes(thread);
        for (int i = 0; i < 20; i++) {
            buffers.give(packer.pack(picture).array());
        }
        long allocated = threads.getThreadAllocatedBytes(thread) - before;

        assertThat(allocated).isLessThan(100_000);
    }

    @Test
    void whatIsKeptForUseIsBounded() {
        List<byte[]> inUse = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            inUse.add(buffers.take(4 << 20));
        }

        inUse.forEach(buffers::give);

        assertThat(buffers.freeBytes()).isBetween(PackBuffers.MOST_BYTES * 3 / 4, PackBuffers.MOST_BYTES);
    }

    @Test
    void theLatestArraysAreKeptAndNoneIsGivenOutTwice() {
        byte[] old = buffers.take(20 << 20);
        byte[] young = buffers.take(16 << 20);
        buffers.give(old);
        buffers.give(young);

        assertThat(buffers.take(16 << 20)).isSameAs(young);
        assertThat(buffers.take(16 << 20)).isNotSameAs(young);
        assertThat(buffers.freeBytes()).isZero();
    }

    @Test
    void anArrayMuchLargerThanNeededIsNotTiedUp() {
        byte[] large = buffers.take(1 << 20);
        buffers.give(large);

        assertThat(buffers.take(1 << 19)).isNotSameAs(large);
        assertThat(buffers.take(900_000)).isSameAs(large);
    }

    private Packer packer(Compress when) {
        return packer(options(when, 32 << 20, Duration.ofMillis(10)));
    }

    private Packer packer(PublisherOptions options) {
        return new Packer(options, buffers, this::nanoTime);
    }

    /** Packing takes no time, or what was said it takes: every second look is at the end of something. */
    private long nanoTime() {
        if (++readings % 2 == 0 && !takes.isEmpty()) {
            nowNanos += takes.remove().toNanos();
        }
        return nowNanos;
    }

    private static PublisherOptions options(Compress when, int maxFrameBytes, Duration within) {
        return new PublisherOptions(
                "cam1",
                "north",
                1,
                false,
                AckLevel.ACK_LEVEL_UNSPECIFIED,
                maxFrameBytes,
                10,
                64 << 20,
                WhenFull.DROP_OLDEST,
                true,
                when,
                within.toNanos(),
                1_000,
                new PublishListener() {},
                0);
    }

    private static OutgoingFrame raw(byte[] payload) {
        return OutgoingFrame.raw(payload, PixelFormat.PIXEL_FORMAT_BGR24, WIDTH, HEIGHT);
    }

    private static byte[] noise(int length) {
        byte[] noise = new byte[length];
        new Random(1).nextBytes(noise);
        return noise;
    }

    /** Saves about as many bytes as there are zeros, which stand in many places. */
    private static byte[] noiseWithZeros(int length, int zeros) {
        byte[] payload = noise(length);
        int runs = length / 10_000;
        for (int run = 0; run < runs; run++) {
            int start = run * (length / runs);
            Arrays.fill(payload, start, start + zeros / runs, (byte) 0);
        }
        return payload;
    }
}
