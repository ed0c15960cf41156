package io.framebroker.client;

import static org.assertj.core.api.Assertions.assertThat;

import io.framebroker.v1.AckLevel;
import io.framebroker.v1.Demand;
import io.framebroker.v1.PublishOpened;
import io.grpc.Status;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** A listener that keeps what it hears, and insists that no frame is told of twice. */
final class HeardOutcomes implements PublishListener {
    final Map<Long, PublishFailure> failures = new TreeMap<>();
    final Map<Long, String> reasons = new TreeMap<>();
    final List<String> events = new ArrayList<>();

    private long storedThrough;

    @Override
    public synchronized void stored(long throughSequence, AckLevel level) {
        assertThat(throughSequence).isGreaterThanOrEqualTo(storedThrough);
        storedThrough = throughSequence;
    }

    @Override
    public synchronized void failed(long sequence, PublishFailure kind, String reason, String message) {
        assertThat(failures)
                .as("told of %d again: %s %s", sequence, kind, reason)
                .doesNotContainKey(sequence);
        if (kind != PublishFailure.DROPPED_HERE) {
            assertThat(sequence).as("told to be stored before").isGreaterThan(storedThrough);
        }
        failures.put(sequence, kind);
        reasons.put(sequence, reason);
    }

    @Override
    public void demand(Demand demand) {
        events.add("demand " + demand.getConsumers() + "/" + demand.getGroups() + "@" + demand.getWantedFps());
    }

    @Override
    public void waiting(String reason) {
        events.add("waiting: " + reason);
    }

    @Override
    public void resumed() {
        events.add("resumed");
    }

    @Override
    public void connected(PublishOpened opened) {
        events.add("connected");
    }

    @Override
    public void disconnected(Status status) {
        events.add("disconnected " + status.getCode());
    }

    synchronized long storedThrough() {
        return storedThrough;
    }

    synchronized boolean stored(long sequence) {
        return sequence <= storedThrough && !failures.containsKey(sequence);
    }
}
