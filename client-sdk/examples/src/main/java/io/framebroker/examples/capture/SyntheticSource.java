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

    private static final long LATE_PICTURES = 5;

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
        long dueNanos = System.nanoTime();
        while (!stopped.await(Math.max(0, dueNanos - System.nanoTime()), TimeUnit.NANOSECONDS)) {
            sink.picture(drawing.draw(number++, Instant.now(), format));
            if (periodNanos == 0) {
                dueNanos = System.nanoTime();
                continue;
            }
            dueNanos += periodNanos;
            long behind = (System.nanoTime() - dueNanos) / periodNanos;
            if (behind >= LATE_PICTURES) {
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
