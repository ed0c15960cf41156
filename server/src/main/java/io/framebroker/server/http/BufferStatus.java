package io.framebroker.server.http;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.framebroker.v1.GetLedgerResponse;
import io.framebroker.v1.Group;
import io.framebroker.v1.GroupLedger;
import io.framebroker.v1.Stream;
import io.framebroker.v1.StreamLedger;
import java.util.List;
import java.util.Map;

/** What {@code /frames/status} says: the ledgers of the moment, added up for those who know of one buffer only. */
final class BufferStatus {
    /** More than that is for {@code /metrics}. */
    private static final int MOST_STREAMS = 1_000;

    private final BrokerCalls broker;

    BufferStatus(BrokerCalls broker) {
        this.broker = broker;
    }

    /** Sums over streams. */
    private static final class Sums {
        private long size;
        private long maxSize;
        private long waiting;
        private long pending;
        private long taken;
        private long deadLettered;
        private long skipped;
        private long offered;
        private long stored;
        private long dropped;
        private long consumers;
        private double utilization;
    }

    JsonObject of(String streams, String group) {
        Sums sums = new Sums();
        JsonArray list = new JsonArray();
        int leftOut = 0;
        for (Stream stream : broker.streams(streams)) {
            JsonObject shown = stream.hasSettings() ? shown(stream, group, sums) : null;
            if (shown == null || list.size() >= MOST_STREAMS) {
                leftOut++;
            } else {
                list.add(shown);
            }
        }
        JsonObject status = new JsonObject();
        status.addProperty("size", sums.size);
        status.addProperty("max_size", sums.maxSize);
        status.addProperty("total_frames", sums.size);
        status.addProperty("utilization", rounded(sums.utilization));
        status.addProperty("group", group);
        status.addProperty("waiting", sums.waiting);
        status.addProperty("pending", sums.pending);
        status.addProperty("taken", sums.taken);
        status.addProperty("dead_lettered", sums.deadLettered);
        status.addProperty("skipped", sums.skipped);
        status.addProperty("offered", sums.offered);
        status.addProperty("stored", sums.stored);
        status.addProperty("dropped", sums.dropped);
        status.addProperty("consumers", sums.consumers);
        status.add("streams", list);
        status.addProperty("streams_left_out", leftOut);
        return status;
    }

    /** Null where the stream is gone, or its broker does not answer. */
    private JsonObject shown(Stream stream, String groupName, Sums sums) {
        GetLedgerResponse ledger;
        List<Group> groups;
        try {
            ledger = broker.ledger(stream.getName());
            groups = broker.groups(stream.getName());
        } catch (GatewayException gone) {
            return null;
        }
        GroupLedger group = ledger.getGroupsList().stream()
                .filter(each -> each.getGroup().equals(groupName))
                .findFirst()
                .orElse(null);
        long consumers = groups.stream()
                .filter(each -> each.getName().equals(groupName))
                .mapToLong(Group::getConsumers)
                .sum();
        // A group that is not there yet begins with the oldest frame.
        long waiting = group == null ? stream.getFrames() : group.getWaiting();
        long pending = group == null ? 0 : group.getPending();
        long size = ledger.getGroupsList().stream()
                .mapToLong(each -> each.getWaiting() + each.getPending())
                .reduce(waiting + pending, Math::max);
        StreamLedger whole = ledger.getStream();
        double utilization = Math.max(
                ratio(stream.getBacklogFrames(), stream.getBacklogLimitFrames()),
                ratio(stream.getBacklogBytes(), stream.getSettings().getMaxBacklogBytes()));
        JsonObject shown = new JsonObject();
        shown.addProperty("stream", stream.getName());
        shown.addProperty("size", size);
        shown.addProperty("max_size", stream.getBacklogLimitFrames());
        shown.addProperty("utilization", rounded(utilization));
        shown.addProperty("waiting", waiting);
        shown.addProperty("pending", pending);
        shown.addProperty("taken", group == null ? 0 : group.getAcked());
        shown.addProperty("dead_lettered", group == null ? 0 : group.getDeadLettered());
        shown.add("skipped", counts(group == null ? Map.of() : group.getSkippedMap()));
        shown.addProperty("offered", whole.getOffered());
        shown.addProperty("stored", whole.getStored());
        shown.addProperty("appending", whole.getAppending());
        shown.add("dropped", counts(whole.getDroppedMap()));
        shown.add("reported", counts(whole.getReportedMap()));
        shown.addProperty("retained_frames", stream.getFrames());
        shown.addProperty("retained_bytes", stream.getBytes());
        shown.addProperty("group_exists", group != null);
        shown.addProperty("before_group", group == null ? 0 : whole.getStored() - group.getStored());
        shown.addProperty("consumers", consumers);
        shown.addProperty("all_consumers", stream.getConsumers());
        shown.addProperty("publisher", stream.getPublisherId());
        shown.addProperty("wait_reason", stream.getWaitReason());
        sums.size += size;
        sums.maxSize += stream.getBacklogLimitFrames();
        sums.waiting += waiting;
        sums.pending += pending;
        sums.taken += group == null ? 0 : group.getAcked();
        sums.deadLettered += group == null ? 0 : group.getDeadLettered();
        sums.skipped += group == null ? 0 : total(group.getSkippedMap());
        sums.offered += whole.getOffered();
        sums.stored += whole.getStored();
        sums.dropped += total(whole.getDroppedMap());
        sums.consumers += consumers;
        sums.utilization = Math.max(sums.utilization, utilization);
        return shown;
    }

    private static double ratio(long part, long whole) {
        return whole == 0 ? 0 : (double) part / whole;
    }

    private static double rounded(double ratio) {
        return Math.round(ratio * 10_000) / 10_000.0;
    }

    private static long total(Map<String, Long> counts) {
        return counts.values().stream().mapToLong(Long::longValue).sum();
    }

    private static JsonObject counts(Map<String, Long> counts) {
        JsonObject object = new JsonObject();
        counts.forEach(object::addProperty);
        return object;
    }
}
