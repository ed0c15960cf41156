package io.framebroker.examples.traces;

import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Whether and where a program sends traces. */
public final class TraceOptions {
    @Spec(Spec.Target.MIXEE)
    private CommandSpec spec;

    @Option(
            names = "--otlp-endpoint",
            paramLabel = "URL",
            defaultValue = "${env:OTEL_EXPORTER_OTLP_ENDPOINT}",
            description = "Where traces go, by OTLP over HTTP, such as http://localhost:4318; empty for nowhere"
                    + " (OTEL_EXPORTER_OTLP_ENDPOINT, default none)")
    private String endpoint;

    @Option(
            names = "--service-name",
            paramLabel = "NAME",
            defaultValue = "${env:OTEL_SERVICE_NAME}",
            description = "What traces show this program as (OTEL_SERVICE_NAME, default: the command's name)")
    private String serviceName;

    /** Begins to send, where that is wanted. To be closed behind the client. */
    public SentTraces open() {
        if (endpoint == null || endpoint.isEmpty()) {
            return SentTraces.NONE;
        }
        // A user's password would be said with the endpoint where that does not answer, and is of no use: it is not
        // sent.
        if (!endpoint.matches("https?://[^/?#@]+/?")) {
            throw new ParameterException(
                    spec.commandLine(),
                    "--otlp-endpoint " + endpoint.replaceFirst("[^/]*@", "***@")
                            + " is no http://host:port or https://host:port; name the port for"
                            + " OTLP over HTTP, mostly 4318");
        }
        return new OtlpTraces(
                endpoint.replaceFirst("/$", ""),
                serviceName == null || serviceName.isEmpty() ? spec.name() : serviceName);
    }
}
