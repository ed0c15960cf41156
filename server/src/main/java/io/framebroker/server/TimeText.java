package io.framebroker.server;

import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import picocli.CommandLine;
import picocli.CommandLine.TypeConversionException;

/** Durations and times as people write them in options and variables. */
final class TimeText {
    private TimeText() {}

    /** Has a command and its subcommands read all of theirs so. */
    static CommandLine readBy(CommandLine command) {
        return command.registerConverter(Duration.class, TimeText::duration)
                .registerConverter(Instant.class, TimeText::time);
    }

    private static Duration duration(String text) {
        try {
            Duration duration = Duration.parse(text);
            // Whoever takes it counts in milliseconds.
            duration.toMillis();
            return duration;
        } catch (DateTimeParseException | ArithmeticException e) {
            throw new TypeConversionException(
                    "'" + text + "' is no duration; write it in ISO-8601, such as PT10M for ten minutes");
        }
    }

    private static Instant time(String text) {
        try {
            return Instant.parse(text);
        } catch (DateTimeParseException e) {
            throw new TypeConversionException(
                    "'" + text + "' is no time; write it in UTC, such as 2026-01-31T12:00:00Z");
        }
    }
}
