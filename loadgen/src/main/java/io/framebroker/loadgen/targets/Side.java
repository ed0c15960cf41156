package io.framebroker.loadgen.targets;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * One side of a comparison.
 *
 * @param cameras of its own, 1 or more; 0 for as many as all sides have
 */
public record Side(Target target, int cameras) {
    private static final Pattern FORM = Pattern.compile("([^@]+)(?:@(\\d{1,5}))?");

    public static Side of(Target target) {
        return new Side(target, 0);
    }

    /** Reads {@code broker-disk}, or {@code broker-disk@64} for one with 64 cameras. */
    public static Side of(String label) {
        Matcher matcher = FORM.matcher(label);
        if (!matcher.matches()) {
            throw new IllegalArgumentException(
                    "target '" + label + "' is not known; write it as broker-disk, or with cameras as broker-disk@64");
        }
        Target target = Target.of(matcher.group(1));
        if (matcher.group(2) == null) {
            return of(target);
        }
        int cameras = Integer.parseInt(matcher.group(2));
        if (cameras < 1) {
            throw new IllegalArgumentException("target '" + label + "' has no cameras; say 1 or more behind the @");
        }
        return new Side(target, cameras);
    }

    /** As users write it. */
    public String label() {
        return cameras == 0 ? target.label() : target.label() + "@" + cameras;
    }

    @Override
    public String toString() {
        return label();
    }
}
