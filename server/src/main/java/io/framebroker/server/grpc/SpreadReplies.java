package io.framebroker.server.grpc;

import com.google.protobuf.InvalidProtocolBufferException;
import io.framebroker.v1.ConsumeFramesResponse;
import io.framebroker.v1.ConsumeOpened;
import io.framebroker.v1.Heartbeat;
import io.framebroker.v1.IdleReason;
import io.framebroker.v1.StreamsChanged;
import io.framebroker.v1.Window;
import io.framebroker.wire.ConsumeMessage;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * What several brokers tell one consumer, made into one call's replies: `opened` once all that it began with have opened, a heartbeat once
 * all are idle, the first `drain`, and everything else as the bytes that came. A broker that comes later has its streams
 * told as changes. Of each broker one reply waits at most. Thread-safe.
 *
 * <p>Turns go by bytes for each stream: the reply that would have begun first goes next, if all streams were served side
 * by side at one pace. A broker that was idle begins where the others are now, so that it saves nothing up.
 */
final class SpreadReplies {
    /** Heartbeats give one reason; of several, the one furthest down here says most. */
    private static final List<IdleReason> TELLING = List.of(
            IdleReason.IDLE_REASON_UNSPECIFIED,
            IdleReason.IDLE_REASON_NO_FRAMES,
            IdleReason.IDLE_REASON_WINDOW_FULL,
            IdleReason.IDLE_REASON_CLIENT_NOT_READING,
            IdleReason.IDLE_REASON_PAUSED);

    private static final byte DELIVERIES = ConsumeMessage.DELIVERIES << 3 | 2;

    /** @param broker whose it is; -1 for one made of what several have told */
    record Reply(int broker, byte[] message) {}

    /** What is known of one broker; guarded by the replies. */
    private static final class Source {
        /** It came when the call was open or about to be: nobody waits for it. */
        private final boolean late;

        private int streams;
        private byte[] waiting;
        /** When the waiting reply begins, and when it will be through, in bytes for each stream. */
        private double begins;

        private double through;
        private ConsumeOpened opened;
        private Heartbeat heartbeat;
        private StreamsChanged leftOut = StreamsChanged.getDefaultInstance();

        Source(int streams, boolean late) {
            this.streams = streams;
            this.late = late;
        }
    }

    private final List<String> streams;
    /** By the brokers' numbers. */
    private final List<Source> sources = new ArrayList<>();

    private byte[] opened;
    private byte[] heartbeat;
    private boolean openedTold;
    private boolean drainSeen;
    private double now;

    /**
     * @param streams that the call names
     * @param streamsOfEach how many of them each broker has
     */
    SpreadReplies(List<String> streams, List<Integer> streamsOfEach) {
        this.streams = streams;
        streamsOfEach.forEach(each -> sources.add(new Source(each, false)));
    }

    /** One more broker, that comes late. Returns its number, the next one. */
    synchronized int add() {
        sources.add(new Source(0, true));
        return sources.size() - 1;
    }

    /** A broker that came later has not opened, and begins anew when it is asked again. */
    synchronized void forget(int broker) {
        sources.set(broker, new Source(0, true));
    }

    /** How many streams a broker has now. */
    synchronized void streams(int broker, int count) {
        sources.get(broker).streams = count;
    }

    /**
     * Takes a reply of a broker.
     *
     * @return whether the broker may be asked for the next one at once; else when {@link #next} has given this one
     */
    synchronized boolean told(int broker, byte[] reply) throws InvalidProtocolBufferException {
        Source source = sources.get(broker);
        if (reply.length > 0 && reply[0] == DELIVERIES) {
            source.heartbeat = null;
            heartbeat = null;
            wait(source, reply);
            return false;
        }
        ConsumeFramesResponse response = ConsumeFramesResponse.parseFrom(reply);
        switch (response.getKindCase()) {
            case OPENED -> {
                return onOpened(source, response.getOpened());
            }
            case STREAMS_CHANGED -> {
                waitChanges(source, response.getStreamsChanged());
                return false;
            }
            case HEARTBEAT -> onHeartbeat(source, response.getHeartbeat());
            case DRAIN -> {
                if (!isFirstDrain()) {
                    return true;
                }
                wait(source, reply);
                return false;
            }
            default -> {
                wait(source, reply);
                return false;
            }
        }
        return true;
    }

    /** Whether a notice that a broker ends is the first one; only that is told. True once. */
    synchronized boolean isFirstDrain() {
        boolean isFirst = !drainSeen;
        drainSeen = true;
        return isFirst;
    }

    private void wait(Source source, byte[] reply) {
        source.waiting = reply;
        source.begins = Math.max(now, source.through);
        source.through = source.begins + (double) reply.length / Math.max(1, source.streams);
    }

    private boolean onOpened(Source source, ConsumeOpened told) {
        source.opened = told;
        if (source.late || openedTold || opened != null) {
            if (told.getStreamsCount() > 0) {
                waitChanges(
                        source,
                        StreamsChanged.newBuilder()
                                .addAllAdded(told.getStreamsList())
                                .build());
            }
            return told.getStreamsCount() == 0;
        }
        if (sources.stream().allMatch(each -> each.late || each.opened != null)) {
            opened = bytes(ConsumeFramesResponse.newBuilder().setOpened(mergedOpened()));
        }
        return true;
    }

    /** What one broker leaves out becomes what all of them do. */
    private void waitChanges(Source source, StreamsChanged told) {
        source.leftOut = told;
        StreamsChanged.Builder all = told.toBuilder().clearLeftOut();
        for (Source each : sources) {
            all.setLeftOut(all.getLeftOut() + each.leftOut.getLeftOut());
            if (all.getLeftOutReason().isEmpty()) {
                all.setLeftOutReason(each.leftOut.getLeftOutReason());
            }
        }
        wait(
                source,
                ConsumeFramesResponse.newBuilder()
                        .setStreamsChanged(all)
                        .build()
                        .toByteArray());
    }

    private ConsumeOpened mergedOpened() {
        Set<String> all = new LinkedHashSet<>(streams);
        Window.Builder window = Window.newBuilder();
        ConsumeOpened first = sources.get(0).opened;
        ConsumeOpened shortestGrace = first;
        for (Source source : sources) {
            if (source.late) {
                continue;
            }
            all.addAll(source.opened.getStreamsList());
            window.setMaxFrames(
                    window.getMaxFrames() + source.opened.getWindow().getMaxFrames());
            window.setMaxBytes(window.getMaxBytes() + source.opened.getWindow().getMaxBytes());
            if (Conversions.millis(source.opened.getResumeGrace())
                    < Conversions.millis(shortestGrace.getResumeGrace())) {
                shortestGrace = source.opened;
            }
        }
        return first.toBuilder()
                .clearStreams()
                .addAllStreams(all)
                .setWindow(window)
                .setResumeGrace(shortestGrace.getResumeGrace())
                .build();
    }

    private void onHeartbeat(Source source, Heartbeat told) {
        source.heartbeat = told;
        List<Heartbeat> all = new ArrayList<>(sources.size());
        for (Source each : sources) {
            if (each.opened == null) {
                continue;
            }
            if (each.heartbeat == null) {
                return;
            }
            all.add(each.heartbeat);
        }
        Heartbeat.Builder merged = Heartbeat.newBuilder().setIdle(IdleReason.IDLE_REASON_UNSPECIFIED);
        for (Heartbeat each : all) {
            merged.addAllLags(each.getLagsList());
            if (TELLING.indexOf(each.getIdle()) > TELLING.indexOf(merged.getIdle())) {
                merged.setIdle(each.getIdle());
            }
        }
        sources.forEach(each -> each.heartbeat = null);
        heartbeat = bytes(ConsumeFramesResponse.newBuilder().setHeartbeat(merged));
    }

    private static byte[] bytes(ConsumeFramesResponse.Builder response) {
        return response.build().toByteArray();
    }

    /** The reply that is to go out next; null when there is none. */
    synchronized Reply next() {
        if (opened != null) {
            byte[] message = opened;
            opened = null;
            openedTold = true;
            return new Reply(-1, message);
        }
        if (!openedTold) {
            return null;
        }
        int earliest = -1;
        for (int i = 0; i < sources.size(); i++) {
            Source source = sources.get(i);
            if (source.waiting != null && (earliest < 0 || source.begins < sources.get(earliest).begins)) {
                earliest = i;
            }
        }
        if (earliest < 0) {
            byte[] message = heartbeat;
            heartbeat = null;
            return message == null ? null : new Reply(-1, message);
        }
        Source source = sources.get(earliest);
        byte[] message = source.waiting;
        source.waiting = null;
        now = source.begins;
        return new Reply(earliest, message);
    }

    /** Whether something has to be told before a good end. */
    synchronized boolean owes() {
        return opened != null || openedTold && sources.stream().anyMatch(source -> source.waiting != null);
    }

    synchronized void drop() {
        sources.forEach(source -> source.waiting = null);
        opened = null;
        heartbeat = null;
    }
}
