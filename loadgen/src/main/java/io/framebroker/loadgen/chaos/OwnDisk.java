package io.framebroker.loadgen.chaos;

import io.framebroker.loadgen.role.RunFailure;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * A file system of limited size in memory that one process has for itself: mounted in a namespace of its own, where others see an
 * empty folder, and gone with it. Needs Linux, {@code unshare} and {@code nsenter}, and no rights where users may make namespaces.
 */
final class OwnDisk {
    private static final String FILLER = "filler";
    private static final int FILL_BYTES = 1 << 20;
    private static final int PAGE_BYTES = 4096;
    private static final long TOOL_SECONDS = 10;

    private static final String MOUNT = "mount -t tmpfs -o size=\"$1\",mode=700 frames \"$0\" && shift && exec \"$@\"";

    /** Over the folder lies itself, read-only: what is open stays open, and what is opened from now on cannot be written. */
    private static final String READ_ONLY = "mount --bind \"$0\" \"$0\" && mount -o remount,bind,ro \"$0\"";

    private static final String WRITABLE = "umount \"$0\"";

    private final Actor user;
    private final Path folder;

    /**
     * @param user whose process was started by {@link #command}
     * @param folder where it has it
     */
    OwnDisk(Actor user, Path folder) {
        this.user = user;
        this.folder = folder.toAbsolutePath();
    }

    /**
     * What starts a command with a file system of its own.
     *
     * @param folder where; made if it is not there
     * @param size for instance {@code 64m}
     * @throws RunFailure when that is not possible here, saying what is missing
     */
    static List<String> command(List<String> command, Path folder, String size) throws InterruptedException {
        try {
            Files.createDirectories(folder);
        } catch (IOException e) {
            throw new UncheckedIOException("a folder to mount on", e);
        }
        List<String> wrapped = new ArrayList<>(List.of(
                "unshare",
                "--user",
                "--map-root-user",
                "--mount",
                "sh",
                "-c",
                MOUNT,
                folder.toAbsolutePath().toString(),
                size));
        List<String> attempt = new ArrayList<>(wrapped);
        attempt.add("true");
        try {
            run(attempt);
            run(List.of("nsenter", "--version"));
        } catch (RunFailure e) {
            throw new RunFailure(
                    "this scenario gives the broker a file system of its own and cannot do so here: " + e.getMessage()
                            + ". It needs Linux with unshare and nsenter (package util-linux), and users who may make"
                            + " namespaces: sysctl user.max_user_namespaces above 0 and, where they are there,"
                            + " kernel.unprivileged_userns_clone=1 and kernel.apparmor_restrict_unprivileged_userns=0;"
                            + " in a container also a seccomp profile that allows it",
                    e);
        }
        wrapped.addAll(command);
        return wrapped;
    }

    /** Takes all the room there is. Returns when the operating system gives no more. */
    void fill() {
        ByteBuffer zeros = ByteBuffer.allocateDirect(FILL_BYTES);
        try (FileChannel file = FileChannel.open(seen(FILLER), StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
            for (int bytes = FILL_BYTES; bytes >= PAGE_BYTES; bytes /= 2) {
                fill(file, zeros, bytes);
            }
        } catch (IOException e) {
            throw new RunFailure("cannot fill " + this + ": " + e.getMessage(), e);
        }
    }

    private static void fill(FileChannel file, ByteBuffer zeros, int bytes) {
        try {
            while (true) {
                zeros.clear().limit(bytes);
                file.write(zeros, file.size());
            }
        } catch (IOException e) {
            // So much does not fit any more; or nothing does, which freeBytes tells.
        }
    }

    /** Gives back what {@link #fill} took. */
    void empty() {
        try {
            Files.deleteIfExists(seen(FILLER));
        } catch (IOException e) {
            throw new RunFailure("cannot make room in " + this + ": " + e.getMessage(), e);
        }
    }

    /** As the process itself is told. */
    long freeBytes() {
        try {
            return Files.getFileStore(seen("")).getUsableSpace();
        } catch (IOException e) {
            throw new RunFailure("cannot look at " + this + ": " + e.getMessage(), e);
        }
    }

    /** Nothing new can be written from now on, nor opened to be written. */
    void makeReadOnly() throws InterruptedException {
        run(enter(READ_ONLY));
    }

    /** After {@link #makeReadOnly}. */
    void makeWritable() throws InterruptedException {
        run(enter(WRITABLE));
    }

    /** Whether the process is refused a new file because of {@link #makeReadOnly}. */
    boolean isReadOnly() {
        Path probe = seen("probe");
        try {
            Files.createFile(probe);
            Files.delete(probe);
            return false;
        } catch (IOException e) {
            return e.getMessage().contains("Read-only file system");
        }
    }

    private List<String> enter(String script) {
        return List.of(
                "nsenter",
                "--preserve-credentials",
                "--user",
                "--mount",
                "--target",
                Long.toString(user.process().pid()),
                "sh",
                "-c",
                script,
                folder.toString());
    }

    /** A path of it, through the eyes of the process. */
    private Path seen(String inside) {
        Path root = Path.of("/proc", Long.toString(user.process().pid()), "root");
        return root.resolve(Path.of("/").relativize(folder)).resolve(inside);
    }

    private static void run(List<String> command) throws InterruptedException {
        try {
            Process process =
                    new ProcessBuilder(command).redirectErrorStream(true).start();
            process.getOutputStream().close();
            String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).trim();
            if (!process.waitFor(TOOL_SECONDS, TimeUnit.SECONDS) || process.exitValue() != 0) {
                throw new RunFailure(command.get(0) + " failed" + (said.isEmpty() ? "" : ": " + said));
            }
        } catch (IOException e) {
            throw new RunFailure(e.getMessage(), e);
        }
    }

    @Override
    public String toString() {
        return "the file system of " + user + " at " + folder;
    }
}
