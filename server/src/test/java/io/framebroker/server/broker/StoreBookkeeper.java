package io.framebroker.server.broker;

import java.util.List;

/** Sees what the store is asked for, and holds it against what somebody had a reason to ask. */
final class StoreBookkeeper implements StoreWatch {
    private final Simulation simulation;
    private SimulatedCamera.Call publishing;
    /** What is to be appended of a message; null while there is none, or it is not judged. */
    private List<Long> appendsExpected;

    private boolean joining;
    private String joiningGroup = "";
    private String deliveryDecided = "";

    StoreBookkeeper(Simulation simulation) {
        this.simulation = simulation;
    }

    /** A message comes in. What is to become of it is asked when the store, or its publisher, has heard. */
    void publishing(SimulatedCamera.Call by) {
        publishing = by;
        appendsExpected = null;
    }

    void published() {
        judge();
        simulation.require(appendsExpected.isEmpty(), "frames %s were not appended", appendsExpected);
        publishing = null;
    }

    private void judge() {
        if (appendsExpected == null) {
            appendsExpected = publishing.judged();
        }
    }

    /** A group may come into being until {@link #joined}. */
    void joining(String group) {
        joining = true;
        joiningGroup = group;
    }

    void joined() {
        joining = false;
    }

    /** The store hears of first deliveries as they go out, of others before. */
    void deliveryArrives(String stream, String group, List<Frame> frames) {
        long first = frames.get(0).ordinal();
        boolean again = first <= simulation.stream(stream).groups.get(group).cursor;
        String arrives = again
                ? ""
                : delivery(stream, group, first, frames.get(frames.size() - 1).ordinal());
        if (!again
                && deliveryDecided.isEmpty()
                && simulation.stream(stream)
                        .groups
                        .get(group)
                        .isEarly(frames.get(frames.size() - 1).ordinal())) {
            return;
        }
        simulation.require(arrives.equals(deliveryDecided), "%s arrives, decided was %s", frames, deliveryDecided);
        deliveryDecided = "";
    }

    private static String delivery(String stream, String group, long first, long last) {
        return group + " on " + stream + ": " + first + ".." + last;
    }

    @Override
    public void appended(String stream, List<Frame> frames) {
        List<Long> appended =
                frames.stream().map(frame -> Frames.origin(frame.content())).toList();
        simulation.require(publishing != null, "%s are appended, and nobody publishes", appended);
        judge();
        simulation.require(appended.equals(appendsExpected), "%s are appended, expected %s", appended, appendsExpected);
        appendsExpected = List.of();
        simulation.stream(stream).appended(frames, publishing);
    }

    @Override
    public void stored(String stream, long through) {
        if (simulation.stream(stream) != null) {
            simulation.stream(stream).confirmed(through);
        }
    }

    @Override
    public void cooled(String stream, long through) {
        simulation.stream(stream).cooled(through);
    }

    @Override
    public void trimmed(String stream, long through) {
        simulation.stream(stream).trimmed(through);
    }

    @Override
    public void groupCreated(String stream, String group, long base) {
        StreamModel model = simulation.stream(stream);
        simulation.require(joining, "group %s comes from nowhere", group);
        simulation.require(base >= model.trimmed() && base <= model.confirmed(), "base %d of group %s", base, group);
        GroupModel created = new GroupModel(group, base, simulation.settingsOf(joiningGroup), model, simulation);
        model.groups.put(group, created);
    }

    @Override
    public void groupDeleted(String stream, String group) {
        GroupModel gone = simulation.stream(stream).groups.remove(group);
        simulation.require(!gone.durable && gone.members.isEmpty(), "group %s is deleted with %s", group, gone.members);
    }

    @Override
    public void delivered(String stream, String group, long first, long last) {
        simulation.require(deliveryDecided.isEmpty(), "%s did not arrive", deliveryDecided);
        if (simulation.stream(stream).groups.get(group).tells(first, last)) {
            deliveryDecided = delivery(stream, group, first, last);
        }
    }

    @Override
    public void attemptAsked(String stream, String group, long ordinal, int attempt) {
        simulation.stream(stream).groups.get(group).attemptAsked(ordinal, attempt);
    }

    @Override
    public void attempted(String stream, String group, long ordinal) {
        simulation.stream(stream).groups.get(group).attempted(ordinal);
    }

    @Override
    public void settleAsked(
            String stream, String group, long first, long last, StreamStore.Outcome outcome, String reason) {
        simulation.stream(stream).groups.get(group).settles(first, last, outcome, reason);
    }

    @Override
    public void settled(String stream, String group, long first, long last) {
        simulation.stream(stream).groups.get(group).settled(first, last);
    }

    void check() {
        simulation.require(deliveryDecided.isEmpty(), "the store was told of %s, nobody got it", deliveryDecided);
    }
}
