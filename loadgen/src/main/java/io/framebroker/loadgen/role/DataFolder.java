package io.framebroker.loadgen.role;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The folder of a broker that keeps its frames on disk. A shell removes it once the broker has ended, when we say so and
 * also when we were killed.
 */
final class DataFolder implements AutoCloseable {
    /** A broker that loses us ends within its drain time; who does not within half a minute is not waited for. */
    private static final String HOLD = "trap '' INT TERM HUP; cat >/dev/null; n=0;"
            + " while kill -0 \"$2\" 2>/dev/null && [ $n -lt 300 ]; do sleep 0.1; n=$((n+1)); done;"
            + " rm -rf -- \"$1\"";

    private final Path path;

    /** Null until there is a broker. */
    private Process shell;

    private DataFolder(Path path) {
        this.path = path;
    }

    static DataFolder make(Path below, String name) {
        return new DataFolder(HeldProcess.folder(below, name));
    }

    /** Says whose it is. */
    void isOf(ProcessHandle broker) {
        try {
            shell = new ProcessBuilder("sh", "-c", HOLD, "hold", path.toString(), Long.toString(broker.pid()))
                    .redirectError(ProcessBuilder.Redirect.INHERIT)
                    .start();
        } catch (IOException e) {
            throw new RunFailure("cannot watch over " + path + ": " + e.getMessage(), e);
        }
    }

    Path path() {
        return path;
    }

    Map<String, Object> facts() {
        Map<String, Object> facts = new LinkedHashMap<>();
        facts.put("file_system", fileSystem(path));
        return facts;
    }

    static String fileSystem(Path path) {
        try {
            return Files.getFileStore(path).type();
        } catch (IOException e) {
            return "unknown";
        }
    }

    void check() {
        Room.spare(path);
    }

    /** Behind the broker's end. */
    @Override
    public void close() throws IOException {
        if (shell != null) {
            Children.end(shell);
        } else {
            // No broker has come to write into it.
            Files.deleteIfExists(path);
        }
    }
}
