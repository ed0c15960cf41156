package io.framebroker.server.store.redis;

import io.framebroker.server.broker.Frame;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Stored frames that left memory, and come back when somebody needs them. Guarded by the stream's monitor. */
final class ReadBack {
    private static final Logger log = LoggerFactory.getLogger(ReadBack.class);
    private static final long MOST_BYTES = 2 << 20;

    /** Reads entries, both ends included; {@link #arrived} or {@link #failed} follows on another thread. */
    interface Reader {
        void read(byte[] firstId, byte[] lastId);
    }

    private final String stream;
    private final FrameRing ring;
    private final Reader reader;
    /** Frames up to here are in memory only while they are {@link #warm}. */
    private long coolThrough;
    /** The frame that is being read; 0 when none is. */
    private long warming;

    private final List<Long> warm = new ArrayList<>();

    ReadBack(String stream, FrameRing ring, Reader reader) {
        this.stream = stream;
        this.ring = ring;
        this.reader = reader;
    }

    long coolThrough() {
        return coolThrough;
    }

    /** Has frames leave memory, of which Redis must have every one. */
    void cool(long through) {
        for (long ordinal = Math.max(coolThrough + 1, ring.first()); ordinal <= through; ordinal++) {
            ring.put(ordinal, null);
        }
        coolThrough = Math.max(coolThrough, through);
    }

    /** Has frames from this one on read, at most through the other, as far as they are not in memory. */
    void ask(long from, long through) {
        if (warming != 0) {
            // One at a time: whoever still misses its frames when these are there asks again.
            return;
        }
        long bytes = 0;
        long last = from - 1;
        while (last < through
                && !ring.isHole(last + 1)
                && ring.frame(last + 1) == null
                && (last < from || bytes + ring.size(last + 1) <= MOST_BYTES)) {
            last++;
            bytes += ring.size(last);
        }
        warming = from;
        reader.read(ring.entry(from).id(), ring.entry(last).id());
    }

    /** Takes in what was read. Returns how many bytes of frames are in memory for it. */
    long arrived(List<RedisEntry> entries) {
        drop();
        long bytes = 0;
        for (RedisEntry entry : entries) {
            for (Frame frame : entry.frames()) {
                long ordinal = frame.ordinal();
                if (ordinal <= coolThrough && ring.contains(ordinal) && ring.frame(ordinal) == null) {
                    ring.put(ordinal, frame);
                    warm.add(ordinal);
                    bytes += frame.bytes();
                }
            }
        }
        if (ring.contains(warming) && ring.frame(warming) == null && !ring.isHole(warming)) {
            log.error("stream {}: frame {} and those stored with it have vanished from Redis", stream, warming);
            Entry gone = ring.entry(warming);
            for (long ordinal = warming; ordinal <= gone.last(); ordinal++) {
                ring.makeHole(ordinal);
            }
        }
        warming = 0;
        return bytes;
    }

    /** Nothing could be read; after a while whoever needs it is to ask again. */
    void failed() {
        warming = 0;
    }

    /** Frames that were only read back leave memory again. */
    void drop() {
        for (long ordinal : warm) {
            if (ring.contains(ordinal)) {
                ring.put(ordinal, null);
            }
        }
        warm.clear();
    }

    /** Those from here on stay. */
    void keepFrom(long ordinal) {
        warm.removeIf(each -> each >= ordinal);
    }
}
