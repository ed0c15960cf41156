package io.framebroker.loadgen.report;

import java.math.BigDecimal;
import java.math.MathContext;
import java.util.Locale;

/** Numbers as people read them: thousands in groups, no more digits than are meant. */
public final class Figures {
    private Figures() {}

    /** As "11 234". */
    public static String whole(double value) {
        return Double.isNaN(value)
                ? "-"
                : String.format(Locale.ROOT, "%,.0f", value).replace(',', ' ');
    }

    /** Milliseconds, with the digits that matter: "0.18", "3.1", "112". */
    public static String millis(double value) {
        if (Double.isNaN(value)) {
            return "-";
        }
        int digits = value < 1 ? 2 : value < 100 ? 1 : 0;
        return String.format(Locale.ROOT, "%." + digits + "f", value);
    }

    /** With three digits that mean something, however small: "0.0543", "0.000217". */
    public static String significant(double value) {
        return Double.isNaN(value)
                ? "-"
                : BigDecimal.valueOf(value).round(new MathContext(3)).toPlainString();
    }

    public static String decimals(double value, int digits) {
        return Double.isNaN(value) ? "-" : String.format(Locale.ROOT, "%." + digits + "f", value);
    }
}
