package io.framebroker.examples.http;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.prometheus.client.CollectorRegistry;
import io.prometheus.client.exporter.common.TextFormat;
import java.io.IOException;
import java.io.StringWriter;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/** Serves {@code /health} and {@code /metrics}; knows nothing else. */
public final class StatusServer implements AutoCloseable {

    private static final int THREADS = 2;
    private static final int QUEUED_CONNECTIONS = 16;

    static {
        // Seconds a client may take for a request and for its answer; the server's own default is for ever.
        System.setProperty("sun.net.httpserver.maxReqTime", System.getProperty("sun.net.httpserver.maxReqTime", "10"));
        System.setProperty("sun.net.httpserver.maxRspTime", System.getProperty("sun.net.httpserver.maxRspTime", "10"));
    }

    /**
     * What a program says about itself.
     *
     * @param healthy answered as 200 or 503
     * @param body the details
     */
    public record Health(boolean healthy, JsonObject body) {}

    private final HttpServer server;
    private final ExecutorService threads;
    private final Supplier<Health> health;
    private final CollectorRegistry metrics;

    private StatusServer(HttpServer server, Supplier<Health> health, CollectorRegistry metrics) {
        this.server = server;
        this.health = health;
        this.metrics = metrics;
        this.threads = Executors.newFixedThreadPool(THREADS, task -> {
            Thread thread = new Thread(task, "status-http");
            thread.setDaemon(true);
            return thread;
        });
    }

    /**
     * Starts serving.
     *
     * @param port 0 for any free one
     * @throws IOException if the address is taken or not this host's; the message names it
     */
    public static StatusServer start(String host, int port, Supplier<Health> health, CollectorRegistry metrics)
            throws IOException {
        HttpServer server;
        try {
            server = HttpServer.create(new InetSocketAddress(host, port), QUEUED_CONNECTIONS);
        } catch (IOException taken) {
            throw new IOException("cannot serve /health on " + host + ":" + port + ": " + taken.getMessage(), taken);
        }
        StatusServer status = new StatusServer(server, health, metrics);
        server.setExecutor(status.threads);
        server.createContext("/", status::answer);
        server.start();
        return status;
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
        } catch (InterruptedException hurry) {
            Thread.currentThread().interrupt();
        }
    }

    private void answer(HttpExchange exchange) throws IOException {
        try (exchange) {
            if (!exchange.getRequestMethod().equals("GET")) {
                send(exchange, 405, "text/plain", "only GET\n");
                return;
            }
            switch (exchange.getRequestURI().getPath()) {
                case "/health" -> {
                    Health now = health.get();
                    send(exchange, now.healthy() ? 200 : 503, "application/json", now.body() + "\n");
                }
                case "/metrics" -> {
                    String type = TextFormat.chooseContentType(
                            exchange.getRequestHeaders().getFirst("Accept"));
                    StringWriter text = new StringWriter();
                    TextFormat.writeFormat(type, text, metrics.metricFamilySamples());
                    send(exchange, 200, type, text.toString());
                }
                default -> send(exchange, 404, "text/plain", "there are /health and /metrics\n");
            }
        }
    }

    private static void send(HttpExchange exchange, int status, String type, String text) throws IOException {
        byte[] body = text.getBytes(StandardCharsets.UTF_8);
        exchange.getResponseHeaders().set("Content-Type", type);
        exchange.sendResponseHeaders(status, body.length);
        exchange.getResponseBody().write(body);
    }
}
