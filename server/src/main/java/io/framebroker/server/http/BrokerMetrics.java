package io.framebroker.server.http;

import io.framebroker.server.broker.Broker;
import io.framebroker.server.broker.BrokerException;
import io.framebroker.server.broker.DurationCounts;
import io.framebroker.server.broker.GroupState;
import io.framebroker.server.broker.Ledger;
import io.framebroker.server.broker.StreamFlow;
import io.framebroker.server.broker.StreamState;
import io.framebroker.server.broker.StreamTimes;
import io.prometheus.client.Collector;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Shows the broker to Prometheus. All is read when somebody looks; nothing is counted twice. Labels are bounded: streams and
 * groups by their limits in the core, of streams the first {@link #MOST_STREAMS} by name, reasons by the ledger.
 */
public final class BrokerMetrics extends Collector {
    /** A stream with two groups takes 13 kB of the page. */
    static final int MOST_STREAMS = 1_000;

    /** Of all streams together; each takes 5 kB. */
    static final int MOST_GROUPS = 4_000;

    private static final List<String> STREAM = List.of("stream");
    private static final List<String> OF_REASON = List.of("stream", "reason");
    private static final List<String> GROUP = List.of("stream", "group");
    private static final List<String> OF_GROUP_AND_REASON = List.of("stream", "group", "reason");

    /** How many groups the page has room for still, and how many it had none for. */
    private static final class GroupRoom {
        private int left = MOST_GROUPS;
        private int leftOut;

        boolean take() {
            if (left == 0) {
                leftOut++;
                return false;
            }
            left--;
            return true;
        }
    }

    /** What is counted around the core. */
    public interface Surroundings {
        /** Streaming calls that are open. */
        int openCalls();

        /** Spans that were made and that nobody got. */
        long spansLost();

        /** Drops that no span was made of, because there were too many in a second. */
        long dropsWithoutSpan();
    }

    private final Broker broker;
    private final Surroundings surroundings;
    private final String version;

    public BrokerMetrics(Broker broker, Surroundings surroundings, String version) {
        this.broker = broker;
        this.surroundings = surroundings;
        this.version = version;
    }

    @Override
    public List<MetricFamilySamples> collect() {
        Families families = new Families();
        ofBroker(families);
        List<StreamState> streams = broker.streams();
        families.gauge("framebroker_streams", "Streams this broker serves", List.of(), List.of(), streams.size());
        families.gauge(
                "framebroker_streams_left_out",
                "Streams this broker serves and that are not on this page, which has the first by name",
                List.of(),
                List.of(),
                Math.max(0, streams.size() - MOST_STREAMS));
        GroupRoom room = new GroupRoom();
        for (StreamState stream : streams.subList(0, Math.min(streams.size(), MOST_STREAMS))) {
            try {
                ofStream(families, stream, room);
            } catch (BrokerException gone) {
                // Deleted, or another broker's, since it was listed.
                continue;
            }
        }
        families.gauge(
                "framebroker_groups_left_out",
                "Groups of the streams on this page that it has no room for",
                List.of(),
                List.of(),
                room.leftOut);
        return families.all();
    }

    private void ofBroker(Families to) {
        to.gauge(
                "framebroker_info",
                "1; what runs here",
                List.of("version", "store", "ack_level"),
                List.of(
                        version,
                        broker.store().name(),
                        broker.store().ackLevel().name()),
                1);
        to.gauge(
                "framebroker_store_up",
                "1 while the store takes frames",
                List.of(),
                List.of(),
                broker.store().trouble() == null ? 1 : 0);
        to.gauge(
                "framebroker_calls",
                "Publishing and consuming calls that are open",
                List.of(),
                List.of(),
                surroundings.openCalls());
        to.counter(
                "framebroker_spans_lost",
                "Spans that were made and that nobody got",
                List.of(),
                List.of(),
                surroundings.spansLost());
        to.counter(
                "framebroker_drops_without_span",
                "Drops that no span was made of, because there were too many in a second",
                List.of(),
                List.of(),
                surroundings.dropsWithoutSpan());
        to.counter(
                "framebroker_degrade_lost",
                "Frames acknowledged from memory that were not stored when their stream was lost",
                List.of(),
                List.of(),
                broker.degradeLost());
        to.counter(
                "framebroker_store_intrusions",
                "How often the store was found otherwise than this broker had left it",
                List.of(),
                List.of(),
                broker.store().intrusions());
        FlowMetrics.ofStore(to, broker.store().link());
        memory(to, "kept", broker.memory().keptBytes(), broker.memory().keptLimit());
        memory(to, "inbound", broker.memory().inboundBytes(), broker.memory().inboundLimit());
        memory(to, "outbound", broker.memory().outboundBytes(), broker.memory().outboundLimit());
    }

    /** The ledger takes back what the store has lost, and a counter does not go down. */
    private static long everStored(Ledger.OfStream counts) {
        return counts.stored() + counts.dropped().getOrDefault("STORE_LOST", 0L);
    }

    private static void memory(Families to, String account, long bytes, long limit) {
        List<String> names = List.of("account");
        to.gauge(
                "framebroker_memory_bytes",
                "Memory that frames take, or that is reserved for them",
                names,
                List.of(account),
                bytes);
        to.gauge("framebroker_memory_limit_bytes", "Its limit", names, List.of(account), limit);
    }

    private void ofStream(Families to, StreamState stream, GroupRoom room) {
        String name = stream.name();
        List<String> labels = List.of(name);
        Ledger ledger = broker.ledger(name);
        StreamTimes times = broker.times(name);
        StreamFlow flow = broker.flow(name);
        Ledger.OfStream counts = ledger.stream();
        // The old service's names.
        to.gauge(
                "frame_queue_depth",
                "Frames that the slowest group has not settled",
                List.of("queue"),
                labels,
                stream.backlogFrames());
        to.gauge(
                "frame_buffer_size",
                "Backlog limit of the stream in frames as it is now",
                STREAM,
                labels,
                stream.maxBacklogFrames());
        to.gauge(
                "frame_buffer_utilization_ratio",
                "Backlog by its limit, in frames or bytes, whichever is nearer to it",
                STREAM,
                labels,
                Math.max(
                        (double) stream.backlogFrames() / stream.maxBacklogFrames(),
                        (double) stream.backlogBytes() / stream.settings().maxBacklogBytes()));
        to.counter(
                "frame_buffer_consumer_frames_consumed",
                "Frames that came and are kept: what the old service's consumer put into its buffer",
                STREAM,
                labels,
                everStored(counts));
        to.counter(
                "frame_buffer_consumer_frames_dropped",
                "Frames that came and are not kept, whatever the reason: what that buffer had no room for",
                STREAM,
                labels,
                counts.dropped().values().stream().mapToLong(Long::longValue).sum());
        // The ledger.
        to.counter(
                "framebroker_stream_offered_frames",
                "Frames that came, or that publishers reported as lost",
                STREAM,
                labels,
                counts.offered());
        to.counter(
                "framebroker_stream_stored_frames",
                "Frames the store has confirmed, with those it has lost since",
                STREAM,
                labels,
                everStored(counts));
        to.gauge(
                "framebroker_stream_appending_frames",
                "Frames on their way into the store",
                STREAM,
                labels,
                counts.appending());
        to.counter(
                "framebroker_stream_duplicate_frames",
                "Frames that came again and were not stored again",
                STREAM,
                labels,
                counts.duplicates());
        counts.dropped()
                .forEach((reason, frames) -> to.counter(
                        "frames_dropped",
                        "Frames that came and are not kept, by reason",
                        OF_REASON,
                        List.of(name, reason),
                        frames));
        counts.reported()
                .forEach((reason, frames) -> to.counter(
                        "framebroker_stream_reported_frames",
                        "Frames that publishers lost and told of, by reason",
                        OF_REASON,
                        List.of(name, reason),
                        frames));
        to.gauge(
                "framebroker_ledger_imbalance_frames",
                "Frames of the stream and its groups that are not accounted for; anything but 0 is a defect",
                STREAM,
                labels,
                Math.abs(counts.imbalance())
                        + ledger.groups().stream()
                                .mapToLong(group -> Math.abs(group.imbalance()))
                                .sum());
        // What there is now.
        to.gauge(
                "framebroker_stream_frames",
                "Frames that are there, settled ones too",
                STREAM,
                labels,
                stream.frames());
        to.gauge("framebroker_stream_bytes", "Their bytes", STREAM, labels, stream.bytes());
        to.gauge(
                "framebroker_stream_backlog_bytes",
                "Bytes that the slowest group has not settled",
                STREAM,
                labels,
                stream.backlogBytes());
        to.gauge(
                "framebroker_stream_publishers",
                "1 while a publisher is connected",
                STREAM,
                labels,
                stream.publisherId().isEmpty() ? 0 : 1);
        to.gauge(
                "framebroker_stream_publisher_waits",
                "1 while the publisher is held back",
                STREAM,
                labels,
                stream.waitReason().isEmpty() ? 0 : 1);
        to.gauge(
                "framebroker_stream_wanted_fps",
                "Frames a second that are enough for all consumers; 0 where somebody wants all of them, or nobody any",
                STREAM,
                labels,
                stream.wantedFps());
        to.histogram(
                "framebroker_append_seconds",
                "From the receipt of the oldest frame of an append to the store's confirmation",
                STREAM,
                labels,
                times.appends());
        FlowMetrics.ofStream(to, name, flow);
        ofGroups(to, name, ledger, times, flow, room);
    }

    private void ofGroups(
            Families to, String stream, Ledger ledger, StreamTimes times, StreamFlow flow, GroupRoom room) {
        Map<String, Ledger.OfGroup> ledgers = new LinkedHashMap<>();
        ledger.groups().forEach(each -> ledgers.put(each.group(), each));
        for (GroupState group : broker.groups(stream)) {
            Ledger.OfGroup counts = ledgers.get(group.name());
            DurationCounts ages = times.ages().get(group.name());
            StreamFlow.OfGroup groupFlow = flow.groups().get(group.name());
            if (counts == null || ages == null || groupFlow == null) {
                // It came meanwhile, or is the group of one call.
                continue;
            }
            if (!room.take()) {
                continue;
            }
            List<String> labels = List.of(stream, group.name());
            to.counter("frames_processed", "Frames a group has acked", GROUP, labels, counts.acked());
            counts.skipped()
                    .forEach((reason, frames) -> to.counter(
                            "framebroker_group_skipped_frames",
                            "Frames a group has left out, by reason",
                            OF_GROUP_AND_REASON,
                            List.of(stream, group.name(), reason),
                            frames));
            to.gauge(
                    "framebroker_group_waiting_frames",
                    "Frames not yet delivered to a group",
                    GROUP,
                    labels,
                    counts.waiting());
            to.gauge(
                    "framebroker_group_pending_frames",
                    "Frames delivered and not settled",
                    GROUP,
                    labels,
                    counts.pending());
            to.gauge(
                    "framebroker_group_dead_letters",
                    "Dead letters that a group keeps; of one that was moved, those since",
                    GROUP,
                    labels,
                    counts.deadLettered());
            to.gauge(
                    "framebroker_group_lag_frames",
                    "Frames a group has not settled",
                    GROUP,
                    labels,
                    group.lag().waiting() + group.lag().pending());
            to.gauge(
                    "framebroker_group_lag_seconds",
                    "Age of the oldest frame a group has not settled",
                    GROUP,
                    labels,
                    group.lag().ageMicros() / 1e6);
            to.gauge(
                    "framebroker_group_consumers",
                    "Consumers of a group that are connected",
                    GROUP,
                    labels,
                    group.consumers());
            to.gauge("framebroker_group_paused", "1 while a group is paused", GROUP, labels, group.paused() ? 1 : 0);
            to.histogram(
                    "framebroker_delivery_age_seconds", "Age of frames when they are delivered", GROUP, labels, ages);
            to.histogram(
                    "framebroker_settle_seconds",
                    "From the delivery of a frame to its consumer's verdict on it",
                    GROUP,
                    labels,
                    times.settles().get(group.name()));
            FlowMetrics.ofGroup(to, stream, group.name(), groupFlow);
        }
    }
}
