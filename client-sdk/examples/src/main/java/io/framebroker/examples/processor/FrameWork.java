package io.framebroker.examples.processor;

import io.framebroker.client.BatchHandler;
import io.framebroker.client.ReceivedFrame;
import io.framebroker.examples.http.JsonObject;
import io.framebroker.examples.processor.ProcessorMetrics.Failure;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What is done with each frame: wait as long as a real model would take, decode, look for motion, write the result, and only
 * then acknowledge. A frame whose result is not written is never acknowledged; a crash between the two has the frame come
 * again, as attempt 2, with a second line of its own.
 *
 * <p>Thread-safe.
 */
final class FrameWork implements BatchHandler {

    static final String UNSUPPORTED = "UNSUPPORTED_PICTURE";

    private static final Logger log = LoggerFactory.getLogger(FrameWork.class);

    private final PictureDecoder decoder = new PictureDecoder();
    private final MotionDetector detector;
    private final ResultsFile results;
    private final FrameFiles files;
    private final ProcessorMetrics metrics;
    private final ProcessorHealth health;
    private final Duration delay;

    /** @param delay stands for the time a model takes, for each frame */
    FrameWork(
            MotionDetector detector,
            ResultsFile results,
            FrameFiles files,
            ProcessorMetrics metrics,
            ProcessorHealth health,
            Duration delay) {
        this.detector = detector;
        this.results = results;
        this.files = files;
        this.metrics = metrics;
        this.health = health;
        this.delay = delay;
    }

    /** @throws IOException if results cannot be written: this frame and those behind it are tried again */
    @Override
    public void handle(List<ReceivedFrame> frames) throws IOException, InterruptedException {
        for (ReceivedFrame frame : frames) {
            // Another frame of the batch may have taken so long that this one was given to somebody else.
            if (!frame.settled()) {
                handle(frame);
            }
        }
    }

    private void handle(ReceivedFrame frame) throws IOException, InterruptedException {
        long startedNanos = System.nanoTime();
        metrics.begun();
        health.begun(startedNanos);
        try {
            process(frame);
            health.processed(System.nanoTime());
        } catch (CorruptPictureException corrupt) {
            tell(frame, corrupt.getMessage());
            frame.retry(null, corrupt.getMessage());
            failed(Failure.CORRUPT, frame, corrupt.getMessage());
        } catch (UnsupportedPictureException unsupported) {
            tell(frame, unsupported.getMessage());
            frame.skip(UNSUPPORTED);
            failed(Failure.UNSUPPORTED, frame, unsupported.getMessage());
        } catch (IOException unwritten) {
            failed(Failure.RESULTS, frame, unwritten.getMessage());
            throw unwritten;
        } catch (InterruptedException | RuntimeException defect) {
            failed(Failure.INTERNAL, frame, defect.toString());
            throw defect;
        } finally {
            metrics.ended(System.nanoTime() - startedNanos);
        }
    }

    private void process(ReceivedFrame frame)
            throws CorruptPictureException, UnsupportedPictureException, IOException, InterruptedException {
        double ageSeconds = ageSeconds(frame, Instant.now());
        metrics.age(ageSeconds);
        Thread.sleep(delay.toMillis());
        byte[] payload = frame.payloadBytes();
        DecodedPicture picture = decoder.decode(frame.header(), payload);
        // The broker's time of receipt orders a stream's pictures also over restarts of camera and broker.
        long order = ChronoUnit.MICROS.between(Instant.EPOCH, frame.receivedTime());
        Detection found = detector.detect(frame.stream(), order, picture.luma());
        JsonObject line = result(frame)
                .put("age_ms", ageSeconds * 1000)
                .put("decoded", true)
                .put("width", picture.width())
                .put("height", picture.height())
                .put("score", found.score())
                .putObjects(
                        "detections",
                        found.boxes().stream().map(FrameWork::json).toList());
        Path saved = save(frame, picture, payload);
        if (saved != null) {
            line.put("file", saved.toString());
        }
        results.append(line);
        frame.ack();
        metrics.processed(frame.stream(), found.boxes().size());
    }

    private Path save(ReceivedFrame frame, DecodedPicture picture, byte[] payload) throws IOException {
        if (!files.wantsOne()) {
            return null;
        }
        byte[] jpeg = switch (frame.codec()) {
            case CODEC_JPEG -> payload;
            default -> FrameFiles.toJpeg(picture);
        };
        return files.save(frame.stream(), frame.sequence(), jpeg);
    }

    /** Writes a line for a frame that could not be processed. */
    private void tell(ReceivedFrame frame, String why) throws IOException {
        results.append(result(frame).put("decoded", false).put("error", why));
    }

    private void failed(Failure failure, ReceivedFrame frame, String why) {
        metrics.failed(failure);
        health.failed(why, System.nanoTime());
        log.warn("{}: {}: {}", frame, failure, why);
    }

    private static JsonObject result(ReceivedFrame frame) {
        JsonObject line = new JsonObject()
                .put("stream", frame.stream())
                .put("id", frame.generation() + "-" + frame.ordinal())
                .put("sequence", frame.sequence())
                .put("epoch", frame.epoch())
                .put("attempt", frame.attempt());
        if (frame.header().hasCaptureTime()) {
            line.put("capture_time", captured(frame).toString());
        }
        return line;
    }

    /** Since capture by the camera host's clock; without one, since receipt by the broker's. */
    private static double ageSeconds(ReceivedFrame frame, Instant now) {
        Instant from = frame.header().hasCaptureTime() ? captured(frame) : frame.receivedTime();
        return ChronoUnit.MICROS.between(from, now) / 1e6;
    }

    private static Instant captured(ReceivedFrame frame) {
        return Instant.ofEpochSecond(
                frame.header().getCaptureTime().getSeconds(),
                frame.header().getCaptureTime().getNanos());
    }

    private static JsonObject json(Detection.Box box) {
        return new JsonObject()
                .put("x", box.x())
                .put("y", box.y())
                .put("width", box.width())
                .put("height", box.height())
                .put("score", box.score());
    }
}
