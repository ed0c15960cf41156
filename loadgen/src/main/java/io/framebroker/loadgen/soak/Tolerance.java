package io.framebroker.loadgen.soak;

/**
 * What still counts as flat.
 *
 * @param latency how far latency may rise, as a part of what it was: 0.25 for a quarter
 * @param latencyMillis rises below this are a scheduler's
 * @param memory how far resident memory may rise, as a part of what it was
 */
public record Tolerance(double latency, double latencyMillis, double memory) {
    public Tolerance {
        if (!(latency >= 0 && latencyMillis >= 0 && memory >= 0)) {
            throw new IllegalArgumentException("tolerances are " + latency + ", " + latencyMillis + " ms and " + memory
                    + "; they must be 0 or more");
        }
    }
}
