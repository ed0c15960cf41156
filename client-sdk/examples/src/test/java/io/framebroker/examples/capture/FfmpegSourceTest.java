package io.framebroker.examples.capture;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.framebroker.examples.Eventually;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A shell script stands for ffmpeg: what is tested is how its end, its silence and its words are taken. */
@Timeout(300)
class FfmpegSourceTest {

    private static final CameraUrl CAMERA = CameraUrl.parse("rtsp://user:secret@localhost/cam");

    private static final Duration LIMIT = Duration.ofSeconds(60);
    /** Longer than a busy machine keeps pictures away. */
    private static final Duration STALL = Duration.ofMinutes(2);

    @TempDir
    Path directory;

    private final CollectingSink sink = new CollectingSink();
    private FfmpegSource source;

    @BeforeEach
    void threePictures() throws IOException {
        SyntheticPicture picture = new SyntheticPicture("cam", 128, 96);
        for (int i = 1; i <= 3; i++) {
            Files.write(
                    directory.resolve(i + ".jpg"),
                    picture.draw(i, Instant.EPOCH, PictureFormat.JPEG).bytes());
        }
    }

    @AfterEach
    void stop() {
        if (source != null) {
            source.stop();
        }
    }

    @Test
    void aLostCameraIsAnErrorThatNamesTheReasonWithoutThePassword() throws Exception {
        source = source("cat *.jpg; echo 'rtsp://user:secret@localhost/cam: Connection refused' >&2; exit 1", CAMERA);

        assertThatThrownBy(() -> source.run(sink))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("code 1")
                .hasMessageContaining("rtsp://***@localhost/cam: Connection refused");
        assertThat(sink.pictures).hasSize(3);
    }

    @Test
    void theEndOfAFileIsNoError() throws Exception {
        source = source("cat *.jpg", CameraUrl.parse("file:some.mp4"));

        assertThat(source.run(sink)).isEqualTo(PictureSource.End.OVER);
        assertThat(sink.pictures).hasSize(3);
    }

    @Test
    void aSilentCameraIsGivenUp() throws Exception {
        source = source("cat *.jpg; exec sleep 60", CAMERA);
        CompletableFuture<PictureSource.End> run = runBehind();
        sink.awaitPictures(3, 60_000);

        source.watch(System.nanoTime());
        assertThat(run).isNotDone();
        Eventually.await(
                "the end of a source that is silent",
                LIMIT,
                () -> {
                    source.watch(System.nanoTime() + STALL.toNanos());
                    return run.isDone();
                },
                () -> sink.pictures.size() + " pictures");

        assertThatThrownBy(() -> run.get(60, TimeUnit.SECONDS)).hasMessageContaining("no picture for 120000 ms");
    }

    @Test
    void stoppingEndsTheChildAndEveryLaterRun() throws Exception {
        List<ProcessHandle> before = ProcessHandle.current().children().toList();
        source = source("cat *.jpg; exec sleep 60", CAMERA);
        CompletableFuture<PictureSource.End> run = runBehind();
        sink.awaitPictures(3, 60_000);

        source.stop();

        assertThat(run.get(60, TimeUnit.SECONDS)).isEqualTo(PictureSource.End.STOPPED);
        assertThat(source.run(sink)).isEqualTo(PictureSource.End.STOPPED);
        assertThat(ProcessHandle.current().children()).isSubsetOf(before);
    }

    @Test
    void aMissingProgramIsNamed() throws Exception {
        source = new FfmpegSource("cam", CAMERA, PictureFormat.JPEG, command("/no/such/ffmpeg"), STALL, 1 << 20);

        assertThatThrownBy(() -> source.run(sink))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("/no/such/ffmpeg")
                .hasMessageContaining("--ffmpeg");
    }

    private CompletableFuture<PictureSource.End> runBehind() {
        return CompletableFuture.supplyAsync(() -> {
            try {
                return source.run(sink);
            } catch (IOException | InterruptedException e) {
                throw new IllegalStateException(e.getMessage(), e);
            }
        });
    }

    private FfmpegSource source(String script, CameraUrl url) throws IOException {
        Path program = directory.resolve("ffmpeg");
        Files.writeString(program, "#!/bin/sh\ncd '" + directory + "'\n" + script + "\n");
        assertThat(program.toFile().setExecutable(true)).isTrue();
        return new FfmpegSource("cam", url, PictureFormat.JPEG, command(program.toString()), STALL, 1 << 20);
    }

    private static FfmpegCommand command(String program) {
        return new FfmpegCommand(program, program, "tcp", STALL, 0, null, 3, true, false);
    }
}
