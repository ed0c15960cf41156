package io.framebroker.loadgen.chaos;

import java.io.IOException;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.util.ArrayDeque;

/** One connection through a {@link FaultProxy}. For the proxy's thread. */
final class Tunnel {
    private static final int CHUNK_BYTES = 32 * 1024;

    /** What one direction may keep; beyond it the sender is held back as by a slow network. */
    private static final int MOST_KEPT_BYTES = 4 << 20;

    private static final long NEVER = Long.MAX_VALUE;

    private record Chunk(ByteBuffer bytes, long dueNanos) {}

    private final SocketChannel client;
    private final SocketChannel server;
    private final Selector selector;
    private final Traffic traffic;
    private final Direction up;
    private final Direction down;
    private boolean broken;

    Tunnel(SocketChannel client, SocketChannel server, Selector selector, Traffic traffic) throws IOException {
        this.client = client;
        this.server = server;
        this.selector = selector;
        this.traffic = traffic;
        for (SocketChannel channel : new SocketChannel[] {client, server}) {
            channel.configureBlocking(false);
            channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
            channel.register(selector, 0);
        }
        this.up = new Direction(client, server, true);
        this.down = new Direction(server, client, false);
    }

    /** Moves what can be moved. Returns nanoseconds until there is more to do without news from a socket. */
    long move(long now) {
        try {
            long wait = Math.min(up.move(now), down.move(now));
            listen(client, up, down, now);
            listen(server, down, up, now);
            if (up.finished && down.finished) {
                close(client);
                close(server);
            }
            return wait;
        } catch (IOException e) {
            // One side is gone without a word; so is the other then.
            broken = true;
            reset(client);
            reset(server);
            return NEVER;
        }
    }

    private void listen(SocketChannel channel, Direction from, Direction to, long now) {
        SelectionKey key = channel.keyFor(selector);
        if (key != null && key.isValid()) {
            key.interestOps(
                    (from.mayRead() ? SelectionKey.OP_READ : 0) | (to.isStuck(now) ? SelectionKey.OP_WRITE : 0));
        }
    }

    boolean over() {
        return broken || !client.isOpen();
    }

    void cut(FaultProxy.Cut how) {
        if (how == FaultProxy.Cut.RST) {
            reset(client);
            reset(server);
        } else {
            close(client);
            close(server);
        }
    }

    static void reset(SocketChannel channel) {
        try {
            channel.setOption(StandardSocketOptions.SO_LINGER, 0);
        } catch (IOException | UnsupportedOperationException e) {
            // It is closed already.
        }
        close(channel);
    }

    static void close(AutoCloseable channel) {
        try {
            channel.close();
        } catch (Exception e) {
            System.err.println("fault proxy: closing " + channel + ": " + e);
        }
    }

    /** Bytes one way. */
    private final class Direction {
        private final SocketChannel source;
        private final SocketChannel sink;
        private final boolean isUp;
        private final ArrayDeque<Chunk> kept = new ArrayDeque<>();
        private int keptBytes;
        private long lastDueNanos = System.nanoTime();
        private boolean sourceEnded;
        private boolean finished;

        Direction(SocketChannel source, SocketChannel sink, boolean isUp) {
            this.source = source;
            this.sink = sink;
            this.isUp = isUp;
        }

        boolean mayRead() {
            return !sourceEnded && !traffic.held(isUp) && keptBytes < MOST_KEPT_BYTES;
        }

        /** Whether there is something to write that the sink does not take. */
        boolean isStuck(long now) {
            return !kept.isEmpty() && !traffic.held(isUp) && kept.peek().dueNanos - now <= 0;
        }

        long move(long now) throws IOException {
            read(now);
            return write(now);
        }

        private void read(long now) throws IOException {
            while (mayRead()) {
                ByteBuffer bytes = ByteBuffer.allocate(CHUNK_BYTES);
                int read = source.read(bytes);
                if (read <= 0) {
                    sourceEnded = read < 0;
                    return;
                }
                long start = Math.max(now + traffic.nextDelayNanos(), lastDueNanos);
                lastDueNanos = start + traffic.lengthNanos(read);
                kept.add(new Chunk(bytes.flip(), lastDueNanos));
                keptBytes += read;
            }
        }

        private long write(long now) throws IOException {
            while (!kept.isEmpty() && !traffic.held(isUp) && traffic.bytesLeft > 0) {
                Chunk first = kept.peek();
                if (first.dueNanos - now > 0) {
                    return first.dueNanos - now;
                }
                int written = write(first.bytes);
                keptBytes -= written;
                traffic.passed(isUp, written);
                if (first.bytes.hasRemaining()) {
                    return traffic.bytesLeft == 0 ? 0 : NEVER;
                }
                kept.remove();
            }
            if (sourceEnded && kept.isEmpty() && !finished) {
                sink.shutdownOutput();
                finished = true;
            }
            return NEVER;
        }

        /** No more than what is left until all connections are cut. */
        private int write(ByteBuffer bytes) throws IOException {
            int limit = bytes.limit();
            if (traffic.bytesLeft < bytes.remaining()) {
                bytes.limit(bytes.position() + (int) traffic.bytesLeft);
            }
            int written = sink.write(bytes);
            bytes.limit(limit);
            return written;
        }
    }
}
