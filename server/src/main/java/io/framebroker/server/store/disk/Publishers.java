package io.framebroker.server.store.disk;

import io.framebroker.server.broker.PublisherKey;
import io.framebroker.server.broker.PublisherPort.FrameException;
import io.framebroker.server.broker.PublisherPort.Outcome;
import io.framebroker.server.broker.PublisherRecord;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The publishers of a stream that come back. Guarded by the stream's monitor.
 *
 * <p>A publisher's last sequence is that of its newest frame, so it is written only before that frame is trimmed.
 */
final class Publishers {
    private static final int MOST = 64;

    /** The one heard last at the end. */
    private final Map<String, PublisherRecord> byId = new LinkedHashMap<>(16, 0.75f, true);
    /** Those of which frames tell more than what is written of them. */
    private final Set<String> ahead = new HashSet<>();
    /** Those of which less is written than is known, because frames of theirs were still to become durable. */
    private final Set<String> cut = new HashSet<>();

    void keep(PublisherRecord record) {
        String id = record.key().id();
        byId.put(id, record);
        ahead.remove(id);
        cut.remove(id);
        if (byId.size() > MOST) {
            String eldest = byId.keySet().iterator().next();
            byId.remove(eldest);
            ahead.remove(eldest);
            cut.remove(eldest);
        }
    }

    /** A frame is there; the newest of its publisher. */
    void appended(PublisherKey key, long sequence) {
        if (sequence(key, sequence)) {
            ahead(key);
        }
    }

    /** Frames tell more than what is written of this publisher. */
    void ahead(PublisherKey key) {
        ahead.add(key.id());
    }

    /** Makes a publisher's last sequence at least this. */
    boolean sequence(PublisherKey key, long sequence) {
        PublisherRecord known = byId.get(key.id());
        if (known == null || !known.key().equals(key) || Long.compareUnsigned(sequence, known.lastSequence()) <= 0) {
            return false;
        }
        byId.put(
                key.id(),
                new PublisherRecord(key, sequence, known.lastReportId(), known.forgottenThrough(), known.exceptions()));
        return true;
    }

    /** Less is written of this publisher than is known. */
    void cut(PublisherKey key) {
        cut.add(key.id());
    }

    /** Those of which frames alone tell the last sequence; it is taken for written now. */
    List<PublisherRecord> takeAhead() {
        return take(ahead);
    }

    /** Those of which less was written than was known; all is taken for written now. */
    List<PublisherRecord> takeCut() {
        return take(cut);
    }

    private List<PublisherRecord> take(Set<String> ids) {
        if (ids.isEmpty()) {
            return List.of();
        }
        List<PublisherRecord> records = new ArrayList<>();
        // Looking them up one by one would change which one was heard last.
        byId.forEach((id, record) -> {
            if (ids.contains(id)) {
                records.add(record);
            }
        });
        ids.clear();
        return records;
    }

    List<PublisherRecord> all() {
        return List.copyOf(byId.values());
    }

    // ---- as bytes

    static void write(RecordBuffer into, PublisherRecord record) {
        into.put(record.key().id()).put(record.key().epoch()).put(record.lastSequence());
        into.put(record.lastReportId()).put(record.forgottenThrough());
        into.put(record.exceptions().size());
        for (FrameException each : record.exceptions()) {
            into.put(each.sequence()).put(each.outcome().name()).put(each.reason());
            into.put(each.message());
        }
    }

    static PublisherRecord read(RecordBuffer from) {
        PublisherKey key = new PublisherKey(from.nextText(), from.next());
        long lastSequence = from.next();
        long lastReportId = from.next();
        long forgottenThrough = from.next();
        List<FrameException> exceptions = new ArrayList<>();
        for (long left = from.next(); left > 0; left--) {
            exceptions.add(new FrameException(
                    from.next(), Outcome.valueOf(from.nextText()), from.nextText(), from.nextText()));
        }
        return new PublisherRecord(key, lastSequence, lastReportId, forgottenThrough, exceptions);
    }
}
