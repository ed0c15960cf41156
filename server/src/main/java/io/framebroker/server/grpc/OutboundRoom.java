package io.framebroker.server.grpc;

import io.framebroker.server.broker.BrokerException;
import io.framebroker.server.broker.FrameMemory;
import io.grpc.ServerCall;

/**
 * Memory that one consumer's call may tie up while its client does not read: what the transport takes before it is no
 * longer ready, and one message. Reserved beforehand, so that consumers that never read cannot take more than there is.
 * Thread-safe.
 */
final class OutboundRoom implements Room {
    private static final int LEAST_READY_BYTES = 1 << 20;
    private static final int MOST_READY_BYTES = 16 << 20;

    private final FrameMemory memory;
    private final ServerCall<?, ?> call;
    private int messages;
    private int readyBytes = LEAST_READY_BYTES;
    private int messageBytes;
    private long reservedBytes;
    private boolean closed;

    OutboundRoom(FrameMemory memory, ServerCall<?, ?> call) {
        this(memory, call, 1);
    }

    /** @param messages how many may wait for the transport at a time */
    OutboundRoom(FrameMemory memory, ServerCall<?, ?> call, int messages) {
        this.memory = memory;
        this.call = call;
        this.messages = messages;
        call.setOnReadyThreshold(readyBytes);
    }

    /** Bytes the transport may hold before nothing more is given to it. */
    synchronized int readyBytes() {
        return readyBytes;
    }

    @Override
    public synchronized void fit(int bytes) {
        if (closed || bytes <= messageBytes) {
            return;
        }
        // The transport should hold two frames and a half, or it runs dry while the next one is prepared.
        int wanted = (int) Math.max(readyBytes, Math.min(MOST_READY_BYTES, bytes * 5L / 2));
        try {
            reserve(wanted, bytes);
        } catch (BrokerException noRoomForMore) {
            reserve(readyBytes, bytes);
        }
    }

    private void reserve(int ready, int message) {
        long more = ready + (long) messages * message - reservedBytes;
        memory.reserveOutbound(more);
        reservedBytes += more;
        messageBytes = message;
        if (ready != readyBytes) {
            readyBytes = ready;
            call.setOnReadyThreshold(ready);
        }
    }

    /** One more message may wait for the transport from now on; refused where there is no memory for it. */
    synchronized void oneMore() {
        if (!closed) {
            memory.reserveOutbound(messageBytes);
            reservedBytes += messageBytes;
            messages++;
        }
    }

    @Override
    public synchronized void close() {
        closed = true;
        memory.releaseOutbound(reservedBytes);
        reservedBytes = 0;
    }
}
