package io.framebroker.client;

import io.framebroker.v1.SettleOutcome;
import io.framebroker.v1.SettleResult;
import io.framebroker.v1.Settled;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The deliveries of one consumer from their arrival until the broker has confirmed their settlement, and the counts of
 * what became of them. Guarded by the consumer's lock.
 */
final class OpenDeliveries {
    private static final Logger log = LoggerFactory.getLogger(OpenDeliveries.class);

    /** In user code, or waiting for it. */
    final HeldFrames held = new HeldFrames();

    /** Settled here and not confirmed. */
    final Settlements settlements = new Settlements();

    private final Consumer<SettleResult> onSettled;

    private long delivered;
    private long acked;
    private long nacked;
    private long settledOk;
    private long stale;
    private long refused;
    private long expiredHere;
    private long corrupt;

    OpenDeliveries(Consumer<SettleResult> onSettled) {
        this.onSettled = onSettled;
    }

    long delivered() {
        return delivered;
    }

    boolean isEmpty() {
        return held.isEmpty() && settlements.isEmpty();
    }

    void add(HeldBatch batch) {
        delivered += batch.frames.length;
        if (batch.leaseNanos > 0) {
            held.add(batch);
        }
    }

    /** Ends a delivery; nothing happens when it has ended before. */
    void settle(ReceivedFrame frame, Verdict verdict) {
        if (held.remove(frame, ReceivedFrame.State.SETTLED)) {
            if (verdict.isAck()) {
                acked++;
            } else {
                nacked++;
            }
            settlements.add(frame, verdict);
            frame.settledBy(verdict);
        } else if (frame.state() == ReceivedFrame.State.LOST) {
            frame.become(ReceivedFrame.State.SETTLED);
            stale++;
        }
    }

    void corrupt(ReceivedFrame frame, Verdict verdict) {
        corrupt++;
        settle(frame, verdict);
    }

    /** The frame's time ran out before its handler began. */
    void expire(ReceivedFrame frame) {
        held.remove(frame, ReceivedFrame.State.LOST);
        if (frame.state() == ReceivedFrame.State.LOST) {
            frame.become(ReceivedFrame.State.SETTLED);
            expiredHere++;
        }
    }

    void answered(Settled settled, long nowNanos, Notices notices) {
        for (SettleResult result : settled.getResultsList()) {
            for (Run run : settlements.answered(result)) {
                if (run.extension()) {
                    extended(run, result.getOutcome(), nowNanos);
                } else {
                    count(run, result);
                    notices.add(() -> onSettled.accept(result));
                }
            }
        }
    }

    /** @param kept whether the broker keeps the deliveries for a call to come */
    void callEnded(boolean kept) {
        if (kept) {
            settlements.callEnded();
        } else {
            abandon();
        }
    }

    void abandon() {
        held.loseAll();
        settlements.clear();
    }

    ConsumerStats toStats(long reconnects, boolean connected) {
        return new ConsumerStats(
                delivered,
                acked,
                nacked,
                settledOk,
                stale,
                refused,
                expiredHere,
                corrupt,
                reconnects,
                held.frames(),
                connected);
    }

    private void extended(Run run, SettleOutcome outcome, long nowNanos) {
        switch (outcome) {
            case SETTLE_OUTCOME_OK -> held.renewed(run, nowNanos);
            case SETTLE_OUTCOME_REJECTED -> log.warn("lease not extended: {}", run);
            default -> held.lose(run);
        }
    }

    private void count(Run run, SettleResult result) {
        switch (result.getOutcome()) {
            case SETTLE_OUTCOME_OK, SETTLE_OUTCOME_ALREADY_SETTLED -> settledOk += run.count();
            case SETTLE_OUTCOME_STALE, SETTLE_OUTCOME_UNKNOWN_TOKEN, SETTLE_OUTCOME_GONE -> stale += run.count();
            case SETTLE_OUTCOME_REJECTED, SETTLE_OUTCOME_UNSPECIFIED, UNRECOGNIZED -> {
                refused += run.count();
                log.warn("settlement refused: {}: {}", run, result.getMessage());
            }
        }
    }
}
