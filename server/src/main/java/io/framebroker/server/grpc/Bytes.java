package io.framebroker.server.grpc;

import io.grpc.Detachable;
import io.grpc.Drainable;
import io.grpc.KnownLength;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.Marshaller;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;

/** Messages that pass as the bytes they are, from one transport's buffers into the other's. */
final class Bytes {
    private static final Marshaller<InputStream> AS_THEY_ARE = new Marshaller<>() {
        @Override
        public InputStream stream(InputStream message) {
            return message;
        }

        @Override
        public InputStream parse(InputStream message) {
            return message;
        }
    };

    private Bytes() {}

    /** The same method with messages left alone. */
    static MethodDescriptor<InputStream, InputStream> raw(MethodDescriptor<?, ?> method) {
        return method.toBuilder(AS_THEY_ARE, AS_THEY_ARE).build();
    }

    /**
     * A message that outlives the callback that brought it; the transport closes its own one behind that. To be sent, or
     * closed.
     */
    static InputStream kept(InputStream message) {
        return message instanceof Detachable held ? held.detach() : message;
    }

    /** Bytes of a message that was received or is about to be sent. */
    static int length(InputStream message) {
        try {
            return message.available();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A message in an array of its own: one copy. */
    static byte[] read(InputStream message) {
        try {
            if (message instanceof Drainable content) {
                Gathered gathered = new Gathered(message.available());
                content.drainTo(gathered);
                return gathered.array();
            }
            if (message instanceof KnownLength) {
                byte[] array = new byte[message.available()];
                message.readNBytes(array, 0, array.length);
                return array;
            }
            return message.readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static final class Gathered extends ByteArrayOutputStream {
        Gathered(int expectedBytes) {
            super(Math.max(1, expectedBytes));
        }

        synchronized byte[] array() {
            return count == buf.length ? buf : toByteArray();
        }
    }

    /** Gives back what a message that is not passed on holds. */
    static void drop(InputStream message) {
        try {
            message.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
