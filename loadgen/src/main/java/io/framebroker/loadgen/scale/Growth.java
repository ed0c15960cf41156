package io.framebroker.loadgen.scale;

import io.framebroker.loadgen.load.Workload;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** What grows, and the frames that flow meanwhile. */
public enum Growth {
    /** Cameras that publish, to one consumer. */
    CAMERAS("cameras", List.of(1, 2, 4, 8, 16, 32, 64), 1, 15, 50_000),
    /** Streams with a publisher and a consumer that are silent, beside one camera. */
    IDLE("idle streams", List.of(0, 100, 300, 1_000), 1, 30, 100_000),
    /** Members of the one group that share four cameras. */
    CONSUMERS("consumers of a group", List.of(1, 10, 50, 100, 200), 4, 50, 50_000),
    /** Groups of one camera, with a consumer each. */
    GROUPS("groups", List.of(1, 2, 4, 8, 16), 1, 30, 100_000);

    /** Frames delivered a second before anything is measured: so many that the compilers see to them. */
    private static final double WARM_DELIVERIES_PER_SECOND = 2_000;

    /** What the broker reserves for each publisher at least, and for each consumer beside one message. */
    private static final long LEAST_MESSAGE_BYTES = 512 << 10;

    private static final long READY_BYTES = 1 << 20;
    private static final int HEADER_BYTES = 1024;

    /** A quarter of the smallest heap that anybody gives a broker here; below this its own limits do. */
    private static final long USUAL_LIMIT_BYTES = 128L << 20;

    /** A broker's own limit is 2 000. */
    private static final int USUAL_CALLS = 1_900;

    private static final int MOST_IDLE = 9_000;

    private final String unit;
    private final List<Integer> steps;
    private final int cameras;
    private final double framesPerSecond;
    private final int frameBytes;

    Growth(String unit, List<Integer> steps, int cameras, double framesPerSecond, int frameBytes) {
        this.unit = unit;
        this.steps = steps;
        this.cameras = cameras;
        this.framesPerSecond = framesPerSecond;
        this.frameBytes = frameBytes;
    }

    /** As users write it. */
    public String label() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** What a step counts. */
    public String unit() {
        return unit;
    }

    /** Sizes when nobody says any. */
    public List<Integer> steps() {
        return steps;
    }

    /** Of each camera, when nobody says. */
    public double framesPerSecond() {
        return framesPerSecond;
    }

    /** Of a frame, when nobody says. */
    public int frameBytes() {
        return frameBytes;
    }

    /**
     * What flows at a size.
     *
     * @throws IllegalArgumentException for a size nobody can have
     */
    public Workload workload(long runId, int size, double rate, int bytes) {
        int most = this == CAMERAS || this == IDLE ? MOST_IDLE : 1_000;
        int least = this == IDLE ? 0 : 1;
        if (size < least || size > most) {
            throw new IllegalArgumentException(
                    "--steps has " + size + "; of " + unit + " there can be " + least + " to " + most);
        }
        if (!(rate > 0)) {
            throw new IllegalArgumentException(
                    "--rate is " + rate + "; it must be above 0, or nothing could be compared");
        }
        int publishing = this == CAMERAS ? size : cameras;
        return new Workload(
                runId,
                publishing,
                this == GROUPS ? size : 1,
                this == CONSUMERS ? size : 1,
                bytes,
                1,
                256,
                Workload.inFlightFor(bytes, 1, publishing),
                rate,
                true);
    }

    /** Streams beside those of the workload that are silent. */
    public int idle(int size) {
        return this == IDLE ? size : 0;
    }

    /** Frames a second of one camera with which the processes are warmed. */
    static double warmRate(Workload workload) {
        double own = WARM_DELIVERIES_PER_SECOND / (workload.cameras() * workload.groups());
        return Math.max(own, workload.framesPerSecond());
    }

    /** What a broker has to be told so that it lets so many in, and does not name each of them; its own limits otherwise. */
    public List<String> brokerArguments(Workload workload, int size) {
        List<String> arguments = new ArrayList<>(List.of("--log-level", "WARN"));
        int publishers = workload.cameras() + idle(size);
        int consumers = workload.groups() * workload.consumers() + IdleStreams.consumers(idle(size));
        long frame = workload.frameBytes() + HEADER_BYTES;
        atLeast(arguments, "--inbound-limit", publishers * Math.max(LEAST_MESSAGE_BYTES, frame));
        atLeast(arguments, "--outbound-limit", consumers * (READY_BYTES + Math.max(LEAST_MESSAGE_BYTES, 3 * frame)));
        if (publishers + consumers > USUAL_CALLS) {
            arguments.addAll(List.of("--max-calls", Integer.toString(publishers + consumers + 100)));
        }
        return arguments;
    }

    private static void atLeast(List<String> arguments, String option, long bytes) {
        long wanted = bytes + bytes / 8;
        if (wanted > USUAL_LIMIT_BYTES) {
            arguments.addAll(List.of(option, Long.toString(wanted)));
        }
    }

    public static Growth of(String label) {
        for (Growth growth : values()) {
            if (growth.label().equals(label)) {
                return growth;
            }
        }
        String known = Arrays.stream(values()).map(Growth::label).collect(Collectors.joining(", "));
        throw new IllegalArgumentException("--what is '" + label + "'; use one of " + known);
    }
}
