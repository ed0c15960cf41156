package io.framebroker.bridge;

import io.framebroker.bridge.mapping.FrameMapping;
import io.framebroker.bridge.mapping.FrameMapping.Mapped;
import io.framebroker.bridge.mapping.UnreadableEntryException;
import io.framebroker.bridge.source.Entry;
import io.framebroker.bridge.source.EntryId;
import io.framebroker.bridge.source.GiveUpException;
import io.framebroker.bridge.source.RedisSource;
import io.framebroker.bridge.source.TryAgainException;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Turns entries into frames and publishes them in order; what cannot be turned is set aside. For the pump's thread. */
final class Publishing {
    private static final Logger log = LoggerFactory.getLogger(Publishing.class);

    /** With a mapping that fits no entry, the log would name thousands a second. */
    private static final int NAMED_IN_A_TICK = 20;

    private final RedisSource source;
    private final FrameMapping mapping;
    private final Targets targets;
    private final InFlight inFlight;
    private final Counts counts;
    private final String lossesTo;

    private int setAsideInTick;

    Publishing(
            RedisSource source,
            FrameMapping mapping,
            Targets targets,
            InFlight inFlight,
            Counts counts,
            String lossesTo) {
        this.source = source;
        this.mapping = mapping;
        this.targets = targets;
        this.inFlight = inFlight;
        this.counts = counts;
        this.lossesTo = lossesTo;
    }

    /**
     * Publishes entries in their order, or sets them aside, one before the next.
     *
     * @throws TryAgainException when Redis cannot serve; what has not been published by then is to be read again
     * @throws GiveUpException when the broker refuses for good
     */
    void publish(List<Entry> entries) throws TryAgainException {
        List<byte[]> kept = keptElsewhere(entries);
        for (int i = 0; i < entries.size(); i++) {
            Entry entry = entries.get(i);
            try {
                Mapped mapped = mapping.map(entry, kept.get(i));
                Target target = targets.of(mapped.stream());
                Carried carried = new Carried(entry.id(), mapped.bytes());
                inFlight.add(carried);
                target.publish(carried, mapped.frame());
            } catch (UnreadableEntryException e) {
                // Before the entries behind it: once they are published, its place in the order is gone.
                setAside(entry.id(), e);
            }
        }
    }

    /** Called now and then: says how many entries were set aside without a word of their own. */
    void tick() {
        if (setAsideInTick > NAMED_IN_A_TICK) {
            log.warn("{}: {} more entries set aside", source, setAsideInTick - NAMED_IN_A_TICK);
        }
        setAsideInTick = 0;
    }

    private void setAside(EntryId id, UnreadableEntryException why) throws TryAgainException {
        if (++setAsideInTick <= NAMED_IN_A_TICK) {
            log.warn("{}: entry {} set aside as {}: {}", source, id, why.reason(), why.getMessage());
        }
        String stream = why.stream().isEmpty() ? lossesTo : why.stream();
        source.setAside(id, why.reason(), why.getMessage(), stream, lossesTo);
        counts.setAside++;
    }

    /** Payloads that the entries name, one place for each entry; all of them null where payloads are in the entries. */
    private List<byte[]> keptElsewhere(List<Entry> entries) throws TryAgainException {
        List<byte[]> kept = new ArrayList<>(entries.size());
        List<byte[]> keys = new ArrayList<>();
        for (Entry entry : entries) {
            byte[] key = mapping.payloadKey(entry);
            kept.add(key);
            if (key != null) {
                keys.add(key);
            }
        }
        if (!keys.isEmpty()) {
            List<byte[]> values = source.values(keys);
            int next = 0;
            for (int i = 0; i < kept.size(); i++) {
                if (kept.get(i) != null) {
                    kept.set(i, values.get(next++));
                }
            }
        }
        return kept;
    }
}
