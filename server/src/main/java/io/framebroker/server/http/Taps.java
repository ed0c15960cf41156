package io.framebroker.server.http;

import io.grpc.Channel;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/**
 * The consumers that polls use: each poll has one to itself, and whoever polls next with the same wishes goes on with it.
 * One that nobody has used for a while leaves, so that its group has a consumer for as long as it is polled. Thread-safe.
 */
final class Taps {
    private static final int MOST_IDLE = 64;
    private static final int MOST_MODEST = 1_000;

    private final Channel broker;
    private final long leavesAfterNanos;
    /** Guarded by this, as are those below; the one used last in front. */
    private final Deque<Tap> idle = new ArrayDeque<>();

    private final Set<Tap> inUse = new HashSet<>();
    /** Whose groups have settings of their own. */
    private final Set<Tap.Key> modest = new HashSet<>();

    private boolean closed;

    /** @param leavesAfterMillis time without a poll after which a group has no consumer */
    Taps(Channel broker, long leavesAfterMillis) {
        this.broker = broker;
        this.leavesAfterNanos = TimeUnit.MILLISECONDS.toNanos(leavesAfterMillis);
    }

    /** What a poll has taken: to be acknowledged or released, then given back. */
    record Batch(Tap tap, List<Taken> frames) {}

    /**
     * Takes frames, at most so many.
     *
     * @throws GatewayException the broker refuses
     */
    Batch poll(Tap.Key key, int count, long waitMillis) throws InterruptedException {
        try {
            return poll(take(key), count, waitMillis);
        } catch (GatewayException ended) {
            if (ended.reason().equals("GROUP_SETTINGS_DIFFER")) {
                beModest(key);
            } else if (ended.status() != 503) {
                throw ended;
            }
        }
        // The call had ended, as calls do when streams move or groups are moved: opened again, it goes on.
        return poll(take(key), count, waitMillis);
    }

    private Batch poll(Tap tap, int count, long waitMillis) throws InterruptedException {
        Batch batch = null;
        try {
            batch = new Batch(tap, tap.poll(broker, count, waitMillis));
            if (tap.isLeftOutOfSome()) {
                beModest(tap.key());
            }
            return batch;
        } finally {
            if (batch == null) {
                giveBack(tap);
            }
        }
    }

    private synchronized void beModest(Tap.Key key) {
        if (modest.size() >= MOST_MODEST) {
            modest.clear();
        }
        modest.add(key);
    }

    private synchronized Tap take(Tap.Key key) {
        if (closed) {
            throw new GatewayException(503, "BROKER_STOPPING", "the broker is stopping; ask again");
        }
        for (Tap each : idle) {
            if (each.key().equals(key) && each.isUsable()) {
                idle.remove(each);
                inUse.add(each);
                return each;
            }
        }
        Tap made = new Tap(key, !modest.contains(key));
        inUse.add(made);
        return made;
    }

    /** The poll is over; what it took is settled, or is released with this. */
    void giveBack(Tap tap) {
        List<Tap> leaving = new ArrayList<>();
        synchronized (this) {
            inUse.remove(tap);
            if (closed || !tap.isUsable()) {
                leaving.add(tap);
            } else {
                idle.addFirst(tap);
            }
            while (idle.size() > MOST_IDLE) {
                leaving.add(idle.removeLast());
            }
        }
        leaving.forEach(Tap::close);
    }

    /** To be called about twice a second. */
    void tick() {
        List<Tap> leaving = new ArrayList<>();
        List<Tap> staying;
        synchronized (this) {
            idle.removeIf(tap -> {
                boolean leaves = !tap.isUsable() || tap.isUnusedFor(leavesAfterNanos);
                if (leaves) {
                    leaving.add(tap);
                }
                return leaves;
            });
            staying = List.copyOf(idle);
        }
        leaving.forEach(Tap::close);
        staying.forEach(Tap::releaseLate);
    }

    void close() {
        List<Tap> leaving;
        synchronized (this) {
            closed = true;
            leaving = new ArrayList<>(idle);
            leaving.addAll(inUse);
            idle.clear();
        }
        leaving.forEach(Tap::close);
    }
}
