package io.framebroker.loadgen.chaos;

import io.framebroker.loadgen.role.RunFailure;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/**
 * Stands between clients and a server on this machine and does to their connections what networks do. It carries bytes, so it
 * cannot lose or reorder packets: a black hole keeps what it swallowed and lets go of it when it ends. All verbs return when they
 * are in effect, and may be called by any thread.
 */
public final class FaultProxy implements AutoCloseable {
    /** How a connection ends. */
    public enum Cut {
        /** At once; what was on its way is gone. */
        RST,
        /** As when a process ends. */
        FIN
    }

    /**
     * @param open connections at this moment
     * @param accepted connections since the beginning
     * @param cut connections that were cut
     * @param upBytes passed on to the server
     * @param downBytes passed on to clients
     */
    public record Stats(int open, long accepted, long cut, long upBytes, long downBytes) {}

    private static final int CONNECT_MILLIS = 1_000;
    private static final int ANSWER_SECONDS = 30;
    private static final long NO_LIMIT = Long.MAX_VALUE;

    private final InetSocketAddress target;
    private final Selector selector;
    private final ServerSocketChannel listener;
    private final Thread thread = new Thread(this::run, "fault-proxy");
    private final Queue<Runnable> commands = new ConcurrentLinkedQueue<>();
    private volatile boolean closed;

    /** All below are the proxy's thread's. */
    private final List<Tunnel> tunnels = new ArrayList<>();

    private final Traffic traffic = new Traffic();
    private Cut cutHow = Cut.RST;
    private long accepted;
    private long cut;

    /** Listens on a free port of the loopback interface. */
    public FaultProxy(String targetHost, int targetPort) throws IOException {
        target = new InetSocketAddress(targetHost, targetPort);
        selector = Selector.open();
        listener = ServerSocketChannel.open();
        listener.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
        listener.configureBlocking(false);
        listener.register(selector, SelectionKey.OP_ACCEPT);
        thread.setDaemon(true);
        thread.start();
    }

    /** Where clients connect, as host:port. */
    public String address() {
        return "127.0.0.1:" + listener.socket().getLocalPort();
    }

    /** Ends whatever else was asked for. */
    public void pass() {
        ask(() -> {
            traffic.pass();
            return null;
        });
    }

    /** Ends all connections; new ones pass. Returns how many it were. */
    public int cut(Cut how) {
        return ask(() -> cutAll(how));
    }

    /** Ends all connections as soon as so many more bytes have passed, both ways and in all of them together. Once. */
    public void cutAfter(long bytes, Cut how) {
        ask(() -> {
            cutHow = how;
            traffic.bytesLeft = bytes;
            return null;
        });
    }

    /** Nothing passes in these directions; connections stay, and new ones are accepted. */
    public void blackhole(boolean up, boolean down) {
        ask(() -> {
            traffic.upHeld = up;
            traffic.downHeld = down;
            return null;
        });
    }

    /** All bytes take so much longer, and up to {@code jitter} more, in each direction. */
    public void delay(Duration delay, Duration jitter, long seed) {
        ask(() -> {
            traffic.delay(delay.toNanos(), jitter.toNanos(), seed);
            return null;
        });
    }

    /** At most so many bytes a second, in each direction of each connection. */
    public void throttle(long bytesPerSecond) {
        ask(() -> {
            traffic.bytesPerSecond = bytesPerSecond;
            return null;
        });
    }

    public Stats stats() {
        return ask(() -> new Stats(tunnels.size(), accepted, cut, traffic.upBytes, traffic.downBytes));
    }

    @Override
    public void close() {
        closed = true;
        selector.wakeup();
        try {
            thread.join(TimeUnit.SECONDS.toMillis(5));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private <T> T ask(Supplier<T> command) {
        CompletableFuture<T> answer = new CompletableFuture<>();
        commands.add(() -> answer.complete(command.get()));
        selector.wakeup();
        try {
            return answer.get(ANSWER_SECONDS, TimeUnit.SECONDS);
        } catch (Exception e) {
            throw new RunFailure("the fault proxy at " + address() + " does not answer", e);
        }
    }

    private void run() {
        try {
            while (!closed) {
                long waitNanos = NO_LIMIT;
                for (Tunnel tunnel : tunnels) {
                    waitNanos = Math.min(waitNanos, tunnel.move(System.nanoTime()));
                }
                tunnels.removeIf(Tunnel::over);
                if (traffic.bytesLeft == 0) {
                    traffic.bytesLeft = NO_LIMIT;
                    cutAll(cutHow);
                    continue;
                }
                select(waitNanos);
                for (Runnable command = commands.poll(); command != null; command = commands.poll()) {
                    command.run();
                }
            }
        } catch (IOException e) {
            System.err.println("fault proxy at " + address() + ": " + e);
        } finally {
            cutAll(Cut.FIN);
            Tunnel.close(listener);
            Tunnel.close(selector);
        }
    }

    private void select(long waitNanos) throws IOException {
        if (waitNanos <= 0) {
            selector.selectNow();
        } else if (waitNanos == NO_LIMIT) {
            selector.select();
        } else {
            selector.select(Math.max(1, TimeUnit.NANOSECONDS.toMillis(waitNanos)));
        }
        for (SelectionKey key : selector.selectedKeys()) {
            if (key.isValid() && key.isAcceptable()) {
                accept();
            }
        }
        // What tunnels can do they find out by themselves.
        selector.selectedKeys().clear();
    }

    private void accept() throws IOException {
        SocketChannel client = listener.accept();
        if (client == null) {
            return;
        }
        SocketChannel server = SocketChannel.open();
        try {
            server.socket().connect(target, CONNECT_MILLIS);
            tunnels.add(new Tunnel(client, server, selector, traffic));
            accepted++;
        } catch (IOException refused) {
            Tunnel.close(server);
            Tunnel.reset(client);
        }
    }

    private int cutAll(Cut how) {
        int open = tunnels.size();
        tunnels.forEach(tunnel -> tunnel.cut(how));
        tunnels.clear();
        cut += open;
        return open;
    }
}
