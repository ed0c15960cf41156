package io.framebroker.loadgen.targets;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The upper bound: bytes from a publisher's socket to the sockets of its camera's consumers, on one thread, through one
 * reused direct buffer a publisher. It knows no frames, copies nothing in the heap and stops reading a publisher while
 * a consumer lags, so TCP holds it back. A camera without consumers is not read.
 *
 * <p>A connection begins with {@link #PUBLISH} or {@link #CONSUME} and the camera (4 bytes); the relay answers
 * {@link #READY}. What follows is between publisher and consumer.
 */
public final class RawRelay implements AutoCloseable {
    static final byte PUBLISH = 'P';
    static final byte CONSUME = 'C';
    static final byte READY = 'R';
    static final int HELLO_BYTES = 5;

    /**
     * Socket buffers and user buffers, both ways. Measured: left to the kernel, socket buffers grow until the bytes fall
     * out of the processor's cache, and the relay loses a third of its rate.
     */
    static final int BUFFER_BYTES = 1 << 20;

    private final Selector selector;
    private final ServerSocketChannel server;
    private final Thread thread;

    /** Owned by the thread. */
    private final Map<Integer, Camera> cameras = new HashMap<>();

    /** Starts on a port of the loopback interface; 0 for any. */
    public RawRelay(int port) throws IOException {
        this.selector = Selector.open();
        this.server = ServerSocketChannel.open();
        server.setOption(StandardSocketOptions.SO_RCVBUF, BUFFER_BYTES);
        server.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
        server.configureBlocking(false);
        server.register(selector, SelectionKey.OP_ACCEPT);
        this.thread = new Thread(this::run, "raw-relay");
        thread.setDaemon(true);
        thread.start();
    }

    public int port() {
        return server.socket().getLocalPort();
    }

    @Override
    public void close() {
        try {
            server.close();
            selector.wakeup();
            thread.join(5_000);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void run() {
        try (selector) {
            while (server.isOpen()) {
                selector.select(this::serve);
            }
            for (SelectionKey key : selector.keys()) {
                key.channel().close();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void serve(SelectionKey key) {
        try {
            if (key.isAcceptable()) {
                accept();
            } else if (key.attachment() instanceof ByteBuffer hello) {
                greet(key, hello);
            } else if (key.attachment() instanceof Publisher publisher) {
                publisher.read();
            } else if (key.attachment() instanceof Consumer consumer) {
                consumer.ready();
            }
        } catch (IOException e) {
            end(key);
        }
    }

    private void accept() throws IOException {
        SocketChannel channel = server.accept();
        if (channel != null) {
            channel.configureBlocking(false);
            channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
            channel.setOption(StandardSocketOptions.SO_SNDBUF, BUFFER_BYTES);
            channel.register(selector, SelectionKey.OP_READ, ByteBuffer.allocate(HELLO_BYTES));
        }
    }

    private void greet(SelectionKey key, ByteBuffer hello) throws IOException {
        SocketChannel channel = (SocketChannel) key.channel();
        if (channel.read(hello) < 0) {
            end(key);
        } else if (!hello.hasRemaining()) {
            byte role = hello.flip().get();
            Camera camera = cameras.computeIfAbsent(hello.getInt(), number -> new Camera());
            channel.write(ByteBuffer.wrap(new byte[] {READY}));
            if (role == PUBLISH) {
                Publisher publisher = new Publisher(key, camera);
                camera.publishers.add(publisher);
                key.attach(publisher);
            } else {
                Consumer consumer = new Consumer(key, camera);
                camera.consumers.add(consumer);
                key.attach(consumer);
            }
            camera.arm();
        }
    }

    private void end(SelectionKey key) {
        try {
            key.channel().close();
        } catch (IOException e) {
            // The connection is gone either way.
        }
        if (key.attachment() instanceof Publisher publisher) {
            publisher.camera.publishers.remove(publisher);
        } else if (key.attachment() instanceof Consumer consumer) {
            consumer.camera.consumers.remove(consumer);
            consumer.camera.arm();
        }
    }

    /** Who sends and who takes. A publisher is read while all consumers have taken what was read before. */
    private static final class Camera {
        private final List<Publisher> publishers = new ArrayList<>();
        private final List<Consumer> consumers = new ArrayList<>();

        void arm() {
            boolean free = !consumers.isEmpty() && consumers.stream().noneMatch(Consumer::busy);
            for (Publisher publisher : publishers) {
                publisher.key.interestOps(free ? SelectionKey.OP_READ : 0);
            }
        }
    }

    private final class Publisher {
        private final SelectionKey key;
        private final Camera camera;
        private final ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER_BYTES);

        Publisher(SelectionKey key, Camera camera) {
            this.key = key;
            this.camera = camera;
        }

        void read() throws IOException {
            // One select may have made two publishers of a camera readable; the first may have filled a consumer.
            if (camera.consumers.stream().anyMatch(Consumer::busy)) {
                return;
            }
            if (((SocketChannel) key.channel()).read(buffer.clear()) < 0) {
                end(key);
                return;
            }
            buffer.flip();
            boolean full = false;
            for (Consumer consumer : List.copyOf(camera.consumers)) {
                full |= consumer.offer(buffer.duplicate());
            }
            if (full) {
                camera.arm();
            }
        }
    }

    private final class Consumer {
        private static final int IDLE = SelectionKey.OP_READ;

        private final SelectionKey key;
        private final Camera camera;
        private ByteBuffer rest = ByteBuffer.allocate(0);

        Consumer(SelectionKey key, Camera camera) {
            this.key = key;
            this.camera = camera;
            key.interestOps(IDLE);
        }

        boolean busy() {
            return rest.hasRemaining();
        }

        /** True when the socket did not take all of it. */
        boolean offer(ByteBuffer bytes) {
            rest = bytes;
            try {
                ((SocketChannel) key.channel()).write(rest);
            } catch (IOException e) {
                rest = ByteBuffer.allocate(0);
                end(key);
                return false;
            }
            key.interestOps(busy() ? SelectionKey.OP_WRITE : IDLE);
            return busy();
        }

        /** Writable, or closed by its peer: a consumer says nothing after its hello. */
        void ready() throws IOException {
            if (!busy()) {
                if (((SocketChannel) key.channel()).read(ByteBuffer.allocate(1)) < 0) {
                    end(key);
                }
                return;
            }
            ((SocketChannel) key.channel()).write(rest);
            if (!busy()) {
                key.interestOps(IDLE);
                camera.arm();
            }
        }
    }
}
