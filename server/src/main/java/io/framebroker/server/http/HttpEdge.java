package io.framebroker.server.http;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.prometheus.client.CollectorRegistry;
import io.prometheus.client.exporter.common.TextFormat;
import io.prometheus.client.hotspot.DefaultExports;
import java.io.IOException;
import java.io.StringWriter;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Serves {@code /health}, {@code /livez}, {@code /readyz} and {@code /metrics}. Thread-safe. */
public final class HttpEdge implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(HttpEdge.class);
    private static final int THREADS = 2;
    private static final int QUEUED_CONNECTIONS = 16;
    private static final String TEXT = "text/plain; charset=utf-8";

    static {
        // Seconds a client may take for a request and for its answer; the server's own default is for ever.
        System.setProperty("sun.net.httpserver.maxReqTime", System.getProperty("sun.net.httpserver.maxReqTime", "10"));
        System.setProperty("sun.net.httpserver.maxRspTime", System.getProperty("sun.net.httpserver.maxRspTime", "10"));
    }

    /** What is said of the broker. */
    public interface Status {
        /** Whether the work that nobody asks for goes on. */
        boolean isAlive();

        boolean isDraining();
    }

    private interface Page {
        void answer(HttpExchange exchange) throws IOException;
    }

    private final HttpServer server;
    private final ExecutorService threads;
    private final Status status;
    private final HealthReport health;
    private final BooleanSupplier storeIsUp;
    private final CollectorRegistry registry = new CollectorRegistry();
    private final Clock clock;
    private final Map<String, Page> pages = Map.of(
            "/health", this::health,
            "/livez", this::live,
            "/readyz", this::ready,
            "/metrics", this::metrics);

    private HttpEdge(
            HttpServer server,
            Status status,
            HealthReport health,
            BrokerMetrics metrics,
            BooleanSupplier storeIsUp,
            Clock clock) {
        this.server = server;
        this.status = status;
        this.health = health;
        this.storeIsUp = storeIsUp;
        this.clock = clock;
        registry.register(metrics);
        DefaultExports.register(registry);
        this.threads = Executors.newFixedThreadPool(THREADS, task -> {
            Thread thread = new Thread(task, "frame-broker-http");
            thread.setDaemon(true);
            return thread;
        });
    }

    /**
     * Starts serving.
     *
     * @param storeIsUp whether the store takes frames
     * @return null where nothing is to be served, or the port is another's and HTTP was not required
     * @throws IOException the address cannot be listened on; the message names it, and the way out
     */
    public static HttpEdge start(
            HttpSettings settings,
            Status status,
            HealthReport health,
            BrokerMetrics metrics,
            BooleanSupplier storeIsUp,
            Clock clock)
            throws IOException {
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
        HttpEdge edge = new HttpEdge(server, status, health, metrics, storeIsUp, clock);
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
        threads.shutdownNow();
        try {
            threads.awaitTermination(1, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void answer(HttpExchange exchange) throws IOException {
        try (exchange) {
            Page page = pages.get(exchange.getRequestURI().getPath());
            if (page == null) {
                send(
                        exchange,
                        404,
                        TEXT,
                        "there are "
                                + String.join(
                                        ", ", pages.keySet().stream().sorted().toList()) + "\n");
            } else if (!exchange.getRequestMethod().equals("GET")) {
                exchange.getResponseHeaders().set("Allow", "GET");
                send(exchange, 405, TEXT, "only GET\n");
            } else {
                page.answer(exchange);
            }
        } catch (RuntimeException | Error e) {
            log.error("{} failed", exchange.getRequestURI(), e);
            throw e;
        }
    }

    private void health(HttpExchange exchange) throws IOException {
        HealthReport.Answer answer = health.answer(clock.millis(), status.isDraining());
        send(exchange, answer.serves() ? 200 : 503, "application/json", answer.body() + "\n");
    }

    private void live(HttpExchange exchange) throws IOException {
        if (status.isAlive()) {
            send(exchange, 200, TEXT, "alive\n");
        } else {
            send(exchange, 503, TEXT, "the broker's timer stands still\n");
        }
    }

    private void ready(HttpExchange exchange) throws IOException {
        if (status.isDraining()) {
            send(exchange, 503, TEXT, "draining\n");
        } else if (!storeIsUp.getAsBoolean()) {
            send(exchange, 503, TEXT, "the store takes no frames\n");
        } else {
            send(exchange, 200, TEXT, "ready\n");
        }
    }

    private void metrics(HttpExchange exchange) throws IOException {
        String type = TextFormat.chooseContentType(exchange.getRequestHeaders().getFirst("Accept"));
        StringWriter text = new StringWriter();
        TextFormat.writeFormat(type, text, registry.metricFamilySamples());
        send(exchange, 200, type, text.toString());
    }

    private static void send(HttpExchange exchange, int code, String type, String text) throws IOException {
        byte[] body = text.getBytes(StandardCharsets.UTF_8);
        exchange.getResponseHeaders().set("Content-Type", type);
        exchange.sendResponseHeaders(code, body.length);
        exchange.getResponseBody().write(body);
    }
}
