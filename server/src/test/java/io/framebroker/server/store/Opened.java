package io.framebroker.server.store;

import io.framebroker.server.broker.BrokerException;
import io.framebroker.server.broker.FrameStore;
import io.framebroker.server.broker.StreamRecord;
import io.framebroker.server.broker.StreamStore;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * How opening a stream went; waits for it.
 *
 * @param elsewhere address of the broker that has the stream; null when it is here
 */
public record Opened(StreamStore stream, StreamRecord record, String elsewhere) {
    private static final long PATIENCE_SECONDS = 60;

    /** Opens a stream, creating it if need be, and has the listener told of it. */
    public static Opened of(FrameStore store, String stream, StreamStore.Listener listener) {
        return open(store, stream, true, listener);
    }

    /** Opens a stream that there is. */
    public static Opened existing(FrameStore store, String stream, StreamStore.Listener listener) {
        return open(store, stream, false, listener);
    }

    private static Opened open(FrameStore store, String stream, boolean create, StreamStore.Listener listener) {
        CompletableFuture<Opened> answer = new CompletableFuture<>();
        store.open(stream, create, new FrameStore.Opening() {
            @Override
            public void opened(StreamStore opened, StreamRecord record) {
                opened.listen(listener);
                answer.complete(new Opened(opened, record, null));
            }

            @Override
            public void elsewhere(String address) {
                answer.complete(new Opened(null, null, address));
            }

            @Override
            public void failed(BrokerException why) {
                answer.completeExceptionally(why);
            }
        });
        try {
            return answer.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof BrokerException refusal) {
                throw refusal;
            }
            throw new AssertionError("opening stream " + stream + " failed", e);
        } catch (InterruptedException | TimeoutException e) {
            throw new AssertionError("stream " + stream + " has not opened", e);
        }
    }
}
