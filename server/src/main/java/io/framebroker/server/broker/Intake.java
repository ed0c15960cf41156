package io.framebroker.server.broker;

import io.framebroker.server.broker.PublisherPort.FrameException;
import io.framebroker.server.broker.PublisherPort.Outcome;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.LongStream;

/**
 * Where frames come into a stream: its one live publisher, what is remembered of those before, and the frames on their
 * way to the store. Guarded by the stream's lock.
 */
final class Intake {
    private static final int MOST_PUBLISHERS_REMEMBERED = 64;
    private static final long TELL_WAIT_AFTER_NANOS = 100_000_000L;
    /** Consumers may come and go as quickly as they like: demand is told no oftener. */
    private static final long TELL_DEMAND_EVERY_NANOS = 100_000_000L;
    /** Short: it is kept with the publisher, for many frames. */
    private static final String DROPPED_BECAUSE = "overflow policy";

    /** Frames of one message that are on their way to the store, at least one. */
    private record Appending(List<Frame> frames, Publisher publisher) {
        Frame last() {
            return frames.get(frames.size() - 1);
        }
    }

    /** A report that is in the ledger and on its way to the store. */
    private record Reported(long note, long reportId, Publisher publisher) {}

    private final FrameStream stream;
    private final Backlog backlog;
    private final StreamLedger ledger;
    private final Overflow overflow;
    private final Turn turn;
    private final BrokerClock clock;

    private final Map<String, PublisherState> publishers = new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, PublisherState> eldest) {
            return size() > MOST_PUBLISHERS_REMEMBERED;
        }
    };
    private final ArrayDeque<Appending> appending = new ArrayDeque<>();
    private final ArrayDeque<Reported> reports = new ArrayDeque<>();
    /** Frames up to this ordinal are acknowledged, though the store may not have them. */
    private long keptThrough;

    private Publisher publisher;
    /** The number of the note that says who the publisher is. */
    private long openNote;
    /** The publisher has not been told that it is open. */
    private boolean opening;
    /** The publisher has nothing more to say. */
    private boolean finishing;
    /** Frames of this turn were refused, which is yet to be noted. */
    private boolean refused;
    /** The publisher waits for room. */
    private boolean parked;

    private long parkedSinceNanos;
    private boolean waitTold;
    private final Backpressure backpressure = new Backpressure();
    /** What the publisher knows, once it is open. */
    private Demand demandTold;

    private long demandToldNanos;

    /** @param known publishers of before, the one heard last at the end */
    Intake(FrameStream stream, Backlog backlog, StreamLedger ledger, List<PublisherRecord> known) {
        this.stream = stream;
        this.backlog = backlog;
        this.ledger = ledger;
        this.overflow = new Overflow(backlog);
        this.turn = stream.turn();
        this.clock = stream.clock();
        known.forEach(record -> publishers.put(record.key().id(), new PublisherState(record)));
    }

    boolean isLive(Publisher candidate) {
        return candidate == publisher;
    }

    boolean hasPublisher() {
        return publisher != null;
    }

    /** Empty when there is none. */
    String publisherId() {
        return publisher == null ? "" : publisher.key().id();
    }

    boolean parked() {
        return parked;
    }

    boolean waitTold() {
        return waitTold;
    }

    Backpressure backpressure() {
        return backpressure;
    }

    // ---- coming and going

    /**
     * Lets a publisher in.
     *
     * @param key who it is
     * @param numbersItself whether it gives sequences, and so can come back
     * @param takesMemory whether frames may be acknowledged that are in memory alone
     */
    Publisher open(PublisherKey key, boolean numbersItself, boolean takesMemory, PublisherPort port) {
        PublisherState state = publishers.get(key.id());
        if (publisher != null && !publisher.key().id().equals(key.id())) {
            throw new BrokerException(
                    BrokerException.Kind.ALREADY_EXISTS,
                    "STREAM_HAS_PUBLISHER",
                    "stream " + stream.name() + " is being published by " + publisher + "; " + key
                            + " has to wait until it is gone, or take another stream");
        }
        if (state != null && Long.compareUnsigned(key.epoch(), state.key().epoch()) < 0) {
            throw fenced(key, state.key());
        }
        if (publisher != null) {
            end(publisher.key().equals(key) ? replaced(key) : fenced(publisher.key(), key));
        }
        if (state == null || !state.key().equals(key)) {
            state = new PublisherState(key);
            if (numbersItself) {
                publishers.put(key.id(), state);
                // A broker that comes after this one has to refuse the older epoch as well.
                openNote = stream.note(StreamNote.of(state.record(), stream.counts()));
            }
        }
        overflow.goesOnBehind(state.lastDropped());
        publisher = new Publisher(stream, state, port, numbersItself, takesMemory);
        opening = true;
        openedIfQuiet();
        return publisher;
    }

    private BrokerException fenced(PublisherKey older, PublisherKey newer) {
        return new BrokerException(
                BrokerException.Kind.ABORTED,
                "PUBLISHER_FENCED",
                "publisher " + older + " of stream " + stream.name() + " has been succeeded by " + newer
                        + "; start again with a larger epoch");
    }

    private BrokerException replaced(PublisherKey key) {
        return new BrokerException(
                BrokerException.Kind.ABORTED,
                "PUBLISHER_REPLACED",
                "publisher " + key + " of stream " + stream.name() + " has opened another call; this one ends");
    }

    /** Ends the live publisher's call, if there is one. */
    void end(BrokerException why) {
        if (publisher != null) {
            publisher.port().ended(why);
            turn.touch(publisher.port());
            forget();
        }
    }

    void forget() {
        publisher = null;
        opening = false;
        finishing = false;
        parked = false;
        waitTold = false;
        backpressure.ends(clock.nanos());
    }

    void finish() {
        finishing = true;
        finishedIfQuiet();
    }

    /** Opened is told once nothing is on its way to the store: until then the last sequence is not known. */
    private void openedIfQuiet() {
        if (opening && appending.isEmpty() && reports.isEmpty() && openNote <= stream.notedThrough()) {
            opening = false;
            PublisherState state = publisher.state();
            publisher.port().opened(state.lastSequence(), state.exceptions(), state.lastReportId());
            tell(stream.demand());
            if (stream.hasRoomOrParks()) {
                publisher.port().more();
            }
            turn.touch(publisher.port());
        }
    }

    private void finishedIfQuiet() {
        if (finishing && appending.isEmpty() && reports.isEmpty()) {
            publisher.port().finished();
            turn.touch(publisher.port());
            forget();
        }
    }

    /** Tells the publisher who wants its frames, if that has changed: at once, or when it is time to again. */
    void tellDemand() {
        Demand demand = publisher == null || opening ? demandTold : stream.demand();
        if (Objects.equals(demand, demandTold)) {
            return;
        }
        long wait = demandToldNanos + TELL_DEMAND_EVERY_NANOS - clock.nanos();
        if (wait > 0) {
            stream.wakeAfter(wait);
        } else {
            tell(demand);
            turn.touch(publisher.port());
        }
    }

    private void tell(Demand demand) {
        demandTold = demand;
        demandToldNanos = clock.nanos();
        publisher.port().demand(demand);
    }

    // ---- frames

    /** Takes what can be taken of a message, in order, and gives every frame of it its place or its reason. */
    List<Frame> take(List<FrameContent> contents) {
        List<Frame> frames = new ArrayList<>(contents.size());
        PublisherState state = publisher.state();
        long receivedMicros = clock.wallMicros();
        long low = overflow.matters() ? stream.low() : 0;
        turn.touch(publisher.port());
        for (FrameContent content : contents) {
            long sequence = publisher.numbersItself() ? content.sequence() : state.lastSequence() + 1;
            if (isNotStored(content, sequence, state)) {
                continue;
            }
            if (overflow.matters()) {
                String reason = overflow.verdict(content, low);
                if (reason != null) {
                    drop(content, new FrameException(sequence, Outcome.DROPPED, reason, DROPPED_BECAUSE));
                    continue;
                }
            }
            ledger.offered();
            frames.add(new Frame(
                    content,
                    stream.generation(),
                    backlog.next() + frames.size(),
                    sequence,
                    receivedMicros,
                    state.key()));
        }
        stream.traces().tellRefused();
        if (isSparse(frames)) {
            frames.replaceAll(Frame::compact);
        }
        for (int i = 0; i < frames.size(); i++) {
            FrameContent content = frames.get(i).content();
            boolean last = i + 1 == frames.size() || frames.get(i + 1).content().array() != content.array();
            backlog.add(content, last);
        }
        if (!frames.isEmpty()) {
            appending.add(new Appending(frames, publisher));
        }
        return frames;
    }

    /**
     * Has the store note what {@link #take} refused. Only behind the append of what it took: the note speaks of a last
     * sequence, and a store that made it last without knowing of the frames in front of that would call them stored.
     */
    void noteRefused() {
        if (refused && publisher != null) {
            stream.note(StreamNote.of(remembered(), stream.counts()));
        }
        refused = false;
    }

    /** Names a frame that does not go to the store, and counts it. */
    private boolean isNotStored(FrameContent content, long sequence, PublisherState state) {
        if (sequence == 0) {
            drop(
                    content,
                    0,
                    new FrameContent.Defect(
                            "SEQUENCE_MISSING",
                            "frame without sequence; publisher " + publisher + " numbers its frames itself, from 1"));
            return true;
        }
        if (!state.isNew(sequence)) {
            ledger.duplicate();
            answerAgain(sequence, state);
            return true;
        }
        state.taken(sequence);
        if (content.defect() != null) {
            drop(content, sequence, content.defect());
            return true;
        }
        return false;
    }

    /** What a frame that was taken before has come to. One still on its way is answered by its own ack. */
    private void answerAgain(long sequence, PublisherState state) {
        FrameException notStored = state.exception(sequence);
        if (notStored != null) {
            publisher.port().exception(notStored);
        } else if (state.isForgotten(sequence)) {
            publisher
                    .port()
                    .exception(new FrameException(
                            sequence,
                            Outcome.UNKNOWN,
                            "OUTCOME_FORGOTTEN",
                            "taken before; whether it was stored, dropped or rejected is no longer known"));
        } else if (state.isStored(sequence)) {
            publisher
                    .port()
                    .exception(new FrameException(
                            sequence,
                            Outcome.DUPLICATE,
                            "DUPLICATE",
                            "sequences up to " + Long.toUnsignedString(state.lastSequence()) + " were taken before"));
        }
    }

    private void drop(FrameContent content, long sequence, FrameContent.Defect defect) {
        drop(content, new FrameException(sequence, Outcome.REJECTED, defect.reason(), defect.message()));
    }

    private void drop(FrameContent content, FrameException exception) {
        boolean rejected = exception.outcome() == Outcome.REJECTED;
        stream.traces().refused(content, exception.sequence(), rejected, exception.reason(), exception.message());
        ledger.offered();
        ledger.dropped(exception.reason());
        refused = true;
        if (exception.sequence() != 0) {
            publisher.state().notStored(exception);
        }
        publisher.port().exception(exception);
    }

    /** Whether these frames are the smaller part of the message they came in, which they would keep alive. */
    private static boolean isSparse(List<Frame> frames) {
        long worth = 0;
        for (Frame frame : frames) {
            worth += frame.bytes();
        }
        return !frames.isEmpty() && worth * 2 < frames.get(0).content().array().length;
    }

    /** The store has confirmed frames up to this ordinal. */
    void stored(long throughOrdinal) {
        while (!appending.isEmpty() && appending.peek().last().ordinal() <= throughOrdinal) {
            Appending done = appending.poll();
            long lastSequence = done.last().sequence();
            done.publisher.state().stored(lastSequence);
            if (done.publisher == publisher && publisher != null) {
                acknowledge(lastSequence);
            }
        }
        openedIfQuiet();
        finishedIfQuiet();
    }

    /** Frames that are on their way to the store, of one message; as {@link StreamStore#read}. */
    List<Frame> onTheirWay(long from, long through, int maxFrames, long maxBytes) {
        // The newest are wanted most.
        for (Iterator<Appending> newestFirst = appending.descendingIterator(); newestFirst.hasNext(); ) {
            List<Frame> frames = newestFirst.next().frames;
            int first = (int) (from - frames.get(0).ordinal());
            if (first >= 0) {
                int most = (int) Math.min(maxFrames, Math.min(through - from + 1, frames.size() - first));
                return frames.subList(first, first + fitting(frames, first, most, maxBytes));
            }
        }
        return List.of();
    }

    /** How many frames from {@code first} on fit, one at least. */
    private static int fitting(List<Frame> frames, int first, int most, long maxBytes) {
        long bytes = 0;
        int count = 0;
        while (count < most && (count == 0 || bytes + frames.get(first + count).bytes() <= maxBytes)) {
            bytes += frames.get(first + count).bytes();
            count++;
        }
        return count;
    }

    private void acknowledge(long throughSequence) {
        if (publisher.acknowledge(throughSequence)) {
            publisher.port().stored(throughSequence);
            turn.touch(publisher.port());
        }
    }

    /** Whether frames are on their way to the store whose publisher would do with having them in memory. */
    boolean mayKeep() {
        Appending newest = appending.peekLast();
        return newest != null && newest.publisher == publisher && publisher.takesMemory();
    }

    /** What is on its way to the store is in memory, and stays there until it is stored. */
    void kept() {
        acknowledge(appending.getLast().last().sequence());
        keptThrough = appending.getLast().last().ordinal();
    }

    /** Frames that are acknowledged and that the store has not confirmed; null for none. */
    DegradeLoss keptOnly() {
        // A publisher is open only when the store has everything of those before it, so they are one publisher's.
        PublisherKey key = null;
        LongStream.Builder sequences = LongStream.builder();
        for (Appending each : appending) {
            if (each.last().ordinal() <= keptThrough && each.publisher.takesMemory()) {
                key = each.publisher.key();
                each.frames.forEach(frame -> sequences.add(frame.sequence()));
            }
        }
        return key == null ? null : new DegradeLoss(key, sequences.build().toArray());
    }

    /** Enters a report once. Returns whether it was new. */
    boolean report(long reportId, List<Publisher.Lost> lost) {
        if (reportId == 0) {
            throw BrokerException.invalid("report.report_id", "0; reports are numbered from 1");
        }
        boolean isNew = publisher.state().takeReport(reportId);
        if (isNew) {
            lost.forEach(each -> ledger.reported(each.reason(), each.count()));
            reports.add(new Reported(stream.notesAsked() + 1, reportId, publisher));
            stream.note(StreamNote.of(remembered(), stream.counts()));
        } else if (reports.isEmpty()) {
            tellReported(publisher.state().lastReportId());
        }
        return isNew;
    }

    /** The store has made notes up to this number last. */
    void noted(long throughNote) {
        while (!reports.isEmpty() && reports.peek().note <= throughNote) {
            Reported done = reports.poll();
            if (done.publisher == publisher && publisher != null) {
                tellReported(done.reportId);
            }
        }
        openedIfQuiet();
        finishedIfQuiet();
    }

    private void tellReported(long throughReportId) {
        publisher.port().reported(throughReportId);
        turn.touch(publisher.port());
    }

    /** What to keep of the live publisher; nothing of one that cannot come back. */
    private PublisherRecord remembered() {
        return publisher.numbersItself() ? publisher.state().record() : null;
    }

    // ---- room

    /** Has the publisher wait until {@link #resume}. Returns nanoseconds until that is worth telling it. */
    long park(WaitReason reason) {
        parked = true;
        parkedSinceNanos = clock.nanos();
        backpressure.begins(reason, parkedSinceNanos);
        return TELL_WAIT_AFTER_NANOS;
    }

    void resume() {
        parked = false;
        backpressure.ends(clock.nanos());
        publisher.port().more();
        if (waitTold) {
            waitTold = false;
            publisher.port().resumed();
        }
        turn.touch(publisher.port());
    }

    /**
     * Tells the publisher that it waits, once it has waited for a while: most waits are too short to speak of.
     *
     * @param reason null when another stream has just made room, which the next look finds
     */
    void tellWait(long now, String reason) {
        if (parked && !waitTold && reason != null && now - parkedSinceNanos >= TELL_WAIT_AFTER_NANOS) {
            waitTold = true;
            publisher.port().waiting(reason);
            turn.touch(publisher.port());
        }
    }
}
