package io.framebroker.examples.capture;

import io.framebroker.client.FrameBrokerException;
import io.framebroker.client.FramePublisher;
import io.framebroker.client.OutgoingFrame;
import io.framebroker.examples.capture.CameraStats.State;
import io.framebroker.v1.PixelFormat;
import java.io.IOException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes pictures from one source to one stream. A live source that is lost is tried again for ever; what it would have
 * given meanwhile is reported to the broker, so that the stream's ledger knows of the gap.
 */
final class Camera implements PictureSink {

    /** Reason under which the broker's ledger counts what a lost source would have given. */
    static final String SOURCE_DISCONNECTED = "SOURCE_DISCONNECTED";

    /** A source that held for so long starts anew with short waits when it is lost. */
    private static final long STEADY_NANOS = TimeUnit.SECONDS.toNanos(10);

    private static final Logger log = LoggerFactory.getLogger(Camera.class);

    private final String name;
    private final CameraUrl url;
    private final PictureSource source;
    private final FramePublisher publisher;
    private final Backoff backoff;
    private final WantedPictures wanted;
    private final long limit;

    private final CountDownLatch stopping = new CountDownLatch(1);
    private Thread thread;

    /** The fields below are guarded by this. */
    private final OutageMeter outage;

    private State state = State.CONNECTING;
    private int width;
    private int height;
    private long pictures;
    private long bytes;
    private long lostAtSource;
    private long leftOut;
    private long unusable;
    private long restarts;
    private String lastError = "";

    /**
     * @param outage knows the rate the operator named, if any
     * @param wanted which pictures are to be published; the others are left out
     * @param limit ends after so many pictures; 0 for never
     */
    Camera(
            CameraUrl url,
            PictureSource source,
            FramePublisher publisher,
            Backoff backoff,
            OutageMeter outage,
            WantedPictures wanted,
            long limit) {
        this.name = publisher.stream();
        this.url = url;
        this.source = source;
        this.publisher = publisher;
        this.backoff = backoff;
        this.outage = outage;
        this.wanted = wanted;
        this.limit = limit;
    }

    /** Starts the camera's thread. */
    void start() {
        thread = new Thread(this::run, "camera-" + name);
        thread.setDaemon(true);
        thread.start();
    }

    /** Looks after the source and reports a lasting outage. Several times a second, never blocks. */
    void tick(long nowNanos) {
        source.watch(nowNanos);
        if (wanted.nobodyForLong(nowNanos)) {
            source.rest();
        }
        long lost;
        synchronized (this) {
            lost = outage.tick(nowNanos);
            lostAtSource += lost;
        }
        if (lost > 0) {
            report(SOURCE_DISCONNECTED, lost, true);
            log.info("{}: still away, about {} more pictures lost", name, lost);
        }
    }

    /** Ends the source; returns when its thread is over, or is not to be waited for any longer. */
    void stop() throws InterruptedException {
        stopping.countDown();
        source.stop();
        // It may wait for room in a full ring, where nothing but an interrupt ends it.
        thread.interrupt();
        thread.join(TimeUnit.SECONDS.toMillis(5));
    }

    boolean isOver() {
        return !thread.isAlive();
    }

    synchronized CameraStats stats(long nowNanos) {
        return new CameraStats(
                name,
                state,
                outage.currentFps(),
                width,
                height,
                pictures,
                bytes,
                lostAtSource,
                leftOut,
                unusable,
                restarts,
                outage.silentNanos(nowNanos) / 1e9,
                lastError,
                publisher.stats());
    }

    @Override
    public boolean wantsNext() {
        if (stopping.getCount() == 0) {
            // More than the limit was in the pipe.
            return false;
        }
        long now = System.nanoTime();
        boolean takes = wanted.takes(now);
        long lost;
        boolean first;
        synchronized (this) {
            lost = outage.picture(now);
            first = state != State.UP;
            state = State.UP;
            lostAtSource += lost;
            leftOut += takes ? 0 : 1;
        }
        if (lost > 0) {
            report(SOURCE_DISCONNECTED, lost, true);
        }
        if (first) {
            log.info("{}: pictures come{}", name, gap(lost));
        }
        return takes;
    }

    @Override
    public void picture(Picture picture) {
        boolean otherSize;
        boolean last;
        synchronized (this) {
            otherSize = width != picture.width() || height != picture.height();
            width = picture.width();
            height = picture.height();
            pictures++;
            last = pictures == limit;
            bytes += picture.bytes().length;
        }
        if (otherSize) {
            log.info("{}: they are of {}x{}", name, picture.width(), picture.height());
        }
        publisher.publish(outgoing(picture));
        if (last) {
            stopping.countDown();
            source.stop();
        }
    }

    @Override
    public void unusable(String reason, long count, String detail) {
        if (stopping.getCount() == 0) {
            return;
        }
        if (wanted.nobody()) {
            synchronized (this) {
                leftOut += count;
            }
            return;
        }
        synchronized (this) {
            unusable += count;
        }
        report(reason, count, false);
        log.warn("{}: {} x {}: {}", name, count, reason, detail);
    }

    private void run() {
        try {
            while (stopping.getCount() > 0) {
                long startedNanos = System.nanoTime();
                try {
                    PictureSource.End end = source.run(this);
                    if (end == PictureSource.End.OVER || stopping.getCount() == 0) {
                        become(State.OVER, "");
                        log.info("{}: {} is over", name, url);
                        return;
                    }
                } catch (IOException lost) {
                    if (!lost(startedNanos, lost.getMessage())) {
                        return;
                    }
                }
                restWhileNobodyWantsAny();
            }
            become(State.OVER, "");
        } catch (InterruptedException stopped) {
            become(State.OVER, "");
        } catch (FrameBrokerException refused) {
            fail("the broker refuses stream " + name + ": " + refused.getMessage());
        } catch (RuntimeException defect) {
            fail(defect.toString());
            log.error("{}: {}", name, defect, defect);
        } finally {
            source.stop();
        }
    }

    /** The source is lost; false if it is not to be tried again. */
    private boolean lost(long startedNanos, String why) throws InterruptedException {
        if (!url.isLive()) {
            fail("cannot read " + url + ": " + why);
            return false;
        }
        long now = System.nanoTime();
        if (now - startedNanos >= STEADY_NANOS) {
            backoff.reset();
        }
        long waitMillis = backoff.nextMillis();
        synchronized (this) {
            outage.away(now);
            state = State.AWAY;
            restarts++;
            lastError = why;
        }
        log.warn("{}: {} is away: {}; next attempt in {} ms", name, url, why, waitMillis);
        return !stopping.await(waitMillis, TimeUnit.MILLISECONDS);
    }

    private void restWhileNobodyWantsAny() throws InterruptedException {
        if (!wanted.nobody()) {
            return;
        }
        long lost;
        synchronized (this) {
            lost = outage.rest(System.nanoTime());
            lostAtSource += lost;
            state = State.RESTING;
        }
        if (lost > 0) {
            report(SOURCE_DISCONNECTED, lost, true);
        }
        log.info("{}: {} is closed until somebody wants its pictures", name, url);
        wanted.awaitSomebody();
        synchronized (this) {
            leftOut += outage.resume(System.nanoTime());
        }
        backoff.reset();
        log.info("{}: {} is opened again", name, url);
    }

    private void report(String reason, long count, boolean estimated) {
        try {
            publisher.report(reason, count, estimated);
        } catch (IllegalStateException closed) {
            log.warn("{}: {} x {} came too late to be reported", name, count, reason);
        }
    }

    private void fail(String why) {
        if (stopping.getCount() == 0) {
            become(State.OVER, "");
            return;
        }
        become(State.FAILED, why);
        log.error("{}: given up: {}", name, why);
    }

    private synchronized void become(State next, String error) {
        state = next;
        lastError = error.isEmpty() ? lastError : error;
    }

    private static OutgoingFrame outgoing(Picture picture) {
        OutgoingFrame frame = switch (picture.format()) {
            case JPEG -> OutgoingFrame.jpeg(picture.bytes()).size(picture.width(), picture.height());
            case RAW ->
                OutgoingFrame.raw(picture.bytes(), PixelFormat.PIXEL_FORMAT_BGR24, picture.width(), picture.height());
        };
        return frame.capturedAt(picture.capturedAt());
    }

    private static String gap(long lost) {
        return lost == 0 ? "" : ", about " + lost + " more were lost in the gap before";
    }
}
