package io.framebroker.server.broker;

import java.util.Comparator;
import java.util.List;
import java.util.function.Predicate;

/**
 * Which consumer of a group gets a suspect: a frame that may be what broke the consumer it was given to. It goes alone in
 * its call, so that it takes nothing along when it does so again. Guarded by the stream's lock.
 *
 * <p>Whoever has nothing in hand gets the next suspect; several members have several out. While all are busy, one of them
 * gets nothing new until it has run dry, over all its streams; the others go on. It claims the window of its call for
 * that, which its streams share without a common lock: (1) this stream sees that a frame of another one is outstanding and
 * claims the window, (2) the other stream finds no room there, (3) its frame is settled, which has the call ask all its
 * streams for more, (4) this stream sees that the window is empty. Whichever of (1) and (3) is first, (4) follows both,
 * under this stream's lock.
 */
final class Quarantine {
    /** How long one may take to run dry before another is asked. */
    private static final long PATIENCE_NANOS = 1_000_000_000;

    private final List<Member> members;
    private final Turn turn;
    private final BrokerClock clock;
    /** Who has claimed its call's window; null while nobody has. The claim ends with what it was made for. */
    private Member dry;

    private long drySinceNanos;

    /** @param members of the group, as they come and go */
    Quarantine(List<Member> members, Turn turn, BrokerClock clock) {
        this.members = members;
        this.turn = turn;
        this.clock = clock;
    }

    /**
     * A suspect is due. Returns the member that can take it now; null when none can, and one runs dry.
     *
     * @param from index of the member to be asked first
     */
    Member choose(int from) {
        Member idle = idle(from);
        if (idle == null && beginToWait()) {
            idle = idle(from);
        }
        if (idle != null) {
            runs(idle);
        } else if (!isDryStillThere() || !claims(dry) || clock.nanos() - drySinceNanos > PATIENCE_NANOS) {
            Member other = soonestDry();
            if (other != null || !isDryStillThere()) {
                runs(other);
            }
            drySinceNanos = clock.nanos();
        }
        return idle;
    }

    private Member idle(int from) {
        // Whoever can take it already stays who takes it: the store may have to read it first.
        return isDryStillThere() && isEmpty(dry) ? dry : first(from, Quarantine::isEmpty);
    }

    private boolean isDryStillThere() {
        return dry != null && members.contains(dry) && dry.consumer().wants();
    }

    /** Returns whether somebody is to be looked at once more. */
    private boolean beginToWait() {
        boolean any = false;
        for (Member member : members) {
            any |= member.consumer().waitsUntilEmpty(member);
        }
        return any;
    }

    /** Of those but the one that runs dry already; null when none can claim its window. */
    private Member soonestDry() {
        return members.stream()
                .filter(member -> member != dry && member.consumer().wants())
                .sorted(Comparator.comparing(Member::silent)
                        .thenComparing(member -> member.consumer().window().outstandingFrames()))
                .filter(Quarantine::claims)
                .findFirst()
                .orElse(null);
    }

    private Member first(int from, Predicate<Member> chosen) {
        for (int i = 0; i < members.size(); i++) {
            Member member = members.get((from + i) % members.size());
            if (member.consumer().wants() && chosen.test(member)) {
                return member;
            }
        }
        return null;
    }

    private static boolean isEmpty(Member member) {
        return member.consumer().window().tryClaimEmpty(member);
    }

    private static boolean claims(Member member) {
        return member.consumer().window().tryClaim(member);
    }

    /** No suspect is due, or none may go out. */
    void noneDue() {
        runs(null);
    }

    private void runs(Member next) {
        if (dry != null && dry != next && dry.consumer().window().disclaim(dry)) {
            // Its other streams have found no room there.
            turn.touch(dry.consumer().roomCameBack());
        }
        dry = next;
    }
}
