package io.framebroker.server.broker;

import java.util.Map;
import java.util.Set;

/**
 * Facts of a stream beside its frames, each the whole of what is known now; null for those that have not changed.
 *
 * @param paused names of the durable groups that get nothing until they are resumed
 */
public record StreamNote(Description description, PublisherRecord publisher, Counts counts, Set<String> paused) {
    public StreamNote(Description description, PublisherRecord publisher, Counts counts) {
        this(description, publisher, counts, null);
    }

    /** @param createdMicros wall-clock time in microseconds since 1970 */
    public record Description(StreamSettings settings, long createdMicros) {}

    /**
     * What the stream has counted beside stored frames.
     *
     * @param offered null where that is not known
     */
    public record Counts(long duplicates, Map<String, Long> dropped, Map<String, Long> reported, Offered offered) {
        public static final Counts NONE = new Counts(0, Map.of(), Map.of());

        public Counts(long duplicates, Map<String, Long> dropped, Map<String, Long> reported) {
            this(duplicates, dropped, reported, null);
        }
    }

    /**
     * How many frames have been offered, counted as they came. Frames behind {@code through} that are found stored later
     * have been offered as well.
     *
     * @param frames without those that were on their way to the store then
     * @param through ordinal of the newest frame that was stored then
     * @param lost of the frames up to there, those the store is known to have lost; they are among the dropped
     * @param lostKept of these, those that have not been trimmed
     */
    public record Offered(long frames, long through, long lost, long lostKept) {}

    static StreamNote of(Description description) {
        return new StreamNote(description, null, null);
    }

    static StreamNote ofPaused(Set<String> paused) {
        return new StreamNote(null, null, null, Set.copyOf(paused));
    }

    static StreamNote of(PublisherRecord publisher, Counts counts) {
        return new StreamNote(null, publisher, counts);
    }
}
