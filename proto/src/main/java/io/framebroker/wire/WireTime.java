package io.framebroker.wire;

/** Timestamps and durations on the wire: seconds in field 1, nanoseconds in field 2. */
final class WireTime {
    private WireTime() {}

    static long readMicros(WireReader in) {
        long seconds = 0;
        int nanos = 0;
        while (in.hasMore()) {
            int tag = in.tag();
            switch (tag) {
                case 1 << 3 | WireReader.VARINT -> seconds = in.varint();
                case 2 << 3 | WireReader.VARINT -> nanos = (int) in.varint();
                default -> in.skip(tag);
            }
        }
        return seconds * 1_000_000 + nanos / 1_000;
    }

    static long readMillis(WireReader in) {
        return readMicros(in) / 1_000;
    }

    static int microsBytes(long micros) {
        return WireWriter.varintFieldBytes(Math.floorDiv(micros, 1_000_000L))
                + WireWriter.varintFieldBytes(Math.floorMod(micros, 1_000_000L) * 1_000);
    }

    static void writeMicros(WireWriter out, long micros) {
        out.varintField(1, Math.floorDiv(micros, 1_000_000L));
        out.varintField(2, Math.floorMod(micros, 1_000_000L) * 1_000);
    }
}
