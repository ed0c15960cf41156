package io.framebroker.loadgen.targets;

import io.framebroker.loadgen.check.Inbox;
import io.framebroker.loadgen.load.FramePool;
import io.framebroker.loadgen.load.Workload;
import java.io.EOFException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.SocketChannel;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Supplier;
import java.util.zip.CRC32C;

/**
 * The raw relay's clients: blocking sockets, one for each camera and side. A frame is its payload's length (4 bytes,
 * little-endian), the payload's CRC-32C (4 bytes) and the payload.
 */
final class RawLink implements Link {
    static final int PREFIX_BYTES = 8;

    private final InetSocketAddress address;
    private final Workload workload;
    private final List<SocketChannel> channels = new CopyOnWriteArrayList<>();
    private volatile String failure;
    private volatile boolean closed;

    RawLink(String address, Workload workload) {
        int colon = address.lastIndexOf(':');
        this.address =
                new InetSocketAddress(address.substring(0, colon), Integer.parseInt(address.substring(colon + 1)));
        this.workload = workload;
    }

    /** A buffer that holds a message and a half, so that large frames are read and written in few calls. */
    static ByteBuffer buffer(Workload workload) {
        int messageBytes = (workload.frameBytes() + PREFIX_BYTES) * workload.batch();
        return ByteBuffer.allocateDirect(Math.max(RawRelay.BUFFER_BYTES, messageBytes * 3 / 2))
                .order(ByteOrder.LITTLE_ENDIAN);
    }

    @Override
    public FrameSink publisher(FramePool pool) {
        return new RawSink(connect(RawRelay.PUBLISH, pool.camera()), workload, pool);
    }

    @Override
    public void consumer(int group, int member, Supplier<Inbox> inboxes) {
        for (int camera = 0; camera < workload.cameras(); camera++) {
            SocketChannel channel = connect(RawRelay.CONSUME, camera);
            int from = camera;
            Inbox inbox = inboxes.get();
            Thread thread = new Thread(() -> consume(channel, from, inbox), "raw-" + group + "-" + camera);
            thread.setDaemon(true);
            thread.start();
        }
    }

    @Override
    public String failure() {
        return failure;
    }

    @Override
    public void close() {
        closed = true;
        for (SocketChannel channel : channels) {
            try {
                channel.close();
            } catch (IOException e) {
                // The connection is gone either way.
            }
        }
    }

    private SocketChannel connect(byte role, int camera) {
        try {
            SocketChannel channel = SocketChannel.open();
            channels.add(channel);
            channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
            channel.setOption(StandardSocketOptions.SO_SNDBUF, RawRelay.BUFFER_BYTES);
            channel.setOption(StandardSocketOptions.SO_RCVBUF, RawRelay.BUFFER_BYTES);
            channel.connect(address);
            channel.write(ByteBuffer.allocate(RawRelay.HELLO_BYTES)
                    .put(role)
                    .putInt(camera)
                    .flip());
            if (channel.read(ByteBuffer.allocate(1)) < 0) {
                throw new EOFException("closed by the relay");
            }
            return channel;
        } catch (IOException e) {
            throw new TargetException("raw relay at " + address + ", camera " + camera + ": " + e.getMessage(), e);
        }
    }

    private void consume(SocketChannel channel, int camera, Inbox inbox) {
        ByteBuffer buffer = buffer(workload);
        CRC32C crc = new CRC32C();
        try {
            while (channel.read(buffer) >= 0) {
                buffer.flip();
                while (buffer.remaining() >= PREFIX_BYTES) {
                    int length = buffer.getInt(buffer.position());
                    if (length < 0 || length > buffer.capacity() - PREFIX_BYTES) {
                        throw new IOException("a frame of " + length + " bytes; the stream is out of step");
                    }
                    if (buffer.remaining() < PREFIX_BYTES + length) {
                        break;
                    }
                    frame(buffer, length, camera, crc, inbox);
                }
                buffer.compact();
            }
            throw new EOFException("closed by the relay");
        } catch (IOException | RuntimeException e) {
            if (!closed) {
                failure = "consumer of camera " + camera + ": " + e;
            }
        }
    }

    private void frame(ByteBuffer buffer, int length, int camera, CRC32C crc, Inbox inbox) {
        int declared = buffer.getInt(buffer.position() + 4);
        int start = buffer.position() + PREFIX_BYTES;
        boolean crcMatches = true;
        if (workload.verify()) {
            int limit = buffer.limit();
            crc.reset();
            crc.update(buffer.limit(start + length).position(start));
            buffer.limit(limit);
            crcMatches = (int) crc.getValue() == declared;
        }
        buffer.position(start + length);
        inbox.accept(camera, buffer, start, length, 1, 0, crcMatches);
    }
}
