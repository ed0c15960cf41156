package io.framebroker.server.store.redis;

import io.framebroker.server.broker.Frame;
import io.framebroker.server.broker.OverflowPolicy;
import io.framebroker.server.broker.PublisherKey;
import io.framebroker.server.broker.PublisherPort.FrameException;
import io.framebroker.server.broker.PublisherPort.Outcome;
import io.framebroker.server.broker.PublisherRecord;
import io.framebroker.server.broker.StreamNote;
import io.framebroker.server.broker.StreamSettings;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * What a stream's state hash holds: its settings, its counts, its publishers. Guarded by the stream's monitor.
 *
 * <p>A publisher's last sequence is that of its newest frame in the stream, so it is written only before that frame is
 * trimmed.
 */
final class StreamFacts {
    private static final int MOST_PUBLISHERS = 64;
    private static final String PUBLISHER = "publisher:";
    private static final String DROPPED = "dropped:";
    private static final String REPORTED = "reported:";

    /** The one heard last at the end. */
    private final Map<String, PublisherRecord> publishers = new LinkedHashMap<>(16, 0.75f, true);
    /** Publishers of which frames in Redis tell more than what is written of them. */
    private final Set<String> ahead = new HashSet<>();
    /** Publishers of which less is written than is known, because frames of theirs are still to be written. */
    private final Set<String> behind = new HashSet<>();

    private StreamNote.Description description;
    private StreamNote.Counts counts = StreamNote.Counts.NONE;
    private List<String> groups = List.of();
    /** Groups that get nothing; no blanks in their names either. */
    private Set<String> paused = Set.of();

    private long first = 1;
    private final Set<String> changed = new HashSet<>();
    private final List<String> forgotten = new ArrayList<>();
    private boolean othersChanged;
    private boolean afresh;
    /** How many times publishers were heard of; says in which order. */
    private long heard;

    // ---- what happens

    void note(StreamNote note) {
        if (note.description() != null) {
            description = note.description();
        }
        if (note.counts() != null) {
            counts = note.counts();
        }
        if (note.publisher() != null) {
            keep(note.publisher());
        }
        if (note.paused() != null) {
            paused = note.paused();
        }
        othersChanged = true;
    }

    private void keep(PublisherRecord record) {
        String id = record.key().id();
        publishers.put(id, record);
        changed.add(id);
        forgotten.remove(id);
        if (publishers.size() > MOST_PUBLISHERS) {
            String eldest = publishers.keySet().iterator().next();
            publishers.remove(eldest);
            changed.remove(eldest);
            ahead.remove(eldest);
            behind.remove(eldest);
            forgotten.add(eldest);
        }
    }

    /** A frame is in Redis; the newest of its publisher. */
    void appended(Frame frame) {
        PublisherKey key = frame.publisher();
        PublisherRecord known = publishers.get(key.id());
        if (known == null || !known.key().equals(key)) {
            return;
        }
        if (behind.contains(key.id())) {
            changed.add(key.id());
        }
        if (Long.compareUnsigned(frame.sequence(), known.lastSequence()) > 0) {
            publishers.put(
                    key.id(),
                    new PublisherRecord(
                            key, frame.sequence(), known.lastReportId(), known.forgottenThrough(), known.exceptions()));
            ahead.add(key.id());
        }
    }

    /** The groups that there should be. They have no blanks in their names. */
    void groups(List<String> names) {
        othersChanged |= !groups.equals(names);
        groups = names;
    }

    /** Frames are going: what they alone told of their publishers has to be written first. */
    void framesGo() {
        changed.addAll(ahead);
    }

    /** Frames before this one are trimmed. */
    void first(long ordinal) {
        first = ordinal;
        othersChanged = true;
    }

    // ---- what Redis is told

    /** Redis may not know what it was told: it is to be told all again. */
    void tellAfresh() {
        afresh = true;
        changed.addAll(publishers.keySet());
    }

    boolean hasChangedPublishers() {
        return !changed.isEmpty();
    }

    boolean hasChanged() {
        return afresh || othersChanged || !changed.isEmpty() || !forgotten.isEmpty();
    }

    /**
     * Adds what Redis has to be told now.
     *
     * @param last ordinal of the newest frame
     * @param unwritten the first sequence of each publisher that Redis may not have. A publisher that comes back is asked
     *     for everything behind its last sequence, so no more is written of it
     */
    void tell(Commit commit, byte[] key, long last, Map<PublisherKey, Long> unwritten) {
        if (afresh) {
            commit.add("DEL", key);
        }
        List<Object> command = new ArrayList<>(List.of("HSET", key, "first", first, "last", last));
        command.addAll(List.of("duplicates", counts.duplicates(), "groups", String.join(" ", groups)));
        command.addAll(List.of("paused", String.join(" ", paused)));
        if (counts.offered() != null) {
            StreamNote.Offered offered = counts.offered();
            command.addAll(List.of("offered", offered.frames(), "offered_through", offered.through()));
            command.addAll(List.of("lost", offered.lost(), "lost_kept", offered.lostKept()));
        }
        counts.dropped().forEach((reason, frames) -> command.addAll(List.of(DROPPED + reason, frames)));
        counts.reported().forEach((reason, frames) -> command.addAll(List.of(REPORTED + reason, frames)));
        if (description != null) {
            command.addAll(List.of("created", description.createdMicros(), "settings", text(description.settings())));
        }
        for (Map.Entry<String, PublisherRecord> each : List.copyOf(publishers.entrySet())) {
            if (changed.contains(each.getKey())) {
                PublisherRecord certain =
                        upTo(each.getValue(), unwritten.get(each.getValue().key()));
                command.addAll(List.of(PUBLISHER + each.getKey(), bytes(certain, ++heard)));
                if (certain == each.getValue()) {
                    behind.remove(each.getKey());
                } else {
                    behind.add(each.getKey());
                }
            }
        }
        commit.add(command);
        for (String id : forgotten) {
            commit.add("HDEL", key, PUBLISHER + id);
        }
        ahead.removeAll(changed);
        changed.clear();
        forgotten.clear();
        othersChanged = false;
        afresh = false;
    }

    private static PublisherRecord upTo(PublisherRecord record, Long unwritten) {
        if (unwritten == null || Long.compareUnsigned(record.lastSequence(), unwritten) < 0) {
            return record;
        }
        return new PublisherRecord(
                record.key(),
                unwritten - 1,
                record.lastReportId(),
                record.forgottenThrough(),
                record.exceptions().stream()
                        .filter(each -> Long.compareUnsigned(each.sequence(), unwritten) < 0)
                        .toList());
    }

    private static String text(StreamSettings settings) {
        return settings.maxBacklogFrames() + " " + settings.maxBacklogBytes() + " " + settings.retentionFrames() + " "
                + settings.retentionBytes() + " " + settings.retentionMillis() + " " + settings.overflow();
    }

    private static StreamSettings settings(String text) {
        String[] words = text.split(" ");
        return new StreamSettings(
                Integer.parseInt(words[0]),
                Long.parseLong(words[1]),
                // Brokers that knew of no other wrote none.
                words.length > 5 ? OverflowPolicy.valueOf(words[5]) : OverflowPolicy.BLOCK,
                Integer.parseInt(words[2]),
                Long.parseLong(words[3]),
                Long.parseLong(words[4]));
    }

    private static byte[] bytes(PublisherRecord record, long heard) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (DataOutputStream out = new DataOutputStream(bytes)) {
            out.writeLong(heard);
            out.writeLong(record.key().epoch());
            out.writeLong(record.lastSequence());
            out.writeLong(record.lastReportId());
            out.writeLong(record.forgottenThrough());
            out.writeInt(record.exceptions().size());
            for (FrameException each : record.exceptions()) {
                out.writeLong(each.sequence());
                out.writeUTF(each.outcome().name());
                out.writeUTF(each.reason());
                out.writeUTF(each.message());
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }

    private static long heard(byte[] bytes) {
        return ByteBuffer.wrap(bytes).getLong();
    }

    private static PublisherRecord publisher(String id, byte[] bytes) {
        try (DataInputStream in = new DataInputStream(new ByteArrayInputStream(bytes))) {
            in.readLong();
            PublisherKey key = new PublisherKey(id, in.readLong());
            long lastSequence = in.readLong();
            long lastReportId = in.readLong();
            long forgottenThrough = in.readLong();
            int count = in.readInt();
            List<FrameException> exceptions = new ArrayList<>(count);
            for (int i = 0; i < count; i++) {
                exceptions.add(
                        new FrameException(in.readLong(), Outcome.valueOf(in.readUTF()), in.readUTF(), in.readUTF()));
            }
            return new PublisherRecord(key, lastSequence, lastReportId, forgottenThrough, exceptions);
        } catch (IOException e) {
            throw new UncheckedIOException("publisher " + id + " cannot be read", e);
        }
    }

    // ---- what Redis knew

    /** Takes up what was written before. */
    static StreamFacts of(Map<String, byte[]> hash) {
        StreamFacts facts = new StreamFacts();
        Map<String, Long> dropped = new TreeMap<>();
        Map<String, Long> reported = new TreeMap<>();
        hash.keySet().stream()
                .filter(field -> field.startsWith(PUBLISHER))
                .sorted(Comparator.comparingLong(field -> heard(hash.get(field))))
                .forEach(field -> {
                    String id = field.substring(PUBLISHER.length());
                    facts.publishers.put(id, publisher(id, hash.get(field)));
                    facts.heard = heard(hash.get(field));
                });
        hash.forEach((field, value) -> {
            if (field.startsWith(DROPPED)) {
                dropped.put(field.substring(DROPPED.length()), number(value));
            } else if (field.startsWith(REPORTED)) {
                reported.put(field.substring(REPORTED.length()), number(value));
            }
        });
        if (hash.containsKey("first")) {
            facts.first = number(hash.get("first"));
            facts.counts = new StreamNote.Counts(number(hash.get("duplicates")), dropped, reported, offered(hash));
        }
        if (hash.containsKey("groups")) {
            facts.groups = names(hash.get("groups"));
        }
        if (hash.containsKey("paused")) {
            facts.paused = Set.copyOf(names(hash.get("paused")));
        }
        if (hash.containsKey("settings")) {
            facts.description = new StreamNote.Description(
                    settings(StreamKeys.text(hash.get("settings"))), number(hash.get("created")));
        }
        return facts;
    }

    private static List<String> names(byte[] value) {
        return Arrays.stream(StreamKeys.text(value).split(" "))
                .filter(name -> !name.isEmpty())
                .toList();
    }

    /** Null where a broker has written the rest that did not count this. */
    private static StreamNote.Offered offered(Map<String, byte[]> hash) {
        return hash.containsKey("offered")
                ? new StreamNote.Offered(
                        number(hash.get("offered")),
                        number(hash.get("offered_through")),
                        number(hash.get("lost")),
                        number(hash.get("lost_kept")))
                : null;
    }

    private static long number(byte[] value) {
        return Long.parseLong(StreamKeys.text(value));
    }

    /** Ordinal of the oldest frame that was not trimmed. */
    long first() {
        return first;
    }

    List<String> groups() {
        return groups;
    }

    Set<String> paused() {
        return paused;
    }

    StreamNote.Description description() {
        return description;
    }

    StreamNote.Counts counts() {
        return counts;
    }

    List<PublisherRecord> publishers() {
        return List.copyOf(publishers.values());
    }
}
