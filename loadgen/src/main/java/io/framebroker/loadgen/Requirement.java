package io.framebroker.loadgen;

import io.framebroker.loadgen.report.Comparison;
import io.framebroker.loadgen.report.Spread;
import io.framebroker.loadgen.role.RunFailure;
import io.framebroker.loadgen.targets.Side;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** A ratio that must be reached, as {@code relay/raw=0.35}. */
record Requirement(Side numerator, Side denominator, double ratio) {
    private static final Pattern FORM = Pattern.compile("([\\w@-]+)/([\\w@-]+)=(\\d*\\.?\\d+)");

    static Requirement parse(String text) {
        Matcher matcher = FORM.matcher(text);
        if (!matcher.matches()) {
            throw new IllegalArgumentException("--require is '" + text + "'; write it as relay/raw=0.35");
        }
        return new Requirement(
                Side.of(matcher.group(1)), Side.of(matcher.group(2)), Double.parseDouble(matcher.group(3)));
    }

    /** Fails when one of its sides will not be measured. */
    void requireMeasured(List<Side> sides) {
        for (Side side : List.of(numerator, denominator)) {
            if (!sides.contains(side)) {
                throw new IllegalArgumentException("--require names " + side + ", which is not measured; measured are "
                        + sides.stream().map(Side::label).collect(Collectors.joining(", ")));
            }
        }
    }

    void check(Comparison comparison) {
        Spread measured = comparison.ratio(numerator, denominator);
        if (measured.median() < ratio) {
            throw new RunFailure(String.format(
                    "%s/%s is %.2f [%.2f - %.2f]; at least %.2f is required",
                    numerator, denominator, measured.median(), measured.min(), measured.max(), ratio));
        }
    }
}
