package io.framebroker.server.broker;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** One kind of bug, planted in the doubles around the core: it shows now and then. */
final class Fault {
    private static final int ONE_IN = 8;

    private final FaultKind kind;
    private final Random random;

    Fault(FaultKind kind, Random random) {
        this.kind = kind;
        this.random = random;
    }

    private boolean strikes(FaultKind wanted) {
        return kind == wanted && random.nextInt(ONE_IN) == 0;
    }

    // ---- the store

    FrameStore store(FrameStore sound) {
        return kind == FaultKind.NONE ? sound : new FaultyStore(sound);
    }

    private final class FaultyStore extends PassingStore {
        FaultyStore(FrameStore sound) {
            super(sound);
        }

        @Override
        protected StreamStore wrap(String stream, StreamStore opened, StreamRecord record) {
            return new FaultyStream(opened);
        }
    }

    private final class FaultyStream extends PassingStream {
        private final List<String> lost = new ArrayList<>();
        private long told;

        FaultyStream(StreamStore sound) {
            super(sound);
        }

        @Override
        public void stored(long throughOrdinal) {
            if (throughOrdinal > told) {
                told = throughOrdinal;
                listener.stored(throughOrdinal);
            }
        }

        @Override
        public void settled(String group, long throughSettlement) {
            long forgotten = lost.stream().filter(group::equals).count();
            listener.settled(group, throughSettlement + forgotten);
        }

        @Override
        public void append(List<Frame> frames) {
            behind.append(frames);
            if (strikes(FaultKind.STORED_TOO_EARLY)) {
                stored(frames.get(frames.size() - 1).ordinal());
            }
        }

        @Override
        public List<Frame> read(long from, long through, int maxFrames, long maxBytes) {
            List<Frame> frames = behind.read(from, Math.min(through, behind.lastOrdinal()), maxFrames, maxBytes);
            if (frames.size() > 2 && strikes(FaultKind.READ_WITH_A_HOLE)) {
                List<Frame> holed = new ArrayList<>(frames);
                holed.remove(1);
                return holed;
            }
            if (frames.size() > 1 && strikes(FaultKind.READ_SWAPPED)) {
                List<Frame> swapped = new ArrayList<>(frames);
                Frame is = frames.get(0);
                Frame other = frames.get(1);
                swapped.set(
                        0,
                        new Frame(
                                other.content(),
                                is.generation(),
                                is.ordinal(),
                                is.sequence(),
                                is.receivedMicros(),
                                is.publisher()));
                return swapped;
            }
            return frames;
        }

        @Override
        public long count(long from, long through) {
            return behind.count(from, through) + (strikes(FaultKind.MISCOUNT) ? 1 : 0);
        }

        @Override
        public void trim(long throughOrdinal) {
            behind.trim(throughOrdinal + (strikes(FaultKind.TRIM_TOO_FAR) ? 1 : 0));
        }

        @Override
        public void delivered(String group, long first, long last, int attempt) {
            behind.delivered(group, first, last, attempt);
            if (attempt > 1 && strikes(FaultKind.ATTEMPT_TOO_EARLY)) {
                listener.attempted(group, Long.MAX_VALUE);
            }
        }

        @Override
        public void settle(String group, long first, long last, Outcome outcome, String reason) {
            if (strikes(FaultKind.SETTLEMENT_LOST)) {
                lost.add(group);
                return;
            }
            behind.settle(group, first, last, outcome, reason);
            if (strikes(FaultKind.SETTLED_TOO_EARLY)) {
                listener.settled(group, Long.MAX_VALUE);
            }
        }
    }

    // ---- consumers

    ConsumerPort port(SimulatedConsumer sound) {
        return kind == FaultKind.NONE ? sound : new FaultyConsumerPort(sound);
    }

    private final class FaultyConsumerPort implements ConsumerPort {
        private final SimulatedConsumer sound;
        private List<Frame> lastFrames = List.of();

        FaultyConsumerPort(SimulatedConsumer sound) {
            this.sound = sound;
        }

        @Override
        public boolean ready() {
            return sound.ready() || strikes(FaultKind.NOT_READY_OVERLOOKED);
        }

        @Override
        public void deliver(String stream, List<Frame> frames, int attempt, long leaseMillis) {
            if (strikes(FaultKind.DELIVERY_LOST)) {
                return;
            }
            sound.deliver(stream, frames, attempt + (strikes(FaultKind.ATTEMPT_TOO_MANY) ? 1 : 0), leaseMillis);
            lastFrames = frames;
            if (sound.window().outstandingFrames() == 1 && strikes(FaultKind.QUARANTINE_LEAKS)) {
                long bytes = sound.window().outstandingBytes();
                sound.window().giveBack(1, bytes);
                sound.window().take(1, bytes);
            }
            if (strikes(FaultKind.DELIVERED_TWICE)) {
                sound.deliver(stream, frames, attempt, leaseMillis);
            }
        }

        @Override
        public void settled(SettleResult result) {
            if (strikes(FaultKind.RESULT_LOST)) {
                return;
            }
            sound.settled(result);
            if (result.outcome() == SettleOutcome.OK && !lastFrames.isEmpty()) {
                if (strikes(FaultKind.DELIVERED_AFTER_SETTLED)) {
                    sound.deliver(result.stream(), lastFrames, result.token().attempt(), 0);
                }
                if (sound.window().outstandingFrames() > 0 && strikes(FaultKind.WINDOW_GIVEN_BACK_TWICE)) {
                    sound.window().giveBack(1, 0);
                }
                if (strikes(FaultKind.WINDOW_LEAKS)) {
                    sound.window().take(1, 0);
                }
            }
        }

        @Override
        public void gap(
                String stream,
                String reason,
                long count,
                boolean estimated,
                FrameId first,
                FrameId last,
                String detail) {
            if (!strikes(FaultKind.GAP_LOST)) {
                sound.gap(stream, reason, count, estimated, first, last, detail);
            }
        }

        @Override
        public void finished() {
            sound.finished();
        }

        @Override
        public void ended(BrokerException why) {
            sound.ended(why);
        }

        @Override
        public void flush() {
            sound.flush();
        }
    }

    // ---- publishers

    long reportId(long reportId) {
        return strikes(FaultKind.REPORTED_TWICE) ? reportId + 1 : reportId;
    }

    List<FrameContent> message(SimulatedCamera.Call from, List<FrameContent> message) {
        List<FrameContent> sent = new ArrayList<>(message);
        for (int i = 0; i < sent.size(); i++) {
            FrameContent content = sent.get(i);
            if (content.sequence() != 0 && strikes(FaultKind.DUPLICATE_NOT_DETECTED)) {
                sent.set(i, Frames.of(Frames.origin(content), content.sequence() + 1_000, content.length()));
            }
        }
        if (strikes(FaultKind.ACK_TOO_EARLY)) {
            from.stored(Math.max(1, content(message).sequence()));
        }
        return sent;
    }

    private static FrameContent content(List<FrameContent> message) {
        return message.get(message.size() - 1);
    }

    PublisherPort port(SimulatedCamera.Call sound) {
        return kind == FaultKind.NONE ? sound : new FaultyPublisherPort(sound);
    }

    private final class FaultyPublisherPort implements PublisherPort {
        private final SimulatedCamera.Call sound;

        FaultyPublisherPort(SimulatedCamera.Call sound) {
            this.sound = sound;
        }

        @Override
        public void opened(long lastSequence, List<FrameException> exceptions, long lastReportId) {
            sound.opened(lastSequence, exceptions, lastReportId);
        }

        @Override
        public void stored(long throughSequence) {
            if (!strikes(FaultKind.ACK_LOST)) {
                sound.stored(throughSequence);
            }
        }

        @Override
        public void exception(FrameException exception) {
            if (!strikes(FaultKind.EXCEPTION_LOST)) {
                sound.exception(exception);
            }
        }

        @Override
        public void reported(long throughReportId) {
            sound.reported(throughReportId);
        }

        @Override
        public void demand(Demand demand) {
            sound.demand(demand);
        }

        @Override
        public void waiting(String reason) {
            sound.waiting(reason);
        }

        @Override
        public void resumed() {
            sound.resumed();
        }

        @Override
        public void more() {
            sound.more();
        }

        @Override
        public void finished() {
            sound.finished();
        }

        @Override
        public void ended(BrokerException why) {
            sound.ended(why);
        }

        @Override
        public void flush() {
            sound.flush();
        }
    }

    // ---- time

    BrokerClock clock(FakeClock sound) {
        if (kind != FaultKind.CLOCK_JUMPS_AHEAD) {
            return sound;
        }
        return new BrokerClock() {
            @Override
            public long nanos() {
                return sound.nanos() + (strikes(FaultKind.CLOCK_JUMPS_AHEAD) ? 20_000_000_000L : 0);
            }

            @Override
            public long wallMicros() {
                return sound.wallMicros();
            }
        };
    }
}
