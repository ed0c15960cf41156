package io.framebroker.client;

import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** The handler runs on the transport's thread: no hand-over, and one settlement for a whole message. */
final class DirectHandling implements Handling {
    private final ConsumeSession session;
    private final Handler handler;
    private final CompletableFuture<Void> stopped = new CompletableFuture<>();

    /** The thread that runs the handler now; else null. */
    private volatile Thread handling;

    DirectHandling(ConsumeSession session, Handler handler) {
        this.session = session;
        this.handler = handler;
    }

    @Override
    public void accept(HeldBatch batch) {
        handling = Thread.currentThread();
        try {
            for (ReceivedFrame frame : batch.frames) {
                handler.handleUnacked(frame);
            }
            // What failed is settled already, so what is open now was handled.
            handler.ackOpen(Arrays.asList(batch.frames));
        } finally {
            handling = null;
        }
        session.drain();
    }

    @Override
    public List<ReceivedFrame> takeWaiting() {
        return List.of();
    }

    @Override
    public void stop() {
        stopped.complete(null);
    }

    @Override
    public void interrupt() {}

    @Override
    public CompletableFuture<Void> stopped() {
        return stopped;
    }

    @Override
    public boolean onHandlerThread() {
        return handling == Thread.currentThread();
    }

    @Override
    public boolean settlesTogether() {
        return onHandlerThread();
    }
}
