package io.framebroker.server.http;

import java.util.concurrent.atomic.AtomicLong;

/** The memory that requests in work may take together. Thread-safe. */
final class BytesInWork {
    private final long most;
    private final AtomicLong taken = new AtomicLong();

    BytesInWork(long most) {
        this.most = most;
    }

    /** Memory of one request, given back on close. */
    final class Share implements AutoCloseable {
        private long bytes;

        /** @throws GatewayException others have it */
        void grow(long more) {
            long before = taken.getAndAdd(more);
            if (before + more > most) {
                taken.addAndGet(-more);
                throw new GatewayException(
                        503,
                        "GATEWAY_MEMORY_FULL",
                        more + " bytes for this request do not fit: " + before + " of " + most
                                + " are taken by requests in work; ask again, with fewer at a time, or give the broker"
                                + " a larger heap");
            }
            bytes += more;
        }

        @Override
        public void close() {
            taken.addAndGet(-bytes);
            bytes = 0;
        }
    }

    Share share() {
        return new Share();
    }

    long most() {
        return most;
    }
}
