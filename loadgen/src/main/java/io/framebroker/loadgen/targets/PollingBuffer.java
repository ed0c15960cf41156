package io.framebroker.loadgen.targets;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * The floor: the HTTP frame buffer that the broker replaces, as its documents describe it. A frame is a JSON object with its
 * picture in base64, posted by itself; whoever asks gets up to so many, which are gone then. It keeps {@link #ROOM} frames in
 * memory for each group. Kinder than the old one in one thing: a frame that finds no room is refused and not dropped.
 */
public final class PollingBuffer implements AutoCloseable {
    static final String ENQUEUE = "/frames/enqueue";
    static final String DEQUEUE = "/frames/dequeue";
    static final int ROOM = 1_000;

    static {
        // Else the answer's body waits for the client's delayed acknowledgement of its head: 40 ms a request.
        System.setProperty("sun.net.httpserver.nodelay", "true");
    }

    private static final int NO_ROOM = 503;
    private static final int THREADS = 16;
    private static final int QUEUED_CONNECTIONS = 128;

    private final HttpServer server;
    private final ExecutorService threads = Executors.newFixedThreadPool(THREADS);
    private final Map<String, Deque<JsonObject>> groups = new ConcurrentHashMap<>();

    /** Starts on a port of the loopback interface; 0 for any. */
    public PollingBuffer(int port) throws IOException {
        this.server =
                HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), QUEUED_CONNECTIONS);
        server.setExecutor(threads);
        server.createContext(ENQUEUE, this::enqueue);
        server.createContext(DEQUEUE, this::dequeue);
        server.start();
    }

    public int port() {
        return server.getAddress().getPort();
    }

    @Override
    public void close() {
        server.stop(0);
        threads.shutdownNow();
    }

    private void enqueue(HttpExchange exchange) throws IOException {
        String text = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
        JsonObject frame = JsonParser.parseString(text).getAsJsonObject();
        boolean taken = offer(frame);
        JsonObject answer = new JsonObject();
        answer.addProperty("status", taken ? "enqueued" : "full");
        send(exchange, taken ? 200 : NO_ROOM, answer);
    }

    /** In all groups, or in none. */
    private synchronized boolean offer(JsonObject frame) {
        if (groups.values().stream().anyMatch(queue -> queue.size() >= ROOM)) {
            return false;
        }
        groups.values().forEach(queue -> queue.add(frame));
        return true;
    }

    /** {@code ?count=10&group=g}; a group that is new begins with the next frame. */
    private void dequeue(HttpExchange exchange) throws IOException {
        String[] query = exchange.getRequestURI().getQuery().split("[=&]");
        JsonArray frames = new JsonArray();
        poll(query[3], Integer.parseInt(query[1])).forEach(frames::add);
        JsonObject answer = new JsonObject();
        answer.add("frames", frames);
        send(exchange, 200, answer);
    }

    private synchronized List<JsonObject> poll(String group, int count) {
        Deque<JsonObject> queue = groups.computeIfAbsent(group, name -> new ArrayDeque<>());
        List<JsonObject> frames = new ArrayList<>();
        while (frames.size() < count && !queue.isEmpty()) {
            frames.add(queue.remove());
        }
        return frames;
    }

    private static void send(HttpExchange exchange, int status, JsonObject answer) throws IOException {
        try (exchange) {
            byte[] body = answer.toString().getBytes(StandardCharsets.UTF_8);
            exchange.getResponseHeaders().set("Content-Type", "application/json");
            exchange.sendResponseHeaders(status, body.length);
            exchange.getResponseBody().write(body);
        }
    }
}
