package io.framebroker.server.broker;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;

/** A publisher's process: it numbers its frames, remembers what is not acknowledged and sends that again. */
final class SimulatedCamera {
    private static final int MOST_PENDING = 30;
    /** Demand is told no oftener. */
    private static final long DEMAND_PAUSE_NANOS = 100_000_000L;

    private final Simulation simulation;
    private final Random random;
    private final String stream;
    private final String id;
    private final TreeMap<Long, FrameContent> pending = new TreeMap<>();
    private final boolean video;
    private long epoch = 1;
    private long lastSequence;
    private long lastReport;
    private Call call;

    SimulatedCamera(Simulation simulation, Random random, String stream, String id) {
        this.simulation = simulation;
        this.random = random;
        this.stream = stream;
        this.id = id;
        this.video = random.nextBoolean();
    }

    Call call() {
        return call;
    }

    String stream() {
        return stream;
    }

    boolean hasPending() {
        return !pending.isEmpty();
    }

    /** Lets the other camera of its stream have its turn. */
    void stepsAside() {
        if (pending.isEmpty()) {
            finishes();
        }
    }

    private boolean numbersItself() {
        return !id.isEmpty();
    }

    // ---- what it does

    void connects() {
        StreamModel model = simulation.streamOrNew(stream);
        Call live = simulation.liveCall(stream);
        boolean refused = live != null && (live.camera() != this || !numbersItself());
        boolean fences = !refused && random.nextInt(4) == 0;
        if (fences && numbersItself()) {
            epoch++;
            pending.clear();
            lastSequence = 0;
            lastReport = 0;
        }
        if (!numbersItself()) {
            pending.clear();
        }
        if (live != null && !refused) {
            live.expectEnd(fences ? "PUBLISHER_FENCED" : "PUBLISHER_REPLACED");
        }
        simulation.note("camera %s@%d connects to %s", id, epoch, stream);
        Call opening = new Call(model);
        try {
            opening.publisher = simulation
                    .broker()
                    .openPublisher(stream, id, epoch, simulation.fault().port(opening));
        } catch (BrokerException e) {
            simulation.require(refused, "refused: %s", e.getMessage());
            simulation.coverage().reached("refused " + e.reason());
            return;
        }
        simulation.require(!refused, "two publishers on %s", stream);
        call = opening;
    }

    void opensWithAnOldEpoch() {
        if (!numbersItself() || epoch == 1 || simulation.liveCall(stream) != call) {
            return;
        }
        StreamModel model = simulation.stream(stream);
        if (model == null || !model.epochs.containsKey(new PublisherKey(id, epoch))) {
            return;
        }
        simulation.note("camera %s comes back from epoch %d", id, epoch - 1);
        Call old = new Call(model);
        try {
            simulation.broker().openPublisher(stream, id, epoch - 1, old);
            simulation.require(false, "epoch %d is let in behind %d", epoch - 1, epoch);
        } catch (BrokerException e) {
            simulation.coverage().reached("refused " + e.reason());
        }
    }

    void publishes() {
        if (call == null || !call.asked) {
            return;
        }
        List<FrameContent> message = new ArrayList<>();
        int count = random.nextInt(3) == 0 ? 1 + random.nextInt(8) : 1;
        for (int i = 0; i < count; i++) {
            message.add(nextContent());
        }
        call.publish(message);
    }

    private FrameContent nextContent() {
        int dice = random.nextInt(100);
        if (numbersItself() && dice < 3) {
            return Frames.of(simulation.newOrigin(), 0, 16);
        }
        if (numbersItself() && dice < 8 && call.sentThrough > 0) {
            long again = 1 + random.nextInt((int) call.sentThrough);
            return Frames.of(simulation.newOrigin(), again, 16 + random.nextInt(100));
        }
        if (!numbersItself()) {
            return dice < 5 ? Frames.bad(0) : newFrame(0);
        }
        Long owed = pending.higherKey(call.sentThrough);
        if (owed != null) {
            call.sentThrough = owed;
            return pending.get(owed);
        }
        long sequence = nextSequence();
        call.sentThrough = sequence;
        FrameContent content = dice < 14 ? Frames.bad(sequence) : newFrame(sequence);
        pending.put(sequence, content);
        return content;
    }

    private long nextSequence() {
        lastSequence += random.nextInt(20) == 0 ? 3 : 1;
        return lastSequence;
    }

    private FrameContent newFrame(long sequence) {
        int bytes = random.nextInt(10) == 0 ? 1_000 + random.nextInt(5_000) : 16 + random.nextInt(200);
        FrameContent frame = Frames.of(simulation.newOrigin(), sequence, bytes);
        return video && random.nextInt(6) > 0 ? Frames.delta(frame) : frame;
    }

    /** One frame of those it has not seen acknowledged and has not sent on this connection. */
    void publishesWhatItOwes() {
        if (call != null && call.asked && pending.higherKey(call.sentThrough) != null) {
            call.sentThrough = pending.higherKey(call.sentThrough);
            call.publish(List.of(pending.get(call.sentThrough)));
        }
    }

    void reports() {
        if (call == null || !call.opened) {
            return;
        }
        long reportId = random.nextInt(3) == 0 ? Math.max(1, lastReport) : ++lastReport;
        long count = 1 + random.nextInt(50);
        String reason = random.nextBoolean() ? "RING_FULL" : "SOURCE_DISCONNECTED";
        simulation.note("camera of %s reports %d: %d %s", stream, reportId, count, reason);
        boolean isNew = call.model.reports(call.publisher.key(), reportId, reason, count);
        simulation.coverage().reached(isNew ? "report" : "report again");
        call.publisher.report(simulation.fault().reportId(reportId), List.of(new Publisher.Lost(reason, count, false)));
    }

    void losesItsConnection() {
        if (call == null) {
            return;
        }
        simulation.note("camera of %s is lost", stream);
        // Frames that were under way when the connection broke.
        for (int i = random.nextInt(3); i > 0 && numbersItself() && pending.size() < MOST_PENDING; i--) {
            long sequence = nextSequence();
            pending.put(sequence, newFrame(sequence));
        }
        Call lost = call;
        call = null;
        lost.over = true;
        lost.publisher.lost();
        lost.publisher.lost();
    }

    void finishes() {
        if (call == null || call.finishing) {
            return;
        }
        simulation.note("camera of %s has finished", stream);
        call.finishing = true;
        call.asked = false;
        call.publisher.finish();
    }

    /** Its stream was deleted, with all that was known of it. */
    void startsAnew() {
        pending.clear();
        epoch++;
        lastSequence = 0;
        lastReport = 0;
    }

    /** One connection. */
    final class Call implements PublisherPort {
        private final StreamModel model;
        private final List<String> exceptionsTold = new ArrayList<>();
        private final Map<Long, String> droppedTold = new HashMap<>();
        /** The message that is being published, and whether there was memory for it. */
        private List<FrameContent> message = List.of();

        private boolean admitted;
        private StreamModel.Verdicts verdicts;
        private Publisher publisher;
        private long sentThrough;
        private long storedTold;
        private long storedExpected;
        private long reportTold;
        private boolean opened;
        private boolean asked;
        private boolean finishing;
        private boolean finishedTold;
        private boolean over;
        private boolean waitTold;
        private String endExpected = "";
        private Demand demandTold;
        private long demandToldNanos;

        Call(StreamModel model) {
            this.model = model;
        }

        SimulatedCamera camera() {
            return SimulatedCamera.this;
        }

        boolean isOver() {
            return over;
        }

        boolean isFinishing() {
            return finishing;
        }

        void expectEnd(String reason) {
            endExpected = reason;
        }

        void expectStored(long sequence) {
            storedExpected = sequence;
        }

        private void publish(List<FrameContent> frames) {
            asked = false;
            exceptionsTold.clear();
            droppedTold.clear();
            message = frames;
            admitted = simulation.hasMemoryFor(model);
            simulation.note("camera of %s publishes %d", stream, message.size());
            simulation.bookkeeper().publishing(this);
            if (publisher.publish(simulation.fault().message(this, message))) {
                asked();
            }
            simulation.bookkeeper().published();
            simulation.require(
                    exceptionsTold.equals(verdicts.exceptions()),
                    "told %s, expected %s",
                    exceptionsTold,
                    verdicts.exceptions());
            exceptionsTold.forEach(told -> simulation.coverage().reached("exception " + told.split(" ")[1]));
        }

        /** Origins of those frames of the message that are to be stored. */
        List<Long> judged() {
            verdicts = model.judge(this, publisher.key(), numbersItself(), message, admitted, droppedTold);
            simulation.note("of these %d to store", verdicts.appendedOrigins().size());
            return verdicts.appendedOrigins();
        }

        private void asked() {
            simulation.require(!asked, "asked for two messages");
            simulation.require(over || model.hasRoom(), "asked for a message without room on %s", stream);
            asked = true;
        }

        @Override
        public void opened(long lastTaken, List<FrameException> exceptions, long lastReportId) {
            StreamModel.Epoch state =
                    numbersItself() ? model.epoch(new PublisherKey(id, epoch)) : new StreamModel.Epoch();
            simulation.require(!opened, "opened twice");
            simulation.require(
                    lastTaken == state.last
                            && lastReportId == state.lastReport
                            && exceptions.stream()
                                    .map(FrameException::sequence)
                                    .toList()
                                    .equals(List.copyOf(state.exceptions.keySet())),
                    "opened behind %d without %s, report %d; expected %d, %s, %d",
                    lastTaken,
                    exceptions,
                    lastReportId,
                    state.last,
                    state.exceptions.keySet(),
                    state.lastReport);
            simulation.require(
                    model.confirmed() == model.appended(),
                    "opened with %d of %d stored",
                    model.confirmed(),
                    model.appended());
            reportTold = lastReportId;
            opened = true;
            sentThrough = lastTaken;
            storedTold = lastTaken;
            storedExpected = lastTaken;
            settlePending();
        }

        /** Forgets what is answered; each of these must be stored, or have been told that it is not. */
        private void settlePending() {
            for (long sequence : List.copyOf(pending.headMap(storedTold, true).keySet())) {
                FrameContent content = pending.remove(sequence);
                boolean notStored =
                        model.epoch(new PublisherKey(id, epoch)).exceptions.containsKey(sequence);
                simulation.require(
                        notStored || model.isConfirmed(Frames.origin(content)),
                        "sequence %d of %s is acknowledged, and is neither stored nor told not to be",
                        sequence,
                        stream);
            }
        }

        @Override
        public void stored(long throughSequence) {
            simulation.require(
                    opened && throughSequence > storedTold, "stored %d after %d", throughSequence, storedTold);
            simulation.require(
                    throughSequence <= storedExpected,
                    "sequence %d of %s is acknowledged, stored is %d",
                    throughSequence,
                    stream,
                    storedExpected);
            storedTold = throughSequence;
            settlePending();
        }

        @Override
        public void exception(FrameException exception) {
            exceptionsTold.add(exception.sequence() + " " + exception.outcome());
            if (exception.outcome() == Outcome.REJECTED || exception.outcome() == Outcome.DROPPED) {
                pending.remove(exception.sequence());
                droppedTold.put(exception.sequence(), exception.reason());
            }
        }

        @Override
        public void reported(long throughReportId) {
            reportTold = throughReportId;
        }

        @Override
        public void demand(Demand demand) {
            demandTold = demand;
            demandToldNanos = simulation.now();
        }

        @Override
        public void waiting(String reason) {
            simulation.require(reason != null && !asked && !waitTold, "waiting for %s", reason);
            waitTold = true;
            simulation.coverage().reached("waiting");
        }

        @Override
        public void resumed() {
            simulation.require(waitTold, "resumed without having waited");
            waitTold = false;
            simulation.coverage().reached("resumed");
        }

        @Override
        public void more() {
            simulation.require(!over, "more after the end");
            if (!finishing) {
                asked();
            }
        }

        @Override
        public void finished() {
            simulation.require(
                    finishing && storedTold == storedExpected && model.confirmed() == model.appended(),
                    "finished at %d of %d, %d of %d stored",
                    storedTold,
                    storedExpected,
                    model.confirmed(),
                    model.appended());
            finishedTold = true;
            over = true;
            simulation.coverage().reached("publisher finished");
        }

        @Override
        public void ended(BrokerException why) {
            simulation.require(why.reason().equals(endExpected), "ended: %s, expected %s", why.reason(), endExpected);
            over = true;
            simulation.coverage().reached("ended " + why.reason());
        }

        @Override
        public void flush() {
            if (over && call == this) {
                call = null;
                publisher.lost();
            }
        }

        void check() {
            if (!opened) {
                simulation.require(
                        model.confirmed() < model.appended() || simulation.notesHeld(stream),
                        "nothing is on its way to %s and it is not open",
                        stream);
                return;
            }
            long reported = model.epoch(publisher.key()).lastReport;
            simulation.require(
                    reportTold == reported || reportTold < reported && simulation.notesHeld(stream),
                    "reported %d, expected %d",
                    reportTold,
                    reported);
            simulation.require(
                    storedTold == storedExpected, "told %d of %s, stored is %d", storedTold, stream, storedExpected);
            simulation.require(
                    demandTold.equals(model.demand()) || simulation.mayWait(demandToldNanos, DEMAND_PAUSE_NANOS),
                    "%s, expected %s",
                    demandTold,
                    model.demand());
            simulation.require(
                    asked
                            || finishing
                            || !(waitTold ? model.hasEased() : model.hasRoom())
                            || simulation.memoryIsShort(),
                    "publisher of %s waits and there is room",
                    stream);
            simulation.require(
                    !finishing || finishedTold || model.confirmed() < model.appended() || simulation.notesHeld(stream),
                    "publisher of %s has finished, all is stored, and it is not told",
                    stream);
        }
    }
}
