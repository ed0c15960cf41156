package io.framebroker.server.grpc;

import io.framebroker.server.broker.BrokerException;
import io.framebroker.server.broker.Consumer;
import io.framebroker.server.broker.FrameId;
import io.framebroker.server.broker.GroupSettings;
import io.framebroker.server.broker.StartPosition;
import io.framebroker.server.broker.Verdict;
import io.framebroker.server.broker.Window;
import io.framebroker.v1.ConsumeMode;
import io.framebroker.v1.ConsumeOpen;
import io.framebroker.v1.DeliveryOrder;
import io.framebroker.v1.HeldDeliveries;
import io.framebroker.v1.Nack;
import io.framebroker.v1.PayloadMode;
import io.framebroker.v1.Settlement;
import io.framebroker.v1.StartEdge;
import java.util.List;

/** Reads what a consumer asks for, and refuses what cannot be. */
final class ConsumeRequests {
    private static final int DEFAULT_WINDOW_FRAMES = 64;
    private static final int MOST_HELD_RUNS = 4096;
    private static final int MOST_REASON = 1024;

    private ConsumeRequests() {}

    static Consumer.Options options(ConsumeOpen open) {
        refuseWhatIsNotServed(open);
        if (open.getPayload() == PayloadMode.UNRECOGNIZED) {
            throw BrokerException.invalid("open.payload", open.getPayloadValue() + " is no PayloadMode");
        }
        if (open.getLimit() < 0) {
            throw BrokerException.invalid(
                    "open.limit", Long.toUnsignedString(open.getLimit()) + " is above " + Long.MAX_VALUE);
        }
        return new Consumer.Options(
                open.getStreamsList(),
                open.getGroup(),
                open.getConsumerId(),
                window(open),
                open.hasSettings() && open.getSettings().hasLease() ? groupSettings(open) : null,
                start(open.getSettings().getStart()),
                open.getAutoAck(),
                open.getLimit(),
                held(open.getHeldList()));
    }

    private static void refuseWhatIsNotServed(ConsumeOpen open) {
        ConsumeMode mode = open.getMode();
        if (mode != ConsumeMode.CONSUME_MODE_UNSPECIFIED && mode != ConsumeMode.CONSUME_MODE_QUEUE) {
            throw Refusals.unimplemented("MODE_NOT_SERVED", "open.mode " + mode + " is not served yet; use QUEUE");
        }
        if (open.getMaxFps() != 0) {
            throw Refusals.unimplemented(
                    "MAX_FPS_NOT_SERVED", "open.max_fps goes with LATEST and REPLAY, not served yet");
        }
        for (String stream : open.getStreamsList()) {
            if (stream.indexOf('*') >= 0) {
                throw Refusals.unimplemented(
                        "GLOBS_NOT_SERVED",
                        "open.streams \"" + stream + "\": globs are not served yet; name the streams");
            }
        }
        if (open.getSettings().hasMaxAge()) {
            throw Refusals.unimplemented("MAX_AGE_NOT_SERVED", "open.settings.max_age is not served yet; leave it out");
        }
        if (open.getSettings().getMaxAttempts() != 0) {
            throw Refusals.unimplemented(
                    "MAX_ATTEMPTS_NOT_SERVED",
                    "open.settings.max_attempts " + open.getSettings().getMaxAttempts()
                            + " needs dead letters, which are not served yet; 0 or nothing means no end of attempts");
        }
        DeliveryOrder order = open.getSettings().getOrder();
        if (order != DeliveryOrder.DELIVERY_ORDER_UNSPECIFIED
                && order != DeliveryOrder.DELIVERY_ORDER_FIRST_DELIVERIES) {
            throw Refusals.unimplemented(
                    "ORDER_NOT_SERVED", "open.settings.order " + order + " is not served yet; use FIRST_DELIVERIES");
        }
    }

    private static Window window(ConsumeOpen open) {
        return open.hasWindow()
                ? new Window(open.getWindow().getMaxFrames(), open.getWindow().getMaxBytes())
                : new Window(DEFAULT_WINDOW_FRAMES, Window.DEFAULT_BYTES);
    }

    private static GroupSettings groupSettings(ConsumeOpen open) {
        return new GroupSettings(Conversions.millis(open.getSettings().getLease()));
    }

    static io.framebroker.v1.GroupSettings settings(GroupSettings settings) {
        return io.framebroker.v1.GroupSettings.newBuilder()
                .setLease(Conversions.duration(settings.leaseMillis()))
                .setMaxAttempts(0)
                .setOrder(DeliveryOrder.DELIVERY_ORDER_FIRST_DELIVERIES)
                .build();
    }

    private static StartPosition start(io.framebroker.v1.StartPosition start) {
        return switch (start.getPositionCase()) {
            case TIME -> new StartPosition.Time(Conversions.micros(start.getTime()));
            case ID ->
                // Ordinals are unsigned: what looks negative is beyond every frame there will be.
                new StartPosition.Id(new FrameId(
                        start.getId().getGeneration(),
                        start.getId().getOrdinal() < 0
                                ? Long.MAX_VALUE
                                : start.getId().getOrdinal()));
            default ->
                start.getEdge() == StartEdge.START_EDGE_EARLIEST
                        ? new StartPosition.Earliest()
                        : new StartPosition.New();
        };
    }

    private static List<Consumer.Held> held(List<HeldDeliveries> held) {
        if (held.size() > MOST_HELD_RUNS) {
            throw BrokerException.invalid(
                    "open.held",
                    held.size() + " runs; at most " + MOST_HELD_RUNS + ": join those that follow each other");
        }
        return held.stream()
                .map(run -> new Consumer.Held(
                        run.getStream(), Conversions.token(run.getToken()), count("open.held.count", run.getCount())))
                .toList();
    }

    /** Length of a run of deliveries; 0 on the wire means 1. */
    static int count(String field, int count) {
        if (count < 0 || count > Window.MOST_FRAMES) {
            throw BrokerException.invalid(
                    field, Integer.toUnsignedString(count) + " is outside 1.." + Window.MOST_FRAMES);
        }
        return Math.max(1, count);
    }

    static Verdict verdict(Settlement settlement) {
        return switch (settlement.getVerdictCase()) {
            case ACK -> Verdict.ACK;
            case NACK -> verdict(settlement.getNack());
            case VERDICT_NOT_SET -> throw BrokerException.invalid("settle.settlements.verdict", "neither ack nor nack");
        };
    }

    private static Verdict verdict(Nack nack) {
        if (nack.getReason().length() > MOST_REASON) {
            throw BrokerException.invalid(
                    "nack.reason", nack.getReason().length() + " characters; at most " + MOST_REASON);
        }
        return switch (nack.getVerb()) {
            case NACK_VERB_UNSPECIFIED, NACK_VERB_RETRY ->
                new Verdict.Retry(nack.hasRetryAfter() ? retryAfterMillis(nack) : -1);
            case NACK_VERB_RELEASE -> new Verdict.Release();
            case NACK_VERB_SKIP -> new Verdict.Skip(skipReason(nack.getReason()));
            case NACK_VERB_DEAD_LETTER ->
                throw Refusals.unimplemented(
                        "DEAD_LETTERS_NOT_SERVED", "nack.verb DEAD_LETTER is not served yet; use SKIP with a reason");
            case UNRECOGNIZED -> throw BrokerException.invalid("nack.verb", nack.getVerbValue() + " is no verb");
        };
    }

    private static long retryAfterMillis(Nack nack) {
        long millis = Conversions.millis(nack.getRetryAfter());
        if (millis < 0 || millis > 3_600_000) {
            throw BrokerException.invalid("nack.retry_after", millis + " ms is outside 0 .. 1 h");
        }
        return millis;
    }

    /** The ledger counts skips by reason, so a reason is a short name there. */
    private static String skipReason(String reason) {
        if (reason.isEmpty()) {
            return "NACK_SKIP";
        }
        String name = reason.toUpperCase(java.util.Locale.ROOT).replaceAll("[^A-Z0-9]+", "_");
        return name.length() <= 63 ? name : name.substring(0, 63);
    }
}
