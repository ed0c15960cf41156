package io.framebroker.client;

import io.framebroker.server.BrokerServer;
import io.framebroker.server.broker.BrokerSettings;
import io.framebroker.server.broker.FrameMemory;
import io.framebroker.v1.AckLevel;
import io.framebroker.v1.Codec;
import io.framebroker.v1.Compression;
import io.framebroker.v1.FrameHeader;
import io.framebroker.v1.PixelFormat;
import io.framebroker.wire.Lz4;
import io.framebroker.wire.NewFrame;
import io.framebroker.wire.PublishMessage;
import io.framebroker.wire.UnreadablePayloadException;
import io.framebroker.wire.WireFrame;
import io.grpc.Drainable;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.management.ManagementFactory;
import java.net.InetSocketAddress;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/**
 * What packing costs and gains on pictures of 1920x1080 BGR24. Not run by the build, for it asserts nothing; the command is in
 * RATIONALE.md. Times are those of the processor, not of the clock, so that they hold on a machine that is busy with something
 * else; AUTO decides by them here.
 */
class PackingMeasurement {
    private final HeaderEncoder headers = new HeaderEncoder();

    private static final int WIDTH = 1920;
    private static final int HEIGHT = 1080;
    private static final int ROUNDS = 31;
    private static final double MILLI = 1e6;

    private final PackBuffers buffers = new PackBuffers();

    /** Larger than the caches: what is measured has not been looked at a moment ago, as with a picture from a camera. */
    private final byte[] other = new byte[48 << 20];

    private interface Deed {
        void run() throws IOException, UnreadablePayloadException;
    }

    @Test
    void measure() throws Exception {
        Map<String, OutgoingFrame> frames = frames();
        System.out.printf("%s, JDK %s%n", Lz4.fastest(), System.getProperty("java.version"));
        System.out.println("Milliseconds of the processor: the quickest of " + ROUNDS + " (the middle one).\n");
        frames.values().forEach(this::warm);
        System.out.println("| 1080p BGR24, 6.2 MB | packs to | pack | unpack | AUTO packs | AUTO's look, or packing"
                + " | serialise as it is | publish as it is |");
        System.out.println("|---|---|---|---|---|---|---|---|");
        FrameMemory memory = new FrameMemory(256L << 20, 256L << 20);
        try (BrokerServer broker = BrokerServer.start(
                        NettyServerBuilder.forAddress(new InetSocketAddress("127.0.0.1", 0)),
                        BrokerSettings.DEFAULT,
                        memory);
                FrameBrokerClient client = FrameBrokerClient.connect("127.0.0.1:" + broker.port())) {
            for (Map.Entry<String, OutgoingFrame> entry : frames.entrySet()) {
                System.out.println(row(entry.getKey(), entry.getValue(), client));
            }
        }
    }

    /** What the thread that publishes has to do, over a real connection. */
    private double[] publishTimes(FrameBrokerClient client, OutgoingFrame frame) throws Exception {
        try (FramePublisher publisher = client.publisher("cam1")
                .maxFrameBytes(8 << 20)
                .compress(Compress.NEVER)
                .open()) {
            double[] times = new double[ROUNDS];
            for (int i = -10; i < ROUNDS; i++) {
                Arrays.fill(other, (byte) i);
                long start = cpuNanos();
                publisher.publish(frame);
                double millis = (cpuNanos() - start) / MILLI;
                times[Math.max(0, i)] = millis;
                publisher.flush().get(60, TimeUnit.SECONDS);
            }
            Arrays.sort(times);
            return times;
        }
    }

    private String row(String name, OutgoingFrame frame, FrameBrokerClient client) throws Exception {
        byte[] target = new byte[frame.length + frame.length / 255 + 16];
        int length = Lz4.fastest().pack(frame.payload, 0, frame.length, target, target.length);
        WireFrame packed = wireFrame(target, length, frame.length);
        Packer auto = new Packer(options(Compress.AUTO), buffers, PackingMeasurement::cpuNanos);
        Packer never = new Packer(options(Compress.NEVER), buffers, PackingMeasurement::cpuNanos);
        int[] taken = {0};
        double[] auto31 = times(() -> {
            Packed result = auto.pack(frame);
            if (result != null) {
                taken[0]++;
                buffers.give(result.array());
            }
        });
        double[] withoutPauses =
                Arrays.stream(auto31).filter(millis -> millis > 0.05).toArray();
        return String.format(
                Locale.ROOT,
                "| %s | %.3f | %s | %s | %d of %d | %s | %s | %s |",
                name,
                (double) length / frame.length,
                shown(times(() -> Lz4.fastest().pack(frame.payload, 0, frame.length, target, target.length))),
                shown(times(() -> packed.unpack(frame.length))),
                taken[0],
                ROUNDS,
                shown(withoutPauses),
                shown(times(() -> serialise(never, frame))),
                shown(publishTimes(client, frame)));
    }

    /** Everything that is done to a frame until its bytes are in a transport's hands; this one keeps nothing. */
    private void serialise(Packer packer, OutgoingFrame frame) throws IOException {
        Packed packed = packer.pack(frame);
        int crc32c = packed == null
                ? WireFrame.crc32c(frame.payload, 0, frame.length)
                : WireFrame.crc32c(packed.array(), 0, packed.length());
        byte[] header = headers.encode(frame, 1, true, crc32c, packed != null);
        RingFrame sent = new RingFrame(1, frame, header, packed);
        try (InputStream message = new PublishMessage.NewFrames(List.of(sent)).toStream()) {
            ((Drainable) message).drainTo(new Copies());
        }
        if (packed != null) {
            buffers.give(packed.array());
        }
    }

    /** Copies what it is given, as a transport does, into memory it has had before. */
    private static final class Copies extends OutputStream {
        private static final byte[] BUFFER = new byte[1 << 20];

        @Override
        public void write(int b) {
            BUFFER[0] = (byte) b;
        }

        @Override
        public void write(byte[] bytes, int offset, int length) {
            for (int at = 0; at < length; at += BUFFER.length) {
                System.arraycopy(bytes, offset + at, BUFFER, 0, Math.min(BUFFER.length, length - at));
            }
        }
    }

    private double[] times(Deed deed) throws IOException, UnreadablePayloadException {
        double[] times = new double[ROUNDS];
        for (int i = 0; i < ROUNDS; i++) {
            Arrays.fill(other, (byte) i);
            long start = cpuNanos();
            deed.run();
            times[i] = (cpuNanos() - start) / MILLI;
        }
        Arrays.sort(times);
        return times;
    }

    private void warm(OutgoingFrame frame) {
        Packer always = new Packer(options(Compress.ALWAYS), buffers, PackingMeasurement::cpuNanos);
        for (int i = 0; i < 5; i++) {
            Packed packed = always.pack(frame);
            if (packed != null) {
                buffers.give(packed.array());
            }
        }
    }

    private static long cpuNanos() {
        return ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
    }

    private static String shown(double[] sorted) {
        return String.format(Locale.ROOT, "%.1f (%.1f)", sorted[0], sorted[sorted.length / 2]);
    }

    private static WireFrame wireFrame(byte[] block, int length, int unpackedBytes) throws IOException {
        FrameHeader header = FrameHeader.newBuilder()
                .setCompression(Compression.COMPRESSION_LZ4)
                .setUncompressedBytes(unpackedBytes)
                .build();
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (InputStream message =
                new PublishMessage.NewFrames(List.of(new NewFrame(header, block, 0, length))).toStream()) {
            message.transferTo(out);
        }
        PublishMessage read = PublishMessage.MARSHALLER.parse(new java.io.ByteArrayInputStream(out.toByteArray()));
        return ((PublishMessage.Frames) read).frames().get(0);
    }

    private static PublisherOptions options(Compress when) {
        return new PublisherOptions(
                "cam1",
                "north",
                1,
                false,
                AckLevel.ACK_LEVEL_UNSPECIFIED,
                32 << 20,
                10,
                64 << 20,
                WhenFull.DROP_OLDEST,
                true,
                when,
                10_000_000,
                1_000,
                new PublishListener() {},
                0);
    }

    static Map<String, OutgoingFrame> frames() {
        Map<String, OutgoingFrame> frames = new LinkedHashMap<>();
        frames.put("colour bars", raw(Pictures.bars(WIDTH)));
        frames.put("gradient", raw(Pictures.gradient(WIDTH, HEIGHT)));
        frames.put("fractal", raw(Pictures.fractal(WIDTH, HEIGHT)));
        for (double noise : new double[] {0, 0.2, 0.3, 0.5, 0.7, 1, 2, 4}) {
            frames.put("scene, sensor noise " + noise, raw(Pictures.scene(noise, 1)));
        }
        frames.put("out of a JPEG, quality 0.5", raw(Pictures.decoded(Pictures.jpeg(WIDTH, HEIGHT, 0.5f))));
        frames.put("out of a JPEG, quality 0.8", raw(Pictures.decoded(Pictures.jpeg(WIDTH, HEIGHT, 0.8f))));
        frames.put("out of a JPEG, quality 0.95", raw(Pictures.decoded(Pictures.jpeg(WIDTH, HEIGHT, 0.95f))));
        frames.put("noise alone", raw(Pictures.noise(1)));
        byte[] jpeg = Pictures.jpeg(WIDTH, HEIGHT, 0.8f);
        frames.put(
                "a JPEG file of " + jpeg.length / 1000 + " kB, said to be raw",
                OutgoingFrame.of(Codec.CODEC_RAW, jpeg));
        return frames;
    }

    private static OutgoingFrame raw(Pictures.Content content) {
        return OutgoingFrame.raw(Pictures.bgr24(WIDTH, HEIGHT, content), PixelFormat.PIXEL_FORMAT_BGR24, WIDTH, HEIGHT);
    }
}
