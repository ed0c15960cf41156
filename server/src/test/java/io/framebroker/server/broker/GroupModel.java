package io.framebroker.server.broker;

import io.framebroker.server.broker.ConsumerPort.SettleOutcome;
import io.framebroker.server.broker.DeliveryTable.State;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/** What a group must look like, kept by a second bookkeeper who is slow, plain and trusts nobody. */
final class GroupModel {
    /** One frame that was delivered or passed over. */
    static final class Delivery {
        final String stream;
        final StreamModel.Stored frame;
        State state;
        int attempt;
        SimulatedConsumer holder;
        long deadlineNanos;
        boolean countsNext;
        /** Whether the store has confirmed the next attempt. */
        boolean written;

        boolean lateAckCounts;
        /** Whether its last holder went without a word: it is to go alone, and to be alone while LEASED. */
        boolean suspect;
        /** Whether the store is asked for an attempt that is to go alone, whatever becomes of it. */
        boolean roomKeptAlone;
        /** When it was last found that its lease had ended; the broker finds that stream by stream. */
        long leaseEndedNanos = Long.MIN_VALUE;
        /** Whether somebody with a right to it has asked for this frame to be settled. */
        boolean settleAsked;
        /** Whether the store has been asked as well. */
        boolean storeAsked;

        Delivery(String stream, StreamModel.Stored frame) {
            this.stream = stream;
            this.frame = frame;
        }
    }

    final String name;
    final boolean durable;
    final long base;
    final long leaseNanos;
    private final boolean strict;
    /** Whether frames come while they are on their way to the store. */
    final boolean early;
    /** The last frame of which the store knows that it was delivered or passed over. */
    private long told;
    /** Who got the latest first delivery; null for nobody yet. */
    private SimulatedConsumer holder;
    /** Whose leases have run out, at some time. */
    private final Set<SimulatedConsumer> silent = new HashSet<>();

    final List<SimulatedConsumer> members = new ArrayList<>();
    final Map<String, Long> skipped = new TreeMap<>();
    private final Map<String, SimulatedConsumer> away = new HashMap<>();
    private final Map<String, Long> graceEnds = new HashMap<>();
    private final StreamModel stream;
    private final Simulation simulation;
    private final Map<Long, Delivery> deliveries = new HashMap<>();
    long cursor;
    long acked;
    /** What the store has been asked to write down and has not confirmed: attempts, and the bytes of their frames. */
    int attemptsOnTheirWay;

    long bytesOnTheirWay;
    private int suspectsOnTheirWay;
    private long low;
    /** Whether frames were skipped that the next ones build on, if it is no keyframe that comes next. */
    private boolean awaitsKeyframe;

    GroupModel(String name, long base, GroupSettings settings, StreamModel stream, Simulation simulation) {
        this.name = name;
        this.strict = settings.order() == GroupSettings.Order.STRICT;
        this.early = settings.early();
        this.told = base;
        this.durable = !name.startsWith("~");
        this.base = base;
        this.cursor = base;
        this.low = base + 1;
        this.leaseNanos = settings.leaseMillis() * 1_000_000;
        this.stream = stream;
        this.simulation = simulation;
    }

    long low() {
        while (low <= cursor && deliveries.get(low).state == State.SETTLED) {
            low++;
        }
        return low;
    }

    /** As the store counts: a frame is no longer pending when it is asked to settle it. */
    long pending() {
        return open().stream()
                .filter(each -> each.frame.ordinal() <= told && !each.storeAsked)
                .count();
    }

    /** Frames up to this one may be delivered first. */
    long deliverableThrough() {
        return early ? stream.appended() : stream.confirmed();
    }

    /** From the oldest one that is not settled to the cursor. */
    List<Delivery> open() {
        List<Delivery> open = new ArrayList<>();
        for (long ordinal = low(); ordinal <= cursor; ordinal++) {
            open.add(deliveries.get(ordinal));
        }
        return open;
    }

    private void move(Delivery delivery, State to) {
        boolean allowed = delivery.state == null
                ? to == State.LEASED || to == State.SETTLING
                : switch (delivery.state) {
                    case LEASED -> to == State.LEASED || to == State.RETRY || to == State.SETTLING;
                    case RETRY -> to == State.LEASED || to == State.WRITING || to == State.SETTLING;
                    case WRITING -> to == State.RETRY || to == State.SETTLING;
                    // The store of the simulation keeps no dead letters.
                    case USED_UP -> false;
                    case SETTLING -> to == State.SETTLED;
                    case SETTLED -> false;
                };
        simulation.require(allowed, "%s of %s goes from %s to %s", delivery.frame, name, delivery.state, to);
        simulation.coverage().reached((delivery.state == null ? "-" : delivery.state) + " " + to);
        if (delivery.state == State.LEASED) {
            delivery.holder.gaveUp(delivery);
        }
        delivery.state = to;
        if (to == State.LEASED) {
            delivery.holder.got(delivery);
        }
    }

    // ---- deliveries

    /** The store hears of first deliveries, at once or as soon as it has the frames. Returns whether they go out now. */
    boolean tells(long first, long last) {
        simulation.require(
                first == told + 1 && last <= stream.confirmed(),
                "the store hears of %d..%d in %s, told %d, confirmed %d",
                first,
                last,
                name,
                told,
                stream.confirmed());
        simulation.require(
                first > cursor || early && last <= cursor,
                "%d..%d of %s are told, cursor %d",
                first,
                last,
                name,
                cursor);
        told = last;
        return first > cursor;
    }

    /** Whether the store is to hear of a delivery later. */
    boolean isEarly(long last) {
        return early && (last > stream.confirmed() || told < cursor);
    }

    void delivered(SimulatedConsumer call, long ordinal, int attempt) {
        if (ordinal == cursor + 1) {
            simulation.require(attempt == 1, "first delivery of %s is attempt %d", ordinal, attempt);
            if (ordinal > stream.confirmed()) {
                simulation.coverage().reached("early");
            }
            Delivery first = new Delivery(stream.name, stream.frame(ordinal));
            simulation.require(
                    first.frame.keyframe() || !awaitsKeyframe, "%s of %s builds on what was skipped", ordinal, name);
            awaitsKeyframe = false;
            if (strict) {
                requireOneHolder(call, ordinal);
                List<Long> triedAgain = open().stream()
                        .filter(each -> isTriedAgain(each) && each.leaseEndedNanos != simulation.now())
                        .map(each -> each.frame.ordinal())
                        .toList();
                simulation.require(
                        triedAgain.isEmpty(), "%s of %s passes %s in strict order", ordinal, name, triedAgain);
            } else if (!first.frame.keyframe()) {
                simulation.require(isFor(call), "%s gets %s of %s, which is for %s", call, ordinal, name, holder);
                simulation.coverage().reached(call == holder ? "video stays" : "video moves");
            }
            holder = call;
            deliveries.put(ordinal, first);
            cursor = ordinal;
            lease(first, call, 1);
            return;
        }
        Delivery again = deliveries.get(ordinal);
        simulation.require(ordinal <= told, "%s of %s is given again, and the store has not heard", ordinal, name);
        simulation.require(
                again != null && again.state == State.RETRY,
                "%s gets %s of %s, cursor %d, which is %s",
                call,
                ordinal,
                name,
                cursor,
                again == null ? "waiting" : again.state);
        int expected = again.attempt + (again.countsNext ? 1 : 0);
        simulation.require(
                attempt == expected,
                "attempt %d of %s in %s on %s, expected %d",
                attempt,
                ordinal,
                name,
                stream.name,
                expected);
        simulation.require(
                !again.countsNext || again.written, "attempt %d of %s in %s is not durable", attempt, ordinal, name);
        simulation.require(
                again.deadlineNanos - simulation.now() <= 0, "%s of %s comes before its time", ordinal, name);
        if (strict) {
            requireOneHolder(call, ordinal);
            simulation.require(again == oldestUnsettled(), "%s of %s passes %s", ordinal, name, oldestUnsettled());
            simulation.coverage().reached("in order");
        }
        if (again.suspect) {
            simulation.require(call.held().isEmpty(), "%s gets %s of %s beside %s", call, ordinal, name, call.held());
            simulation.coverage().reached("alone");
        }
        lease(again, call, attempt);
    }

    /** The store is asked to write an attempt down, for which a consumer keeps room. */
    void attemptAsked(long ordinal, int attempt) {
        Delivery delivery = deliveries.get(ordinal);
        simulation.require(
                delivery != null
                        && ordinal <= told
                        && delivery.countsNext
                        && !delivery.written
                        && attempt == delivery.attempt + 1
                        && delivery.deadlineNanos - simulation.now() <= 0,
                "attempt %d of %d in %s on %s is to be written down",
                attempt,
                ordinal,
                name,
                stream.name);
        simulation.require(
                members.stream()
                        .anyMatch(member -> member.framesKept() > 0
                                && (!delivery.suspect || member.held().isEmpty())),
                "nobody has room for %d",
                ordinal);
        move(delivery, State.WRITING);
        delivery.roomKeptAlone = delivery.suspect;
        attemptsOnTheirWay++;
        suspectsOnTheirWay += delivery.suspect ? 1 : 0;
        bytesOnTheirWay += delivery.frame.bytes();
    }

    private void requireOneHolder(SimulatedConsumer call, long ordinal) {
        simulation.require(
                open().stream().allMatch(each -> each.state != State.LEASED || each.holder == call),
                "%s gets %s of %s, of which others have frames",
                call,
                ordinal,
                name);
    }

    /** Whether a frame has not been settled by whom it went to first. */
    private static boolean isTriedAgain(Delivery delivery) {
        return switch (delivery.state) {
            case LEASED -> delivery.attempt > 1;
            case RETRY, WRITING, USED_UP -> true;
            case SETTLING, SETTLED -> false;
        };
    }

    /** Null when there is none. */
    private Delivery oldestUnsettled() {
        return open().stream()
                .filter(each -> each.state != State.SETTLING && each.state != State.SETTLED)
                .findFirst()
                .orElse(null);
    }

    /** Whether video that is no keyframe may go to a member. */
    private boolean isFor(SimulatedConsumer member) {
        return mustGet(member) || silent.contains(holder) || !holder.ready();
    }

    /** The same, where nothing is a matter of how long it has been so. */
    private boolean mustGet(SimulatedConsumer member) {
        return member == holder || !members.contains(holder) || !holder.isThere();
    }

    void attempted(long ordinal) {
        Delivery delivery = deliveries.get(ordinal);
        attemptsOnTheirWay--;
        suspectsOnTheirWay -= delivery.roomKeptAlone ? 1 : 0;
        delivery.roomKeptAlone = false;
        bytesOnTheirWay -= delivery.frame.bytes();
        if (delivery.state == State.WRITING) {
            move(delivery, State.RETRY);
            delivery.written = true;
        }
    }

    private void lease(Delivery delivery, SimulatedConsumer call, int attempt) {
        delivery.holder = call;
        delivery.attempt = attempt;
        delivery.deadlineNanos = simulation.now() + leaseNanos;
        delivery.settleAsked = call.autoAck();
        move(delivery, State.LEASED);
        if (early && call.autoAck()) {
            settlesEarly(delivery);
        }
    }

    /** The consumer is done with a frame, whether or not the store can be asked already. */
    private void settlesEarly(Delivery delivery) {
        move(delivery, State.SETTLING);
        if (delivery.frame.ordinal() > told) {
            simulation.coverage().reached("settled early");
        }
    }

    /** Frames are passed over of which the store hears later. */
    void passesEarly(long first, long last, String reason) {
        for (long ordinal = first; ordinal <= last; ordinal++) {
            Delivery passed = new Delivery(stream.name, stream.frame(ordinal));
            // The store may be hearing just now of those in front of one that is stored.
            boolean tooOld =
                    Overflow.REASON.equals(reason) && ordinal <= stream.confirmed() && stream.isTooOld(ordinal);
            simulation.require(
                    tooOld || awaitsKeyframe && !passed.frame.keyframe(),
                    "%s of %s is skipped early as %s",
                    ordinal,
                    name,
                    reason);
            awaitsKeyframe = true;
            deliveries.put(ordinal, passed);
            passed.settleAsked = true;
            settlesEarly(passed);
        }
        cursor = last;
        members.forEach(member -> member.expectGap(stream.name, reason, last - first + 1, first, last));
    }

    private void sendBack(Delivery delivery, long notBefore, boolean counted, boolean lateAckCounts) {
        move(delivery, State.RETRY);
        delivery.deadlineNanos = notBefore;
        delivery.countsNext = counted;
        delivery.written = false;
        delivery.lateAckCounts = lateAckCounts;
        delivery.suspect = lateAckCounts && !strict;
        delivery.settleAsked = false;
    }

    /** What {@code call} is to be told when it ends, or extends, a delivery. */
    SettleOutcome outcome(SimulatedConsumer call, Token token, long ordinal, boolean settles) {
        boolean ofBefore =
                token.generation() < simulation.broker().stream(stream.name).generation();
        if (ordinal <= base || ordinal > cursor || ofBefore) {
            return SettleOutcome.UNKNOWN_TOKEN;
        }
        if (ordinal < low()) {
            return SettleOutcome.ALREADY_SETTLED;
        }
        Delivery delivery = deliveries.get(ordinal);
        if (token.attempt() < 1 || token.attempt() > delivery.attempt) {
            return SettleOutcome.UNKNOWN_TOKEN;
        }
        if (delivery.state == State.SETTLING || delivery.state == State.SETTLED) {
            return SettleOutcome.ALREADY_SETTLED;
        }
        if (token.generation() != stream.generation()) {
            return SettleOutcome.UNKNOWN_TOKEN;
        }
        boolean good = token.attempt() == delivery.attempt
                && (delivery.state == State.LEASED
                        ? delivery.holder == call
                        : settles
                                && delivery.lateAckCounts
                                && delivery.holder
                                        .worker()
                                        .id()
                                        .equals(call.worker().id()));
        return good ? SettleOutcome.OK : SettleOutcome.STALE;
    }

    /** A consumer with a right to it passes its verdict. */
    void judged(long ordinal, Verdict verdict) {
        Delivery delivery = deliveries.get(ordinal);
        if (verdict instanceof Verdict.Ack || verdict instanceof Verdict.Skip) {
            delivery.settleAsked = true;
            if (early) {
                settlesEarly(delivery);
            }
        } else if (delivery.state == State.LEASED) {
            long wait = 0;
            if (verdict instanceof Verdict.Retry retry) {
                wait = retry.afterMillis() >= 0
                        ? retry.afterMillis() * 1_000_000
                        : Backoff.nanos(delivery.attempt, ordinal);
            }
            sendBack(delivery, simulation.now() + wait, verdict instanceof Verdict.Retry, false);
        }
    }

    void extended(long ordinal) {
        Delivery delivery = deliveries.get(ordinal);
        move(delivery, State.LEASED);
        delivery.deadlineNanos = simulation.now() + leaseNanos;
    }

    /** The store is asked to settle. */
    void settles(long first, long last, StreamStore.Outcome outcome, String reason) {
        if (first == cursor + 1) {
            simulation.require(
                    outcome == StreamStore.Outcome.SKIPPED
                            && ("PURGED".equals(reason)
                                    || !durable && "RETENTION".equals(reason)
                                    || durable && Overflow.REASON.equals(reason)),
                    "waiting frames %d..%d of %s are %s as %s",
                    first,
                    last,
                    name,
                    outcome,
                    reason);
            for (long ordinal = first; ordinal <= last; ordinal++) {
                Delivery passed = new Delivery(stream.name, stream.frame(ordinal));
                simulation.require(
                        !Overflow.REASON.equals(reason)
                                || stream.isTooOld(ordinal)
                                || awaitsKeyframe && !passed.frame.keyframe(),
                        "%s of %s is skipped without need",
                        ordinal,
                        name);
                awaitsKeyframe = true;
                deliveries.put(ordinal, passed);
                passed.storeAsked = true;
                move(passed, State.SETTLING);
            }
            cursor = last;
            told = last;
            members.forEach(member -> member.expectGap(stream.name, reason, last - first + 1, first, last));
        } else {
            for (long ordinal = first; ordinal <= last; ordinal++) {
                Delivery delivery = deliveries.get(ordinal);
                boolean passedOver = !durable && "RETENTION".equals(reason);
                simulation.require(
                        delivery != null && (delivery.settleAsked || passedOver),
                        "%s of %s is %s as %s, and nobody asked",
                        ordinal,
                        name,
                        outcome,
                        reason);
                delivery.storeAsked = true;
                if (delivery.state != State.SETTLING) {
                    move(delivery, State.SETTLING);
                }
            }
            told = Math.max(told, last);
        }
        simulation.require(last <= stream.confirmed(), "%d of %s is settled, and not stored", last, name);
        if (outcome == StreamStore.Outcome.ACKED) {
            acked += last - first + 1;
        } else {
            skipped.merge(reason, last - first + 1, Long::sum);
        }
    }

    void settled(long first, long last) {
        for (long ordinal = first; ordinal <= last; ordinal++) {
            move(deliveries.get(ordinal), State.SETTLED);
        }
    }

    boolean isSettled(long ordinal) {
        Delivery delivery = deliveries.get(ordinal);
        return delivery != null && delivery.state == State.SETTLED;
    }

    // ---- consumers

    void joins(SimulatedConsumer call) {
        if (holder != null && holder.worker() == call.worker()) {
            holder = call;
        }
        members.add(call);
    }

    /** Whom a consumer of this id would take over from; null when there is nobody. */
    SimulatedConsumer before(String id) {
        if (away.containsKey(id)) {
            return away.get(id);
        }
        return members.stream()
                .filter(member -> member.worker().id().equals(id))
                .findFirst()
                .orElse(null);
    }

    void takenOver(SimulatedConsumer before, SimulatedConsumer after, List<Consumer.Held> held) {
        members.remove(before);
        away.remove(after.worker().id());
        for (Delivery delivery : heldBy(before)) {
            boolean keeps = held.stream()
                    .anyMatch(run -> run.stream().equals(stream.name)
                            && run.token().generation() == stream.generation()
                            && run.token().attempt() == delivery.attempt
                            && delivery.frame.ordinal() >= run.token().ordinal()
                            && delivery.frame.ordinal() < run.token().ordinal() + run.count());
            if (keeps) {
                before.gaveUp(delivery);
                delivery.holder = after;
                after.got(delivery);
                delivery.deadlineNanos = simulation.now() + leaseNanos;
                simulation.coverage().reached("taken over");
            } else {
                sendBack(delivery, simulation.now(), true, true);
            }
        }
    }

    void leaves(SimulatedConsumer call) {
        boolean wasAway = away.remove(call.worker().id(), call);
        if (members.remove(call) || wasAway) {
            heldBy(call).forEach(delivery -> sendBack(delivery, simulation.now(), false, false));
        }
    }

    void loses(SimulatedConsumer call, long graceNanos) {
        if (!members.remove(call)) {
            return;
        }
        if (!durable) {
            heldBy(call).forEach(delivery -> sendBack(delivery, simulation.now(), false, false));
        } else if (graceNanos == 0) {
            heldBy(call).forEach(delivery -> sendBack(delivery, simulation.now(), true, true));
        } else if (!heldBy(call).isEmpty()) {
            away.put(call.worker().id(), call);
            graceEnds.put(call.worker().id(), simulation.now() + graceNanos);
            simulation.coverage().reached("away");
        }
    }

    private List<Delivery> heldBy(SimulatedConsumer call) {
        return open().stream()
                .filter(each -> each.state == State.LEASED && each.holder == call)
                .toList();
    }

    // ---- time

    void tick() {
        long now = simulation.now();
        for (Map.Entry<String, SimulatedConsumer> gone : List.copyOf(away.entrySet())) {
            if (graceEnds.get(gone.getKey()) - now <= 0) {
                away.remove(gone.getKey());
                heldBy(gone.getValue()).forEach(delivery -> sendBack(delivery, now, true, true));
                simulation.coverage().reached("grace over");
            }
        }
        for (Delivery delivery : open()) {
            if (delivery.state == State.LEASED && delivery.deadlineNanos - now <= 0) {
                SimulatedConsumer holderBefore = delivery.holder;
                sendBack(delivery, now + Backoff.nanos(delivery.attempt, delivery.frame.ordinal()), true, true);
                delivery.leaseEndedNanos = now;
                silent.add(holderBefore);
                simulation.coverage().reached("lease over");
            }
        }
    }

    /**
     * Whoever could take the next frame has it. A retry that is due goes first, and holds back the others when it does
     * not fit; which of several does is not said. A frame that is to go alone is with whoever has nothing else, and holds
     * back one consumer, who is to have nothing else.
     *
     * @param clockIsHeeded whether the broker has been called since time passed
     */
    void checkNobodyIsIdleForNothing(boolean clockIsHeeded) {
        List<Delivery> due = open().stream()
                .filter(each ->
                        each.state == State.RETRY && !each.suspect && each.deadlineNanos - simulation.now() <= 0)
                .toList();
        if (due.stream().anyMatch(each -> each.frame.ordinal() > told)) {
            // It may stand in front of others until the store has it.
            return;
        }
        if (strict) {
            checkTheOnlyOne(clockIsHeeded);
            return;
        }
        long runDry = simulation.suspectsDue(name);
        StreamModel.Stored next = null;
        if (due.size() == 1 && clockIsHeeded) {
            next = due.get(0).frame;
        } else if (due.isEmpty() && cursor < deliverableThrough()) {
            next = stream.frame(cursor + 1);
        }
        for (SimulatedConsumer member : members) {
            boolean isForIt = next != null && (!due.isEmpty() || next.keyframe() || mustGet(member));
            boolean idle = isForIt && member.wouldTake(next);
            runDry -= idle ? 1 : 0;
            simulation.require(
                    !idle || runDry >= 0,
                    "%s waits in %s on %s, and %s has nothing to do, window %s",
                    next,
                    name,
                    stream.name,
                    member,
                    member.window());
            simulation.require(
                    !clockIsHeeded
                            || !mustGiveSuspect()
                            || simulation.suspectsDue(name) > 1
                            || !member.wouldTakeAlone(),
                    "a suspect waits in %s on %s, and %s has nothing, window %s",
                    name,
                    stream.name,
                    member,
                    member.window());
        }
    }

    /** Where there is one member, nobody else is to be waited for. */
    private void checkTheOnlyOne(boolean clockIsHeeded) {
        if (members.size() != 1 || !away.isEmpty()) {
            return;
        }
        Delivery oldest = oldestUnsettled();
        boolean oldestIsDue = oldest != null
                && oldest.state == State.RETRY
                && oldest.deadlineNanos - simulation.now() <= 0
                && clockIsHeeded;
        StreamModel.Stored next = oldestIsDue ? oldest.frame : null;
        if (cursor < deliverableThrough() && open().stream().noneMatch(GroupModel::isTriedAgain)) {
            next = stream.frame(cursor + 1);
        }
        SimulatedConsumer only = members.iterator().next();
        simulation.require(
                next == null || !only.wouldTake(next),
                "%s waits in %s on %s, and %s has nothing to do, window %s",
                next,
                name,
                stream.name,
                only,
                only.window());
    }

    boolean hasSuspectDue() {
        List<Delivery> due = open().stream()
                .filter(each -> each.state == State.RETRY && each.suspect && each.deadlineNanos - simulation.now() <= 0)
                .toList();
        return due.stream().anyMatch(each -> each.frame.ordinal() <= told);
    }

    /** The same, and it is not one behind a frame of which the store has yet to hear. */
    private boolean mustGiveSuspect() {
        return hasSuspectDue()
                && open().stream()
                        .noneMatch(each -> each.suspect && each.state == State.RETRY && each.frame.ordinal() > told);
    }

    /** Whether the store is asked to write down an attempt of a frame that is to go alone. */
    boolean hasSuspectOnItsWay() {
        return suspectsOnTheirWay > 0;
    }

    void check(Ledger.OfGroup ledger) {
        simulation.require(
                ledger.base() == base
                        && ledger.stored() == stream.confirmed() - base
                        && ledger.waiting() == stream.confirmed() - Math.max(told, stream.trimmed())
                        && ledger.pending() == pending()
                        && ledger.acked() == acked
                        && ledger.skipped().equals(skipped),
                "ledger %s, but base %d, cursor %d, pending %d, acked %d, skipped %s, confirmed %d, trimmed %d",
                ledger,
                base,
                cursor,
                pending(),
                acked,
                skipped,
                stream.confirmed(),
                stream.trimmed());
        simulation.require(ledger.imbalance() == 0, "imbalance in %s", ledger);
    }

    @Override
    public String toString() {
        return name + " at " + cursor;
    }
}
