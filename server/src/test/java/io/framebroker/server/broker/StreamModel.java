package io.framebroker.server.broker;

import io.framebroker.server.broker.PublisherPort.FrameException;
import io.framebroker.server.broker.PublisherPort.Outcome;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;

/** What a stream must look like: who has published what, what is stored, what is gone. */
final class StreamModel {
    /** A frame with its place. Its origin tells it from every other frame of a run. */
    record Stored(
            long ordinal,
            PublisherKey key,
            long sequence,
            long origin,
            int bytes,
            boolean keyframe,
            long micros,
            SimulatedCamera.Call by) {
        @Override
        public String toString() {
            return "frame " + ordinal;
        }
    }

    /** What is known of a publisher's epoch. */
    static final class Epoch {
        final Map<Long, FrameException> exceptions = new LinkedHashMap<>();
        long last;
        long stored;
        long lastReport;

        /** Why frames went that the next ones may build on; null when the last one was taken. */
        private String lastDropped() {
            long sequence = last;
            while (exceptions.containsKey(sequence) && exceptions.get(sequence).outcome() != Outcome.DROPPED) {
                sequence--;
            }
            return exceptions.containsKey(sequence) ? exceptions.get(sequence).reason() : null;
        }
    }

    /** What a message is to come to. */
    record Verdicts(List<String> exceptions, List<Long> appendedOrigins) {}

    final String name;
    final Map<String, GroupModel> groups = new TreeMap<>();
    final Map<PublisherKey, Epoch> epochs = new HashMap<>();
    private final Simulation simulation;
    private final List<Stored> frames = new ArrayList<>();
    private final List<Long> bytesThrough = new ArrayList<>(List.of(0L));
    private final Map<Long, Long> ordinalByOrigin = new HashMap<>();
    StreamSettings settings;
    /** Whose frames were judged last. */
    private SimulatedCamera.Call judged;
    /** Why frames go until a keyframe comes; null while none do. */
    private String tail;
    /** Whether frames that build on others have been seen by a policy that cares. */
    private boolean video;

    private long confirmed;
    /** Messages are acknowledged as a whole, when their last frame is stored. */
    private long acknowledged;

    private final TreeSet<Long> messageEnds = new TreeSet<>();
    private long trimmed;
    private long cooled;
    private long offered;
    private long duplicates;
    private final Map<String, Long> dropped = new TreeMap<>();
    private final Map<String, Long> reported = new TreeMap<>();

    private long generation;

    StreamModel(String name, StreamSettings settings, Simulation simulation) {
        this.name = name;
        this.settings = settings;
        this.simulation = simulation;
    }

    /** Generation of its frames, as the deliveries of them say; all have the same. */
    long generation() {
        return generation;
    }

    void generation(long told) {
        simulation.require(
                generation == 0 || generation == told, "%s had generation %d, and now has %d", name, generation, told);
        generation = told;
    }

    Stored frame(long ordinal) {
        return frames.get((int) ordinal - 1);
    }

    long appended() {
        return frames.size();
    }

    long confirmed() {
        return confirmed;
    }

    long trimmed() {
        return trimmed;
    }

    private long bytes(long from) {
        return bytesThrough.get(frames.size()) - bytesThrough.get((int) from - 1);
    }

    /** Frames up to this one have left memory. */
    void cooled(long through) {
        cooled = Math.max(cooled, through);
    }

    long keptBytes() {
        long gone = Math.max(trimmed, cooled);
        return bytes(gone + 1) + (appended() - gone) * Backlog.FRAME_OVERHEAD_BYTES;
    }

    long low() {
        long low = confirmed + 1;
        for (GroupModel group : groups.values()) {
            if (group.durable) {
                low = Math.min(low, group.low());
            }
        }
        return low;
    }

    /** Whether there is room for another message, leaving memory aside. */
    boolean hasRoom() {
        long low = low();
        return settings.overflow().dropsArriving() || appended() + 1 - low < spanFrames() && bytes(low) < spanBytes();
    }

    private boolean dropsOldest() {
        return settings.overflow() == OverflowPolicy.DROP_OLDEST;
    }

    private long spanFrames() {
        return settings.maxBacklogFrames() * (dropsOldest() ? 2L : 1L);
    }

    private long spanBytes() {
        return settings.maxBacklogBytes() * (dropsOldest() ? 2 : 1);
    }

    /** Whether a waiting frame has to go, for there are too many from it on. */
    boolean isTooOld(long ordinal) {
        return dropsOldest()
                && (appended() + 1 - ordinal > settings.maxBacklogFrames()
                        || bytes(ordinal) > settings.maxBacklogBytes()
                        || simulation.memoryIsShort());
    }

    /** Whether there is room for a publisher that was told to wait: an eighth of the limits, leaving memory aside. */
    boolean hasEased() {
        long low = low();
        return hasRoom()
                && (settings.overflow().dropsArriving()
                        || appended() + 1 - low <= spanFrames() - spanFrames() / 8
                                && bytes(low) <= spanBytes() - spanBytes() / 8);
    }

    /** Whether every durable group is through with everything. */
    boolean isSettled() {
        return confirmed == appended() && low() == confirmed + 1;
    }

    int consumers() {
        return groups.values().stream().mapToInt(group -> group.members.size()).sum();
    }

    /** All of them want all there is. */
    Demand demand() {
        long durable = groups.values().stream().filter(group -> group.durable).count();
        return new Demand(consumers(), (int) durable, 0);
    }

    // ---- publishing

    Epoch epoch(PublisherKey key) {
        return epochs.computeIfAbsent(key, absent -> new Epoch());
    }

    /**
     * What a message of this publisher must come to, entered into the ledger.
     *
     * @param admitted whether the broker had memory for it
     * @param told why frames were dropped, by sequence: which ones are thinned is not known here
     */
    Verdicts judge(
            SimulatedCamera.Call by,
            PublisherKey key,
            boolean numbersItself,
            List<FrameContent> contents,
            boolean admitted,
            Map<Long, String> told) {
        Epoch epoch = epoch(key);
        if (by != judged) {
            judged = by;
            tail = epoch.lastDropped();
        }
        List<String> exceptions = new ArrayList<>();
        List<Long> appends = new ArrayList<>();
        for (FrameContent content : contents) {
            long sequence = numbersItself ? content.sequence() : epoch.last + 1;
            if (sequence == 0) {
                offered++;
                dropped.merge("SEQUENCE_MISSING", 1L, Long::sum);
                exceptions.add("0 REJECTED");
            } else if (sequence <= epoch.last) {
                duplicates++;
                if (epoch.exceptions.containsKey(sequence)) {
                    exceptions.add(
                            sequence + " " + epoch.exceptions.get(sequence).outcome());
                } else if (sequence <= epoch.stored) {
                    exceptions.add(sequence + " DUPLICATE");
                }
            } else {
                offered++;
                epoch.last = sequence;
                if (content.defect() != null) {
                    String reason = content.defect().reason();
                    exceptions.add(refused(epoch, new FrameException(sequence, Outcome.REJECTED, reason, "")));
                    continue;
                }
                String reason = overflow(content, admitted, told.get(sequence));
                if (reason != null) {
                    exceptions.add(refused(epoch, new FrameException(sequence, Outcome.DROPPED, reason, "")));
                    continue;
                }
                appends.add(Frames.origin(content));
            }
        }
        return new Verdicts(exceptions, appends);
    }

    private String refused(Epoch epoch, FrameException exception) {
        dropped.merge(exception.reason(), 1L, Long::sum);
        epoch.exceptions.put(exception.sequence(), exception);
        return exception.sequence() + " " + exception.outcome();
    }

    /** Why a frame is not to be taken; null when it is. */
    private String overflow(FrameContent content, boolean admitted, String told) {
        tail = content.keyframe() ? null : tail;
        if (tail != null || settings.overflow().dropsArriving()) {
            video |= !content.keyframe();
        }
        if (tail == null && settings.overflow().dropsArriving()) {
            long low = low();
            double used = Math.max(
                    (double) (appended() + 1 - low) / settings.maxBacklogFrames(),
                    (double) bytes(low) / settings.maxBacklogBytes());
            if (used >= 1 || !admitted) {
                tail = Overflow.REASON;
            } else if (Overflow.THINNED.equals(told)) {
                simulation.require(
                        settings.overflow() == OverflowPolicy.THIN && used >= 0.39 && !(video && content.keyframe()),
                        "thinned at %f under %s, video %s, keyframe %s",
                        used,
                        settings,
                        video,
                        content.keyframe());
                simulation.coverage().reached("thinned");
                tail = Overflow.THINNED;
            }
        }
        return tail;
    }

    void appended(List<Frame> appended, SimulatedCamera.Call by) {
        for (Frame frame : appended) {
            simulation.require(frame.ordinal() == appended() + 1, "%s follows %d", frame.id(), appended());
            long origin = Frames.origin(frame.content());
            simulation.require(!ordinalByOrigin.containsKey(origin), "frame %d of %s stored twice", origin, name);
            ordinalByOrigin.put(origin, frame.ordinal());
            frames.add(new Stored(
                    frame.ordinal(),
                    frame.publisher(),
                    frame.sequence(),
                    origin,
                    frame.bytes(),
                    frame.content().keyframe(),
                    frame.receivedMicros(),
                    by));
            bytesThrough.add(bytesThrough.get(frames.size() - 1) + frame.bytes());
        }
        messageEnds.add(appended());
    }

    void confirmed(long through) {
        confirmed = through;
        Long whole = messageEnds.floor(through);
        for (long ordinal = acknowledged + 1; whole != null && ordinal <= whole; ordinal++) {
            Stored frame = frame(ordinal);
            epoch(frame.key()).stored = frame.sequence();
            if (frame.by() != null) {
                frame.by().expectStored(frame.sequence());
            }
            acknowledged = ordinal;
        }
    }

    boolean isConfirmed(long origin) {
        Long ordinal = ordinalByOrigin.get(origin);
        return ordinal != null && ordinal <= acknowledged;
    }

    /** Newest frame when the stream was purged last: all up to it may go. */
    long purgedThrough;

    void trimmed(long through) {
        simulation.require(through <= confirmed, "trim through %d of %d stored", through, confirmed);
        for (GroupModel group : groups.values()) {
            long edge = group.durable ? group.low() : group.cursor + 1;
            simulation.require(through < edge, "trim through %d takes frames of %s, low %d", through, group, edge);
        }
        simulation.require(
                through < confirmed || through <= purgedThrough || simulation.memoryIsShort(),
                "trim through %d takes the newest frame",
                through);
        trimmed = Math.max(trimmed, through);
    }

    /** Whether the report is new. */
    boolean reports(PublisherKey key, long reportId, String reason, long count) {
        Epoch epoch = epoch(key);
        if (reportId <= epoch.lastReport) {
            return false;
        }
        epoch.lastReport = reportId;
        offered += count;
        reported.merge(reason, count, Long::sum);
        groups.values()
                .forEach(group -> group.members.forEach(member -> member.expectGap(name, "REPORTED", count, 0, 0)));
        return true;
    }

    // ---- checks

    /** Checks that a frame is what was published. */
    void checkIdentity(Frame frame, long deliverableThrough) {
        simulation.require(
                frame.ordinal() <= deliverableThrough, "%s delivered, %d may be", frame.id(), deliverableThrough);
        simulation.require(frame.ordinal() > trimmed, "%s delivered, %d trimmed", frame.id(), trimmed);
        Stored stored = frame(frame.ordinal());
        simulation.require(
                Frames.origin(frame.content()) == stored.origin
                        && frame.bytes() == stored.bytes
                        && frame.sequence() == stored.sequence
                        && frame.publisher().equals(stored.key)
                        && frame.receivedMicros() == stored.micros,
                "%s is not what was published: %s",
                frame,
                stored);
    }

    void check(Ledger ledger) {
        Ledger.OfStream of = ledger.stream();
        simulation.require(
                of.offered() == offered
                        && of.stored() == confirmed
                        && of.appending() == appended() - confirmed
                        && of.duplicates() == duplicates
                        && of.dropped().equals(dropped)
                        && of.reported().equals(reported),
                "ledger %s, but offered %d, stored %d of %d, duplicates %d, dropped %s, reported %s",
                of,
                offered,
                confirmed,
                appended(),
                duplicates,
                dropped,
                reported);
        simulation.require(of.imbalance() == 0, "imbalance in %s", of);
        simulation.require(ledger.groups().size() == groups.size(), "groups %s, expected %s", ledger.groups(), groups);
        ledger.groups().forEach(group -> groups.get(group.group()).check(group));
    }
}
