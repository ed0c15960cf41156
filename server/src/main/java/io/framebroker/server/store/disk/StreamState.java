package io.framebroker.server.store.disk;

import io.framebroker.server.broker.GroupSettings;
import io.framebroker.server.broker.OverflowPolicy;
import io.framebroker.server.broker.PublisherKey;
import io.framebroker.server.broker.PublisherRecord;
import io.framebroker.server.broker.StreamNote;
import io.framebroker.server.broker.StreamRecord.Left;
import io.framebroker.server.broker.StreamSettings;
import io.framebroker.server.broker.StreamStore.Outcome;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.UnaryOperator;

/**
 * What a stream's journal tells: all that must last beside the frames. Guarded by the stream's monitor.
 *
 * <p>Records are redone in their order. Most say how things are; those of groups say how they change, and are redone so
 * that a missing one does no harm but to deliver a frame again.
 */
final class StreamState {
    /** Bits of a group's settings. */
    private static final int STRICT = 1;

    private static final int EARLY = 2;

    // Types of records. What they hold is in apply.
    static final byte STATE = 1;
    static final byte GENERATION = 2;
    static final byte STORED = 3;
    static final byte TRIMMED = 4;
    static final byte SEQUENCE = 5;
    static final byte DESCRIPTION = 6;
    static final byte COUNTS = 7;
    static final byte PUBLISHER = 8;
    static final byte GROUP_CREATED = 9;
    static final byte GROUP_DELETED = 10;
    static final byte DELIVERED = 11;
    static final byte SETTLED = 12;
    static final byte DELETED = 13;
    static final byte ALLOWED = 14;
    static final byte PAUSED = 15;
    static final byte DEAD_LETTERED = 16;
    static final byte PURGED = 17;
    static final byte LETTERS_ACKED = 18;
    static final byte LEFT = 19;

    private final Publishers publishers = new Publishers();
    private final Map<Long, DiskGroup> groups = new TreeMap<>();
    private String name;
    private long generation;
    /** Ordinal of the newest frame that the owner was told of. */
    private long stored;
    /** Frames up to this one have been forced to the disk. */
    private long forced;
    /** Ordinal of the newest frame that is trimmed. */
    private long trimmed;

    private StreamNote.Description description;
    private StreamNote.Counts counts = StreamNote.Counts.NONE;
    private Set<String> paused = Set.of();
    private boolean deleted;

    StreamState(String name) {
        this.name = name;
    }

    String name() {
        return name;
    }

    long generation() {
        return generation;
    }

    void generation(long begun) {
        generation = begun;
    }

    long stored() {
        return stored;
    }

    void stored(long through) {
        stored = through;
    }

    long forced() {
        return forced;
    }

    void forced(long through) {
        forced = through;
    }

    long trimmed() {
        return trimmed;
    }

    void trimmed(long through) {
        trimmed = through;
    }

    StreamNote.Description description() {
        return description;
    }

    StreamNote.Counts counts() {
        return counts;
    }

    /** Names of groups that get nothing. */
    Set<String> paused() {
        return paused;
    }

    boolean deleted() {
        return deleted;
    }

    Publishers publishers() {
        return publishers;
    }

    Collection<DiskGroup> groups() {
        return groups.values();
    }

    long newGroupNumber() {
        return groups.isEmpty() ? 1 : ((TreeMap<Long, DiskGroup>) groups).lastKey() + 1;
    }

    /** Adds a group, in place of the one of its name, if there is one: that is how a group starts anew. */
    void add(DiskGroup group) {
        groups.values().removeIf(each -> each.name().equals(group.name()));
        groups.put(group.number(), group);
    }

    private DiskGroup named(String group) {
        return groups.values().stream()
                .filter(each -> each.name().equals(group))
                .findFirst()
                .orElse(null);
    }

    void remove(DiskGroup group) {
        groups.remove(group.number());
    }

    void note(StreamNote note) {
        description = note.description() == null ? description : note.description();
        counts = note.counts() == null ? counts : note.counts();
        paused = note.paused() == null ? paused : note.paused();
        if (note.publisher() != null) {
            publishers.keep(note.publisher());
        }
    }

    // ---- as bytes

    /** @param certain tells what is certain of a publisher */
    void write(RecordBuffer into, UnaryOperator<PublisherRecord> certain) {
        into.put(name).put(generation).put(stored).put(forced).put(trimmed);
        into.put(description == null ? 0 : 1);
        if (description != null) {
            write(into, description);
        }
        write(into, counts);
        into.put(publishers.all().size());
        publishers.all().forEach(each -> Publishers.write(into, certain.apply(each)));
        into.put(groups.values().stream().filter(DiskGroup::durable).count());
        groups.values().stream().filter(DiskGroup::durable).forEach(each -> each.write(into));
        // Behind everything that the first version reads.
        groups.values().stream().filter(DiskGroup::durable).forEach(each -> writeRest(into, each.settings()));
        write(into, paused);
        groups.values().stream().filter(DiskGroup::durable).forEach(each -> each.writeLetters(into));
        into.put(description == null ? 0 : number(description.settings().overflow()));
    }

    void apply(byte type, RecordBuffer body) {
        switch (type) {
            case STATE -> read(body);
            case GENERATION -> {
                generation = body.next();
                groups.values().forEach(DiskGroup::forgetLeft);
            }
            case STORED -> {
                stored = body.next();
                forced = body.next();
            }
            case TRIMMED -> trimmed = body.next();
            case SEQUENCE -> publishers.sequence(new PublisherKey(body.nextText(), body.next()), body.next());
            case DESCRIPTION -> {
                description = readDescription(body);
                if (body.hasMore()) {
                    description = with(description, policy(body.next()));
                }
            }
            case COUNTS -> counts = readCounts(body);
            case PUBLISHER -> publishers.keep(Publishers.read(body));
            case GROUP_CREATED -> {
                long number = body.next();
                String group = body.nextText();
                long leaseMillis = body.next();
                long base = body.next();
                DiskGroup created = new DiskGroup(group, number, readRest(body, leaseMillis), true, base);
                if (body.hasMore()) {
                    created.keepLetters(body.next(), named(group));
                }
                add(created);
            }
            case GROUP_DELETED -> groups.remove(body.next());
            case DELIVERED -> {
                DiskGroup group = groups.get(body.next());
                if (group != null) {
                    group.redoDelivered(body.next(), body.next(), body.nextInt());
                }
            }
            case LEFT -> {
                DiskGroup group = groups.get(body.next());
                if (group != null) {
                    group.left(body.next(), body.next(), Left.values()[body.nextInt()]);
                }
            }
            case SETTLED -> {
                DiskGroup group = groups.get(body.next());
                if (group != null) {
                    long from = body.next();
                    long through = body.next();
                    boolean acked = body.next() == 0;
                    group.redoSettle(
                            from, through, acked ? Outcome.ACKED : Outcome.SKIPPED, acked ? null : body.nextText());
                }
            }
            case PAUSED -> paused = readNames(body);
            case DELETED -> deleted = true;
            case ALLOWED -> {
                DiskGroup group = groups.get(body.next());
                if (group != null) {
                    group.allowed(body.next());
                }
            }
            case DEAD_LETTERED -> {
                DiskGroup group = groups.get(body.next());
                if (group != null) {
                    group.redoSettle(body.next());
                }
            }
            case PURGED -> {
                DiskGroup group = groups.get(body.next());
                if (group != null) {
                    String reason = body.nextText();
                    group.redoPurge(nextOrdinals(body), reason);
                }
            }
            case LETTERS_ACKED -> {
                DiskGroup group = groups.get(body.next());
                if (group != null) {
                    group.redoPurge(nextOrdinals(body), null);
                }
            }
            default ->
                throw new IllegalArgumentException("a journal has a record of type " + type
                        + ", which this version does not know; it was written by a later one");
        }
    }

    private void read(RecordBuffer from) {
        name = from.nextText();
        generation = from.next();
        stored = from.next();
        forced = from.next();
        trimmed = from.next();
        description = from.next() == 0 ? null : readDescription(from);
        counts = readCounts(from);
        for (long left = from.next(); left > 0; left--) {
            publishers.keep(Publishers.read(from));
        }
        groups.clear();
        for (long left = from.next(); left > 0; left--) {
            add(DiskGroup.read(from));
        }
        groups.values()
                .forEach(each -> each.settings(readRest(from, each.settings().leaseMillis())));
        // Those who wrote of no paused groups ended here.
        paused = from.hasMore() ? readNames(from) : Set.of();
        // And those who wrote of no dead letters here.
        if (from.hasMore()) {
            groups.values().forEach(each -> each.readLetters(from));
        }
        // And those who knew of one overflow policy only.
        if (from.hasMore()) {
            OverflowPolicy overflow = policy(from.next());
            description = description == null ? null : with(description, overflow);
        }
    }

    /** Settings of a group but for its lease, which stands where it did when there was nothing else. */
    static void writeRest(RecordBuffer into, GroupSettings settings) {
        into.put(settings.maxAgeMillis()).put(settings.maxAttempts());
        into.put((settings.order() == GroupSettings.Order.STRICT ? STRICT : 0) | (settings.early() ? EARLY : 0));
    }

    private static GroupSettings readRest(RecordBuffer from, long leaseMillis) {
        if (!from.hasMore()) {
            return new GroupSettings(leaseMillis);
        }
        long maxAgeMillis = from.next();
        int maxAttempts = from.nextInt();
        // Bits: those who knew of no more than the order wrote 0 or 1.
        long flags = from.next();
        return new GroupSettings(
                leaseMillis,
                maxAgeMillis,
                maxAttempts,
                (flags & STRICT) != 0 ? GroupSettings.Order.STRICT : GroupSettings.Order.FIRST_DELIVERIES,
                (flags & EARLY) != 0);
    }

    static void write(RecordBuffer into, Set<String> names) {
        into.put(names.size());
        names.forEach(into::put);
    }

    private static Set<String> readNames(RecordBuffer from) {
        Set<String> names = new TreeSet<>();
        for (long left = from.next(); left > 0; left--) {
            names.add(from.nextText());
        }
        return names;
    }

    /** A description in a record of its own. */
    static void writeAlone(RecordBuffer into, StreamNote.Description description) {
        write(into, description);
        into.put(number(description.settings().overflow()));
    }

    private static long number(OverflowPolicy policy) {
        return switch (policy) {
            case BLOCK -> 0;
            case DROP_OLDEST -> 1;
            case DROP_NEWEST -> 2;
            case THIN -> 3;
        };
    }

    private static OverflowPolicy policy(long number) {
        for (OverflowPolicy policy : OverflowPolicy.values()) {
            if (number(policy) == number) {
                return policy;
            }
        }
        throw new IllegalArgumentException("a journal has overflow policy " + number
                + ", which this version does not know; it was written by a later one");
    }

    private static StreamNote.Description with(StreamNote.Description description, OverflowPolicy overflow) {
        return new StreamNote.Description(description.settings().with(overflow), description.createdMicros());
    }

    private static void write(RecordBuffer into, StreamNote.Description description) {
        StreamSettings settings = description.settings();
        into.put(settings.maxBacklogFrames()).put(settings.maxBacklogBytes());
        into.put(settings.retentionFrames()).put(settings.retentionBytes()).put(settings.retentionMillis());
        into.put(description.createdMicros());
    }

    private static StreamNote.Description readDescription(RecordBuffer from) {
        StreamSettings settings =
                new StreamSettings(from.nextInt(), from.next(), from.nextInt(), from.next(), from.next());
        return new StreamNote.Description(settings, from.next());
    }

    static void write(RecordBuffer into, StreamNote.Counts counts) {
        into.put(counts.duplicates());
        put(into, counts.dropped());
        put(into, counts.reported());
        StreamNote.Offered offered = counts.offered();
        into.put(offered == null ? 0 : 1);
        if (offered != null) {
            into.put(offered.frames()).put(offered.through()).put(offered.lost());
            into.put(offered.lostKept());
        }
    }

    private static StreamNote.Counts readCounts(RecordBuffer from) {
        long duplicates = from.next();
        Map<String, Long> dropped = nextCounts(from);
        Map<String, Long> reported = nextCounts(from);
        StreamNote.Offered offered =
                from.next() == 0 ? null : new StreamNote.Offered(from.next(), from.next(), from.next(), from.next());
        return new StreamNote.Counts(duplicates, dropped, reported, offered);
    }

    /** Each as the difference to the one before: short where they ascend. */
    static void put(RecordBuffer into, Collection<Long> ordinals) {
        into.put(ordinals.size());
        long before = 0;
        for (long each : ordinals) {
            into.put(each - before);
            before = each;
        }
    }

    static List<Long> nextOrdinals(RecordBuffer from) {
        List<Long> ordinals = new ArrayList<>();
        long before = 0;
        for (long left = from.next(); left > 0; left--) {
            before += from.next();
            ordinals.add(before);
        }
        return ordinals;
    }

    static void put(RecordBuffer into, Map<String, Long> counts) {
        into.put(counts.size());
        counts.forEach((reason, frames) -> into.put(reason).put(frames));
    }

    static Map<String, Long> nextCounts(RecordBuffer from) {
        Map<String, Long> counts = new TreeMap<>();
        for (long left = from.next(); left > 0; left--) {
            counts.put(from.nextText(), from.next());
        }
        return counts;
    }
}
