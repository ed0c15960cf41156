package io.framebroker.server.broker;

import java.util.Comparator;
import java.util.List;

/**
 * Which member of a group a stream is for, where it cannot go to all of them by turns: in strict order, and for video, whose
 * frames are of no use to somebody who has not had those before. Guarded by the stream's lock.
 *
 * <p>Video goes to the next member at a keyframe. In strict order a stream stays with one member as long as that one is
 * there, settles something within a lease and reads; who it is follows from the names of stream and consumers alone, so the streams of a group spread over its members,
 * and few of them move when one comes or goes. A stream moves when all that is out is done, and at a keyframe.
 */
final class Sticky {
    private static final Comparator<Member> BY_RANK = Comparator.comparingLong(Sticky::rank)
            .thenComparing(member -> member.consumer().id());

    private final boolean strict;
    private final List<Member> members;
    private final DeliveryTable table;
    private final long patienceNanos;
    /** Who got the latest first delivery, or is to get the next; null for nobody yet. */
    private Member holder;
    /** Frame that is known to be for the holder, while it is next; 0 for none. */
    private long forHolder;
    /** Whom frames wait for that does not read, and since when; null for nobody. */
    private Member deaf;

    private long deafSinceNanos;
    private boolean deafForLong;

    /**
     * @param members of the group, as they come and go
     * @param patienceNanos how long frames wait for a member that does not read
     */
    Sticky(boolean strict, List<Member> members, DeliveryTable table, long patienceNanos) {
        this.strict = strict;
        this.members = members;
        this.table = table;
        this.patienceNanos = patienceNanos;
    }

    boolean strict() {
        return strict;
    }

    /** In strict order, the only one who may get anything now; null while nobody may. */
    Member only() {
        if ((!isThere(holder) || isPassedOver(holder)) && !table.isAnyLeased()) {
            holder = members.stream()
                    .filter(Sticky::isThere)
                    .max(Comparator.<Member, Boolean>comparing(member -> !isPassedOver(member))
                            .thenComparing(BY_RANK))
                    .orElse(null);
        }
        return isThere(holder) && members.contains(holder) ? holder : null;
    }

    /** Whether the next frame is known to be for another member, so that it need not be read for this one. */
    boolean isForAnother(Member member) {
        return !strict && forHolder == table.next() && member != holder && isHeld();
    }

    /** Whether a member may get this frame, which nobody has had, with those behind it. Not in strict order. */
    boolean isFor(Member member, FrameContent next) {
        if (next.keyframe() || member == holder || !isHeld()) {
            return true;
        }
        forHolder = table.next();
        return false;
    }

    /** Whether frames have to wait for the holder. */
    private boolean isHeld() {
        return isThere(holder) && members.contains(holder) && !isPassedOver(holder);
    }

    /** In strict order, whether this frame, which nobody has had, is where the stream goes to another member. */
    boolean moves(FrameContent next) {
        return next.keyframe() && members.stream().anyMatch(this::comesBefore);
    }

    private boolean comesBefore(Member member) {
        return isThere(member)
                && member.consumer().port().ready()
                && !isPassedOver(member)
                && BY_RANK.compare(member, holder) > 0;
    }

    /** All that was out is done: the stream goes to whom {@link #only} names next. */
    void move() {
        holder = null;
    }

    /** A member gets frames that nobody has had. */
    void got(Member member) {
        holder = member;
    }

    /** Whoever comes back takes its place again, if nobody else has. */
    void joins(Member member) {
        if (holder != null && holder.consumer().id().equals(member.consumer().id())) {
            holder = member;
        }
    }

    /**
     * Frames wait for the holder, which does not take any. Returns nanoseconds until they wait no longer, if all that time it
     * does not read; 0, once, when they have waited as long, {@link Long#MAX_VALUE} when it reads, or is passed over already.
     */
    long patience(long now) {
        if (holder == null || holder.consumer().port().ready()) {
            deaf = null;
            return Long.MAX_VALUE;
        }
        if (deaf != holder) {
            deaf = holder;
            deafSinceNanos = now;
            deafForLong = false;
        }
        if (deafForLong) {
            return Long.MAX_VALUE;
        }
        long left = Math.max(0, deafSinceNanos + patienceNanos - now);
        deafForLong = left == 0;
        return left;
    }

    /** A member that lets its leases run out, or does not read, holds up nobody when there are others. */
    private boolean isPassedOver(Member member) {
        if (member == deaf && member.consumer().port().ready()) {
            deaf = null;
        }
        return member.silent() || member == deaf && deafForLong;
    }

    private static boolean isThere(Member member) {
        return member != null && member.consumer().isThere();
    }

    private static long rank(Member member) {
        long names = 31L * member.group().stream().name().hashCode()
                + member.consumer().id().hashCode();
        long mixed = names * 0x9E3779B97F4A7C15L;
        mixed = (mixed ^ mixed >>> 29) * 0xBF58476D1CE4E5B9L;
        return mixed ^ mixed >>> 32;
    }
}
