package io.framebroker.server.store.redis;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import redis.clients.jedis.HostAndPort;

/**
 * Passes bytes between clients and a Redis, on a loopback port of its own, until it is told otherwise. What it is told
 * holds for all connections together. Thread-safe.
 */
public final class FaultProxy implements AutoCloseable {
    private static final long FOR_EVER = Long.MAX_VALUE;

    private final HostAndPort target;
    private final ServerSocket server;
    private final Set<Pair> pairs = ConcurrentHashMap.newKeySet();
    // Guarded by this.
    private boolean refuses;
    private boolean frozen;
    private long upLeft = FOR_EVER;
    private long downLeft = FOR_EVER;
    private long up;
    private long down;
    private long cuts;

    public FaultProxy(HostAndPort target) {
        this.target = target;
        try {
            this.server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        start(this::accept);
    }

    public HostAndPort address() {
        return new HostAndPort("127.0.0.1", server.getLocalPort());
    }

    /** Cuts every connection when so many more bytes have gone to Redis. */
    public synchronized void cutUpAfter(long bytes) {
        upLeft = bytes;
    }

    /** Cuts every connection when so many more bytes have come from Redis. */
    public synchronized void cutDownAfter(long bytes) {
        downLeft = bytes;
    }

    /** Cuts every connection, and cuts no later one. */
    public void cut() {
        chosen().forEach(Pair::close);
    }

    /** The connections there are at this moment, which are to be cut: whoever sees it may be back before the last one is. */
    private synchronized List<Pair> chosen() {
        cutNoMore();
        cuts++;
        return List.copyOf(pairs);
    }

    public synchronized void cutNoMore() {
        upLeft = FOR_EVER;
        downLeft = FOR_EVER;
    }

    /** Cuts every connection and takes no new one until {@link #accept}. */
    public void refuse() {
        synchronized (this) {
            refuses = true;
        }
        cut();
    }

    public synchronized void acceptAgain() {
        refuses = false;
    }

    /** Passes nothing until {@link #thaw}; what comes meanwhile is passed then. */
    public synchronized void freeze() {
        frozen = true;
    }

    public synchronized void thaw() {
        frozen = false;
        notifyAll();
    }

    /** Bytes that have gone to Redis. */
    public synchronized long up() {
        return up;
    }

    /** Bytes that have come from Redis. */
    public synchronized long down() {
        return down;
    }

    /** How often connections were cut. */
    public synchronized long cuts() {
        return cuts;
    }

    private void accept() throws IOException {
        while (true) {
            Socket client = server.accept();
            Pair pair;
            synchronized (this) {
                if (refuses) {
                    client.close();
                    continue;
                }
                try {
                    pair = new Pair(client, new Socket(target.getHost(), target.getPort()));
                } catch (IOException e) {
                    // Redis is not there.
                    client.close();
                    continue;
                }
                pairs.add(pair);
            }
            start(() -> pump(pair, pair.client, pair.redis, true));
            start(() -> pump(pair, pair.redis, pair.client, false));
        }
    }

    private void pump(Pair pair, Socket from, Socket to, boolean upwards) throws IOException {
        byte[] buffer = new byte[64 * 1024];
        try {
            for (int read = from.getInputStream().read(buffer);
                    read >= 0;
                    read = from.getInputStream().read(buffer)) {
                Admission admission = admit(read, upwards);
                to.getOutputStream().write(buffer, 0, admission.bytes);
                if (admission.bytes < read) {
                    admission.cut.forEach(Pair::close);
                    return;
                }
            }
        } finally {
            pair.close();
            pairs.remove(pair);
        }
    }

    /**
     * @param bytes how many may pass
     * @param cut what is to be cut when they have
     */
    private record Admission(int bytes, List<Pair> cut) {}

    private synchronized Admission admit(int bytes, boolean upwards) {
        while (frozen) {
            try {
                wait();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return new Admission(0, List.of());
            }
        }
        int pass = (int) Math.min(bytes, upwards ? upLeft : downLeft);
        if (upwards) {
            up += pass;
            upLeft -= upLeft == FOR_EVER ? 0 : pass;
        } else {
            down += pass;
            downLeft -= downLeft == FOR_EVER ? 0 : pass;
        }
        return new Admission(pass, pass < bytes ? chosen() : List.of());
    }

    @Override
    public void close() {
        try {
            server.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        refuse();
        thaw();
    }

    private record Pair(Socket client, Socket redis) {
        void close() {
            for (Socket socket : new Socket[] {client, redis}) {
                try {
                    socket.close();
                } catch (IOException e) {
                    // It is closed then.
                    continue;
                }
            }
        }
    }

    private interface Work {
        void run() throws IOException;
    }

    private static void start(Work work) {
        Thread thread = new Thread(
                () -> {
                    try {
                        work.run();
                    } catch (IOException e) {
                        // A socket was closed: that is how it ends.
                        return;
                    }
                },
                "fault-proxy");
        thread.setDaemon(true);
        thread.start();
    }
}
