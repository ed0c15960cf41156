package io.framebroker.examples.capture;

import java.io.IOException;
import java.time.Instant;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * A camera that needs nothing installed. Keeps its own time like a real one: a picture the host was too slow to draw is
 * left out and named, not handed over late.
 */
final class SyntheticSource implements PictureSource {

    /** So much it may be behind and still catch up: a machine's hiccup is not a camera's. */
    private static final long LATE_NANOS = 1_000_000_000L;

    private final SyntheticPicture drawing;
    private final PictureFormat format;
    private final long periodNanos;
    private final CountDownLatch stopped = new CountDownLatch(1);

    /** Number of the next picture; goes on over runs. */
    private long number = 1;

    /** @param fps pictures a second; 0 for as fast as they are taken */
    SyntheticSource(String name, CameraUrl.Synthetic url, double fps, PictureFormat format) {
        this.drawing = new SyntheticPicture(name, url.width(), url.height());
        this.format = format;
        this.periodNanos = fps > 0 ? Math.round(1e9 / fps) : 0;
    }

    @Override
    public End run(PictureSink sink) throws IOException, InterruptedException {
        // The first picture takes long, while classes are loaded; it is not one of the camera's.
        drawing.draw(0, Instant.now(), format);
        long dueNanos = System.nanoTime();
        while (!stopped.await(Math.max(0, dueNanos - System.nanoTime()), TimeUnit.NANOSECONDS)) {
            if (sink.wantsNext()) {
                sink.picture(drawing.draw(number, Instant.now(), format));
            }
            number++;
            if (periodNanos == 0) {
                dueNanos = System.nanoTime();
                continue;
            }
            dueNanos += periodNanos;
            long lateNanos = System.nanoTime() - dueNanos;
            if (lateNanos >= LATE_NANOS) {
                long behind = Math.max(1, lateNanos / periodNanos);
                sink.unusable(PictureSink.LATE, behind, "the host was " + behind + " pictures behind");
                number += behind;
                dueNanos += behind * periodNanos;
            }
        }
        return End.STOPPED;
    }

    @Override
    public void stop() {
        stopped.countDown();
    }
}
