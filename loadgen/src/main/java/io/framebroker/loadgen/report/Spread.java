package io.framebroker.loadgen.report;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Median and range of a figure over the rounds: a machine that does other things has outliers, and they are told. */
public record Spread(double median, double min, double max) {
    public static Spread of(List<Double> values) {
        if (values.isEmpty()) {
            throw new IllegalArgumentException("no rounds, no spread");
        }
        double[] sorted =
                values.stream().mapToDouble(Double::doubleValue).sorted().toArray();
        int middle = sorted.length / 2;
        double median = sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
        return new Spread(median, sorted[0], sorted[sorted.length - 1]);
    }

    /** Ratios round by round: what disturbed a round disturbed both its sides. */
    public static Spread ratios(List<Double> numerators, List<Double> denominators) {
        if (numerators.size() != denominators.size()) {
            throw new IllegalArgumentException(
                    numerators.size() + " rounds cannot be paired with " + denominators.size());
        }
        Double[] ratios = new Double[numerators.size()];
        Arrays.setAll(ratios, round -> numerators.get(round) / denominators.get(round));
        return of(List.of(ratios));
    }

    /** Whether 1 is within the range: then the rounds do not tell the two sides apart. */
    public boolean coversOne() {
        return min <= 1 && max >= 1;
    }

    public Map<String, Object> toJson() {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("median", median);
        json.put("min", min);
        json.put("max", max);
        return json;
    }
}
