package io.framebroker.server.broker;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.TreeSet;

/**
 * Which streams of one call wait for room, and whose turn it is: of those that wait, the one that has had the fewest
 * bytes since they wait. Others may go ahead where its frame does not fit, but not far, or small frames would take all
 * the room before there is enough of it. Who begins to wait begins where the others are, so that nobody saves up.
 * Thread-safe; takes no other lock.
 *
 * <p>The race that waiting guards against: (1) a stream sees no room, (2) room comes back and whoever brought it asks
 * those that wait, (3) the stream begins to wait, and nobody asks it again. So a stream that begins to wait looks once
 * more behind that.
 */
final class FairTurns {
    /** How many bytes more than the one whose turn it is another one may have had. */
    private static final long AHEAD_BYTES = 256 * 1024;

    private static final Comparator<Member> BY_BYTES =
            Comparator.<Member>comparingLong(member -> member.turnBytes).thenComparingLong(member -> member.number);

    private final TreeSet<Member> waiting = new TreeSet<>(BY_BYTES);
    /** Read without the lock by those who find nobody waiting. */
    private volatile int count;

    private long members;
    private long nowBytes;
    /** Counts the times at which somebody began to wait and nobody else did: what was given before does not matter. */
    private long round;

    /** The stream has nothing to give, or leaves. */
    void waitsNoMore(Member member) {
        if (count > 0) {
            synchronized (this) {
                waiting.remove(member);
                count = waiting.size();
            }
        }
    }

    /** The stream waits from now on. False when it has waited already. */
    synchronized boolean waits(Member member) {
        if (member.number == 0) {
            member.number = ++members;
        }
        if (waiting.contains(member)) {
            return false;
        }
        if (waiting.isEmpty()) {
            round++;
        }
        member.turnBytes = member.round == round ? Math.max(member.turnBytes, nowBytes) : nowBytes;
        member.round = round;
        waiting.add(member);
        count = waiting.size();
        return true;
    }

    /** Whether none of those that wait has had much less. */
    boolean isTurnOf(Member member) {
        if (count == 0) {
            return true;
        }
        synchronized (this) {
            if (waiting.isEmpty() || waiting.first() == member) {
                return true;
            }
            long had = member.round == round ? Math.max(member.turnBytes, nowBytes) : nowBytes;
            return had - waiting.first().turnBytes <= AHEAD_BYTES;
        }
    }

    /** The stream was given frames. */
    synchronized void gave(Member member, long bytes) {
        member.gaveBytes += bytes;
        if (member.round != round) {
            member.turnBytes = nowBytes;
            member.round = round;
        }
        boolean waits = waiting.remove(member);
        member.turnBytes += bytes;
        if (waits) {
            waiting.add(member);
        }
    }

    synchronized boolean isWaiting(Member member) {
        return waiting.contains(member);
    }

    /** All that a stream was ever given, to see whether it was given something. */
    synchronized long given(Member member) {
        return member.gaveBytes;
    }

    /**
     * Whose turn it is, who waits no more; null when nobody's.
     *
     * @param after who has just found no room, and still waits; null for nobody
     */
    synchronized Member next(Member after) {
        Member next = after == null ? null : waiting.higher(after);
        if (after == null) {
            next = waiting.isEmpty() ? null : waiting.first();
        }
        if (next == null || next.turnBytes - waiting.first().turnBytes > AHEAD_BYTES) {
            return null;
        }
        nowBytes = Math.max(nowBytes, waiting.first().turnBytes);
        waiting.remove(next);
        count = waiting.size();
        return next;
    }

    /** All that wait, in their order, who wait no more. */
    synchronized List<Member> all() {
        List<Member> all = new ArrayList<>(waiting);
        waiting.clear();
        count = 0;
        return all;
    }
}
