package io.framebroker.server.broker;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class TurnTest {
    private final Turn turn = new Turn();
    private final List<String> flushed = new ArrayList<>();
    private final Outlet a = () -> flushed.add("a");
    private final Outlet b = () -> flushed.add("b");

    @Test
    void outletsAreFlushedOnceAtTheEndOfTheOutermostTurn() {
        turn.begin();
        turn.touch(a);
        turn.begin();
        turn.touch(b);
        turn.touch(a);
        turn.end();
        assertThat(flushed).isEmpty();

        turn.end();

        assertThat(flushed).containsExactly("a", "b");
    }

    @Test
    void theLockIsFreeWhileOutletsAreFlushed() {
        turn.begin();
        turn.touch(() -> {
            turn.begin();
            turn.touch(b);
            turn.end();
            flushed.add("a");
        });
        turn.end();

        assertThat(flushed).containsExactly("b", "a");
    }

    /** The others used to be forgotten, and the failure went to whoever had the turn. */
    @Test
    void anOutletThatFailsKeepsNobodyElseFromBeingFlushed() {
        LostFailures.taken();
        turn.begin();
        turn.touch(() -> {
            throw new IllegalStateException("call already closed");
        });
        turn.touch(b);
        turn.end();

        assertThat(flushed).containsExactly("b");
        assertThat(LostFailures.taken()).contains("call already closed");
    }
}
