package io.framebroker.examples.processor;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.concurrent.atomic.AtomicLong;
import javax.imageio.ImageIO;

/**
 * Keeps the pictures the processor saw, as {@code DIRECTORY/STREAM/SEQUENCE.jpg}. A file appears under its name when it is
 * complete. At most {@code limit} of them a run. Thread-safe.
 */
final class FrameFiles {

    private final Path directory;
    private final long limit;
    private final AtomicLong begun = new AtomicLong();

    /** @param directory null to keep nothing */
    FrameFiles(Path directory, long limit) {
        this.directory = directory;
        this.limit = limit;
    }

    /** Whether one more picture is wanted; the answer counts it. */
    boolean wantsOne() {
        return directory != null && begun.get() < limit && begun.getAndIncrement() < limit;
    }

    /** Keeps a JPEG as it is. */
    Path save(String stream, long sequence, byte[] jpeg) throws IOException {
        Path folder = Files.createDirectories(directory.resolve(folderName(stream)));
        Path file = folder.resolve(Long.toUnsignedString(sequence) + ".jpg");
        Path part = Files.createTempFile(folder, ".part", null);
        try {
            Files.write(part, jpeg);
            Files.move(part, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } finally {
            Files.deleteIfExists(part);
        }
        return file;
    }

    /** Encodes a picture that is no JPEG. */
    static byte[] toJpeg(DecodedPicture picture) throws IOException {
        ByteArrayOutputStream jpeg = new ByteArrayOutputStream();
        ImageIO.write(picture.toImage(), "jpeg", jpeg);
        return jpeg.toByteArray();
    }

    /** One folder a stream: what a file name cannot or should not hold is written as %XX. */
    static String folderName(String stream) {
        StringBuilder name = new StringBuilder();
        for (int i = 0; i < stream.length(); i++) {
            char character = stream.charAt(i);
            boolean plain = character < 0x80 && Character.isLetterOrDigit(character)
                    || character == '-'
                    || character == '_'
                    || character == '.' && i > 0;
            name.append(plain ? String.valueOf(character) : String.format("%%%02X", (int) character));
        }
        return name.toString();
    }
}
