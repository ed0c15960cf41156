package io.framebroker.loadgen.targets;

import io.framebroker.loadgen.load.FramePool;
import io.framebroker.loadgen.load.Workload;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.Map;

/** A camera's socket to the raw relay: the frames of a message go out in one write. */
final class RawSink implements FrameSink {
    private final SocketChannel channel;
    private final Workload workload;
    private final FramePool pool;
    private final ByteBuffer buffer;
    private volatile long sent;

    RawSink(SocketChannel channel, Workload workload, FramePool pool) {
        this.channel = channel;
        this.workload = workload;
        this.pool = pool;
        this.buffer = RawLink.buffer(workload);
    }

    @Override
    public void send(long[] dueMicros) {
        buffer.clear();
        for (long due : dueMicros) {
            byte[] payload = pool.take(due);
            buffer.putInt(payload.length)
                    .putInt(workload.verify() ? pool.crc32c(payload) : 0)
                    .put(payload);
        }
        buffer.flip();
        try {
            while (buffer.hasRemaining()) {
                channel.write(buffer);
            }
        } catch (IOException e) {
            throw new TargetException("publisher of camera " + pool.camera() + ": " + e.getMessage(), e);
        }
        sent = pool.lastSequence();
    }

    @Override
    public Map<Long, String> flush(Duration timeout) {
        return Map.of();
    }

    @Override
    public long confirmed() {
        return sent;
    }

    @Override
    public void close() {
        try {
            channel.close();
        } catch (IOException e) {
            // The connection is gone either way.
        }
    }
}
