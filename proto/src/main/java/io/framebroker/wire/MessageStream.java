package io.framebroker.wire;

import io.grpc.Drainable;
import io.grpc.KnownLength;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.util.function.Consumer;

/**
 * A message on its way to the transport: its length is known beforehand and it writes itself straight into the
 * transport's buffers. The ordinary {@code read} methods serve the in-process transport.
 */
final class MessageStream extends InputStream implements Drainable, KnownLength {
    private final int length;
    private final Consumer<WireWriter> content;
    private InputStream bytes;

    MessageStream(int length, Consumer<WireWriter> content) {
        this.length = length;
        this.content = content;
    }

    /** Reads a message into an array of its own: one allocation, one copy. */
    static byte[] readFully(InputStream in) {
        try {
            if (!(in instanceof KnownLength)) {
                return in.readAllBytes();
            }
            byte[] message = new byte[in.available()];
            if (in.readNBytes(message, 0, message.length) != message.length) {
                throw new EOFException("message ends before its known length of " + message.length + " bytes");
            }
            return message;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public int drainTo(OutputStream target) throws IOException {
        if (bytes != null) {
            return (int) bytes.transferTo(target);
        }
        try {
            WireWriter.write(target, content);
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
        bytes = InputStream.nullInputStream();
        return length;
    }

    @Override
    public int available() throws IOException {
        return bytes == null ? length : bytes.available();
    }

    @Override
    public int read() throws IOException {
        return bytes().read();
    }

    @Override
    public int read(byte[] target, int offset, int count) throws IOException {
        return bytes().read(target, offset, count);
    }

    private InputStream bytes() throws IOException {
        if (bytes == null) {
            ByteArrayOutputStream buffer = new ByteArrayOutputStream(length);
            drainTo(buffer);
            bytes = new ByteArrayInputStream(buffer.toByteArray());
        }
        return bytes;
    }
}
