package io.framebroker.server.broker;

import io.framebroker.server.broker.FrameContent.Traced;
import io.framebroker.server.broker.FrameTraces.Delivered;
import io.framebroker.server.broker.FrameTraces.Dropped;
import io.framebroker.server.broker.FrameTraces.End;
import io.framebroker.server.broker.FrameTraces.One;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;

/**
 * Tells of a stream's frames whose traces are recorded, and of all that go without being processed. Guarded by the stream's
 * lock.
 */
final class StreamTraces {
    /** Frames of a run that are looked through for traced ones; what they take is read, so both are bounds. */
    private static final int MOST_LOOKED_THROUGH = 256;

    private static final long MOST_BYTES_READ = 256 * 1024;

    private final String stream;
    private final FrameTraces traces;
    private final StreamStore store;
    private final Backlog backlog;
    private final Diary diary;
    private final BrokerClock clock;
    /** On their way to the store. */
    private final ArrayDeque<Frame> appending = new ArrayDeque<>();
    /** Refused one after the other for one reason, not told yet; null for none. */
    private Refused refused;

    /** Frames without a place in the stream. */
    private record Refused(End end, String reason, String detail, long count, One first) {
        Refused oneMore() {
            return new Refused(end, reason, detail, count + 1, first);
        }
    }

    StreamTraces(
            String stream, FrameTraces traces, StreamStore store, Backlog backlog, Diary diary, BrokerClock clock) {
        this.stream = stream;
        this.traces = traces;
        this.store = store;
        this.backlog = backlog;
        this.diary = diary;
        this.clock = clock;
    }

    /** Whether anybody wants to hear. */
    private boolean off() {
        return traces == FrameTraces.NONE;
    }

    private boolean isTraced(FrameContent content) {
        return content.traced() == Traced.NOT_KNOWN ? traces.isTraced(content) : content.traced() == Traced.YES;
    }

    // ---- into the stream

    /** Frames are about to be appended. */
    void received(List<Frame> frames) {
        if (off()) {
            return;
        }
        for (int i = 0; i < frames.size(); i++) {
            Frame frame = frames.get(i);
            if (isTraced(frame.content())) {
                appending.add(frame);
            }
        }
    }

    /** The store has confirmed frames up to this ordinal. */
    void stored(long throughOrdinal) {
        while (!appending.isEmpty() && appending.peek().ordinal() <= throughOrdinal) {
            traces.stored(stream, appending.poll(), clock.wallMicros());
        }
    }

    /** A frame is not taken. Told by {@link #tellRefused} at the latest: those without a trace go together. */
    void refused(FrameContent content, long sequence, boolean rejected, String reason, String detail) {
        if (off()) {
            return;
        }
        End end = rejected ? End.REJECTED : End.DROPPED;
        boolean traced = isTraced(content);
        if (!traced && refused != null && refused.end == end && refused.reason.equals(reason)) {
            refused = refused.oneMore();
            return;
        }
        tellRefused();
        One one = new One(0, sequence, clock.wallMicros(), traced, content);
        refused = new Refused(end, reason, detail, 1, one);
        if (traced) {
            tellRefused();
        }
    }

    void tellRefused() {
        Refused told = refused;
        refused = null;
        if (told != null && traces.takesDrop()) {
            One first = told.first;
            List<One> contents = told.count == 1 ? List.of(first) : List.of();
            traces.dropped(new Dropped(
                    stream,
                    "",
                    "",
                    0,
                    told.end,
                    told.reason,
                    told.detail,
                    told.count,
                    0,
                    0,
                    first.sequence(),
                    first.receivedMicros(),
                    0,
                    clock.wallMicros(),
                    contents));
        }
    }

    // ---- out of it

    /**
     * Frames go out.
     *
     * @param dueMicros since when they could have gone, where that is not since they came in; else 0
     */
    void delivered(Consumer consumer, List<Frame> frames, int attempt, long dueMicros) {
        if (off() || consumer.options().mode() instanceof Mode.Replay) {
            return;
        }
        for (int i = 0; i < frames.size(); i++) {
            Frame frame = frames.get(i);
            if (isTraced(frame.content())) {
                traces.delivered(new Delivered(
                        stream,
                        consumer.durable() ? consumer.group() : "",
                        consumer.id(),
                        consumer.options().mode() instanceof Mode.Latest ? "LATEST" : "QUEUE",
                        attempt,
                        frame,
                        dueMicros == 0 ? frame.receivedMicros() : dueMicros,
                        clock.wallMicros()));
            }
        }
    }

    /** When something was due, in microseconds since 1970. */
    long micros(long dueNanos) {
        return off() ? 0 : clock.wallMicros() - (clock.nanos() - dueNanos) / 1_000;
    }

    /** Frames leave a group unprocessed, which the store still has, unless it has lost them. */
    void dropped(String group, String consumerId, int attempt, End end, String reason, long first, long last) {
        if (!off() && traces.takesDrop()) {
            tell(group, consumerId, attempt, end, reason, "", first, last, look(first, last));
        }
    }

    /** A frame leaves a group as a dead letter. */
    void buried(String group, Frame frame, DeadLetter letter) {
        if (!off() && traces.takesDrop()) {
            tell(
                    group,
                    letter.lastConsumerId(),
                    letter.attempts(),
                    End.DEAD_LETTERED,
                    letter.reason(),
                    letter.lastError(),
                    frame.ordinal(),
                    frame.ordinal(),
                    List.of(one(frame, isTraced(frame.content()))));
        }
    }

    private void tell(
            String group,
            String consumerId,
            int attempt,
            End end,
            String reason,
            String detail,
            long first,
            long last,
            List<One> contents) {
        boolean isFirst = !contents.isEmpty() && contents.get(0).ordinal() == first;
        traces.dropped(new Dropped(
                stream,
                group,
                consumerId,
                attempt,
                end,
                reason,
                detail,
                last - first + 1,
                first,
                last,
                isFirst ? contents.get(0).sequence() : 0,
                store.receivedMicros(first),
                first == last ? diary.storedMicros(first) : 0,
                clock.wallMicros(),
                contents));
    }

    /** Those of a run that may have a story of their own, as far as they are in memory: none is read for this. */
    private List<One> look(long first, long last) {
        // What has left memory stays there: to have frames read for this would cost more than they are worth.
        long from = Math.max(first, backlog.firstInMemory());
        if (from > last) {
            return List.of();
        }
        List<One> found = new ArrayList<>(1);
        for (Frame frame : store.read(from, last, MOST_LOOKED_THROUGH, MOST_BYTES_READ)) {
            boolean traced = isTraced(frame.content());
            if (traced || first == last) {
                found.add(one(frame, traced));
            }
        }
        return found;
    }

    private static One one(Frame frame, boolean traced) {
        return new One(frame.ordinal(), frame.sequence(), frame.receivedMicros(), traced, frame.content());
    }

    /** Frames are lost of which no more is known than how many. */
    void lost(End end, String reason, long count) {
        if (!off() && count > 0 && traces.takesDrop()) {
            long now = clock.wallMicros();
            traces.dropped(new Dropped(stream, "", "", 0, end, reason, "", count, 0, 0, 0, 0, 0, now, List.of()));
        }
    }
}
