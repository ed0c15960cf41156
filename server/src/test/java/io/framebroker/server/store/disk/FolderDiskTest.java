package io.framebroker.server.store.disk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.framebroker.server.broker.AckLevel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A folder is one broker's, of one version, and nobody else's to read. */
class FolderDiskTest {
    private static final byte[] MUCH = random(800_000);

    private static final int SEGMENT = 1 << 20;

    @TempDir
    Path temporary;

    private Path folder() {
        return temporary.resolve("frames");
    }

    @Test
    void aSecondStoreIsRefusedByNameOfFolderAndProcess() throws IOException {
        try (DiskFrameStore first = Folders.store(folder(), AckLevel.STORED)) {
            assertThat(first.name()).isEqualTo("disk");

            assertThatThrownBy(() -> new DiskFrameStore(Folders.settings(folder(), AckLevel.STORED)))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining(folder().toString())
                    .hasMessageContaining("" + ProcessHandle.current().pid());
        }

        Folders.store(folder(), AckLevel.STORED).close();
    }

    @Test
    void anotherVersionIsRefused() throws IOException {
        Folders.store(folder(), AckLevel.STORED).close();
        Path format = folder().resolve("format");
        Files.writeString(format, Files.readString(format).replace("version 1", "version 2"));

        assertThatThrownBy(() -> new DiskFrameStore(Folders.settings(folder(), AckLevel.STORED)))
                .isInstanceOf(IOException.class)
                .hasMessageContaining(folder().toString())
                .hasMessageContaining("version 2")
                .hasMessageContaining("version 1");
    }

    @Test
    void onlyItsOwnerMayLookInside() throws IOException {
        try (FolderDisk disk = new FolderDisk(folder(), SEGMENT)) {
            disk.start();
            disk.create(1);
        }

        try (Stream<Path> all = Files.walk(folder())) {
            for (Path each : all.toList()) {
                assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(each)))
                        .as(each.toString())
                        .isEqualTo(Files.isDirectory(each) ? "rwx------" : "rw-------");
            }
        }
    }

    @Test
    void startsAreCountedAndSegmentsKeepTheirSize() throws IOException {
        for (int start = 1; start <= 3; start++) {
            try (FolderDisk disk = new FolderDisk(folder(), SEGMENT << start)) {
                assertThat(disk.start()).isEqualTo(start);
                assertThat(disk.segmentBytes()).isEqualTo(SEGMENT << 1);
            }
        }
    }

    @Test
    void aSegmentThatWasNotFinishedIsForgotten() throws IOException {
        try (FolderDisk disk = new FolderDisk(folder(), SEGMENT)) {
            disk.create(1);
            Files.write(folder().resolve("segments/0002.new"), new byte[100]);

            assertThat(disk.segments()).isEqualTo(List.of(1));
            assertThat(folder().resolve("segments/0002.new")).doesNotExist();
        }
    }

    @Test
    void everyBlockOfASegmentIsOnTheDisk() throws IOException, InterruptedException {
        try (FolderDisk disk = new FolderDisk(folder(), SEGMENT)) {
            disk.create(1);
        }
        Path file = folder().resolve("segments/0001");
        Process stat = new ProcessBuilder("stat", "-c", "%b %B", file.toString()).start();
        String[] blocks =
                new String(stat.getInputStream().readAllBytes()).trim().split(" ");
        stat.waitFor();

        assertThat(Long.parseLong(blocks[0]) * Long.parseLong(blocks[1])).isGreaterThanOrEqualTo(Files.size(file));
    }

    @Test
    void aSegmentOfAnotherSizeIsRefused() throws IOException {
        try (FolderDisk disk = new FolderDisk(folder(), SEGMENT)) {
            disk.create(1);
            Files.write(folder().resolve("segments/0001"), new byte[100]);

            assertThatThrownBy(() -> disk.open(1))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("0001")
                    .hasMessageContaining("100 bytes");
        }
    }

    @Test
    void writersThatAreInterruptedLoseNothing() throws IOException {
        try (FolderDisk disk = new FolderDisk(folder(), SEGMENT)) {
            SegmentFile segment = disk.create(1);
            segment.put(0, MUCH, 0, 300_000);
            Thread.currentThread().interrupt();
            segment.put(300_000, MUCH, 300_000, 300_000);
            assertThat(Thread.interrupted()).isTrue();
            segment.put(600_000, MUCH, 600_000, 200_000);
            segment.force(0, 800_000);

            byte[] found = new byte[800_000];
            segment.bytes().get(0, found);
            assertThat(found).isEqualTo(MUCH);
        }
        assertThat(Files.readAllBytes(folder().resolve("segments/0001"))).startsWith(MUCH);
    }

    /** Little goes into memory, much into the file; whoever reads sees both, and a restart too. */
    @Test
    void littleAndMuchLieWhereTheyWerePut() throws IOException {
        try (FolderDisk disk = new FolderDisk(folder(), SEGMENT)) {
            SegmentFile segment = disk.create(1);
            int at = 0;
            for (int length = 1; at + length <= 800_000; length = 3 * length + 1) {
                segment.put(at, MUCH, at, length);
                at += length;
            }
            while (at < 800_000) {
                int length = Math.min(800_000 - at, 700);
                segment.put(at, MUCH, at, length);
                at += length;
            }

            byte[] found = new byte[800_000];
            segment.bytes().get(0, found);
            assertThat(found).isEqualTo(MUCH);
        }
        assertThat(Files.readAllBytes(folder().resolve("segments/0001"))).startsWith(MUCH);
    }

    private static byte[] random(int bytes) {
        byte[] random = new byte[bytes];
        new Random(1).nextBytes(random);
        return random;
    }
}
