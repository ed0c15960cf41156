package io.framebroker.server.broker;

/** Somebody who wants a stream deleted, and is answered once. Guarded by the stream's lock. */
final class Deletion implements Outlet {
    private final String stream;
    private final String store;
    private final Waits waits;
    private final long mostMillis;
    private final Broker.Deleted deleted;
    private Waits.Wait wait;
    private long frames;
    /** What to answer, once the lock is free; null for nothing yet. */
    private Runnable answer;

    Deletion(String stream, String store, Waits waits, long mostMillis, Broker.Deleted deleted) {
        this.stream = stream;
        this.store = store;
        this.waits = waits;
        this.mostMillis = mostMillis;
        this.deleted = deleted;
    }

    /** It is not refused. */
    void begins(long framesThatGo) {
        frames = framesThatGo;
        wait = waits.begin(() -> deleted.failed(unconfirmed("within " + mostMillis
                + " ms; it is deleted as soon as the store answers, if this broker is there then")));
    }

    void done() {
        if (answer == null) {
            answer = () -> deleted.deleted(frames);
        }
    }

    void failed(BrokerException why) {
        if (answer == null) {
            answer = () -> deleted.failed(unconfirmed("before it was no longer served here: " + why.getMessage()));
        }
    }

    private BrokerException unconfirmed(String when) {
        return new BrokerException(
                BrokerException.Kind.UNAVAILABLE,
                "DELETION_UNCONFIRMED",
                "stream " + stream + " is to be deleted, which the " + store + " store has not confirmed " + when
                        + ". Ask again: NOT_FOUND says that it is gone");
    }

    @Override
    public void flush() {
        if (wait.end()) {
            answer.run();
        }
    }
}
