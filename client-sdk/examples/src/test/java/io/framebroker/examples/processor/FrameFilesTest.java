package io.framebroker.examples.processor;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FrameFilesTest {

    @TempDir
    Path directory;

    @Test
    void aStreamsNameNeverLeadsOutOfTheDirectory() throws Exception {
        FrameFiles files = new FrameFiles(directory, 10);

        Path saved = files.save("a/../../b", 7, new byte[] {1});

        assertThat(saved).isEqualTo(directory.resolve("a%2F..%2F..%2Fb/7.jpg"));
        assertThat(FrameFiles.folderName("..")).isEqualTo("%2E.");
        assertThat(FrameFiles.folderName("a:b")).isNotEqualTo(FrameFiles.folderName("a/b"));
    }

    @Test
    void nothingButTheFinishedFileIsLeft() throws Exception {
        FrameFiles files = new FrameFiles(directory, 10);

        files.save("cam", 7, new byte[] {1});
        files.save("cam", 7, new byte[] {2});

        try (var left = Files.list(directory.resolve("cam"))) {
            assertThat(left).containsExactly(directory.resolve("cam/7.jpg"));
        }
        assertThat(Files.readAllBytes(directory.resolve("cam/7.jpg"))).containsExactly(2);
    }

    @Test
    void thereIsAnEndToIt() {
        FrameFiles files = new FrameFiles(directory, 2);

        assertThat(files.wantsOne()).isTrue();
        assertThat(files.wantsOne()).isTrue();
        assertThat(files.wantsOne()).isFalse();
        assertThat(new FrameFiles(null, 2).wantsOne()).isFalse();
    }
}
