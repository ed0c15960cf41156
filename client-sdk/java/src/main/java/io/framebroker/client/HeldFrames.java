package io.framebroker.client;

import java.util.ArrayList;
import java.util.List;

/**
 * The deliveries this consumer has and has not settled: what its leases are about. A list of messages, oldest first.
 * Guarded by the consumer's lock.
 */
final class HeldFrames {
    private HeldBatch oldest;
    private HeldBatch newest;
    private long frames;

    long frames() {
        return frames;
    }

    boolean isEmpty() {
        return frames == 0;
    }

    void add(HeldBatch batch) {
        batch.open = batch.frames.length;
        frames += batch.open;
        batch.previous = newest;
        if (newest == null) {
            oldest = batch;
        } else {
            newest.next = batch;
        }
        newest = batch;
    }

    /** The frame is no longer ours. False when it was not before. */
    boolean remove(ReceivedFrame frame, ReceivedFrame.State next) {
        if (frame.state() != ReceivedFrame.State.OPEN) {
            return false;
        }
        frame.become(next);
        frames--;
        HeldBatch batch = frame.batch();
        if (--batch.open == 0) {
            unlink(batch);
        }
        return true;
    }

    void loseAll() {
        for (HeldBatch batch = oldest; batch != null; batch = batch.next) {
            for (ReceivedFrame frame : batch.frames) {
                remove(frame, ReceivedFrame.State.LOST);
            }
        }
    }

    /** The broker does not count these as ours any more. Returns how many were. */
    int lose(Run run) {
        int lost = 0;
        for (HeldBatch batch = oldest; batch != null; batch = batch.next) {
            if (!batch.stream.equals(run.stream)) {
                continue;
            }
            for (ReceivedFrame frame : batch.frames) {
                if (covers(run, frame) && remove(frame, ReceivedFrame.State.LOST)) {
                    lost++;
                }
            }
        }
        return lost;
    }

    /** The leases of these started anew at the given time. */
    void renewed(Run run, long nanos) {
        for (HeldBatch batch = oldest; batch != null; batch = batch.next) {
            if (batch.stream.equals(run.stream) && touches(run, batch)) {
                batch.renewed(nanos);
            }
        }
    }

    /** Everything held. */
    List<Run> runs() {
        List<Run> runs = new ArrayList<>();
        for (HeldBatch batch = oldest; batch != null; batch = batch.next) {
            addOpen(batch, runs);
        }
        return runs;
    }

    /** What has been held for half of its lease; it is asked for once. */
    List<Run> extensionsDue(long nowNanos) {
        List<Run> runs = new ArrayList<>();
        for (HeldBatch batch = oldest; batch != null; batch = batch.next) {
            if (batch.extensionDue(nowNanos) && !batch.expired(nowNanos)) {
                batch.extensionAsked(nowNanos);
                addOpen(batch, runs);
            }
        }
        return runs;
    }

    private static void addOpen(HeldBatch batch, List<Run> runs) {
        Run last = null;
        for (ReceivedFrame frame : batch.frames) {
            if (frame.state() != ReceivedFrame.State.OPEN) {
                continue;
            }
            if (last == null
                    || !last.append(batch.stream, frame.generation(), frame.ordinal(), frame.attempt(), null)) {
                last = new Run(batch.stream, frame.generation(), frame.ordinal(), frame.attempt(), 1, null);
                runs.add(last);
            }
        }
    }

    private static boolean touches(Run run, HeldBatch batch) {
        for (ReceivedFrame frame : batch.frames) {
            if (covers(run, frame)) {
                return true;
            }
        }
        return false;
    }

    private static boolean covers(Run run, ReceivedFrame frame) {
        return frame.ordinal() >= run.first()
                && frame.ordinal() < run.end()
                && frame.generation() == run.generation
                && frame.attempt() == run.attempt;
    }

    /** Keeps the batch's own links, so that a walk that stands on it can go on. */
    private void unlink(HeldBatch batch) {
        if (batch.previous == null) {
            oldest = batch.next;
        } else {
            batch.previous.next = batch.next;
        }
        if (batch.next == null) {
            newest = batch.previous;
        } else {
            batch.next.previous = batch.previous;
        }
    }
}
