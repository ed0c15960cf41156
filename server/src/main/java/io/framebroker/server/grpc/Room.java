package io.framebroker.server.grpc;

import io.framebroker.server.broker.FrameMemory;
import java.util.concurrent.atomic.AtomicBoolean;

/** Memory reserved for one call. Thread-safe. */
interface Room {
    /** For calls that tie up next to nothing. */
    Room NONE = new Room() {
        @Override
        public void fit(int messageBytes) {
            // Whatever comes is small, or rare.
        }

        @Override
        public void close() {
            // Nothing was taken.
        }
    };

    /**
     * Makes room for replies of this size.
     *
     * @throws io.framebroker.server.broker.BrokerException when there is no memory for one
     */
    void fit(int messageBytes);

    /** Gives everything back. Idempotent. */
    void close();

    /** Room for the one reply of a call, none before it is asked to fit. */
    static Room outbound(FrameMemory memory) {
        return new Room() {
            private long heldBytes;
            private boolean closed;

            @Override
            public synchronized void fit(int messageBytes) {
                if (!closed && messageBytes > heldBytes) {
                    memory.reserveOutbound(messageBytes - heldBytes);
                    heldBytes = messageBytes;
                }
            }

            @Override
            public synchronized void close() {
                closed = true;
                memory.releaseOutbound(heldBytes);
                heldBytes = 0;
            }
        };
    }

    /**
     * Room for what a publisher sends.
     *
     * @throws io.framebroker.server.broker.BrokerException when there is no memory for it
     */
    static Room inbound(FrameMemory memory, long bytes) {
        memory.reserveInbound(bytes);
        AtomicBoolean held = new AtomicBoolean(true);
        return new Room() {
            @Override
            public void fit(int messageBytes) {
                // Acks are small.
            }

            @Override
            public void close() {
                if (held.getAndSet(false)) {
                    memory.releaseInbound(bytes);
                }
            }
        };
    }
}
