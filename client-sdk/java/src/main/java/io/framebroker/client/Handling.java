package io.framebroker.client;

import java.util.List;
import java.util.concurrent.CompletableFuture;

/** Where the user's handler runs. */
interface Handling {
    /** Frames came. Called on the transport's thread, in order. */
    void accept(HeldBatch batch);

    /** The consumer closes: takes back what no handler has begun with. */
    List<ReceivedFrame> takeWaiting();

    /** The consumer is over. Threads end when they have handled what is waiting. */
    void stop();

    /** Handlers that still run are not waited for: their threads are interrupted. */
    void interrupt();

    /** Completes when, after {@link #stop}, no handler runs any more. */
    CompletableFuture<Void> stopped();

    /** Whether the present thread is one that runs handlers, and thus cannot wait for them. */
    boolean onHandlerThread();

    /** Whether what is settled now is sent by {@link #accept} when the whole message is handled. */
    boolean settlesTogether();
}
