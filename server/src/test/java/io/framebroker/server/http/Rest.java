package io.framebroker.server.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;

/** A client of the old service. */
final class Rest {
    private final HttpClient client = HttpClient.newHttpClient();
    private volatile int port;

    Rest(int port) {
        this.port = port;
    }

    /** The broker has been started anew. */
    void port(int now) {
        port = now;
    }

    record Answer(int status, JsonObject body, HttpResponse<String> whole) {
        long number(String name) {
            return body.get(name).getAsLong();
        }

        String text(String name) {
            return body.get(name).getAsString();
        }

        List<JsonObject> frames() {
            List<JsonObject> frames = new ArrayList<>();
            for (JsonElement each : body.getAsJsonArray("frames")) {
                frames.add(each.getAsJsonObject());
            }
            return frames;
        }
    }

    HttpRequest.Builder request(String path) {
        return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path));
    }

    Answer send(HttpRequest.Builder request) throws IOException, InterruptedException {
        HttpResponse<String> response = client.send(request.build(), HttpResponse.BodyHandlers.ofString());
        boolean isJson =
                response.headers().firstValue("Content-Type").orElse("").equals("application/json");
        return new Answer(
                response.statusCode(),
                isJson ? JsonParser.parseString(response.body()).getAsJsonObject() : null,
                response);
    }

    Answer get(String path) throws IOException, InterruptedException {
        return send(request(path));
    }

    Answer post(String path, String body) throws IOException, InterruptedException {
        return send(request(path).POST(HttpRequest.BodyPublishers.ofString(body)));
    }

    Answer post(String path, JsonObject body) throws IOException, InterruptedException {
        return post(path, body.toString());
    }

    /** The frame of the old service's documents. */
    static JsonObject frame(String camera, String id) {
        JsonObject frame = new JsonObject();
        frame.addProperty("frame_id", id);
        frame.addProperty("timestamp", 1_234_567_890);
        frame.addProperty("camera_id", camera);
        frame.addProperty("width", 640);
        frame.addProperty("height", 480);
        frame.addProperty("format", "RGB");
        return frame;
    }

    /**
     * The loop of the old processors: asks for ten frames, processes each, rests when there are none. After an error it asks
     * again.
     */
    final class Processor extends Thread {
        private final ConcurrentLinkedQueue<String> processed;
        private volatile boolean stops;

        Processor(ConcurrentLinkedQueue<String> processed) {
            super("processor");
            this.processed = processed;
            start();
        }

        @Override
        public void run() {
            while (!stops) {
                try {
                    Answer answer = get("/frames/dequeue?count=10");
                    if (answer.status == 200) {
                        answer.frames()
                                .forEach(frame ->
                                        processed.add(frame.get("frame_id").getAsString()));
                        if (!answer.frames().isEmpty()) {
                            continue;
                        }
                    }
                } catch (IOException e) {
                    // As the old one: logged, and asked again.
                } catch (InterruptedException e) {
                    return;
                }
                java.util.concurrent.locks.LockSupport.parkNanos(10_000_000);
            }
        }

        void leave() throws InterruptedException {
            stops = true;
            join(30_000);
            assertThat(isAlive()).isFalse();
        }
    }
}
