package io.framebroker.loadgen.load;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What is sent, and to how many.
 *
 * @param runId names the run in every frame, so that a frame of another run is told apart
 * @param cameras streams, each with a publisher of its own
 * @param groups groups, each of which gets every frame of every camera
 * @param consumers members of a group
 * @param frameBytes payload of a frame, {@link Stamp#BYTES} or more
 * @param batch frames a message
 * @param window frames a consumer may hold unsettled
 * @param inFlight frames a publisher may have sent and not seen stored
 * @param framesPerSecond of one camera; 0 for as fast as it goes
 * @param verify whether checksums are computed and compared; sequences always are
 */
public record Workload(
        long runId,
        int cameras,
        int groups,
        int consumers,
        int frameBytes,
        int batch,
        int window,
        int inFlight,
        double framesPerSecond,
        boolean verify) {
    private static final long IN_FLIGHT_BYTES = 16L << 20;
    private static final long IN_FLIGHT_BYTES_OF_ALL = 256L << 20;
    private static final int MAX_FRAME_BYTES = 32 << 20;

    public Workload {
        require(cameras, 1, 10_000, "--cameras");
        require(groups, 1, 1_000, "--groups");
        require(consumers, 1, 1_000, "--consumers");
        require(frameBytes, Stamp.BYTES, MAX_FRAME_BYTES, "--frame-bytes");
        require(batch, 1, 65_536, "--batch");
        require(window, 1, 100_000, "--window");
        require(inFlight, batch, 1_000_000, "--in-flight");
        if (!(framesPerSecond >= 0 && framesPerSecond <= 10_000_000)) {
            throw new IllegalArgumentException(
                    "--rate is " + framesPerSecond + "; it must be 0 (flat out) to 10000000");
        }
        if ((long) batch * frameBytes > MAX_FRAME_BYTES) {
            throw new IllegalArgumentException("--batch " + batch + " x --frame-bytes " + frameBytes
                    + " makes messages of more than " + MAX_FRAME_BYTES + " bytes; make one of them smaller");
        }
    }

    /**
     * In-flight frames of a camera that fill a fast connection without leaving the processor's cache for good, and whose
     * payloads leave room in the publisher's heap however many cameras there are.
     */
    public static int inFlightFor(int frameBytes, int batch, int cameras) {
        long bytes = Math.min(IN_FLIGHT_BYTES, IN_FLIGHT_BYTES_OF_ALL / cameras);
        int frames = (int) Math.max(16, Math.min(16_384, bytes / Math.max(1, frameBytes)));
        return Math.max(frames, 4 * batch);
    }

    public boolean flatOut() {
        return framesPerSecond == 0;
    }

    /** Stream of a camera. */
    public String stream(int camera) {
        return "loadgen/" + Long.toHexString(runId) + "/cam-" + camera;
    }

    /** Largest window a consumer needs, in bytes: {@link #window} frames with their headers. */
    public long windowBytes() {
        return (long) window * (frameBytes + 1024L);
    }

    public Map<String, Object> toJson() {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("run", runId);
        json.put("cameras", cameras);
        json.put("groups", groups);
        json.put("consumers", consumers);
        json.put("frame_bytes", frameBytes);
        json.put("batch", batch);
        json.put("window", window);
        json.put("in_flight", inFlight);
        json.put("rate", framesPerSecond);
        json.put("verify", verify);
        return json;
    }

    /** The same as text. */
    public Map<String, String> fields() {
        Map<String, String> fields = new LinkedHashMap<>();
        toJson().forEach((name, value) -> fields.put(name, value.toString()));
        return fields;
    }

    /** Reads what {@link #fields} wrote. */
    public static Workload of(Map<String, String> fields) {
        return new Workload(
                Long.parseLong(fields.get("run")),
                Integer.parseInt(fields.get("cameras")),
                Integer.parseInt(fields.get("groups")),
                Integer.parseInt(fields.get("consumers")),
                Integer.parseInt(fields.get("frame_bytes")),
                Integer.parseInt(fields.get("batch")),
                Integer.parseInt(fields.get("window")),
                Integer.parseInt(fields.get("in_flight")),
                Double.parseDouble(fields.get("rate")),
                Boolean.parseBoolean(fields.get("verify")));
    }

    private static void require(int value, int min, int max, String option) {
        if (value < min || value > max) {
            throw new IllegalArgumentException(option + " is " + value + "; it must be " + min + " to " + max);
        }
    }
}
