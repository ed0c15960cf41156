package io.framebroker.server.grpc;

import io.framebroker.server.broker.AskedSettings;
import io.framebroker.server.broker.BrokerException;
import io.framebroker.server.broker.Consumer;
import io.framebroker.server.broker.FrameId;
import io.framebroker.server.broker.Globs;
import io.framebroker.server.broker.GroupSettings;
import io.framebroker.server.broker.Mode;
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
                asked(open.getSettings()),
                start(open),
                open.getAutoAck(),
                open.getLimit(),
                held(open.getHeldList()),
                mode(open));
    }

    static BrokerException kindMissing() {
        return Refusals.protocol(
                "KIND_MISSING", "a ConsumeFramesRequest that is none of open, settle, extend, window, pause, resume");
    }

    private static Mode mode(ConsumeOpen open) {
        ConsumeMode mode = open.getMode();
        if (mode != ConsumeMode.CONSUME_MODE_REPLAY && (open.hasUntil() || open.getFollow())) {
            throw goesWith(open.hasUntil() ? "open.until" : "open.follow", "REPLAY", mode);
        }
        return switch (mode) {
            case CONSUME_MODE_UNSPECIFIED, CONSUME_MODE_QUEUE -> {
                if (open.getMaxFps() != 0) {
                    throw goesWith("open.max_fps", "LATEST and REPLAY", mode);
                }
                yield Mode.QUEUE;
            }
            case CONSUME_MODE_LATEST -> {
                refuseWhatNeedsAGroup(open);
                yield new Mode.Latest(open.getMaxFps());
            }
            case CONSUME_MODE_REPLAY -> {
                refuseWhatNeedsAGroup(open);
                StartPosition until = open.hasUntil() ? position(open.getUntil()) : null;
                yield new Mode.Replay(until, open.getFollow(), open.getMaxFps());
            }
            case UNRECOGNIZED -> throw BrokerException.invalid("open.mode", open.getModeValue() + " is no ConsumeMode");
        };
    }

    private static void refuseWhatNeedsAGroup(ConsumeOpen open) {
        io.framebroker.v1.GroupSettings settings = open.getSettings();
        if (settings.hasMaxAge()) {
            throw goesWith("open.settings.max_age", "QUEUE", open.getMode());
        }
        if (settings.getMaxAttempts() != 0) {
            throw goesWith("open.settings.max_attempts", "QUEUE", open.getMode());
        }
        if (settings.getOrder() != DeliveryOrder.DELIVERY_ORDER_UNSPECIFIED) {
            throw goesWith("open.settings.order", "QUEUE", open.getMode());
        }
        if (settings.getEarly()) {
            throw goesWith("open.settings.early", "QUEUE", open.getMode());
        }
    }

    private static BrokerException goesWith(String field, String modes, ConsumeMode mode) {
        return BrokerException.invalid(field, "set with open.mode " + mode + "; it goes with " + modes);
    }

    /** Whether the window has a frame for each stream the call has at the time. */
    static boolean windowGrows(ConsumeOpen open) {
        return open.getMode() == ConsumeMode.CONSUME_MODE_LATEST && !open.hasWindow() && hasGlobs(open);
    }

    static boolean hasGlobs(ConsumeOpen open) {
        return open.getStreamsList().stream().anyMatch(Globs::isGlob);
    }

    /** The window asked for, or the default. */
    static Window window(ConsumeOpen open) {
        if (open.hasWindow()) {
            return new Window(open.getWindow().getMaxFrames(), open.getWindow().getMaxBytes());
        }
        if (windowGrows(open)) {
            return Window.ofStreams();
        }
        boolean latest = open.getMode() == ConsumeMode.CONSUME_MODE_LATEST;
        long streams = open.getStreamsList().stream().distinct().count();
        // More of one stream at a time would be older when its turn comes.
        return new Window(latest ? (int) Math.max(1, streams) : DEFAULT_WINDOW_FRAMES, Window.DEFAULT_BYTES);
    }

    private static AskedSettings asked(io.framebroker.v1.GroupSettings settings) {
        return new AskedSettings(
                settings.hasLease() ? Conversions.millis(settings.getLease()) : null,
                settings.hasMaxAge() ? Conversions.millis(settings.getMaxAge()) : null,
                settings.hasMaxAttempts() ? settings.getMaxAttempts() : null,
                order(settings),
                settings.hasEarly() ? settings.getEarly() : null);
    }

    private static GroupSettings.Order order(io.framebroker.v1.GroupSettings settings) {
        return switch (settings.getOrder()) {
            case DELIVERY_ORDER_UNSPECIFIED -> null;
            case DELIVERY_ORDER_FIRST_DELIVERIES -> GroupSettings.Order.FIRST_DELIVERIES;
            case DELIVERY_ORDER_STRICT -> GroupSettings.Order.STRICT;
            case UNRECOGNIZED ->
                throw BrokerException.invalid("open.settings.order", settings.getOrderValue() + " is no DeliveryOrder");
        };
    }

    static io.framebroker.v1.GroupSettings settings(GroupSettings settings) {
        io.framebroker.v1.GroupSettings.Builder wire = io.framebroker.v1.GroupSettings.newBuilder()
                .setLease(Conversions.duration(settings.leaseMillis()))
                .setMaxAttempts(settings.maxAttempts())
                .setEarly(settings.early())
                .setOrder(
                        switch (settings.order()) {
                            case FIRST_DELIVERIES -> DeliveryOrder.DELIVERY_ORDER_FIRST_DELIVERIES;
                            case STRICT -> DeliveryOrder.DELIVERY_ORDER_STRICT;
                        });
        if (settings.maxAgeMillis() > 0) {
            wire.setMaxAge(Conversions.duration(settings.maxAgeMillis()));
        }
        return wire.build();
    }

    private static StartPosition start(ConsumeOpen open) {
        return open.getMode() == ConsumeMode.CONSUME_MODE_REPLAY
                        && !open.getSettings().hasStart()
                ? new StartPosition.Earliest()
                : position(open.getSettings().getStart());
    }

    static StartPosition position(io.framebroker.v1.StartPosition start) {
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
                new Verdict.Retry(nack.hasRetryAfter() ? retryAfterMillis(nack) : -1, nack.getReason());
            case NACK_VERB_RELEASE -> new Verdict.Release();
            case NACK_VERB_SKIP -> new Verdict.Skip(skipReason(nack.getReason()));
            case NACK_VERB_DEAD_LETTER -> new Verdict.GiveUp(nack.getReason());
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
