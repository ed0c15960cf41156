package io.framebroker.server.broker;

import io.framebroker.server.broker.FrameEvent.What;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Collectors;

/**
 * What operators do to the durable groups of a stream: they pause, resume, move and delete them. Each change holds at
 * once, is noted, and is answered when that note is durable. Guarded by the stream's lock.
 *
 * <p>A move is a new start at another place, not a change of the cursor: frames that were settled come back unsettled, so
 * the counts begin anew as well, at a new base, or the ledger could not balance. Calls end with it. A delivery of before
 * has the same token as the first one after it, so whoever could have both must say again what it holds, and hears that
 * it holds nothing. Its dead letters stay, outside the counts: who moves a group need not have looked at them.
 */
final class GroupAdministration {
    private final FrameStream stream;
    private final Broker broker;
    private final Map<String, Group> groups;
    private final ArrayDeque<GroupChange> asked = new ArrayDeque<>();
    /**
     * Deleted groups, by the note that says so. Until it is durable nobody may make a group of that name: the store may
     * still tell of settlements of the one that is gone, which it numbers as it would the new one's.
     */
    private final Map<String, Long> leaving = new HashMap<>();

    /** @param groups the stream's own, by name */
    GroupAdministration(FrameStream stream, Broker broker, Map<String, Group> groups) {
        this.stream = stream;
        this.broker = broker;
        this.groups = groups;
    }

    /** Groups that were paused when the stream was closed still are. */
    void recovered(Set<String> paused) {
        groups.values().forEach(group -> group.pause(paused.contains(group.name())));
    }

    void checkMayBeMade(String group) {
        if (leaving.containsKey(group)) {
            throw new BrokerException(
                    BrokerException.Kind.UNAVAILABLE,
                    "GROUP_LEAVING",
                    "group " + group + " of stream " + stream.name()
                            + " is being deleted, which the store has not confirmed yet; try again");
        }
    }

    /** Stops deliveries, or lets them go on. Leases run on, and what is out may be settled. */
    void pause(String name, boolean paused, Broker.GroupChanged changed) {
        Group group = durable(name);
        group.pause(paused);
        GroupState state = stream.state(group);
        note(describe(group) + " is " + (paused ? "paused" : "resumed"), () -> changed.changed(state), changed::failed);
        group.dispatch();
    }

    /** Has a group start anew at another place. */
    void seek(String name, StartPosition position, Broker.GroupChanged changed) {
        Group group = durable(name);
        long base = position.baseIn(stream.store());
        group.diary().over(What.GROUP_MOVED, "the group starts anew behind frame " + base);
        stream.store().restartGroup(name, base);
        Group anew = group.anew(base);
        groups.put(name, anew);
        group.end(new BrokerException(
                BrokerException.Kind.UNAVAILABLE,
                "GROUP_MOVED",
                describe(group) + " has been moved, and goes on behind frame " + base
                        + "; open the call again. What it had delivered is nobody's to settle any more"));
        stream.groupsChanged();
        GroupState state = stream.state(anew);
        note(describe(group) + " is moved behind frame " + base, () -> changed.changed(state), changed::failed);
    }

    /** Ends a group and the calls that take from it. */
    void delete(String name, boolean force, Broker.Deleted deleted) {
        Group group = durable(name);
        if (!force && group.consumers() > 0) {
            throw new BrokerException(
                    BrokerException.Kind.FAILED_PRECONDITION,
                    "GROUP_IN_USE",
                    describe(group) + " has " + group.consumers() + " consumers connected: " + some(group.members())
                            + "; end them first, or delete with force");
        }
        ConsumerLag lag = stream.state(group).lag();
        group.diary().over(What.GROUP_DELETED, "the group is deleted");
        groups.remove(name);
        stream.store().deleteGroup(name);
        group.end(new BrokerException(
                BrokerException.Kind.NOT_FOUND, "GROUP_DELETED", describe(group) + " has been deleted"));
        leaving.put(name, stream.notesAsked() + 1);
        stream.groupsChanged();
        note(describe(group) + " is deleted", () -> deleted.deleted(lag.waiting() + lag.pending()), deleted::failed);
    }

    /** The store has confirmed notes up to this number. */
    void noted(long through) {
        leaving.values().removeIf(note -> note <= through);
        while (!asked.isEmpty() && asked.peek().note() <= through) {
            GroupChange change = asked.poll();
            change.done();
            stream.turn().touch(change);
        }
    }

    /** The store will confirm nothing more. */
    void end(BrokerException why) {
        asked.forEach(change -> {
            change.failed(why);
            stream.turn().touch(change);
        });
        asked.clear();
        leaving.clear();
    }

    List<ConsumerState> consumers(String name) {
        return known(name).consumerStates();
    }

    Group known(String name) {
        return Optional.ofNullable(groups.get(name))
                .orElseThrow(() -> BrokerException.groupNotFound(stream.name(), name));
    }

    private Group durable(String name) {
        Group group = known(name);
        if (!group.durable()) {
            throw new BrokerException(
                    BrokerException.Kind.FAILED_PRECONDITION,
                    "GROUP_OF_ONE_CALL",
                    describe(group) + " is that of one call, and goes with it; end or pause the call");
        }
        return group;
    }

    private void note(String what, Runnable done, Consumer<BrokerException> failed) {
        asked.add(broker.groupChange(stream.notesAsked() + 1, what, done, failed));
        stream.note(StreamNote.ofPaused(groups.values().stream()
                .filter(group -> group.durable() && group.paused())
                .map(Group::name)
                .collect(Collectors.toSet())));
    }

    private String describe(Group group) {
        return "group " + group.name() + " of stream " + stream.name();
    }

    private static String some(List<Member> members) {
        String first = members.stream()
                .limit(5)
                .map(member -> Names.quoted(member.consumer().id()))
                .collect(Collectors.joining(", "));
        return members.size() <= 5 ? first : first + " and " + (members.size() - 5) + " more";
    }
}
