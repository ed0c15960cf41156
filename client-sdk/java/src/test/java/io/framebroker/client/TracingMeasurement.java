package io.framebroker.client;

import com.sun.net.httpserver.HttpServer;
import io.opentelemetry.sdk.OpenTelemetrySdk;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/**
 * What being seen costs a broker: processor time and allocated bytes a frame, of one that sends traces and is scraped once a
 * round, which is every four seconds, and of one that does neither, in turn. Publishers trace a frame a second in both. Not run by the build, for it asserts nothing; the command is in the
 * server's RATIONALE.md.
 */
@EnabledIfSystemProperty(named = "tracing.rounds", matches = "\\d+")
class TracingMeasurement {
    private static final int STREAMS = 4;
    private static final int WARM_ROUNDS = 3;
    private static final long ROUND_NANOS = 4_000_000_000L;
    private static final Pattern CPU = Pattern.compile(" cpu=([0-9.]+)ms");
    private static final Pattern ALLOCATED = Pattern.compile(" allocated=([0-9.]+)([BKMG])");

    private record Cost(double cpuMicros, double bytes) {}

    @Test
    void measure() throws Exception {
        AtomicLong requests = new AtomicLong();
        HttpServer receiver = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        receiver.createContext("/", exchange -> {
            exchange.getRequestBody().transferTo(OutputStream.nullOutputStream());
            requests.incrementAndGet();
            exchange.sendResponseHeaders(200, -1);
            exchange.close();
        });
        receiver.start();
        int rounds = Integer.getInteger("tracing.rounds");
        System.out.println("| frame | CPU, us | seen | ratio | allocated, bytes | seen | ratio |");
        System.out.println("|---|---|---|---|---|---|---|");
        for (int bytes : new int[] {184, 100_000}) {
            Process plain = broker("--http-port", "-1");
            Process traced = broker(
                    "--http-port",
                    "0",
                    "--otlp-endpoint",
                    "http://127.0.0.1:" + receiver.getAddress().getPort());
            try {
                Ports plainPort = ports(plain);
                Ports tracedPort = ports(traced);
                // The first rounds of a broker are its compiler's.
                for (int i = 0; i < WARM_ROUNDS; i++) {
                    round(plain, plainPort, bytes);
                    round(traced, tracedPort, bytes);
                }
                List<Cost> without = new ArrayList<>();
                List<Cost> with = new ArrayList<>();
                for (int i = 0; i < rounds; i++) {
                    without.add(round(plain, plainPort, bytes));
                    with.add(round(traced, tracedPort, bytes));
                }
                System.out.printf(
                        Locale.ROOT,
                        "| %d B | %s | %s |%n",
                        bytes,
                        row(without, with, true),
                        row(without, with, false));
            } finally {
                plain.destroy();
                traced.destroy();
            }
        }
        System.out.println("requests with spans: " + requests);
        receiver.stop(0);
    }

    private static String row(List<Cost> without, List<Cost> with, boolean cpu) {
        List<Double> before = values(without, cpu);
        List<Double> after = values(with, cpu);
        List<Double> ratios = new ArrayList<>();
        for (int i = 0; i < before.size(); i++) {
            ratios.add(after.get(i) / before.get(i));
        }
        return shown(before, cpu ? "%.2f" : "%.0f") + " | " + shown(after, cpu ? "%.2f" : "%.0f") + " | "
                + shown(ratios, "%.3f");
    }

    private static List<Double> values(List<Cost> costs, boolean cpu) {
        return new ArrayList<>(
                costs.stream().map(cost -> cpu ? cost.cpuMicros : cost.bytes).toList());
    }

    /** Median, and the range. */
    private static String shown(List<Double> values, String format) {
        List<Double> sorted = new ArrayList<>(values);
        Collections.sort(sorted);
        return String.format(
                Locale.ROOT,
                format + " (" + format + "-" + format + ")",
                sorted.get(sorted.size() / 2),
                sorted.get(0),
                sorted.get(sorted.size() - 1));
    }

    private static Process broker(String... arguments) throws Exception {
        List<String> line = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xms512m",
                "-Xmx512m",
                "-XX:+UseParallelGC",
                "-cp",
                System.getProperty("java.class.path"),
                "io.framebroker.server.FrameBroker",
                "--grpc-port",
                "0",
                "--store",
                "memory",
                "--exit-with-stdin"));
        line.addAll(List.of(arguments));
        return new ProcessBuilder(line)
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
    }

    /** @param http empty where there is none */
    private record Ports(String grpc, String http) {
        void scrape() throws IOException {
            if (!http.isEmpty()) {
                try (InputStream page = URI.create("http://127.0.0.1:" + http + "/metrics")
                        .toURL()
                        .openStream()) {
                    page.transferTo(OutputStream.nullOutputStream());
                }
            }
        }
    }

    private static Ports ports(Process broker) throws IOException {
        String ready = broker.inputReader().readLine();
        return new Ports(ready.replaceAll(".*grpc=(\\d+).*", "$1"), ready.replaceAll(".*http=(?:(\\d+)|none).*", "$1"));
    }

    private static Cost round(Process broker, Ports ports, int bytes) throws Exception {
        OpenTelemetrySdk telemetry = OpenTelemetrySdk.builder()
                .setTracerProvider(SdkTracerProvider.builder().build())
                .build();
        AtomicLong handled = new AtomicLong();
        try (FrameBrokerClient client = FrameBrokerClient.builder("localhost:" + ports.grpc())
                .openTelemetry(telemetry)
                .build()) {
            List<FramePublisher> publishers = new ArrayList<>();
            String[] streams = new String[STREAMS];
            for (int i = 0; i < STREAMS; i++) {
                streams[i] = "cam" + i;
                publishers.add(
                        client.publisher(streams[i]).whenFull(WhenFull.BLOCK).open());
            }
            client.consumer(streams)
                    .group("detector")
                    .window(4096, 64 << 20)
                    .direct()
                    .onFrame(frame -> handled.incrementAndGet());
            List<OutgoingFrame> batch = new ArrayList<>();
            byte[] payload = new byte[bytes];
            for (int i = 0; i < (bytes < 10_000 ? 64 : 1); i++) {
                batch.add(OutgoingFrame.jpeg(payload));
            }
            long untilNanos = System.nanoTime() + 1_000_000_000L;
            publish(publishers, batch, untilNanos);
            long framesBefore = handled.get();
            Cost before = total(broker);
            ports.scrape();
            publish(publishers, batch, System.nanoTime() + ROUND_NANOS);
            Cost after = total(broker);
            double frames = handled.get() - framesBefore;
            return new Cost((after.cpuMicros - before.cpuMicros) / frames, (after.bytes - before.bytes) / frames);
        }
    }

    private static void publish(List<FramePublisher> publishers, List<OutgoingFrame> batch, long untilNanos) {
        while (System.nanoTime() - untilNanos < 0) {
            publishers.forEach(publisher -> publisher.publish(batch));
        }
    }

    /** Of all threads that the broker has, but for those of the compiler. */
    private static Cost total(Process broker) throws Exception {
        Process jcmd = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "jcmd").toString(),
                        Long.toString(broker.pid()),
                        "Thread.print",
                        "-e")
                .start();
        double cpuMicros = 0;
        double bytes = 0;
        for (String line : new String(jcmd.getInputStream().readAllBytes(), StandardCharsets.UTF_8).split("\n")) {
            Matcher cpu = CPU.matcher(line);
            if (line.startsWith("\"") && !line.contains("Compiler") && cpu.find()) {
                cpuMicros += Double.parseDouble(cpu.group(1)) * 1_000;
                Matcher allocated = ALLOCATED.matcher(line);
                if (allocated.find()) {
                    bytes += Double.parseDouble(allocated.group(1)) * (1L << 10 * "BKMG".indexOf(allocated.group(2)));
                }
            }
        }
        return new Cost(cpuMicros, bytes);
    }
}
