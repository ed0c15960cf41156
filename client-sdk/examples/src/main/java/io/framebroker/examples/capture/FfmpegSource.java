package io.framebroker.examples.capture;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * Pictures that ffmpeg reads from a camera or file, as a child process of this one.
 *
 * <p>The child's standard input is empty, its standard error always read. It is ended when it stalls, when it is not
 * wanted any more, and with this process: should that be killed, ffmpeg ends by itself at its next write.
 */
final class FfmpegSource implements PictureSource {

    private static final int CHUNK_BYTES = 64 * 1024;
    private static final long END_MILLIS = 2_000;
    private static final long NOT_WATCHED = Long.MIN_VALUE;

    private final String name;
    private final CameraUrl url;
    private final PictureFormat format;
    private final FfmpegCommand command;
    private final Duration stallTimeout;
    private final int maxPictureBytes;

    /** Guards the three below, so that no child starts behind a stop. */
    private final Object lock = new Object();

    private Process child;
    private boolean stopped;
    /** The child is ended because nobody wants its pictures. */
    private boolean resting;

    /** {@link System#nanoTime()} since when nothing came; {@link #NOT_WATCHED} while nothing is expected. */
    private volatile long quietSinceNanos = NOT_WATCHED;

    private volatile boolean stalled;
    /** {@code WIDTHxHEIGHT} of raw pictures: asked once, then forced, so that a camera that changes it cannot tear them. */
    private String rawSize;

    /** @param stallTimeout a live source that gives no picture for so long is given up and tried again */
    FfmpegSource(
            String name,
            CameraUrl url,
            PictureFormat format,
            FfmpegCommand command,
            Duration stallTimeout,
            int maxPictureBytes) {
        this.name = name;
        this.url = url;
        this.format = format;
        this.command = command;
        this.stallTimeout = stallTimeout;
        this.maxPictureBytes = maxPictureBytes;
        this.rawSize = command.size();
    }

    @Override
    public End run(PictureSink sink) throws IOException, InterruptedException {
        stalled = false;
        if (format == PictureFormat.RAW && rawSize == null) {
            rawSize = probeSize();
        }
        PictureSplitter splitter = splitter();
        Process started = start(command.pictures(url, format, rawSize));
        if (started == null) {
            return End.STOPPED;
        }
        StderrTail stderr = new StderrTail(name, started.getErrorStream());
        try {
            read(started.getInputStream(), splitter, sink);
            // It closed its output and is about to end: let it say with which code.
            started.waitFor(END_MILLIS, TimeUnit.MILLISECONDS);
        } catch (IOException closed) {
            // The pipe is closed under the reader when the child is ended; the child's own words say why.
        } finally {
            quietSinceNanos = NOT_WATCHED;
            end(started);
        }
        if (!isResting()) {
            splitter.end(sink);
        }
        return outcome(started, stderr);
    }

    @Override
    public void stop() {
        Process running;
        synchronized (lock) {
            stopped = true;
            running = child;
        }
        if (running != null) {
            end(running);
        }
    }

    /** A file is not ended: it would begin again at its beginning. */
    @Override
    public void rest() {
        List<ProcessHandle> running = List.of();
        synchronized (lock) {
            // Not while it is being asked for its size or holds a picture: there is another time.
            if (url.isLive() && child != null && quietSinceNanos != NOT_WATCHED) {
                resting = true;
                running = family(child);
            }
        }
        // It says goodbye to the camera; the reading thread sees the end of the stream and does the rest.
        running.forEach(ProcessHandle::destroy);
    }

    private boolean isResting() {
        synchronized (lock) {
            return resting;
        }
    }

    @Override
    public void watch(long nowNanos) {
        long since = quietSinceNanos;
        if (!url.isLive() || since == NOT_WATCHED || nowNanos - since < stallTimeout.toNanos()) {
            return;
        }
        Process running;
        synchronized (lock) {
            running = child;
        }
        if (running != null) {
            stalled = true;
            // The reading thread sees the end of the stream and does the rest.
            family(running).forEach(ProcessHandle::destroyForcibly);
        }
    }

    private void read(InputStream stdout, PictureSplitter splitter, PictureSink sink)
            throws IOException, InterruptedException {
        PictureSink watched = new QuietReset(sink);
        byte[] chunk = new byte[CHUNK_BYTES];
        quietSinceNanos = System.nanoTime();
        for (int length = stdout.read(chunk); length >= 0; length = stdout.read(chunk)) {
            splitter.feed(chunk, length, Instant.now(), watched);
        }
    }

    private End outcome(Process ended, StderrTail stderr) throws IOException, InterruptedException {
        synchronized (lock) {
            child = null;
            if (stopped) {
                return End.STOPPED;
            }
            if (resting) {
                return End.RESTED;
            }
        }
        String words = stderr.lastLines();
        if (stalled) {
            throw new IOException("no picture for " + stallTimeout.toMillis() + " ms, ffmpeg was ended"
                    + (words.isEmpty() ? "" : "; it said: " + words));
        }
        int code = ended.exitValue();
        if (code == 0 && !url.isLive()) {
            return End.OVER;
        }
        throw new IOException(
                words.isEmpty() ? "ffmpeg ended with code " + code : "ffmpeg ended with code " + code + ": " + words);
    }

    private String probeSize() throws IOException, InterruptedException {
        Process probe = start(command.probe(url));
        if (probe == null) {
            throw new IOException("stopped");
        }
        StderrTail stderr = new StderrTail(name, probe.getErrorStream());
        try {
            long limitMillis = 2 * stallTimeout.toMillis();
            if (!probe.waitFor(limitMillis, TimeUnit.MILLISECONDS)) {
                throw new IOException("ffprobe did not tell the picture size within " + limitMillis + " ms");
            }
            String answer = new String(probe.getInputStream().readNBytes(64)).strip();
            if (!answer.matches("\\d{1,5}x\\d{1,5}")) {
                throw new IOException("ffprobe told no picture size, but '" + answer + "': " + stderr.lastLines());
            }
            return answer;
        } finally {
            end(probe);
            synchronized (lock) {
                child = null;
            }
        }
    }

    private PictureSplitter splitter() throws IOException {
        if (format == PictureFormat.JPEG) {
            return new JpegSplitter(maxPictureBytes);
        }
        String[] sides = rawSize.split("x");
        try {
            return new RawSplitter(Integer.parseInt(sides[0]), Integer.parseInt(sides[1]), maxPictureBytes);
        } catch (IllegalArgumentException tooLarge) {
            throw new IOException(tooLarge.getMessage(), tooLarge);
        }
    }

    /** Starts a child, or nothing if this source was stopped. */
    private Process start(List<String> line) throws IOException {
        synchronized (lock) {
            if (stopped) {
                return null;
            }
            ProcessBuilder builder = new ProcessBuilder(line);
            builder.redirectInput(new File("/dev/null"));
            resting = false;
            try {
                child = builder.start();
            } catch (IOException missing) {
                throw new IOException(
                        "cannot start '" + line.get(0) + "': " + missing.getMessage()
                                + " (install ffmpeg 5.1 or newer, or name it with --ffmpeg)",
                        missing);
            }
            return child;
        }
    }

    /** Ends a child, first with a request. */
    private static void end(Process process) {
        List<ProcessHandle> family = family(process);
        family.forEach(ProcessHandle::destroy);
        try {
            if (!process.waitFor(END_MILLIS, TimeUnit.MILLISECONDS)) {
                family.forEach(ProcessHandle::destroyForcibly);
                process.waitFor(END_MILLIS, TimeUnit.MILLISECONDS);
            }
        } catch (InterruptedException hurry) {
            Thread.currentThread().interrupt();
        }
        family.forEach(ProcessHandle::destroyForcibly);
    }

    /**
     * A child and what it started, should it be a wrapper. Through their handles: {@link Process#destroy} would close the
     * pipes as well, and the child's last words would be lost.
     */
    private static List<ProcessHandle> family(Process process) {
        return Stream.concat(process.descendants(), Stream.of(process.toHandle()))
                .filter(ProcessHandle::isAlive)
                .toList();
    }

    /** Passes pictures on; while the sink holds one, the source is not quiet but held up. */
    private final class QuietReset implements PictureSink {

        private final PictureSink next;

        QuietReset(PictureSink next) {
            this.next = next;
        }

        @Override
        public void picture(Picture picture) throws InterruptedException {
            quietSinceNanos = NOT_WATCHED;
            if (next.wantsNext()) {
                next.picture(picture);
            }
            quietSinceNanos = System.nanoTime();
        }

        @Override
        public void unusable(String reason, long count, String detail) {
            next.unusable(reason, count, detail);
        }
    }
}
