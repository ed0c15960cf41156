package io.framebroker.examples.processor;

import io.framebroker.examples.http.JsonObject;
import io.framebroker.examples.http.StatusServer.Health;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/**
 * Says whether the processor does its work, and if not, why. No frames for a while is no illness: a camera may be off. Being
 * cut off from the broker, holding a frame without end, and failing one frame after the other are.
 *
 * <p>Times are {@link System#nanoTime()}. Thread-safe: guarded by this.
 */
final class ProcessorHealth {

    /** A short loss of the connection is the SDK's business. */
    private static final long DISCONNECTED_NANOS = Duration.ofSeconds(10).toNanos();

    private static final int FAILURES_IN_A_ROW = 10;

    private final long stuckNanos;

    private long processed;
    private long failed;
    private int failedInARow;
    private String lastFailure;
    private boolean anyFrame;
    private long lastFrameNanos;
    private int active;
    private long lastProgressNanos;
    private boolean connected;
    private long disconnectedSinceNanos;

    /** @param stuckAfter without any progress and with a frame in hand, the processor counts as stuck */
    ProcessorHealth(Duration stuckAfter, long nowNanos) {
        this.stuckNanos = stuckAfter.toNanos();
        this.lastProgressNanos = nowNanos;
        this.disconnectedSinceNanos = nowNanos;
    }

    synchronized void begun(long nowNanos) {
        if (active++ == 0) {
            lastProgressNanos = nowNanos;
        }
        anyFrame = true;
        lastFrameNanos = nowNanos;
    }

    synchronized void processed(long nowNanos) {
        ended(nowNanos);
        processed++;
        failedInARow = 0;
    }

    synchronized void failed(String why, long nowNanos) {
        ended(nowNanos);
        failed++;
        failedInARow++;
        lastFailure = why;
    }

    synchronized void connected(boolean now, long nowNanos) {
        if (connected && !now) {
            disconnectedSinceNanos = nowNanos;
        }
        connected = now;
    }

    synchronized long framesProcessed() {
        return processed;
    }

    synchronized long framesFailed() {
        return failed;
    }

    synchronized List<String> illnesses(long nowNanos) {
        List<String> found = new ArrayList<>();
        if (!connected && nowNanos - disconnectedSinceNanos >= DISCONNECTED_NANOS) {
            found.add("not connected to the broker for " + seconds(nowNanos - disconnectedSinceNanos) + " s");
        }
        if (active > 0 && nowNanos - lastProgressNanos >= stuckNanos) {
            found.add(active + " frames in hand and no progress for " + seconds(nowNanos - lastProgressNanos) + " s");
        }
        if (failedInARow >= FAILURES_IN_A_ROW) {
            found.add("the last " + failedInARow + " frames failed, the last one: " + lastFailure);
        }
        return found;
    }

    /**
     * The answer to {@code /health}.
     *
     * @param settings what the processor was told to do, shown as it is
     */
    synchronized Health report(JsonObject settings, Instant now, long nowNanos) {
        List<String> illnesses = illnesses(nowNanos);
        JsonObject metrics = new JsonObject()
                .put("frames_processed", processed)
                .put("frames_failed", failed)
                .put("active_frames", active)
                .put("last_frame_age_seconds", anyFrame ? (nowNanos - lastFrameNanos) / 1e9 : Double.NaN);
        JsonObject details = new JsonObject()
                .put("consumer_connected", connected)
                .putStrings("why_unhealthy", illnesses)
                .put("last_failure", lastFailure)
                .put("settings", settings)
                .put("metrics", metrics);
        JsonObject body = new JsonObject()
                .put("status", illnesses.isEmpty() ? "healthy" : "unhealthy")
                .put("timestamp", now.toString())
                .put("service", "sample-processor")
                .put("details", details);
        return new Health(illnesses.isEmpty(), body);
    }

    private void ended(long nowNanos) {
        active--;
        lastProgressNanos = nowNanos;
    }

    private static long seconds(long nanos) {
        return Duration.ofNanos(nanos).toSeconds();
    }
}
