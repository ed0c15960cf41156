package io.framebroker.server.store.disk;

import io.framebroker.server.broker.Frame;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Frames that left memory, and come back from the disk when somebody needs them. Guarded by the stream's monitor, but for
 * {@link #read}, which waits for the disk.
 */
final class ColdFrames {
    private static final Logger log = LoggerFactory.getLogger(ColdFrames.class);
    /** Read at once; one frame may be larger. */
    static final long MOST_BYTES = 2 << 20;

    /** Where a frame is said to be. */
    record Place(long ordinal, Chunk chunk, int at) {}

    /** @param frame null when what was found at the place is not the frame */
    record Read(Place place, Frame frame) {}

    private final String stream;
    private final FrameIndex index;
    private final FrameLog frames;
    private final List<Long> warm = new ArrayList<>();
    /** Frames up to here are in memory only while they are {@link #warm}. */
    private long coolThrough;

    private boolean reading;

    ColdFrames(String stream, FrameIndex index, FrameLog frames, long coolThrough) {
        this.stream = stream;
        this.index = index;
        this.frames = frames;
        this.coolThrough = coolThrough;
    }

    long coolThrough() {
        return coolThrough;
    }

    /** Has written frames leave memory. */
    void cool(long through) {
        for (long ordinal = Math.max(coolThrough + 1, index.first()); ordinal <= through; ordinal++) {
            index.put(ordinal, null);
        }
        coolThrough = Math.max(coolThrough, through);
    }

    /**
     * What is to be read for somebody who wants frames from this one on, which is not in memory.
     *
     * @return none when something is being read already: whoever still misses its frames after that asks again
     */
    List<Place> ask(long from, long through) {
        if (reading) {
            return List.of();
        }
        reading = true;
        List<Place> places = new ArrayList<>();
        long bytes = 0;
        for (long ordinal = from; ordinal <= through; ordinal++) {
            if (index.isHole(ordinal) || index.frame(ordinal) != null) {
                break;
            }
            bytes += index.size(ordinal);
            if (bytes > MOST_BYTES && !places.isEmpty()) {
                break;
            }
            places.add(new Place(ordinal, frames.chunk(ordinal), index.place(ordinal)));
        }
        return places;
    }

    /** Blocks. */
    static List<Read> read(List<Place> places) {
        List<Read> read = new ArrayList<>(places.size());
        for (Place place : places) {
            read.add(new Read(place, frame(place)));
        }
        return read;
    }

    private static Frame frame(Place place) {
        try {
            FrameRecord record = FrameRecord.at(place.chunk, place.at);
            return record != null && record.ordinal() == place.ordinal ? record.frame() : null;
        } catch (InternalError e) {
            log.error("{} cannot be read at {}", place.chunk, place.at, e);
            return null;
        }
    }

    /**
     * Takes in what was read. A frame that was trimmed meanwhile may have been written over; it is left out.
     *
     * @return ordinals of frames that are there no more, and should be
     */
    List<Long> arrived(List<Read> read) {
        drop();
        reading = false;
        List<Long> lost = new ArrayList<>();
        for (Read each : read) {
            long ordinal = each.place.ordinal;
            if (!index.contains(ordinal) || index.isHole(ordinal) || index.frame(ordinal) != null) {
                continue;
            }
            if (each.frame == null) {
                log.error(
                        "stream {}: frame {} in {} at {} is damaged on the disk, and lost",
                        stream,
                        ordinal,
                        each.place.chunk,
                        each.place.at);
                index.makeHole(ordinal);
                lost.add(ordinal);
            } else {
                index.put(ordinal, each.frame);
                warm.add(ordinal);
            }
        }
        return lost;
    }

    /** Frames that were only read back leave memory again. */
    void drop() {
        for (long ordinal : warm) {
            if (index.contains(ordinal)) {
                index.put(ordinal, null);
            }
        }
        warm.clear();
    }
}
