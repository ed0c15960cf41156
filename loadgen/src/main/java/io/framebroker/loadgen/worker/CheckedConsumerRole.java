package io.framebroker.loadgen.worker;

import io.framebroker.loadgen.role.Line;
import io.framebroker.loadgen.role.Role;

/**
 * A checked consumer that takes commands: {@code open} with a {@link ConsumerSetup}, {@code cure}, {@code stats} and {@code close}, which writes
 * the end of the log. Used by one thread.
 */
public final class CheckedConsumerRole implements Role {
    private CheckedConsumer consumer;

    @Override
    public Line ask(Line request) throws InterruptedException {
        switch (request.verb()) {
            case "open" -> consumer = new CheckedConsumer(ConsumerSetup.of(request.fields()));
            case "cure" -> consumer.cure();
            case "close" -> close();
            case "stats" -> {
                return Line.of(Line.OK)
                        .with("delivered", consumer.delivered())
                        .with("confirmed", consumer.confirmed())
                        .with("reconnects", consumer.reconnects())
                        .with("failure", consumer.failure());
            }
            default -> throw new IllegalArgumentException("a checked consumer does not know '" + request.verb() + "'");
        }
        return Line.of(Line.OK);
    }

    @Override
    public void close() {
        if (consumer != null) {
            consumer.close();
            consumer = null;
        }
    }
}
