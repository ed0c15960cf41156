package io.framebroker.server.http;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.grpc.Channel;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Everything that is served over HTTP. Thread-safe. */
public final class HttpEdge implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(HttpEdge.class);
    /** Those who say how the broker is find one free though others are at work, wait, or send their requests slowly. */
    private static final int THREADS = 64;

    /** Requests in work, but for those. */
    private static final int MOST_IN_WORK = 16;
    /** Requests that wait for others to be done. */
    private static final int MOST_WAITING = 32;

    private static final long WAIT_SECONDS = 5;
    private static final int QUEUED_CONNECTIONS = 64;

    static {
        // Else an answer's body waits for the client's delayed acknowledgement of its head: 40 ms a request.
        System.setProperty("sun.net.httpserver.nodelay", System.getProperty("sun.net.httpserver.nodelay", "true"));
        // Seconds a client may take for a request and for its answer; the server's own default is for ever.
        System.setProperty("sun.net.httpserver.maxReqTime", System.getProperty("sun.net.httpserver.maxReqTime", "10"));
        System.setProperty("sun.net.httpserver.maxRspTime", System.getProperty("sun.net.httpserver.maxRspTime", "10"));
    }

    private final HttpServer server;
    private final ExecutorService threads;
    private final Semaphore work = new Semaphore(MOST_IN_WORK, true);
    private final Access access;
    private final Routes routes = new Routes();
    private final Gateway gateway;
    private final LivePage page;

    private HttpEdge(HttpServer server, HttpSettings settings, Probes probes, Channel broker) {
        this.server = server;
        this.access = new Access(settings);
        probes.addTo(routes);
        this.gateway = new Gateway(settings.gateway(), broker);
        gateway.addTo(routes);
        this.page = new LivePage(broker);
        page.addTo(routes);
        this.threads = Executors.newFixedThreadPool(THREADS, task -> {
            Thread thread = new Thread(task, "frame-broker-http");
            thread.setDaemon(true);
            return thread;
        });
    }

    /**
     * Starts serving.
     *
     * @param broker the broker's services, of which this is a client like others: also for streams of other brokers
     * @return null where nothing is to be served, or the port is another's and HTTP was not required
     * @throws IOException the address cannot be listened on; the message names it, and the way out
     */
    public static HttpEdge start(HttpSettings settings, Probes probes, Channel broker) throws IOException {
        if (settings.port() < 0) {
            return null;
        }
        HttpServer server;
        try {
            server = HttpServer.create(new InetSocketAddress(settings.host(), settings.port()), QUEUED_CONNECTIONS);
        } catch (IOException e) {
            String what = "HTTP cannot be served on " + settings.host() + ":" + settings.port() + ": " + e.getMessage();
            if (settings.required()) {
                throw new IOException(what + "; name another port with --http-port, or -1 for no HTTP", e);
            }
            log.warn("{}; the broker runs without it. Name another port with --http-port", what);
            return null;
        }
        HttpEdge edge = new HttpEdge(server, settings, probes, broker);
        server.setExecutor(edge.threads);
        server.createContext("/", edge::answer);
        server.start();
        return edge;
    }

    public int port() {
        return server.getAddress().getPort();
    }

    @Override
    public void close() {
        server.stop(0);
        page.close();
        threads.shutdownNow();
        gateway.close();
        try {
            threads.awaitTermination(1, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void answer(HttpExchange exchange) throws IOException {
        try (exchange) {
            try {
                Call call = new Call(exchange);
                try {
                    Routes.Route route = routes.of(call);
                    switch (route.kind()) {
                        case PROBE -> route.handler().answer(call);
                        case LOOKS -> {
                            access.checkLooking(call);
                            inTurn(call, route.handler());
                        }
                        case CHANGES -> {
                            access.check(call);
                            inTurn(call, route.handler());
                        }
                    }
                } catch (RefusedException refused) {
                    call.send(refused.status(), refused.getMessage());
                }
            } catch (RefusedException refused) {
                // The request could not even be read.
                exchange.sendResponseHeaders(refused.status(), -1);
            }
        } catch (RuntimeException | Error e) {
            log.error("{} failed", exchange.getRequestURI(), e);
            throw e;
        }
    }

    /** So many at a time; the others wait a while. */
    private void inTurn(Call call, Routes.Handler handler) throws IOException {
        try {
            if (work.getQueueLength() >= MOST_WAITING || !work.tryAcquire(WAIT_SECONDS, TimeUnit.SECONDS)) {
                new GatewayException(503, "TOO_MANY_WAITING", "too many requests are in work; ask again").answer(call);
                return;
            }
        } catch (InterruptedException e) {
            throw new RefusedException(503, "the broker is stopping; ask again");
        }
        try {
            handler.answer(call);
        } finally {
            work.release();
        }
    }
}
