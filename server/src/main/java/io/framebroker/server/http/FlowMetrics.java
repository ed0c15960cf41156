package io.framebroker.server.http;

import io.framebroker.server.broker.StoreLink;
import io.framebroker.server.broker.StreamFlow;
import java.util.List;

/** How frames get through, and what holds them up. */
final class FlowMetrics {
    private static final List<String> STREAM = List.of("stream");
    private static final List<String> GROUP = List.of("stream", "group");

    private FlowMetrics() {}

    /** @param link null where the store is no other process */
    static void ofStore(Families to, StoreLink link) {
        if (link == null) {
            return;
        }
        to.gauge(
                "framebroker_store_breaker_state",
                "Circuit breaker before the store: 0 closed, 1 half-open, 2 open",
                List.of(),
                List.of(),
                switch (link.circuit()) {
                    case CLOSED -> 0;
                    case HALF_OPEN -> 1;
                    case OPEN -> 2;
                });
        to.histogram(
                "framebroker_store_round_trip_seconds",
                "From sending what was gathered for the store to having read its answers",
                List.of(),
                List.of(),
                link.roundTrips());
    }

    static void ofStream(Families to, String stream, StreamFlow flow) {
        List<String> labels = List.of(stream);
        List<String> bySource = List.of("stream", "source");
        String deliveries = "Deliveries by where their frames were: in memory, or to be read back from the store first";
        to.counter("framebroker_stream_deliveries", deliveries, bySource, List.of(stream, "memory"), flow.fromMemory());
        to.counter("framebroker_stream_deliveries", deliveries, bySource, List.of(stream, "store"), flow.fromStore());
        flow.waits()
                .forEach((reason, events) -> to.counter(
                        "framebroker_backpressure_events",
                        "How often a publisher began to wait, by whose room it waits for",
                        List.of("stream", "reason"),
                        List.of(stream, reason.name()),
                        events));
        to.counter(
                "framebroker_stream_publisher_blocked_seconds",
                "How long publishers were held back, in all",
                STREAM,
                labels,
                flow.waitedNanos() / 1e9);
    }

    static void ofGroup(Families to, String stream, String group, StreamFlow.OfGroup flow) {
        List<String> labels = List.of(stream, group);
        to.gauge(
                "framebroker_group_in_flight_frames",
                "Frames that consumers have in hand: delivered and not settled, and their leases run",
                GROUP,
                labels,
                flow.inFlightFrames());
        to.gauge("framebroker_group_in_flight_bytes", "Their bytes", GROUP, labels, flow.inFlightBytes());
        to.gauge(
                "framebroker_group_window_frames",
                "Frames that the windows of its connected consumers take, which their other streams share",
                GROUP,
                labels,
                flow.windowFrames());
        to.gauge("framebroker_group_window_bytes", "The same in bytes", GROUP, labels, flow.windowBytes());
        to.gauge(
                "framebroker_group_blocked_consumers",
                "Consumers for whom a frame is there that does not fit into their full windows",
                GROUP,
                labels,
                flow.blockedConsumers());
    }
}
