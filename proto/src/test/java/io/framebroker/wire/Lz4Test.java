package io.framebroker.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import com.sun.management.ThreadMXBean;
import io.framebroker.v1.Compression;
import io.framebroker.v1.Frame;
import io.framebroker.v1.FrameHeader;
import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.Random;
import net.jpountz.lz4.LZ4Factory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@Timeout(120)
class Lz4Test {
    private static final int SEEDS = 4_000;
    private static final int LIMIT = 100_000;

    /** What an exception, its message and the test's own call may take beside the payload. */
    private static final int SLACK_BYTES = 16 * 1024;

    /** Each has code of its own, and which of them runs is decided by the machine. */
    enum Implementation {
        NATIVE(LZ4Factory.nativeInstance()),
        JAVA(LZ4Factory.safeInstance());

        private final Lz4 lz4;

        Implementation(LZ4Factory factory) {
            this.lz4 = new Lz4(factory);
        }
    }

    @ParameterizedTest
    @EnumSource
    void whatOnePacksEveryOtherUnpacks(Implementation packing) throws Exception {
        for (int seed = 1; seed <= 500; seed++) {
            byte[] payload = payload(new Random(seed));
            byte[] block = pack(packing, payload);
            for (Implementation unpacking : Implementation.values()) {
                assertThat(unpacking.lz4.unpack(block, 0, block.length, payload.length, LIMIT))
                        .as("seed %d", seed)
                        .isEqualTo(payload);
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void aBlockIsReadAndWrittenWhereItLies(Implementation implementation) throws Exception {
        byte[] payload = new byte[1000];
        byte[] around = new byte[3000];
        Arrays.fill(around, (byte) 7);
        System.arraycopy(payload, 0, around, 1500, payload.length);

        byte[] block = new byte[200];
        int length = implementation.lz4.pack(around, 1500, 1000, block, 100);
        System.arraycopy(block, 0, around, 13, length);

        assertThat(length).isBetween(1, 20);
        assertThat(implementation.lz4.unpack(around, 13, length, 1000, 1000)).isEqualTo(payload);
    }

    @ParameterizedTest
    @EnumSource
    void aPayloadThatDoesNotFitIsNotPackedAndNothingIsWrittenBehindTheMost(Implementation implementation) {
        byte[] noise = new byte[10_000];
        new Random(1).nextBytes(noise);
        byte[] target = new byte[10_100];

        assertThat(implementation.lz4.pack(noise, 0, noise.length, target, 9_000))
                .isZero();

        assertThat(Arrays.copyOfRange(target, 9_000, target.length)).containsOnly(0);
    }

    /** Flips, cuts, additions and lies: the payload comes out or the one exception, and memory is bounded either way. */
    @ParameterizedTest
    @EnumSource
    void hostileBlocksEndInThePayloadOrInTheOneException(Implementation implementation) {
        int refused = 0;
        // What is loaded once, with the first exceptions, is not counted.
        for (int seed = -200; seed <= SEEDS; seed++) {
            Random random = new Random(seed);
            byte[] payload = payload(random);
            byte[] block = mutated(pack(implementation, payload), random);
            long declared = random.nextInt(3) == 0 ? declaration(random) : payload.length;
            int limit = random.nextBoolean() ? LIMIT : random.nextInt(LIMIT);

            long before = allocatedBytes();
            byte[] unpacked = null;
            try {
                unpacked = implementation.lz4.unpack(block, 0, block.length, declared, limit);
            } catch (UnreadablePayloadException e) {
                refused++;
                assertThat(e.getMessage()).as("seed %d", seed).isNotBlank();
                assertThat(e.tooLarge()).as("seed %d", seed).isEqualTo(Long.compareUnsigned(declared, limit) > 0);
            }
            long allocated = allocatedBytes() - before;

            long most = Long.compareUnsigned(declared, limit) > 0 ? 0 : Math.min(declared, 255L * block.length);
            assertThat(allocated)
                    .as("seed %d", seed)
                    .isLessThanOrEqualTo(seed < 0 ? Long.MAX_VALUE : most + SLACK_BYTES);
            if (unpacked != null) {
                assertThat((long) unpacked.length).as("seed %d", seed).isEqualTo(declared);
            }
        }
        assertThat(refused).isBetween(SEEDS / 2, SEEDS - 10);
    }

    @ParameterizedTest
    @EnumSource
    void everyCutOfABlockIsRefused(Implementation implementation) {
        byte[] payload = payload(new Random(3));
        byte[] block = pack(implementation, payload);

        for (int length = 0; length < block.length; length++) {
            int cut = length;
            assertThatThrownBy(() -> implementation.lz4.unpack(block, 0, cut, payload.length, LIMIT))
                    .as("cut to %d of %d bytes", cut, block.length)
                    .isInstanceOf(UnreadablePayloadException.class);
        }
    }

    @Test
    void aLieIsNamedWithWhatWasSaidAndTheLimit() {
        byte[] zeros = new byte[50_000];
        byte[] block = pack(Implementation.NATIVE, zeros);

        assertRefused(block, 50_001, LIMIT, "unpacks to 50000 bytes, its header says 50001");
        assertRefused(block, 49_999, LIMIT, "is no LZ4 block of 49999 bytes, as its header says");
        assertRefused(block, 50_000, 49_999, "unpacks to 50000 bytes by its header, the limit here is 49999");
        assertRefused(block, 0, LIMIT, "does not say to how many bytes it unpacks");
        assertRefused(block, -1, LIMIT, "unpacks to 18446744073709551615 bytes by its header, the limit");
        assertRefused(block, 90_000, LIMIT, "more than " + block.length + " bytes of LZ4 can hold");
    }

    /** A bomb is small, and says it is large. That it is as large as it says is no reason to believe the next one. */
    @Test
    void theStrongestBlockThereIsPassesTheTestOfWhatBytesCanHold() throws Exception {
        byte[] zeros = new byte[LIMIT];
        byte[] block = pack(Implementation.NATIVE, zeros);

        assertThat(block.length).isLessThan(LIMIT / 240);
        assertThat(Lz4.fastest().unpack(block, 0, block.length, LIMIT, LIMIT)).isEqualTo(zeros);
    }

    @Test
    void aFrameUnpacksByItsHeader() throws Exception {
        byte[] zeros = new byte[5_000];
        byte[] block = pack(Implementation.NATIVE, zeros);
        WireFrame frame = frame(
                block,
                FrameHeader.newBuilder()
                        .setFrameId("f")
                        .setCrc32C(1)
                        .setCompression(Compression.COMPRESSION_LZ4)
                        .setUncompressedBytes(5_000));

        assertThat(frame.isPacked()).isTrue();
        assertThat(frame.uncompressedBytes()).isEqualTo(5_000);
        assertThat(frame.unpack(5_000)).isEqualTo(zeros);
        assertThat(frame.unpackedHeader())
                .isEqualTo(FrameHeader.newBuilder().setFrameId("f").build());
    }

    @Test
    void aFrameThatIsNotPackedSaysSo() {
        assertThat(frame(new byte[3], FrameHeader.newBuilder()).isPacked()).isFalse();
        assertThat(frame(new byte[3], FrameHeader.newBuilder().setCompression(Compression.COMPRESSION_NONE))
                        .isPacked())
                .isFalse();
    }

    @Test
    void aPackingOfTheFutureIsRefusedByItsNumber() {
        WireFrame frame = frame(new byte[3], FrameHeader.newBuilder().setCompressionValue(9));

        assertThat(frame.isPacked()).isTrue();
        assertThatThrownBy(() -> frame.unpack(LIMIT))
                .isInstanceOf(UnreadablePayloadException.class)
                .hasMessageContaining("compression 9");
    }

    private static void assertRefused(byte[] block, long declared, int limit, String message) {
        for (Implementation implementation : Implementation.values()) {
            assertThatThrownBy(() -> implementation.lz4.unpack(block, 0, block.length, declared, limit))
                    .isInstanceOf(UnreadablePayloadException.class)
                    .hasMessageContaining(message);
        }
    }

    private static WireFrame frame(byte[] payload, FrameHeader.Builder header) {
        byte[] bytes = Frame.newBuilder()
                .setHeader(header)
                .setPayload(ByteString.copyFrom(payload))
                .build()
                .toByteArray();
        return WireFrame.read(bytes, 0, bytes.length);
    }

    /** Runs, repetitions and noise in any mixture; 1 .. 60 000 bytes. */
    private static byte[] payload(Random random) {
        byte[] payload = new byte[1 + random.nextInt(1 << random.nextInt(16))];
        int at = 0;
        while (at < payload.length) {
            int end = Math.min(payload.length, at + 1 + random.nextInt(2_000));
            switch (random.nextInt(3)) {
                case 0 -> Arrays.fill(payload, at, end, (byte) random.nextInt());
                case 1 -> {
                    for (int i = at; i < end; i++) {
                        payload[i] = i < 100 ? (byte) i : payload[i - 1 - random.nextInt(2) * 99];
                    }
                }
                default -> {
                    for (int i = at; i < end; i++) {
                        payload[i] = (byte) random.nextInt();
                    }
                }
            }
            at = end;
        }
        return payload;
    }

    private static byte[] pack(Implementation implementation, byte[] payload) {
        byte[] target = new byte[payload.length + payload.length / 255 + 16];
        int length = implementation.lz4.pack(payload, 0, payload.length, target, target.length);
        assertThat(length).isPositive();
        return Arrays.copyOf(target, length);
    }

    private static byte[] mutated(byte[] block, Random random) {
        byte[] bytes = block.clone();
        for (int i = random.nextInt(4); i > 0 && bytes.length > 0; i--) {
            int at = random.nextInt(bytes.length);
            switch (random.nextInt(5)) {
                case 0 -> bytes[at] ^= (byte) (1 << random.nextInt(8));
                case 1 -> bytes[at] = (byte) 0xFF;
                case 2 -> bytes = Arrays.copyOf(bytes, at);
                case 3 -> bytes = Arrays.copyOf(bytes, bytes.length + 1 + random.nextInt(40));
                default -> Arrays.fill(bytes, at, Math.min(bytes.length, at + 1 + random.nextInt(300)), (byte) 0xFF);
            }
        }
        return bytes;
    }

    private static long declaration(Random random) {
        return random.nextLong() >>> random.nextInt(64);
    }

    private static long allocatedBytes() {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        return threads.getThreadAllocatedBytes(Thread.currentThread().getId());
    }
}
