package io.framebroker.loadgen.report;

import io.framebroker.loadgen.targets.Side;
import java.math.BigDecimal;
import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleFunction;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * What is wanted of a comparison: a ratio of frame rates, as {@code broker/relay>=0.9}, or one side's own figure:
 * {@code fps(broker)>=1392000} frames a second, {@code p50(redis)<3} and {@code p99(redis)<3} milliseconds,
 * {@code cores(broker-redis)<0.3} cores of the process in the middle; or a ratio of such figures, round by round:
 * {@code p99(broker-redis)/p99(redis)<1}.
 *
 * @param beside what the side is compared with; null for a figure of its own
 * @param least whether the bound must be reached; else it must not be
 */
public record Goal(Figure figure, Side side, Side beside, boolean least, double bound) {
    private static final Pattern FORM =
            Pattern.compile("(?:(fps|p50|p99|cores)\\(([\\w@-]+)\\)(?:/\\1\\(([\\w@-]+)\\))?|([\\w@-]+)/([\\w@-]+))"
                    + "(>=|<)(\\d*\\.?\\d+)");

    enum Figure {
        RATIO,
        FPS,
        P50,
        P99,
        CORES
    }

    /** What can be said of a goal. */
    enum Verdict {
        MET("met"),
        NOT_MET("not met"),
        /** Some rounds are on this side of the bound, some on the other. */
        NOT_DISTINGUISHABLE("not distinguishable"),
        /** Frames came at fixed times and were not taken at them: figures of less work than was asked for are no figures. */
        FELL_BEHIND("fell behind"),
        NOT_MEASURED("not measured");

        private final String words;

        Verdict(String words) {
            this.words = words;
        }

        @Override
        public String toString() {
            return words;
        }
    }

    /**
     * Reads the words of a goal.
     *
     * @throws IllegalArgumentException when it has other words
     */
    public static Goal parse(String text) {
        Matcher matcher = FORM.matcher(text);
        if (!matcher.matches()) {
            throw new IllegalArgumentException("--goal is '" + text
                    + "'; write it as broker/relay>=0.9, fps(broker)>=1000000, p99(broker-redis)<3,"
                    + " p99(broker-redis)/p99(redis)<1 or cores(broker-redis)<0.3");
        }
        boolean ratio = matcher.group(1) == null;
        String beside = matcher.group(ratio ? 5 : 3);
        return new Goal(
                ratio ? Figure.RATIO : Figure.valueOf(matcher.group(1).toUpperCase(Locale.ROOT)),
                Side.of(matcher.group(ratio ? 4 : 2)),
                beside == null ? null : Side.of(beside),
                matcher.group(6).equals(">="),
                Double.parseDouble(matcher.group(7)));
    }

    /** The sides it is about. */
    public List<Side> sides() {
        return beside == null ? List.of(side) : List.of(side, beside);
    }

    /** By the range over the rounds, not by the median: a goal that lies within it was reached by luck, or missed by it. */
    Verdict judge(Results results) {
        if (!isMeasured(results)) {
            return Verdict.NOT_MEASURED;
        }
        if (!results.keptUp(side) || beside != null && !results.keptUp(beside)) {
            return Verdict.FELL_BEHIND;
        }
        Spread spread = spread(results);
        if (spread.min() < bound && spread.max() >= bound) {
            return Verdict.NOT_DISTINGUISHABLE;
        }
        return spread.min() >= bound == least ? Verdict.MET : Verdict.NOT_MET;
    }

    /** Median and range, with the digits that matter. */
    String measured(Results results) {
        if (!isMeasured(results)) {
            return "-";
        }
        Spread spread = spread(results);
        return words(spread.median()) + " [" + words(spread.min()) + " - " + words(spread.max()) + "]";
    }

    private boolean isMeasured(Results results) {
        return sides().stream().allMatch(results::has)
                && Double.isFinite(spread(results).min())
                && Double.isFinite(spread(results).max());
    }

    private Spread spread(Results results) {
        ToDoubleFunction<Results.Round> value = switch (figure) {
            case RATIO, FPS -> Results.Round::framesPerSecond;
            case P50 -> Results.Round::p50Millis;
            case P99 -> Results.Round::p99Millis;
            case CORES -> Results.Round::cores;
        };
        return beside == null ? results.spread(side, value) : results.ratio(side, beside, value);
    }

    private String words(double value) {
        return switch (beside == null ? figure : Figure.RATIO) {
            case RATIO, CORES -> Figures.decimals(value, 2);
            case FPS -> Figures.whole(value);
            case P50, P99 -> Figures.millis(value);
        };
    }

    /** As it was read. */
    @Override
    public String toString() {
        String what = sides().stream()
                .map(each -> figure == Figure.RATIO
                        ? each.toString()
                        : figure.name().toLowerCase(Locale.ROOT) + "(" + each + ")")
                .collect(Collectors.joining("/"));
        return what
                + (least ? ">=" : "<")
                + BigDecimal.valueOf(bound).stripTrailingZeros().toPlainString();
    }
}
