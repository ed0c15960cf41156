package io.framebroker.server.grpc;

import io.grpc.Metadata;
import java.util.Set;

/** What of a call's metadata is the client's or the broker's, and not the transport's own. */
final class Headers {
    private static final Set<String> OF_THE_TRANSPORT = Set.of("content-type", "te", "user-agent");
    private static final String DETAILS = "grpc-status-details-bin";

    private Headers() {}

    /** A copy of what goes with a call that is passed on. */
    static Metadata passable(Metadata received) {
        Metadata passed = new Metadata();
        for (String name : received.keys()) {
            if (OF_THE_TRANSPORT.contains(name) || name.startsWith("grpc-") && !name.equals(DETAILS)) {
                continue;
            }
            if (name.endsWith(Metadata.BINARY_HEADER_SUFFIX)) {
                copy(received, passed, Metadata.Key.of(name, Metadata.BINARY_BYTE_MARSHALLER));
            } else {
                copy(received, passed, Metadata.Key.of(name, Metadata.ASCII_STRING_MARSHALLER));
            }
        }
        return passed;
    }

    private static <T> void copy(Metadata from, Metadata to, Metadata.Key<T> key) {
        Iterable<T> values = from.getAll(key);
        if (values != null) {
            values.forEach(value -> to.put(key, value));
        }
    }
}
