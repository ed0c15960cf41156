package io.framebroker.loadgen.role;

import java.io.File;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/**
 * A server in a folder of its own. A shell holds it: when our end of the shell's input closes, because we said so or
 * because we died of whatever, the server is killed and the folder removed, as all that is in it was made for a
 * measurement.
 */
final class HeldProcess implements AutoCloseable {
    private static final long POLL_MILLIS = 20;

    /** What it says goes here, in its folder. */
    private static final String LOG = "server.log";

    private static final int LOG_TAIL_LINES = 5;

    /** The terminal's signals are for us; the shell has to outlive us by a moment. */
    private static final String HOLD = "trap '' INT TERM HUP; folder=$1; shift;"
            + " \"$@\" </dev/null >\"$folder/" + LOG + "\" 2>&1 & held=$!;"
            + " echo $held; cat >/dev/null; kill -9 $held 2>/dev/null; wait $held 2>/dev/null;"
            + " rm -rf -- \"$folder\"";

    private final Process shell;
    private final ProcessHandle server;
    private final String name;
    private final Path folder;

    private HeldProcess(Process shell, ProcessHandle server, String name, Path folder) {
        this.shell = shell;
        this.server = server;
        this.name = name;
        this.folder = folder;
    }

    /**
     * Starts one.
     *
     * @param folder which the caller made with {@link #folder}; from here on it is removed with the process
     * @param environment beside ours
     */
    static HeldProcess start(Path folder, List<String> command, Map<String, String> environment) {
        List<String> line = new ArrayList<>(List.of("sh", "-c", HOLD, "hold", folder.toString()));
        line.addAll(command);
        String name = Path.of(command.get(0)).getFileName().toString();
        try {
            // Not one of Children: those are killed with us, and this shell has to clean up.
            ProcessBuilder builder = new ProcessBuilder(line).redirectError(ProcessBuilder.Redirect.INHERIT);
            builder.environment().putAll(environment);
            Process shell = builder.start();
            long pid = Long.parseLong(shell.inputReader(StandardCharsets.UTF_8).readLine());
            ProcessHandle server = ProcessHandle.of(pid).orElseThrow(() -> new RunFailure(name + " ended at once"));
            return new HeldProcess(shell, server, name, folder);
        } catch (IOException e) {
            throw new RunFailure("cannot start " + name + " in " + folder + ": " + e.getMessage(), e);
        }
    }

    /** Makes an empty folder for a server, below one that need not be there yet. */
    static Path folder(Path below, String name) {
        try {
            Files.createDirectories(below);
            return Files.createTempDirectory(below.toAbsolutePath(), "frame-broker-" + name + "-");
        } catch (IOException e) {
            throw new RunFailure("cannot make a folder for " + name + " in " + below + ": " + e.getMessage(), e);
        }
    }

    /**
     * Looks a program up as a shell would.
     *
     * @param wayOut ends the message where there is none: what to install, or to say instead
     */
    static Path find(String program, String wayOut) {
        if (program.contains(File.separator)) {
            return Path.of(program);
        }
        return onPath(program).orElseThrow(() -> new RunFailure("there is no " + program + " on the PATH; " + wayOut));
    }

    /** The first of its name on the PATH. */
    static Optional<Path> onPath(String program) {
        String path = System.getenv("PATH");
        return Arrays.stream(path == null ? new String[0] : path.split(File.pathSeparator))
                .map(folder -> Path.of(folder, program))
                .filter(Files::isExecutable)
                .findFirst();
    }

    static int freePort() {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        } catch (IOException e) {
            throw new RunFailure("no port is free: " + e.getMessage(), e);
        }
    }

    /**
     * Asks again and again until it serves; ends it where it does not.
     *
     * @param serves whether it answered; what it throws ends the process too
     * @throws RunFailure with the last it said
     */
    void awaitReady(int seconds, BooleanSupplier serves) throws InterruptedException {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
        try {
            while (!serves.getAsBoolean()) {
                if (!server.isAlive() || System.nanoTime() - deadline > 0) {
                    throw new RunFailure(name + " does not serve" + log());
                }
                TimeUnit.MILLISECONDS.sleep(POLL_MILLIS);
            }
        } catch (RuntimeException | InterruptedException e) {
            close();
            throw e;
        }
    }

    /** Fails when it has ended, or when its folder's disk is about to be full. */
    void check() {
        if (!server.isAlive()) {
            throw new RunFailure(name + " (process " + server.pid() + ") ended" + log());
        }
        Room.spare(folder);
    }

    /** The last it said, to be put behind a message. */
    String log() {
        try {
            List<String> lines = Files.readAllLines(folder.resolve(LOG));
            return "; it said:\n"
                    + String.join("\n", lines.subList(Math.max(0, lines.size() - LOG_TAIL_LINES), lines.size()));
        } catch (IOException e) {
            return "";
        }
    }

    Path folder() {
        return folder;
    }

    ProcessHandle process() {
        return server;
    }

    @Override
    public void close() {
        Children.end(shell);
    }
}
