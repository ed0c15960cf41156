package io.framebroker.loadgen;

import io.framebroker.loadgen.report.Comparison;
import io.framebroker.loadgen.report.Spread;
import io.framebroker.loadgen.role.RunFailure;
import io.framebroker.loadgen.targets.Target;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A ratio that must be reached, as {@code relay/raw=0.35}. */
record Requirement(Target numerator, Target denominator, double ratio) {
    private static final Pattern FORM = Pattern.compile("(\\w+)/(\\w+)=(\\d*\\.?\\d+)");

    static Requirement parse(String text) {
        Matcher matcher = FORM.matcher(text);
        if (!matcher.matches()) {
            throw new IllegalArgumentException("--require is '" + text + "'; write it as relay/raw=0.35");
        }
        return new Requirement(
                Target.of(matcher.group(1)), Target.of(matcher.group(2)), Double.parseDouble(matcher.group(3)));
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
