package io.framebroker.server.http;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import com.sun.net.httpserver.HttpExchange;
import java.io.IOException;
import java.io.OutputStream;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** One request, and what is answered. Used by one thread. */
final class Call {
    static final String TEXT = "text/plain; charset=utf-8";
    static final String JSON = "application/json";

    private final HttpExchange exchange;
    private final Map<String, String> query = new TreeMap<>();

    Call(HttpExchange exchange) {
        this.exchange = exchange;
        String raw = exchange.getRequestURI().getRawQuery();
        if (raw != null) {
            for (String pair : raw.split("&")) {
                int equals = pair.indexOf('=');
                query.put(
                        decoded(equals < 0 ? pair : pair.substring(0, equals)),
                        equals < 0 ? "" : decoded(pair.substring(equals + 1)));
            }
        }
    }

    private static String decoded(String text) {
        try {
            return URLDecoder.decode(text, StandardCharsets.UTF_8);
        } catch (IllegalArgumentException e) {
            throw new RefusedException(400, "the query cannot be read: " + e.getMessage());
        }
    }

    String method() {
        return exchange.getRequestMethod();
    }

    String path() {
        return exchange.getRequestURI().getPath();
    }

    Optional<String> header(String name) {
        return Optional.ofNullable(exchange.getRequestHeaders().getFirst(name));
    }

    /** A parameter of the query; absent where it is not given. */
    Optional<String> parameter(String name) {
        return Optional.ofNullable(query.get(name));
    }

    /** All parameters of the query. */
    Map<String, String> parameters() {
        return Map.copyOf(query);
    }

    /** A whole number of the query. */
    int number(String name, int ifAbsent, int least, int most) {
        String text = query.get(name);
        if (text == null) {
            return ifAbsent;
        }
        try {
            int number = Integer.parseInt(text);
            if (number >= least && number <= most) {
                return number;
            }
        } catch (NumberFormatException e) {
            // Told below.
        }
        throw new RefusedException(400, name + "=" + text + " is not a whole number from " + least + " to " + most);
    }

    /** The body of the request, of at most so many bytes. */
    byte[] body(int mostBytes) throws IOException {
        byte[] bytes = exchange.getRequestBody().readNBytes(mostBytes + 1);
        if (bytes.length > mostBytes) {
            throw new RefusedException(413, "the body is larger than " + mostBytes + " bytes");
        }
        return bytes;
    }

    /** The body of the request, which is to be one JSON object. */
    JsonObject json(int mostBytes) throws IOException {
        return json(body(mostBytes));
    }

    /** A body that is to be one JSON object. */
    static JsonObject json(byte[] body) {
        String text = new String(body, StandardCharsets.UTF_8);
        try {
            JsonElement element = JsonParser.parseString(text);
            if (element.isJsonObject()) {
                return element.getAsJsonObject();
            }
        } catch (JsonParseException e) {
            throw new RefusedException(400, "the body is not JSON: " + e.getMessage());
        }
        throw new RefusedException(400, "the body is not a JSON object");
    }

    /** A header of the answer; to be set before the answer is sent. */
    void answerHeader(String name, String value) {
        exchange.getResponseHeaders().set(name, value);
    }

    /** Begins an answer of so many bytes. With fewer written when the request is done, its connection is broken off. */
    OutputStream begin(int code, String type, long length) throws IOException {
        exchange.getResponseHeaders().set("Content-Type", type);
        exchange.getResponseHeaders().set("X-Content-Type-Options", "nosniff");
        exchange.sendResponseHeaders(code, length);
        return exchange.getResponseBody();
    }

    void send(int code, String type, byte[] body) throws IOException {
        exchange.getResponseHeaders().set("Content-Type", type);
        exchange.getResponseHeaders().set("X-Content-Type-Options", "nosniff");
        boolean head = method().equals("HEAD");
        exchange.sendResponseHeaders(code, head || body.length == 0 ? -1 : body.length);
        if (!head) {
            exchange.getResponseBody().write(body);
        }
    }

    void send(int code, String text) throws IOException {
        send(code, TEXT, (text + "\n").getBytes(StandardCharsets.UTF_8));
    }

    void send(int code, JsonElement json) throws IOException {
        send(code, JSON, (json + "\n").getBytes(StandardCharsets.UTF_8));
    }
}
