package io.framebroker.examples.capture;

import io.framebroker.client.FrameBrokerClient;
import io.framebroker.client.FramePublisher;
import io.framebroker.client.WhenFull;
import io.framebroker.examples.child.StopSignal;
import io.framebroker.examples.http.StatusServer;
import io.framebroker.examples.traces.SentTraces;
import io.framebroker.examples.traces.TraceOptions;
import io.framebroker.v1.Demand;
import io.prometheus.client.CollectorRegistry;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Publishes what cameras see: one stream each. */
@Command(
        name = "rtsp-capture",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = "Publishes the pictures of RTSP cameras, video files and synthetic cameras.")
public final class RtspCapture implements Callable<Integer> {

    /** Frame header on top of the picture, generously. */
    private static final int HEADER_BYTES = 4096;

    private static final int LARGEST_PICTURE_BYTES = 32 << 20;
    private static final long LARGEST_RING_BYTES = 64L << 20;
    private static final Duration TICK = Duration.ofMillis(250);
    private static final Duration CLOSE = Duration.ofSeconds(5);
    private static final Duration REPORT_EVERY = Duration.ofSeconds(5);

    private static final Logger log = LoggerFactory.getLogger(RtspCapture.class);

    @Spec
    private CommandSpec spec;

    @Option(
            names = "--broker",
            paramLabel = "HOST:PORT",
            defaultValue = "${env:BROKER:-localhost:50051}",
            description = "Where the broker is (BROKER, default localhost:50051)")
    private String broker;

    @Option(
            names = "--camera",
            required = true,
            paramLabel = "NAME=URL",
            description = "A camera and its stream's name; repeat for more. URL: rtsp://..., file:PATH or"
                    + " synthetic:[WIDTHxHEIGHT][@FPS]")
    private Map<String, String> cameras = new LinkedHashMap<>();

    @Option(names = "--format", defaultValue = "jpeg", description = "jpeg (default) or raw (BGR, 3 bytes a pixel)")
    private PictureFormat format;

    @Option(names = "--fps", defaultValue = "0", description = "Pictures a second; 0 for the source's own (default)")
    private double fps;

    @Option(
            names = "--size",
            paramLabel = "WIDTHxHEIGHT",
            description = "Scale the pictures of cameras and files; default: as they are")
    private String size;

    @Option(names = "--quality", defaultValue = "3", description = "JPEG quality of ffmpeg, 2 (best) .. 31; default 3")
    private int quality;

    @Option(names = "--transport", defaultValue = "tcp", description = "RTSP over tcp (default) or udp")
    private String transport;

    @Option(
            names = "--no-pacing",
            description = "Read files and draw synthetic pictures as fast as the broker takes them")
    private boolean unpaced;

    @Option(names = "--loop", description = "Start a file again at its end")
    private boolean looped;

    @Option(
            names = "--limit",
            defaultValue = "0",
            description = "End after so many pictures of each camera; 0 for never")
    private long limit;

    @Option(
            names = "--stall-timeout",
            paramLabel = "SECONDS",
            defaultValue = "5",
            description = "A live camera that gives no picture for so long is connected anew; default 5")
    private double stallSeconds;

    @Option(
            names = "--on-demand",
            description = "Publish what somebody takes and no more: nothing while the stream has no consumer and no"
                    + " group, and no faster than all consumers together want")
    private boolean onDemand;

    @Option(
            names = "--close-after",
            paramLabel = "SECONDS",
            defaultValue = "10",
            description =
                    "With --on-demand: time without consumer and group after which an RTSP camera is closed, until"
                            + " there is one; default 10")
    private double closeAfterSeconds;

    @Option(
            names = "--max-frame-bytes",
            description = "Larger pictures are dropped and reported, up to 33554432; default 4194304, with raw 8388608")
    private Integer maxFrameBytes;

    @Option(
            names = "--ffmpeg",
            defaultValue = "${env:FFMPEG:-ffmpeg}",
            description = "The ffmpeg program, 5.1 or newer (FFMPEG, default ffmpeg)")
    private String ffmpeg;

    @Option(
            names = "--ffprobe",
            defaultValue = "${env:FFPROBE:-ffprobe}",
            description = "The ffprobe program; only for raw (FFPROBE, default ffprobe)")
    private String ffprobe;

    @Option(
            names = "--health-host",
            defaultValue = "${env:HEALTH_HOST:-127.0.0.1}",
            description = "Address of /health and /metrics; 0.0.0.0 for all (HEALTH_HOST, default 127.0.0.1)")
    private String healthHost;

    @Option(
            names = "--health-port",
            defaultValue = "${env:HEALTH_PORT:--1}",
            description = "Port of /health and /metrics; 0 for a free one, -1 for none (HEALTH_PORT, default -1)")
    private int healthPort;

    @Option(names = "--status", description = "Print a line a second for each camera; default: only on a terminal")
    private boolean status;

    @Mixin
    private TraceOptions traces;

    @Option(names = "--exit-with-stdin", hidden = true)
    private boolean exitWithStdin;

    @Override
    public Integer call() throws IOException, InterruptedException {
        Map<String, CameraUrl> urls = validated();
        StopSignal stop = StopSignal.listen(exitWithStdin, CLOSE.multipliedBy(3));
        List<Camera> running = new CopyOnWriteArrayList<>();
        ScheduledExecutorService ticker = Executors.newSingleThreadScheduledExecutor(task -> {
            Thread thread = new Thread(task, "camera-watch");
            thread.setDaemon(true);
            return thread;
        });
        try (SentTraces sent = traces.open();
                FrameBrokerClient client =
                        sent.addTo(FrameBrokerClient.builder(broker)).build();
                StatusServer served = serve(running)) {
            urls.forEach((name, url) -> running.add(camera(client, name, url, urls.size())));
            running.forEach(Camera::start);
            ticker.scheduleWithFixedDelay(
                    () -> running.forEach(camera -> camera.tick(System.nanoTime())),
                    TICK.toMillis(),
                    TICK.toMillis(),
                    TimeUnit.MILLISECONDS);
            System.out.println("rtsp-capture started cameras=" + running.size()
                    + (served == null ? "" : " health=" + served.port()));
            await(stop, running);
            for (Camera camera : running) {
                camera.stop();
            }
        } finally {
            ticker.shutdownNow();
            stop.tidied();
        }
        List<CameraStats> last = stats(running);
        last.forEach(camera -> log.info("{} ended: {}", camera.name(), camera.totals()));
        return last.stream().anyMatch(camera -> camera.state() == CameraStats.State.FAILED) ? 1 : 0;
    }

    /** Waits until all cameras are over or the end is wanted; prints how they do. */
    private void await(StopSignal stop, List<Camera> running) throws InterruptedException {
        boolean shown = status || System.console() != null;
        List<CameraStats> earlier = stats(running);
        long shownNanos = System.nanoTime();
        while (!stop.await(Duration.ofMillis(200)) && !running.stream().allMatch(Camera::isOver)) {
            long now = System.nanoTime();
            if (shown && now - shownNanos >= TimeUnit.SECONDS.toNanos(1)) {
                List<CameraStats> current = stats(running);
                for (int i = 0; i < current.size(); i++) {
                    System.out.println(current.get(i).line(earlier.get(i), (now - shownNanos) / 1e9));
                }
                earlier = current;
                shownNanos = now;
            }
        }
    }

    private Camera camera(FrameBrokerClient client, String name, CameraUrl url, int count) {
        boolean waits = !url.isLive() || unpaced && url instanceof CameraUrl.Synthetic;
        long ringBytes = Math.min(LARGEST_RING_BYTES, Runtime.getRuntime().maxMemory() / 2 / count);
        WantedPictures wanted = new WantedPictures(Math.round(closeAfterSeconds * 1e9));
        Consumer<Demand> demanded = onDemand ? demand -> wanted.told(demand, System.nanoTime()) : demand -> {};
        FramePublisher publisher = client.publisher(name)
                .maxFrameBytes(maxPictureBytes() + HEADER_BYTES)
                .ringBytes(ringBytes)
                .whenFull(waits ? WhenFull.BLOCK : WhenFull.DROP_OLDEST)
                .closeTimeout(CLOSE)
                .listener(new PublisherLog(name, demanded))
                .open();
        return new Camera(
                url,
                source(name, url),
                publisher,
                new Backoff(Duration.ofMillis(500), Duration.ofSeconds(10), new SplittableRandom()),
                new OutageMeter(fps, REPORT_EVERY.toNanos(), System.nanoTime()),
                wanted,
                limit);
    }

    private PictureSource source(String name, CameraUrl url) {
        if (url instanceof CameraUrl.Synthetic synthetic) {
            double named = synthetic.fps() > 0 ? synthetic.fps() : fps > 0 ? fps : 15;
            return new SyntheticSource(name, synthetic, unpaced ? 0 : named, format);
        }
        Duration stall = Duration.ofMillis(Math.round(stallSeconds * 1000));
        FfmpegCommand command =
                new FfmpegCommand(ffmpeg, ffprobe, transport, stall, fps, size, quality, !unpaced, looped);
        return new FfmpegSource(name, url, format, command, stall, maxPictureBytes());
    }

    private StatusServer serve(List<Camera> running) throws IOException {
        if (healthPort < 0) {
            return null;
        }
        CollectorRegistry registry = new CollectorRegistry();
        registry.register(new CaptureMetrics(() -> stats(running)));
        return StatusServer.start(
                healthHost, healthPort, () -> CaptureHealth.report(stats(running), Instant.now()), registry);
    }

    private int maxPictureBytes() {
        if (maxFrameBytes != null) {
            return maxFrameBytes;
        }
        return format == PictureFormat.RAW ? 8 << 20 : 4 << 20;
    }

    private static List<CameraStats> stats(List<Camera> cameras) {
        long now = System.nanoTime();
        return cameras.stream().map(camera -> camera.stats(now)).toList();
    }

    /** Looks at all options before anything is started. */
    private Map<String, CameraUrl> validated() {
        Map<String, CameraUrl> urls = new LinkedHashMap<>();
        cameras.forEach((name, url) -> {
            require(
                    name.matches("[A-Za-z0-9_][A-Za-z0-9._:/-]{0,199}"),
                    "--camera " + name + ": a stream's name has 1..200 characters of A-Z a-z 0-9 . _ : / -, the first a"
                            + " letter, a digit or _");
            try {
                urls.put(name, CameraUrl.parse(url));
            } catch (IllegalArgumentException wrong) {
                throw new ParameterException(spec.commandLine(), "--camera " + name + ": " + wrong.getMessage());
            }
        });
        require(fps >= 0 && fps <= 1000, "--fps " + fps + " is outside 0..1000");
        require(size == null || size.matches("[1-9]\\d{0,4}x[1-9]\\d{0,4}"), "--size " + size + " is no WIDTHxHEIGHT");
        require(quality >= 2 && quality <= 31, "--quality " + quality + " is outside 2..31");
        require(transport.equals("tcp") || transport.equals("udp"), "--transport " + transport + " is not tcp or udp");
        require(limit >= 0, "--limit " + limit + " is below 0");
        require(stallSeconds >= 0.5 && stallSeconds <= 600, "--stall-timeout " + stallSeconds + " is outside 0.5..600");
        require(
                closeAfterSeconds >= 0 && closeAfterSeconds <= 86_400,
                "--close-after " + closeAfterSeconds + " is outside 0..86400");
        require(
                !onDemand || !unpaced,
                "--on-demand leaves out what nobody takes in its time; with --no-pacing there is no time");
        require(
                maxPictureBytes() >= 1024 && maxPictureBytes() <= LARGEST_PICTURE_BYTES,
                "--max-frame-bytes " + maxPictureBytes() + " is outside 1024.." + LARGEST_PICTURE_BYTES);
        require(healthPort >= -1 && healthPort <= 65535, "--health-port " + healthPort + " is outside -1..65535");
        return urls;
    }

    private void require(boolean holds, String message) {
        if (!holds) {
            throw new ParameterException(spec.commandLine(), message);
        }
    }
}
