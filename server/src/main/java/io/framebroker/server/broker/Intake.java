package io.framebroker.server.broker;

import io.framebroker.server.broker.PublisherPort.FrameException;
import io.framebroker.server.broker.PublisherPort.Outcome;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Where frames come into a stream: its one live publisher, what is remembered of those before, and the frames on their
 * way to the store. Guarded by the stream's lock.
 */
final class Intake {
    private static final int MOST_PUBLISHERS_REMEMBERED = 64;
    private static final long TELL_WAIT_AFTER_NANOS = 100_000_000L;

    /** Frames of one message that are on their way to the store. */
    private record Appending(long lastOrdinal, long lastSequence, Publisher publisher) {}

    private final FrameStream stream;
    private final Backlog backlog;
    private final StreamLedger ledger;
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
    private Publisher publisher;
    /** The publisher has not been told that it is open. */
    private boolean opening;
    /** The publisher has nothing more to say. */
    private boolean finishing;
    /** The publisher waits for room. */
    private boolean parked;

    private long parkedSinceNanos;
    private boolean waitTold;

    Intake(FrameStream stream, Backlog backlog, StreamLedger ledger) {
        this.stream = stream;
        this.backlog = backlog;
        this.ledger = ledger;
        this.turn = stream.turn();
        this.clock = stream.clock();
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

    // ---- coming and going

    /**
     * Lets a publisher in.
     *
     * @param key who it is
     * @param numbersItself whether it gives sequences, and so can come back
     */
    Publisher open(PublisherKey key, boolean numbersItself, PublisherPort port) {
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
            }
        }
        publisher = new Publisher(stream, state, port, numbersItself);
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
    }

    void finish() {
        finishing = true;
        finishedIfQuiet();
    }

    /** Opened is told once nothing is on its way to the store: until then the last sequence is not known. */
    private void openedIfQuiet() {
        if (opening && appending.isEmpty()) {
            opening = false;
            PublisherState state = publisher.state();
            publisher.port().opened(state.lastSequence(), state.exceptions(), state.lastReportId());
            publisher.port().demand(stream.consumers(), stream.groupCount());
            if (stream.hasRoomOrParks()) {
                publisher.port().more();
            }
            turn.touch(publisher.port());
        }
    }

    private void finishedIfQuiet() {
        if (finishing && appending.isEmpty()) {
            publisher.port().finished();
            turn.touch(publisher.port());
            forget();
        }
    }

    void tellDemand() {
        if (publisher != null && !opening) {
            publisher.port().demand(stream.consumers(), stream.groupCount());
            turn.touch(publisher.port());
        }
    }

    // ---- frames

    /** Takes what can be taken of a message, in order, and gives every frame of it its place or its reason. */
    List<Frame> take(List<FrameContent> contents) {
        List<Frame> frames = new ArrayList<>(contents.size());
        PublisherState state = publisher.state();
        long receivedMicros = clock.wallMicros();
        boolean sparse = isSparse(contents, state);
        turn.touch(publisher.port());
        for (FrameContent content : contents) {
            long sequence = publisher.numbersItself() ? content.sequence() : state.lastSequence() + 1;
            if (isNotStored(content, sequence, state)) {
                continue;
            }
            ledger.offered();
            FrameContent own = sparse ? content.compact() : content;
            frames.add(new Frame(
                    own, stream.generation(), backlog.next() + frames.size(), sequence, receivedMicros, state.key()));
        }
        for (int i = 0; i < frames.size(); i++) {
            FrameContent content = frames.get(i).content();
            boolean last = i + 1 == frames.size() || frames.get(i + 1).content().array() != content.array();
            backlog.add(content, last);
        }
        if (!frames.isEmpty()) {
            Frame last = frames.get(frames.size() - 1);
            appending.add(new Appending(last.ordinal(), last.sequence(), publisher));
        }
        return frames;
    }

    /** Names a frame that does not go to the store, and counts it. */
    private boolean isNotStored(FrameContent content, long sequence, PublisherState state) {
        if (sequence == 0) {
            drop(
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
            drop(sequence, content.defect());
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
                            "taken before; whether it was stored or rejected is no longer known"));
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

    private void drop(long sequence, FrameContent.Defect defect) {
        FrameException exception = new FrameException(sequence, Outcome.REJECTED, defect.reason(), defect.message());
        ledger.offered();
        ledger.dropped(defect.reason());
        if (sequence != 0) {
            publisher.state().notStored(exception);
        }
        publisher.port().exception(exception);
    }

    /** Whether the frames worth keeping are the smaller part of the message they came in, which they would keep alive. */
    private static boolean isSparse(List<FrameContent> contents, PublisherState state) {
        long worth = 0;
        for (FrameContent content : contents) {
            if (content.defect() == null && (content.sequence() == 0 || state.isNew(content.sequence()))) {
                worth += content.length();
            }
        }
        return !contents.isEmpty() && worth * 2 < contents.get(0).array().length;
    }

    /** The store has confirmed frames up to this ordinal. */
    void stored(long throughOrdinal) {
        while (!appending.isEmpty() && appending.peek().lastOrdinal <= throughOrdinal) {
            Appending done = appending.poll();
            done.publisher.state().stored(done.lastSequence);
            if (done.publisher == publisher && publisher != null) {
                publisher.port().stored(done.lastSequence);
                turn.touch(publisher.port());
            }
        }
        openedIfQuiet();
        finishedIfQuiet();
    }

    /** Enters a report once. Returns whether it was new. */
    boolean report(long reportId, List<Publisher.Lost> lost) {
        if (reportId == 0) {
            throw BrokerException.invalid("report.report_id", "0; reports are numbered from 1");
        }
        boolean isNew = publisher.state().takeReport(reportId);
        if (isNew) {
            lost.forEach(each -> ledger.reported(each.reason(), each.count()));
        }
        publisher.port().reported(publisher.state().lastReportId());
        turn.touch(publisher.port());
        return isNew;
    }

    // ---- room

    /** Has the publisher wait until {@link #resume}. Returns nanoseconds until that is worth telling it. */
    long park() {
        parked = true;
        parkedSinceNanos = clock.nanos();
        return TELL_WAIT_AFTER_NANOS;
    }

    void resume() {
        parked = false;
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
