package io.framebroker.server.http;

import io.prometheus.client.CollectorRegistry;
import io.prometheus.client.exporter.common.TextFormat;
import io.prometheus.client.hotspot.DefaultExports;
import java.io.IOException;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.util.function.BooleanSupplier;

/** {@code /health}, {@code /livez}, {@code /readyz} and {@code /metrics}. Thread-safe. */
public final class Probes {
    /** What is said of the broker. */
    public interface Status {
        /** Whether the work that nobody asks for goes on. */
        boolean isAlive();

        boolean isDraining();
    }

    private final Status status;
    private final HealthReport health;
    private final BooleanSupplier storeIsUp;
    private final Clock clock;
    private final CollectorRegistry registry = new CollectorRegistry();

    /** @param storeIsUp whether the store takes frames */
    public Probes(Status status, HealthReport health, BrokerMetrics metrics, BooleanSupplier storeIsUp, Clock clock) {
        this.status = status;
        this.health = health;
        this.storeIsUp = storeIsUp;
        this.clock = clock;
        registry.register(metrics);
        DefaultExports.register(registry);
    }

    void addTo(Routes routes) {
        routes.probe("/health", this::health)
                .probe("/livez", this::live)
                .probe("/readyz", this::ready)
                .probe("/metrics", this::metrics);
    }

    private void health(Call call) throws IOException {
        HealthReport.Answer answer = health.answer(clock.millis(), status.isDraining());
        call.send(answer.serves() ? 200 : 503, answer.body());
    }

    private void live(Call call) throws IOException {
        if (status.isAlive()) {
            call.send(200, "alive");
        } else {
            call.send(503, "the broker's timer stands still");
        }
    }

    private void ready(Call call) throws IOException {
        if (status.isDraining()) {
            call.send(503, "draining");
        } else if (!storeIsUp.getAsBoolean()) {
            call.send(503, "the store takes no frames");
        } else {
            call.send(200, "ready");
        }
    }

    private void metrics(Call call) throws IOException {
        String type = TextFormat.chooseContentType(call.header("Accept").orElse(null));
        StringWriter text = new StringWriter();
        TextFormat.writeFormat(type, text, registry.metricFamilySamples());
        call.send(200, type, text.toString().getBytes(StandardCharsets.UTF_8));
    }
}
