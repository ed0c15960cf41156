package io.framebroker.server.broker;

/**
 * A purge of the dead letters of several groups: answered once, when the store has confirmed them all or has had its time.
 * Guarded by the stream's lock.
 */
final class LetterPurge implements Outlet {
    private final Turn turn;
    private final Broker.LettersPurged answer;
    private long letters;
    /** Groups that are to be confirmed, and one more until all are asked. */
    private int open = 1;

    private final Waits.Wait wait;
    private BrokerException failure;

    LetterPurge(Turn turn, Waits waits, long mostMillis, Broker.LettersPurged answer) {
        this.turn = turn;
        this.answer = answer;
        this.wait = waits.begin(() -> answer.failed(new BrokerException(
                BrokerException.Kind.UNAVAILABLE,
                "CHANGE_UNCONFIRMED",
                "the dead letters are purged, which the store has not confirmed within " + mostMillis
                        + " ms; it holds while this broker has the stream. List them, and ask again")));
    }

    Settlements.Done waitsFor(int ofOneGroup) {
        open++;
        letters += ofOneGroup;
        return this::over;
    }

    void allAsked() {
        over(null);
    }

    private void over(BrokerException why) {
        failure = why == null ? failure : why;
        if (--open == 0) {
            turn.touch(this);
        }
    }

    /** May be called twice. */
    @Override
    public void flush() {
        if (!wait.end()) {
            return;
        }
        if (failure == null) {
            answer.purged(letters);
        } else {
            answer.failed(failure);
        }
    }
}
