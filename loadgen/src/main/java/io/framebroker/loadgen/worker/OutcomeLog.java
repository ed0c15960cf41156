package io.framebroker.loadgen.worker;

import io.framebroker.client.PublishFailure;
import io.framebroker.client.PublishListener;
import io.framebroker.loadgen.log.PublisherLog;
import io.framebroker.loadgen.log.Verb;
import io.framebroker.v1.AckLevel;
import io.framebroker.v1.PublishOpened;
import io.grpc.Status;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Writes down what the client tells of a publisher's frames. The client says up to where frames have an outcome, and which of them
 * are not stored; the rest is.
 *
 * <p>The race: 1. the publishing thread drops frame 5 from the ring, 2. the transport's thread hears that everything up to 10 has
 * an outcome, 3. only now the publishing thread tells that 5 was dropped. So nothing is written down as acked while {@code publish}
 * runs; what came meanwhile is written when it has returned. Thread-safe, for one publishing thread.
 */
final class OutcomeLog implements PublishListener {
    private static final String LEVEL_PREFIX = "ACK_LEVEL_";
    private static final int ACKS_AT_ONCE = 256;

    private final PublisherLog log;
    private final CountDownLatch opened = new CountDownLatch(1);
    private final Set<Long> notStored = ConcurrentHashMap.newKeySet();
    private final AtomicLong told = new AtomicLong();
    private final AtomicLong acked = new AtomicLong();
    private final AtomicLong resolved = new AtomicLong();
    private final AtomicLong unsure = new AtomicLong();
    private final AtomicLong calls = new AtomicLong();
    private volatile boolean publishing;
    private volatile boolean closing;
    private volatile String level = "";

    /** Up to here acks are written; guarded by this. */
    private long writtenThrough;

    private final long[] batch = new long[ACKS_AT_ONCE];

    OutcomeLog(PublisherLog log) {
        this.log = log;
    }

    /** Counted down when the broker has answered for the first time. */
    CountDownLatch opened() {
        return opened;
    }

    /** Calls of the publisher that the broker has answered. */
    long calls() {
        return calls.get();
    }

    /** Frames that are stored. */
    long acked() {
        return acked.get();
    }

    /** Frames that have an outcome. */
    long resolved() {
        return resolved.get();
    }

    /** Frames that are neither stored nor known not to be, or of which the broker was not told. */
    long unsure() {
        return unsure.get();
    }

    /** From here on, what was dropped is not reported any more. */
    void closing() {
        closing = true;
    }

    /** The publishing thread is about to publish. */
    void publishing() {
        publishing = true;
    }

    /** It has returned. */
    void published() {
        publishing = false;
        writeAcks();
    }

    /** A frame that the client did not take. */
    void notTaken(long sequence, String reason) {
        write(Verb.UNSENT, sequence, reason);
    }

    @Override
    public void connected(PublishOpened answer) {
        calls.incrementAndGet();
        log.call();
        opened.countDown();
    }

    @Override
    public void disconnected(Status status) {
        log.callEnd(status.getCode().name());
    }

    @Override
    public void stored(long throughSequence, AckLevel ackLevel) {
        level = ackLevel.name().replace(LEVEL_PREFIX, "");
        told.accumulateAndGet(throughSequence, Math::max);
        if (!publishing) {
            writeAcks();
        }
    }

    @Override
    public void failed(long sequence, PublishFailure kind, String reason, String message) {
        notStored.add(sequence);
        write(verb(kind), sequence, reason);
    }

    private void write(Verb verb, long sequence, String reason) {
        log.notStored(verb, sequence, reason);
        if (verb == Verb.UNKNOWN || verb == Verb.UNSENT) {
            unsure.incrementAndGet();
        }
        resolved.incrementAndGet();
    }

    private Verb verb(PublishFailure kind) {
        return switch (kind) {
            case REJECTED, DROPPED_BY_BROKER -> Verb.FAIL;
            case DROPPED_HERE -> closing ? Verb.UNSENT : Verb.REPORTED;
            case UNKNOWN -> Verb.UNKNOWN;
        };
    }

    private synchronized void writeAcks() {
        long through = told.get();
        int count = 0;
        for (long sequence = writtenThrough + 1; sequence <= through; sequence++) {
            if (!notStored.remove(sequence)) {
                batch[count++] = sequence;
            }
            if (count == batch.length) {
                writeAcks(count);
                count = 0;
            }
        }
        if (count > 0) {
            writeAcks(count);
        }
        writtenThrough = Math.max(writtenThrough, through);
    }

    private void writeAcks(int count) {
        log.acked(batch, count, level);
        acked.addAndGet(count);
        resolved.addAndGet(count);
    }
}
