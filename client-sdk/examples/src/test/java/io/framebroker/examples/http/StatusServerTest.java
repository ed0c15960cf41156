package io.framebroker.examples.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.framebroker.examples.http.StatusServer.Health;
import io.prometheus.client.CollectorRegistry;
import io.prometheus.client.Counter;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(300)
class StatusServerTest {

    private final AtomicBoolean healthy = new AtomicBoolean(true);
    private final CollectorRegistry registry = new CollectorRegistry();
    private StatusServer server;

    @BeforeEach
    void start() throws IOException {
        Counter.build("frames_processed_total", "Frames").register(registry).inc(3);
        server = StatusServer.start(
                "127.0.0.1",
                0,
                () -> new Health(healthy.get(), new JsonObject().put("status", healthy.get() ? "well" : "ill")),
                registry);
    }

    @AfterEach
    void stop() {
        server.close();
    }

    @Test
    void healthIsToldInWordsAndInTheStatusCode() throws Exception {
        assertThat(get("/health").statusCode()).isEqualTo(200);
        healthy.set(false);

        assertThat(get("/health").statusCode()).isEqualTo(503);
        assertThat(get("/health").body()).isEqualTo("{\"status\":\"ill\"}\n");
    }

    @Test
    void metricsAreInPrometheusText() throws Exception {
        HttpResponse<String> answer = get("/metrics");

        assertThat(answer.headers().firstValue("Content-Type"))
                .hasValueSatisfying(type -> assertThat(type).startsWith("text/plain"));
        assertThat(answer.body()).contains("frames_processed_total 3.0");
    }

    @Test
    void thereIsNothingElse() throws Exception {
        assertThat(get("/healthy").statusCode()).isEqualTo(404);
        assertThat(send(HttpRequest.newBuilder(uri("/health"))
                                .POST(HttpRequest.BodyPublishers.ofString("x"))
                                .build())
                        .statusCode())
                .isEqualTo(405);
    }

    @Test
    void aPortThatIsTakenIsNamed() {
        assertThatThrownBy(() -> StatusServer.start("127.0.0.1", server.port(), () -> null, registry))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("127.0.0.1:" + server.port());
    }

    private HttpResponse<String> get(String path) throws Exception {
        return send(HttpRequest.newBuilder(uri(path)).build());
    }

    private HttpResponse<String> send(HttpRequest request) throws Exception {
        return HttpClient.newHttpClient().send(request, BodyHandlers.ofString());
    }

    private URI uri(String path) {
        return URI.create("http://127.0.0.1:" + server.port() + path);
    }
}
