package io.framebroker.loadgen.worker;

import io.framebroker.client.WhenFull;
import io.framebroker.loadgen.log.FrameSource;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * How a checked publisher is to be.
 *
 * @param brokers as {@link Brokers#connect} takes them
 * @param frameBytes largest payload, 2 or more
 * @param framesPerSecond 0 for as fast as it goes
 * @param whenFull what happens when {@code ringFrames} frames wait for their outcome
 * @param logs folder for its log
 */
public record PublisherSetup(
        String brokers,
        FrameSource source,
        long seed,
        int frameBytes,
        double framesPerSecond,
        WhenFull whenFull,
        int ringFrames,
        Path logs) {
    public PublisherSetup {
        if (frameBytes < 2 || ringFrames < 1 || !(framesPerSecond >= 0)) {
            throw new IllegalArgumentException("frames of " + frameBytes + " bytes, ring of " + ringFrames + " frames, "
                    + framesPerSecond + " frames a second");
        }
    }

    /** The same publisher started again. */
    public PublisherSetup withEpoch(long epoch) {
        return new PublisherSetup(
                brokers,
                new FrameSource(source.run(), source.stream(), source.publisher(), epoch),
                seed,
                frameBytes,
                framesPerSecond,
                whenFull,
                ringFrames,
                logs);
    }

    public Map<String, String> fields() {
        Map<String, String> fields = new LinkedHashMap<>();
        fields.put("brokers", brokers);
        fields.put("run", source.run());
        fields.put("stream", source.stream());
        fields.put("publisher", source.publisher());
        fields.put("epoch", Long.toString(source.epoch()));
        fields.put("seed", Long.toString(seed));
        fields.put("frame_bytes", Integer.toString(frameBytes));
        fields.put("rate", Double.toString(framesPerSecond));
        fields.put("when_full", whenFull.name());
        fields.put("ring", Integer.toString(ringFrames));
        fields.put("logs", logs.toAbsolutePath().toString());
        return fields;
    }

    /** Reads what {@link #fields} wrote. */
    public static PublisherSetup of(Map<String, String> fields) {
        return new PublisherSetup(
                fields.get("brokers"),
                new FrameSource(
                        fields.get("run"),
                        fields.get("stream"),
                        fields.get("publisher"),
                        Long.parseLong(fields.get("epoch"))),
                Long.parseLong(fields.get("seed")),
                Integer.parseInt(fields.get("frame_bytes")),
                Double.parseDouble(fields.get("rate")),
                WhenFull.valueOf(fields.get("when_full")),
                Integer.parseInt(fields.get("ring")),
                Path.of(fields.get("logs")));
    }
}
