package io.framebroker.server.broker;

import java.util.ArrayList;
import java.util.List;

/**
 * Has the dead letters of a group tried again by itself: some time after they became letters, and after twice as long each
 * time since, which is 1, 3, 7, 15 .. of that time after it. The turns follow from when a letter died, so there is nothing to
 * keep; one that passes while no broker has the stream is not made up for. Guarded by the stream's lock.
 */
final class LetterRetry {
    /** All letters are looked through no more often than this. */
    private static final long LEAST_PAUSE_MICROS = 1_000_000;

    private final long firstMicros;
    private final DeadLetters letters;
    private final Replays replays;
    private final BrokerClock clock;
    private long lookedMicros;
    private long nextLookMicros;

    /** @param firstMillis from a letter's death to its first turn; 0 for no turns */
    LetterRetry(long firstMillis, DeadLetters letters, Replays replays, BrokerClock clock) {
        this.firstMicros = firstMillis * 1_000;
        this.letters = letters;
        this.replays = replays;
        this.clock = clock;
        this.lookedMicros = clock.wallMicros();
    }

    /** Puts those in line whose turn has come; returns the nanoseconds until to look again, {@link Long#MAX_VALUE} for never. */
    long tick() {
        if (firstMicros == 0 || letters.isEmpty()) {
            return Long.MAX_VALUE;
        }
        long now = clock.wallMicros();
        if (now < lookedMicros) {
            // It was ahead, and has been put back.
            lookedMicros = now;
            nextLookMicros = now;
        }
        if (nextLookMicros <= now) {
            look(now);
        }
        return Math.min(nextLookMicros - now, firstMicros) * 1_000;
    }

    private void look(long now) {
        List<DeadLetter> due = new ArrayList<>();
        // Letters to come are due later than this.
        long next = now + firstMicros;
        for (DeadLetter letter : letters.matching(each -> true)) {
            int turns = turnsBy(now - letter.deadMicros());
            if (turns > 0 && turn(letter, turns) > lookedMicros && replays.mayBegin(letter)) {
                due.add(letter);
            }
            next = Math.min(next, turn(letter, turns + 1));
        }
        lookedMicros = now;
        nextLookMicros = Math.max(next, now + LEAST_PAUSE_MICROS);
        replays.begin(due);
    }

    /** How many turns a letter has had at an age. */
    private int turnsBy(long ageMicros) {
        return 63 - Long.numberOfLeadingZeros(Math.max(ageMicros, 0) / firstMicros + 1);
    }

    private long turn(DeadLetter letter, int number) {
        return letter.deadMicros() + firstMicros * ((1L << number) - 1);
    }
}
