package io.framebroker.loadgen.worker;

import io.framebroker.loadgen.role.Line;
import io.framebroker.loadgen.role.Role;
import java.time.Duration;

/**
 * A checked publisher that takes commands: {@code open} with a {@link PublisherSetup}, {@code start}, {@code stats}, {@code stop}
 * (no more frames; answers when all have an outcome or the patience is over) and {@code close}, which writes the end of the log.
 * Used by one thread.
 */
public final class CheckedPublisherRole implements Role {
    private CheckedPublisher publisher;

    @Override
    public Line ask(Line request) throws InterruptedException {
        switch (request.verb()) {
            case "open" -> publisher = new CheckedPublisher(PublisherSetup.of(request.fields()));
            case "start" -> publisher.start();
            case "stop" -> publisher.stop(Duration.ofMillis(request.number("patience_ms")));
            case "close" -> close();
            case "stats" -> {
                return Line.of(Line.OK)
                        .with("invoked", publisher.invoked())
                        .with("acked", publisher.acked())
                        .with("resolved", publisher.resolved())
                        .with("calls", publisher.calls())
                        .with("failure", publisher.failure());
            }
            default -> throw new IllegalArgumentException("a checked publisher does not know '" + request.verb() + "'");
        }
        return Line.of(Line.OK);
    }

    @Override
    public void close() {
        if (publisher != null) {
            publisher.close();
            publisher = null;
        }
    }
}
