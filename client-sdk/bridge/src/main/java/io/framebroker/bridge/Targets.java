package io.framebroker.bridge;

import io.framebroker.bridge.mapping.UnreadableEntryException;
import io.framebroker.client.PublisherStats;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Function;

/** The streams of the broker that entries go to, opened as they come up. For the pump's thread. */
final class Targets {
    private final int most;
    private final Function<String, Target> open;
    private final Map<String, Target> byStream = new LinkedHashMap<>();

    /** @param most streams that entries may name: what names them may be rubbish */
    Targets(int most, Function<String, Target> open) {
        this.most = most;
        this.open = open;
    }

    Target of(String stream) throws UnreadableEntryException {
        if (byStream.size() >= most && !byStream.containsKey(stream)) {
            throw new UnreadableEntryException(
                    "",
                    "TOO_MANY_STREAMS",
                    "stream " + stream + " would be one more than the " + most + " of --max-streams");
        }
        return forLosses(stream);
    }

    /** As {@link #of}, however many there are. */
    Target forLosses(String stream) {
        return byStream.computeIfAbsent(stream, open);
    }

    /** Frames that were in the broker before they were published here, over all streams. */
    long alreadyThere() {
        return byStream.values().stream()
                .mapToLong(target -> target.stats().duplicates())
                .sum();
    }

    /** How the broker stands, in few words. */
    String broker() {
        int away = 0;
        String waits = "";
        for (Target target : byStream.values()) {
            PublisherStats stats = target.stats();
            away += stats.connected() ? 0 : 1;
            if (!stats.waitReason().isEmpty()) {
                waits = ", " + target.stream() + " waits: " + stats.waitReason();
            }
        }
        return byStream.size() + " streams" + (away == 0 ? "" : ", " + away + " not connected") + waits;
    }
}
