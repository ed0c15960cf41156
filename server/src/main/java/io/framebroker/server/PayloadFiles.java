package io.framebroker.server;

import io.framebroker.wire.UnreadablePayloadException;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** Payloads as files {@code DIR/STREAM/GENERATION-ORDINAL.jpg}; a slash in a stream's name becomes a plus sign. */
final class PayloadFiles {
    private static final int MOST_BYTES = 1 << 30;

    private final Path folder;
    private final boolean unpack;

    /** @param unpack whether packed payloads are unpacked */
    PayloadFiles(Path folder, boolean unpack) {
        this.folder = folder;
        this.unpack = unpack;
    }

    /**
     * Writes a file that is not there yet.
     *
     * @throws IOException naming the file, when it is there or cannot be written
     */
    Path write(DumpedFrame dumped) throws IOException {
        byte[] payload = dumped.wire().payloadCopy();
        boolean unpacked = false;
        if (unpack && dumped.wire().isPacked()) {
            try {
                payload = dumped.wire().unpack(MOST_BYTES);
                unpacked = true;
            } catch (UnreadablePayloadException e) {
                // As published, then; the name of the file says so.
                unpacked = false;
            }
        }
        Path stream = folder.resolve(dumped.stream().replace('/', '+'));
        Files.createDirectories(stream);
        Path file = stream.resolve(dumped.frame().id() + "." + dumped.extension(unpacked));
        try {
            return Files.write(file, payload, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
        } catch (FileAlreadyExistsException e) {
            throw new IOException(file + " is there already, and is not written over; name another --payloads", e);
        }
    }
}
