package io.framebroker.wire;

import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/** A raw picture of 1080p, packed and unpacked: flat, a gradient, and the noise of a sensor, which nothing packs. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
public class Lz4Benchmark {
    private static final int WIDTH = 1920;
    private static final int HEIGHT = 1080;

    @Param({"flat", "gradient", "noise"})
    public String picture;

    private final Lz4 lz4 = Lz4.fastest();
    private byte[] raw;
    private byte[] packed;
    private int packedBytes;

    @Setup
    public void setup() {
        raw = new byte[WIDTH * HEIGHT * 3];
        if (picture.equals("noise")) {
            new Random(42).nextBytes(raw);
        } else if (picture.equals("gradient")) {
            for (int i = 0; i < raw.length; i++) {
                raw[i] = (byte) (i / 3 % WIDTH * 256 / WIDTH);
            }
        }
        packed = new byte[raw.length + raw.length / 200 + 64];
        packedBytes = lz4.pack(raw, 0, raw.length, packed, packed.length);
    }

    @Benchmark
    public int pack() {
        return lz4.pack(raw, 0, raw.length, packed, packed.length);
    }

    @Benchmark
    public byte[] unpack() throws UnreadablePayloadException {
        return lz4.unpack(packed, 0, packedBytes, raw.length, raw.length);
    }
}
