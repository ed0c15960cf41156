package io.framebroker.server.broker;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;

/** Creates streams on brokers whose store answers at once. */
public final class Created {
    private Created() {}

    public static StreamState stream(Broker broker, String name, StreamSettings settings) {
        CompletableFuture<StreamState> answer = new CompletableFuture<>();
        broker.createStream(name, settings, new Broker.Created() {
            @Override
            public void created(StreamState state) {
                answer.complete(state);
            }

            @Override
            public void elsewhere(String address) {
                answer.completeExceptionally(new AssertionError("the stream is at " + address));
            }

            @Override
            public void failed(BrokerException why) {
                answer.completeExceptionally(why);
            }
        });
        try {
            return answer.getNow(null);
        } catch (CompletionException e) {
            throw e.getCause() instanceof BrokerException refusal ? refusal : e;
        }
    }
}
