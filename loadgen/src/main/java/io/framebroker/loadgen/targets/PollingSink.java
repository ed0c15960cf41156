package io.framebroker.loadgen.targets;

import com.google.gson.JsonObject;
import io.framebroker.loadgen.load.FramePool;
import io.framebroker.loadgen.load.Workload;
import java.time.Duration;
import java.util.Base64;
import java.util.Map;

/** A camera that posts its frames one by one to a {@link PollingBuffer}. */
final class PollingSink implements FrameSink {
    /** Until a frame that found no room is tried again. */
    private static final long RETRY_MILLIS = 10;

    private final PollingLink link;
    private final Workload workload;
    private final FramePool pool;
    private volatile long confirmed;

    PollingSink(PollingLink link, Workload workload, FramePool pool) {
        this.link = link;
        this.workload = workload;
        this.pool = pool;
    }

    @Override
    public void send(long[] dueMicros) throws InterruptedException {
        for (long due : dueMicros) {
            byte[] payload = pool.take(due);
            JsonObject frame = new JsonObject();
            frame.addProperty("camera_id", pool.camera());
            frame.addProperty("frame_id", pool.lastSequence());
            frame.addProperty("timestamp", due / 1e6);
            frame.addProperty("crc32c", workload.verify() ? pool.crc32c(payload) : 0);
            frame.addProperty("data", Base64.getEncoder().encodeToString(payload));
            while (!link.enqueue(frame)) {
                Thread.sleep(RETRY_MILLIS);
            }
            confirmed = pool.lastSequence();
        }
    }

    @Override
    public Map<Long, String> flush(Duration timeout) {
        return Map.of();
    }

    @Override
    public long confirmed() {
        return confirmed;
    }

    @Override
    public void close() {
        // Each frame was a request of its own.
    }
}
