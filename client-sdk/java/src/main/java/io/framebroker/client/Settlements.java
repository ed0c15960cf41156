package io.framebroker.client;

import io.framebroker.v1.DeliveryToken;
import io.framebroker.v1.Extend;
import io.framebroker.v1.HeldDeliveries;
import io.framebroker.v1.Settle;
import io.framebroker.v1.SettleResult;
import io.framebroker.v1.Settlement;
import java.util.ArrayList;
import java.util.LinkedList;
import java.util.List;
import java.util.ListIterator;

/**
 * What the consumer has to say about deliveries and what it has said and was not answered. A settlement stays here until
 * the broker confirms it, over lost connections as well. Guarded by the consumer's lock.
 */
final class Settlements {
    /** Brokers refuse requests above 1 MiB. */
    private static final int MAX_MESSAGE_BYTES = 256 * 1024;

    /** Brokers refuse an {@code open} that lists more; extensions know no such limit. */
    static final int MAX_HELD_RUNS = 4096;

    private static final int LOOK_BACK_RUNS = 4;

    /** Not sent in the present call, without extensions. */
    private List<Run> gathered = new ArrayList<>();

    /** Sent in the present call and not answered, in the order sent: the oldest that fits an answer is the one meant. */
    private final LinkedList<Run> asked = new LinkedList<>();

    void add(ReceivedFrame frame, Verdict verdict) {
        String stream = frame.stream();
        for (int i = gathered.size() - 1; i >= Math.max(0, gathered.size() - LOOK_BACK_RUNS); i--) {
            if (gathered.get(i).append(stream, frame.generation(), frame.ordinal(), frame.attempt(), verdict)) {
                return;
            }
        }
        gathered.add(new Run(stream, frame.generation(), frame.ordinal(), frame.attempt(), 1, verdict));
    }

    /** Whether nothing waits for being sent or confirmed. */
    boolean isEmpty() {
        return gathered.isEmpty() && asked.stream().allMatch(Run::extension);
    }

    /** The next message; null when there is nothing to say. */
    Settle next() {
        if (gathered.isEmpty()) {
            return null;
        }
        List<Run> runs = Run.merged(gathered);
        Settle.Builder settle = Settle.newBuilder();
        int bytes = 0;
        int told = 0;
        while (told < runs.size() && bytes < MAX_MESSAGE_BYTES) {
            Settlement settlement = runs.get(told).toSettlement();
            bytes += settlement.getSerializedSize();
            settle.addSettlements(settlement);
            asked.add(runs.get(told++));
        }
        gathered = new ArrayList<>(runs.subList(told, runs.size()));
        return settle.build();
    }

    /** A request for longer leases. */
    Extend extend(List<Run> runs) {
        return Extend.newBuilder()
                .addAllDeliveries(ask(runs, Integer.MAX_VALUE))
                .build();
    }

    /**
     * What a new call is to be opened with: all that is held, by user code or because its settlement was not confirmed. What
     * is not listed comes again as the next attempt, even if its settlement is on its way; so do runs beyond
     * {@link #MAX_HELD_RUNS}.
     */
    List<HeldDeliveries> held(List<Run> inUserCode) {
        List<Run> held = new ArrayList<>(inUserCode);
        gathered.forEach(run -> held.add(run.asHeld()));
        return ask(held, MAX_HELD_RUNS);
    }

    private List<HeldDeliveries> ask(List<Run> runs, int maxRuns) {
        List<HeldDeliveries> deliveries = new ArrayList<>();
        int bytes = 0;
        for (Run run : Run.merged(runs)) {
            HeldDeliveries delivery = run.toHeld();
            bytes += delivery.getSerializedSize();
            if (bytes > MAX_MESSAGE_BYTES || deliveries.size() == maxRuns) {
                break;
            }
            asked.add(run);
            deliveries.add(delivery);
        }
        return deliveries;
    }

    /** The call ended: what it did not answer is to be said again. Extensions are not: {@link #held} takes their place. */
    void callEnded() {
        List<Run> again = new ArrayList<>(asked.size() + gathered.size());
        for (Run run : asked) {
            if (!run.extension()) {
                again.add(run);
            }
        }
        again.addAll(gathered);
        gathered = again;
        asked.clear();
    }

    void clear() {
        gathered.clear();
        asked.clear();
    }

    /**
     * The broker's answer.
     *
     * @return what was answered, split where needed; less than the answer covers when we did not ask
     */
    List<Run> answered(SettleResult result) {
        return take(asked, range(result));
    }

    static Run range(SettleResult result) {
        DeliveryToken token = result.getToken();
        return new Run(
                result.getStream(),
                token.getGeneration(),
                token.getOrdinal(),
                token.getAttempt(),
                Math.max(1, result.getCount()),
                null);
    }

    /** Cuts out of the runs what lies in the range; where two runs cover the same delivery, out of the first of them. */
    private static List<Run> take(List<Run> runs, Run range) {
        List<Run> taken = new ArrayList<>(1);
        List<Run> wanted = new LinkedList<>(List.of(range));
        for (ListIterator<Run> at = runs.listIterator(); at.hasNext() && !wanted.isEmpty(); ) {
            Run run = at.next();
            if (run.alike(range)) {
                cut(at, run, wanted, taken);
            }
        }
        return taken;
    }

    private static void cut(ListIterator<Run> at, Run run, List<Run> wanted, List<Run> taken) {
        Run rest = run;
        boolean removed = false;
        List<Run> stillWanted = new ArrayList<>(wanted.size());
        for (Run want : wanted) {
            Run hit = rest == null ? null : rest.part(want.first(), want.end());
            if (hit == null) {
                stillWanted.add(want);
                continue;
            }
            if (!removed) {
                at.remove();
                removed = true;
            }
            taken.add(hit);
            addIfAny(stillWanted, want.part(Long.MIN_VALUE, hit.first()));
            addIfAny(stillWanted, want.part(hit.end(), Long.MAX_VALUE));
            Run before = rest.part(Long.MIN_VALUE, hit.first());
            if (before != null) {
                at.add(before);
            }
            rest = rest.part(hit.end(), Long.MAX_VALUE);
        }
        if (removed && rest != null) {
            at.add(rest);
        }
        wanted.clear();
        wanted.addAll(stillWanted);
    }

    private static void addIfAny(List<Run> runs, Run run) {
        if (run != null) {
            runs.add(run);
        }
    }
}
