package io.framebroker.examples;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest;
import io.opentelemetry.proto.common.v1.KeyValue;
import io.opentelemetry.proto.resource.v1.Resource;
import io.opentelemetry.proto.trace.v1.ResourceSpans;
import io.opentelemetry.proto.trace.v1.Span;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** Takes spans as Jaeger would, by OTLP over HTTP, and keeps them. */
final class SpanReceiver implements AutoCloseable {
    /** A span and who made it. */
    record Received(Span span, Resource resource) {
        String service() {
            return text(resource.getAttributesList(), "service.name");
        }

        String instance() {
            return text(resource.getAttributesList(), "service.instance.id");
        }

        String name() {
            return span.getName();
        }

        /** Empty when there is none. */
        String attribute(String key) {
            return text(span.getAttributesList(), "framebroker." + key);
        }

        boolean isChildOf(Received parent) {
            return span.getTraceId().equals(parent.span.getTraceId())
                    && span.getParentSpanId().equals(parent.span.getSpanId());
        }

        boolean isLinkedTo(Received other) {
            return span.getLinksList().stream()
                    .anyMatch(link -> link.getSpanId().equals(other.span.getSpanId()));
        }

        private static String text(List<KeyValue> attributes, String key) {
            return attributes.stream()
                    .filter(each -> each.getKey().equals(key))
                    .map(each -> each.getValue().hasStringValue()
                            ? each.getValue().getStringValue()
                            : Long.toString(each.getValue().getIntValue()))
                    .findFirst()
                    .orElse("");
        }

        @Override
        public String toString() {
            return service() + ": " + name() + " " + attribute("group") + " " + attribute("reason");
        }
    }

    private final List<Received> received = new CopyOnWriteArrayList<>();
    private final HttpServer server;

    SpanReceiver() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/v1/traces", this::take);
        server.start();
    }

    private void take(HttpExchange exchange) throws IOException {
        try (exchange;
                InputStream body = exchange.getRequestBody()) {
            for (ResourceSpans of : ExportTraceServiceRequest.parseFrom(body).getResourceSpansList()) {
                of.getScopeSpansList()
                        .forEach(scope -> scope.getSpansList()
                                .forEach(span -> received.add(new Received(span, of.getResource()))));
            }
            exchange.sendResponseHeaders(200, -1);
        }
    }

    String url() {
        return "http://127.0.0.1:" + server.getAddress().getPort();
    }

    List<Received> all() {
        return received;
    }

    List<Received> named(String name) {
        return received.stream().filter(each -> each.name().equals(name)).toList();
    }

    @Override
    public void close() {
        server.stop(0);
    }
}
