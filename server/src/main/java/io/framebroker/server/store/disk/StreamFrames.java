package io.framebroker.server.store.disk;

import io.framebroker.server.broker.Frame;
import io.framebroker.server.broker.PublisherRecord;
import java.util.ArrayList;
import java.util.List;

/**
 * A stream's frames: those that are told to be stored, in memory or out of it, and those behind them. Guarded by the
 * stream's monitor.
 */
final class StreamFrames {
    /** What a read gives, or what has to come from the disk first; then there are no frames. */
    record Reading(List<Frame> frames, List<ColdFrames.Place> wanted) {
        private static final Reading NOTHING = new Reading(List.of(), List.of());
    }

    private final String stream;
    private final FrameIndex index;
    private final FrameLog log;
    private final ColdFrames cold;
    private long storedThrough;

    StreamFrames(String stream, FrameScan found) {
        this.stream = stream;
        this.index = found.index();
        this.log = found.frames();
        this.cold = new ColdFrames(stream, index, log, found.coldThrough());
        this.storedThrough = index.next() - 1;
    }

    long first() {
        return index.first();
    }

    /** Ordinal of the newest frame that is told. */
    long storedThrough() {
        return storedThrough;
    }

    void stored(long through) {
        storedThrough = through;
    }

    /** Ordinal of the newest frame that is on the disk, forced or not. */
    long writtenThrough() {
        return log.nextUnwritten() - 1;
    }

    // ---- frames come and go

    void add(List<Frame> frames) {
        for (Frame frame : frames) {
            if (frame.ordinal() != index.next()) {
                throw new IllegalArgumentException("stream " + stream + ": frame " + frame.id()
                        + " does not follow ordinal " + (index.next() - 1));
            }
            log.add(frame);
        }
    }

    boolean hasWaiting() {
        return log.hasWaiting();
    }

    /** How many frames wait for room. */
    long waiting() {
        return index.next() - log.nextUnwritten();
    }

    /**
     * Writes frames that wait, until so many bytes are written.
     *
     * @return whether there was room for them
     */
    boolean write(long mostBytes, Publishers publishers) {
        long bytes = 0;
        while (log.hasWaiting() && bytes < mostBytes) {
            Frame frame = log.write();
            if (frame == null) {
                return false;
            }
            bytes += frame.bytes();
            publishers.appended(frame.publisher(), frame.sequence());
        }
        return true;
    }

    /** Forgets frames that are told. Returns chunks that have none left. */
    List<Chunk> trim(long through) {
        return log.trim(through);
    }

    List<Chunk> giveUp() {
        return log.giveUp();
    }

    /** No more of a publisher than what is in front of its first frame behind this one, which may yet be lost. */
    PublisherRecord certain(PublisherRecord record, long sureThrough) {
        for (long ordinal = sureThrough + 1; ordinal < index.next(); ordinal++) {
            Frame frame = index.frame(ordinal);
            if (frame.publisher().equals(record.key())) {
                long limit = frame.sequence();
                if (Long.compareUnsigned(record.lastSequence(), limit) < 0) {
                    return record;
                }
                return new PublisherRecord(
                        record.key(),
                        limit - 1,
                        record.lastReportId(),
                        record.forgottenThrough(),
                        record.exceptions().stream()
                                .filter(each -> Long.compareUnsigned(each.sequence(), limit) < 0)
                                .toList());
            }
        }
        return record;
    }

    // ---- what is known of them

    private boolean has(long ordinal) {
        return ordinal <= storedThrough && index.contains(ordinal) && !index.isHole(ordinal);
    }

    int bytes(long ordinal) {
        return has(ordinal) ? index.size(ordinal) : 0;
    }

    long receivedMicros(long ordinal) {
        return has(ordinal) ? index.received(ordinal) : 0;
    }

    long firstReceivedFrom(long micros) {
        long ordinal = index.first();
        while (ordinal <= storedThrough && (index.isHole(ordinal) || index.received(ordinal) < micros)) {
            ordinal++;
        }
        return ordinal;
    }

    long count(long from, long through) {
        long first = Math.max(from, index.first());
        long last = Math.min(through, storedThrough);
        return Math.max(0, last - first + 1) - index.holes(first, last);
    }

    // ---- reading

    Reading read(long from, long through, int maxFrames, long maxBytes) {
        long end = Math.min(through, storedThrough);
        if (from < index.first() || maxFrames < 1) {
            return Reading.NOTHING;
        }
        long ordinal = from;
        while (ordinal <= end && index.isHole(ordinal)) {
            ordinal++;
        }
        if (ordinal <= end && index.frame(ordinal) == null) {
            return new Reading(List.of(), cold.ask(ordinal, end));
        }
        List<Frame> read = new ArrayList<>();
        long bytes = 0;
        while (ordinal <= end && read.size() < maxFrames) {
            Frame frame = index.frame(ordinal++);
            // Lost, or out of memory: what is behind it comes with the next read.
            if (frame == null) {
                break;
            }
            bytes += frame.bytes();
            if (bytes > maxBytes && !read.isEmpty()) {
                break;
            }
            read.add(frame);
        }
        return new Reading(read, List.of());
    }

    /** Takes in what was read from the disk. Returns how many frames turned out to be lost. */
    int arrived(List<ColdFrames.Read> read) {
        return cold.arrived(read).size();
    }

    /** Has frames leave memory. Returns the ordinal of the last of those that it has none of any more. */
    long cool(long through) {
        cold.cool(Math.min(through, storedThrough));
        return cold.coolThrough();
    }

    /** Frames that were only read back leave memory again. */
    void dropWarm() {
        cold.drop();
    }
}
