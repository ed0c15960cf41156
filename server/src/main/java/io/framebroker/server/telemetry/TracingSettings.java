package io.framebroker.server.telemetry;

/**
 * Where spans go.
 *
 * @param endpoint URL of whoever takes OTLP over HTTP, such as {@code http://localhost:4318}, without a slash at its end
 * @param serviceName what they are shown under
 * @param instance which of several brokers this is
 */
public record TracingSettings(String endpoint, String serviceName, String instance, String version) {}
