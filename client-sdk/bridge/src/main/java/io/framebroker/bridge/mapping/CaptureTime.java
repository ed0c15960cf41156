package io.framebroker.bridge.mapping;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;

/** How capture times are written. */
public enum CaptureTime {
    /** By its looks: ISO-8601, or a number whose size tells its unit for times between 1973 and 2286. */
    AUTO,
    /** Seconds since 1970, with or without a fraction. */
    SECONDS,
    /** Milliseconds since 1970. */
    MILLIS,
    /** Microseconds since 1970. */
    MICROS,
    /** Nanoseconds since 1970. */
    NANOS,
    /** ISO-8601; without an offset it is taken as UTC. */
    ISO;

    /** No exponent that would take all the memory there is. */
    private static final String NUMBER = "[-+]?[0-9]{0,20}\\.?[0-9]{0,20}([eE][-+]?[0-9]{1,2})?";

    private static final BigDecimal SECONDS_BELOW = new BigDecimal("1e10");
    private static final BigDecimal MILLIS_BELOW = new BigDecimal("1e13");
    private static final BigDecimal MICROS_BELOW = new BigDecimal("1e16");

    /** @throws DateTimeException or NumberFormatException when the text is not of this form */
    Instant parse(String text) {
        return switch (this) {
            case AUTO -> text.matches(NUMBER) ? guessed(number(text)) : iso(text);
            case SECONDS -> scaled(number(text), 0);
            case MILLIS -> scaled(number(text), 3);
            case MICROS -> scaled(number(text), 6);
            case NANOS -> scaled(number(text), 9);
            case ISO -> iso(text);
        };
    }

    private static BigDecimal number(String text) {
        if (!text.matches(NUMBER)) {
            throw new NumberFormatException("'" + text + "' is no number");
        }
        return new BigDecimal(text);
    }

    private static Instant guessed(BigDecimal number) {
        BigDecimal size = number.abs();
        if (size.compareTo(SECONDS_BELOW) < 0) {
            return scaled(number, 0);
        }
        if (size.compareTo(MILLIS_BELOW) < 0) {
            return scaled(number, 3);
        }
        return scaled(number, size.compareTo(MICROS_BELOW) < 0 ? 6 : 9);
    }

    /** @param digits decimal places between the unit and the second */
    private static Instant scaled(BigDecimal number, int digits) {
        BigDecimal seconds = number.movePointLeft(digits);
        if (seconds.abs().compareTo(new BigDecimal("1e11")) >= 0) {
            throw new DateTimeException(seconds.toPlainString() + " seconds since 1970 is no capture time");
        }
        BigDecimal whole = seconds.setScale(0, RoundingMode.FLOOR);
        long nanos = seconds.subtract(whole)
                .movePointRight(9)
                .setScale(0, RoundingMode.DOWN)
                .longValueExact();
        return Instant.ofEpochSecond(whole.longValueExact(), nanos);
    }

    private static Instant iso(String text) {
        String joined =
                text.length() > 10 && text.charAt(10) == ' ' ? text.substring(0, 10) + "T" + text.substring(11) : text;
        boolean hasOffset = joined.matches(".*T.*(Z|[+-]\\d\\d(:?\\d\\d)?)");
        return hasOffset
                ? OffsetDateTime.parse(joined).toInstant()
                : LocalDateTime.parse(joined).toInstant(ZoneOffset.UTC);
    }
}
