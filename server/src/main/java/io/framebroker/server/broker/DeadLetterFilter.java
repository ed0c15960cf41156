package io.framebroker.server.broker;

import java.util.function.Predicate;

/**
 * Which dead letters of a stream are meant.
 *
 * @param group whose; empty for those of all groups
 * @param reason why; empty for any
 * @param fromMicros dead at or after this time, in microseconds since 1970
 * @param untilMicros dead before this time
 */
public record DeadLetterFilter(String group, String reason, long fromMicros, long untilMicros)
        implements Predicate<DeadLetter> {
    /** Whatever its group. */
    @Override
    public boolean test(DeadLetter letter) {
        return (reason.isEmpty() || reason.equals(letter.reason()))
                && letter.deadMicros() >= fromMicros
                && letter.deadMicros() < untilMicros;
    }
}
