package io.framebroker.wire;

import com.google.protobuf.CodedOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;

/**
 * Serialized messages that are valid and unusual: fields in any order and more than once, fields nobody knows, groups,
 * numbers longer than they need be, payload before header, several headers, nothing at all.
 */
final class RandomWire {
    private interface Body {
        void writeTo(CodedOutputStream out) throws IOException;
    }

    private final Random random;

    RandomWire(long seed) {
        this.random = new Random(seed);
    }

    int below(int bound) {
        return random.nextInt(bound);
    }

    byte[] header() {
        List<byte[]> fields = new ArrayList<>();
        some(2, () -> fields.add(varint(1, number())));
        some(2, () -> fields.add(bytes(2, timestamp())));
        some(2, () -> fields.add(varint(3, random.nextInt(9))));
        some(1, () -> fields.add(varint(4, number())));
        some(1, () -> fields.add(varint(5, random.nextInt(4000))));
        some(2, () -> fields.add(varint(7, random.nextInt(2))));
        some(2, () -> fields.add(written(out -> out.writeFixed32(8, random.nextInt()))));
        some(1, () -> fields.add(bytes(9, text())));
        some(1, () -> fields.add(bytes(10, text())));
        some(2, () -> fields.add(varint(12, random.nextInt(5))));
        some(2, () -> fields.add(varint(13, number())));
        some(1, () -> fields.add(varint(14, number())));
        some(3, () -> fields.add(bytes(15, attribute())));
        some(1, () -> fields.add(bytes(1, text())));
        return message(fields);
    }

    byte[] frame() {
        List<byte[]> fields = new ArrayList<>();
        some(3, () -> fields.add(bytes(1, header())));
        some(2, () -> fields.add(bytes(2, blob(random.nextInt(8) == 0 ? 20_000 : 64))));
        return message(fields);
    }

    byte[] batch() {
        List<byte[]> fields = new ArrayList<>();
        some(6, () -> fields.add(bytes(1, frame())));
        return message(fields);
    }

    byte[] publishRequest() {
        List<byte[]> fields = new ArrayList<>();
        switch (random.nextInt(8)) {
            case 0 -> some(2, () -> fields.add(bytes(1, publishOpen())));
            case 1 -> some(2, () -> fields.add(bytes(3, report())));
            case 2 -> {
                some(2, () -> fields.add(bytes(1, publishOpen())));
                some(2, () -> fields.add(bytes(2, batch())));
                some(2, () -> fields.add(bytes(3, report())));
            }
            case 3 -> some(3, () -> fields.add(bytes(2, batch())));
            default -> {
                return bytes(2, batch());
            }
        }
        return message(fields);
    }

    byte[] consumeResponse() {
        List<byte[]> fields = new ArrayList<>();
        switch (random.nextInt(4)) {
            case 0 -> some(2, () -> fields.add(bytes(5, message(List.of(varint(2, random.nextInt(6)))))));
            case 1 -> {
                some(2, () -> fields.add(bytes(2, deliveries())));
                some(1, () -> fields.add(bytes(3, message(List.of(bytes(1, text()), varint(3, number()))))));
            }
            default -> {
                return bytes(2, deliveries());
            }
        }
        return message(fields);
    }

    private byte[] deliveries() {
        List<byte[]> fields = new ArrayList<>();
        some(2, () -> fields.add(bytes(1, text())));
        some(4, () -> fields.add(bytes(2, delivery())));
        some(2, () -> fields.add(bytes(3, text())));
        some(2, () -> fields.add(varint(4, number())));
        some(1, () -> fields.add(bytes(5, timestamp())));
        return message(fields);
    }

    /** A frame or a time that is said twice would be merged by protobuf; we take the last, and no broker says it twice. */
    private byte[] delivery() {
        List<byte[]> fields = new ArrayList<>();
        some(2, () -> fields.add(bytes(1, token())));
        fields.add(bytes(2, frame()));
        some(2, () -> fields.add(varint(3, number())));
        some(1, () -> fields.add(bytes(4, timestamp())));
        return message(fields);
    }

    private byte[] token() {
        List<byte[]> fields = new ArrayList<>();
        some(2, () -> fields.add(varint(1, number())));
        some(2, () -> fields.add(varint(2, number())));
        some(2, () -> fields.add(varint(3, number())));
        return message(fields);
    }

    private byte[] publishOpen() {
        List<byte[]> fields = new ArrayList<>();
        some(2, () -> fields.add(bytes(1, text())));
        some(2, () -> fields.add(varint(3, number())));
        some(1, () -> fields.add(varint(4, random.nextInt(9))));
        return message(fields);
    }

    private byte[] report() {
        List<byte[]> fields = new ArrayList<>();
        some(2, () -> fields.add(varint(1, number())));
        some(3, () -> fields.add(bytes(2, message(List.of(bytes(1, text()), varint(2, number()))))));
        return message(fields);
    }

    private byte[] timestamp() {
        List<byte[]> fields = new ArrayList<>();
        some(2, () -> fields.add(varint(1, random.nextInt(2_000_000_000))));
        some(2, () -> fields.add(varint(2, random.nextInt(1_000_000_000))));
        return message(fields);
    }

    private byte[] attribute() {
        List<byte[]> fields = new ArrayList<>();
        some(2, () -> fields.add(bytes(1, text())));
        some(2, () -> fields.add(bytes(2, text())));
        return message(fields);
    }

    /** Fields in any order, now and then with others between them that nobody knows. */
    private byte[] message(List<byte[]> fields) {
        List<byte[]> all = new ArrayList<>(fields);
        if (random.nextInt(3) == 0) {
            some(3, () -> all.add(unknown(0)));
        }
        Collections.shuffle(all, random);
        ByteArrayOutputStream joined = new ByteArrayOutputStream();
        all.forEach(joined::writeBytes);
        return joined.toByteArray();
    }

    private byte[] unknown(int depth) {
        int field = 1000 + random.nextInt(5);
        return switch (random.nextInt(depth < 4 ? 5 : 4)) {
            case 0 -> varint(field, number());
            case 1 -> bytes(field, blob(20));
            case 2 -> written(out -> out.writeFixed32(field, random.nextInt()));
            case 3 -> written(out -> out.writeFixed64(field, random.nextLong()));
            default ->
                written(out -> {
                    out.writeTag(field, 3);
                    for (int i = random.nextInt(3); i > 0; i--) {
                        out.writeRawBytes(unknown(depth + 1));
                    }
                    out.writeTag(field, 4);
                });
        };
    }

    /** Does something 0 to {@code most} times. */
    private void some(int most, Runnable something) {
        for (int i = random.nextInt(most + 1); i > 0; i--) {
            something.run();
        }
    }

    private long number() {
        return switch (random.nextInt(4)) {
            case 0 -> random.nextInt(200);
            case 1 -> random.nextLong();
            case 2 -> -1L;
            default -> random.nextInt();
        };
    }

    private byte[] text() {
        String letters = "abcZ09_ é€😀";
        StringBuilder text = new StringBuilder();
        for (int i = random.nextInt(12); i > 0; i--) {
            text.appendCodePoint(letters.codePointAt(
                    letters.offsetByCodePoints(0, random.nextInt(letters.codePointCount(0, letters.length())))));
        }
        return WireWriter.utf8(text.toString());
    }

    byte[] blob(int below) {
        byte[] blob = new byte[random.nextInt(below)];
        random.nextBytes(blob);
        return blob;
    }

    private byte[] varint(int field, long value) {
        return written(out -> {
            number(out, (long) field << 3);
            number(out, value);
        });
    }

    private byte[] bytes(int field, byte[] value) {
        return written(out -> {
            number(out, (long) field << 3 | 2);
            number(out, value.length);
            out.writeRawBytes(value);
        });
    }

    /** A varint, now and then one byte longer than it need be. */
    private void number(CodedOutputStream out, long value) throws IOException {
        if (value < 0 || value > 1 << 20 || random.nextInt(10) != 0) {
            out.writeUInt64NoTag(value);
            return;
        }
        long rest = value;
        while (rest > 0x7F) {
            out.write((byte) (rest | 0x80));
            rest >>>= 7;
        }
        out.write((byte) (rest | 0x80));
        out.write((byte) 0);
    }

    private static byte[] written(Body body) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try {
            CodedOutputStream out = CodedOutputStream.newInstance(bytes);
            body.writeTo(out);
            out.flush();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }
}
