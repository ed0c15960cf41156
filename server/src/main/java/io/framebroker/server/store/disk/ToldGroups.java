package io.framebroker.server.store.disk;

import io.framebroker.server.broker.StreamStore.Listener;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** How much of what was asked of a stream's groups is durable and told. Guarded by the stream's monitor. */
final class ToldGroups {
    /** How far a group was at some moment. */
    record Mark(DiskGroup group, long settlements, long attempts, long allowed) {
        static Mark of(DiskGroup group) {
            return new Mark(group, group.settlementsAsked(), group.attemptsAsked(), group.allowed());
        }
    }

    private final Telling telling;
    private final Map<DiskGroup, Mark> told = new HashMap<>();

    ToldGroups(Telling telling) {
        this.telling = telling;
    }

    void add(DiskGroup group) {
        told.put(group, new Mark(group, 0, 0, 0));
    }

    void remove(DiskGroup group) {
        told.remove(group);
    }

    /** How far all groups are now. */
    List<Mark> marks() {
        List<Mark> marks = new ArrayList<>(told.size());
        told.keySet().forEach(each -> marks.add(Mark.of(each)));
        return marks;
    }

    /** Allows what may be delivered until the force after the next. */
    void allow(StreamFacts facts) {
        for (DiskGroup group : told.keySet()) {
            if (group.durable() && group.allow()) {
                facts.allowed(group);
            }
        }
    }

    /** Takes back what was allowed and not delivered. */
    void takeLeave(StreamFacts facts) {
        for (DiskGroup group : told.keySet()) {
            group.takeLeave();
            facts.allowed(group);
        }
    }

    /** What was asked of a group until then is durable. */
    void tell(Mark now) {
        Mark before = told.put(now.group, now);
        String group = now.group.name();
        if (now.settlements > before.settlements) {
            telling.add(listener -> listener.settled(group, now.settlements));
        }
        if (now.attempts > before.attempts) {
            telling.add(listener -> listener.attempted(group, now.attempts));
        }
    }

    /** The marks are on the disk. */
    void forced(List<Mark> marks) {
        boolean more = false;
        for (Mark each : marks) {
            if (told.containsKey(each.group)) {
                tell(each);
                more |= each.group.forced(each.allowed);
            }
        }
        if (more) {
            telling.add(Listener::readable);
        }
    }
}
