package io.framebroker.server.broker;

import java.util.function.Consumer;

/** Somebody who has changed a group and is answered once, when that lasts. Guarded by the stream's lock. */
final class GroupChange implements Outlet {
    private final long note;
    private final String what;
    private final Runnable done;
    private final Consumer<BrokerException> failed;
    private final Waits.Wait wait;
    /** What to answer, once the lock is free; null for nothing yet. */
    private Runnable answer;

    /**
     * @param note number of the note that says it
     * @param what has been done, to whom, for people
     * @param failed called when the store does not confirm it in time, or at all
     */
    GroupChange(
            long note,
            String what,
            String store,
            Waits waits,
            long mostMillis,
            Runnable done,
            Consumer<BrokerException> failed) {
        this.note = note;
        this.what = what;
        this.done = done;
        this.failed = failed;
        this.wait = waits.begin(() -> failed.accept(unconfirmed("the " + store + " store has not confirmed within "
                + mostMillis + " ms; it holds while this broker has the stream")));
    }

    long note() {
        return note;
    }

    void done() {
        answer = done;
    }

    void failed(BrokerException why) {
        answer = () -> failed.accept(
                unconfirmed("was not confirmed before the stream was no longer served here: " + why.getMessage()));
    }

    private BrokerException unconfirmed(String how) {
        return new BrokerException(
                BrokerException.Kind.UNAVAILABLE,
                "CHANGE_UNCONFIRMED",
                what + ", which " + how + ". Look how the group is, and ask again");
    }

    @Override
    public void flush() {
        if (wait.end()) {
            answer.run();
        }
    }
}
