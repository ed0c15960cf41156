package io.framebroker.loadgen.role;

import io.framebroker.loadgen.load.FramePool;
import io.framebroker.loadgen.load.Pacer;
import io.framebroker.loadgen.load.StreamLimits;
import io.framebroker.loadgen.load.Workload;
import io.framebroker.loadgen.targets.FrameSink;
import io.framebroker.loadgen.targets.Link;
import io.framebroker.loadgen.targets.Target;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Publishes the frames of all cameras, each from a thread of its own. Commands: {@code open}, {@code start} (with a {@code rate},
 * at that one instead of the workload's), {@code stats}, {@code stop} (ends the frames and tells how far each camera came and what was not stored); then
 * {@code start} goes on where it stopped. Used by one thread.
 */
public final class PublisherRole implements Role {
    private static final Duration STOP_TIMEOUT = Duration.ofSeconds(30);
    private static final Duration FLUSH_TIMEOUT = Duration.ofSeconds(30);
    private static final long FIRST_FRAME_NANOS = 20_000_000;

    private Workload workload;
    private Link link;
    private final List<Camera> cameras = new ArrayList<>();

    @Override
    public Line ask(Line request) throws InterruptedException {
        return switch (request.verb()) {
            case "open" -> open(request);
            case "start" -> start(request);
            case "stats" -> stats();
            case "stop" -> stop();
            default -> throw new IllegalArgumentException("a publisher does not know '" + request.verb() + "'");
        };
    }

    @Override
    public void close() {
        cameras.forEach(Camera::close);
        if (link != null) {
            link.close();
        }
    }

    private Line open(Line request) throws InterruptedException {
        workload = Workload.of(request.fields());
        link = Link.to(
                Target.of(request.get("target")), request.get("address"), workload, StreamLimits.of(request.fields()));
        for (int number = 0; number < workload.cameras(); number++) {
            FramePool pool = new FramePool(workload, number);
            cameras.add(new Camera(pool, link.publisher(pool)));
        }
        return Line.of(Line.OK);
    }

    private Line start(Line request) {
        String rate = request.fields().get("rate");
        double framesPerSecond = rate == null ? workload.framesPerSecond() : Double.parseDouble(rate);
        cameras.forEach(camera -> camera.start(framesPerSecond));
        return Line.of(Line.OK);
    }

    private Line stats() {
        check();
        return Line.of(Line.OK)
                .with("nanos", System.nanoTime())
                .with("sent", cameras.stream().mapToLong(camera -> camera.sent).sum())
                .with(
                        "confirmed",
                        cameras.stream().mapToLong(c -> c.sink.confirmed()).sum());
    }

    private Line stop() throws InterruptedException {
        cameras.forEach(camera -> camera.running = false);
        for (Camera camera : cameras) {
            camera.join();
        }
        check();
        Map<String, String> account = new LinkedHashMap<>();
        for (Camera camera : cameras) {
            camera.notStored.putAll(camera.sink.flush(FLUSH_TIMEOUT));
            account.putAll(Accounts.write(camera.pool.camera(), camera.sent, camera.notStored));
        }
        return new Line(Line.OK, account);
    }

    private void check() {
        for (Camera camera : cameras) {
            if (camera.failure != null) {
                throw new RunFailure(
                        "publisher of camera " + camera.pool.camera() + ": " + camera.failure.getMessage(),
                        camera.failure);
            }
        }
        if (link.failure() != null) {
            throw new RunFailure(link.failure());
        }
    }

    private final class Camera implements Runnable {
        private final FramePool pool;
        private final FrameSink sink;
        private final Map<Long, String> notStored = new LinkedHashMap<>();
        private final Pacer pacer = new Pacer(workload.framesPerSecond(), Pacer.Clock.SYSTEM);

        private Thread thread;
        private volatile boolean running;
        private volatile Exception failure;

        /** Sequence of the last frame handed to the sink; written by the camera's thread. */
        private volatile long sent;

        Camera(FramePool pool, FrameSink sink) {
            this.pool = pool;
            this.sink = sink;
        }

        void start(double framesPerSecond) {
            running = true;
            // Cameras of a paced run do not tick together: each begins its own part of a period later.
            double share = (double) pool.camera() / workload.cameras();
            long phase = framesPerSecond == 0 ? 0 : (long) (share * 1e9 * workload.batch() / framesPerSecond);
            pacer.restart(FIRST_FRAME_NANOS + phase, framesPerSecond);
            thread = new Thread(this, "camera-" + pool.camera());
            thread.setDaemon(true);
            thread.start();
        }

        @Override
        public void run() {
            long[] due = new long[workload.batch()];
            try {
                while (running) {
                    pacer.next(due);
                    sink.send(due);
                    sent = pool.lastSequence();
                }
            } catch (InterruptedException | RuntimeException e) {
                failure = e;
            }
        }

        void join() throws InterruptedException {
            thread.join(STOP_TIMEOUT.toMillis());
            if (thread.isAlive()) {
                throw new RunFailure("publisher of camera " + pool.camera() + " is held back at frame " + (sent + 1)
                        + " and has not moved for " + STOP_TIMEOUT.toSeconds() + " s");
            }
        }

        void close() {
            running = false;
            if (thread != null) {
                thread.interrupt();
            }
            sink.close();
        }
    }
}
