package io.framebroker.loadgen.role;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * Memory of a process in RAM. Linux only; zero elsewhere, and of a process that is gone.
 *
 * @param residentBytes all of it, mapped files included
 * @param anonymousBytes the part that is no file's: heap, buffers, stacks
 * @param peakBytes the most that was ever resident
 */
public record Memory(long residentBytes, long anonymousBytes, long peakBytes) {
    public static final Memory UNKNOWN = new Memory(0, 0, 0);

    public static Memory of(ProcessHandle process) {
        try {
            return of(Files.readAllLines(Path.of("/proc", Long.toString(process.pid()), "status")));
        } catch (IOException e) {
            return UNKNOWN;
        }
    }

    /** From the lines of {@code /proc/PID/status}. */
    public static Memory of(List<String> status) {
        return new Memory(bytes(status, "VmRSS:"), bytes(status, "RssAnon:"), bytes(status, "VmHWM:"));
    }

    private static long bytes(List<String> status, String name) {
        return status.stream()
                .filter(line -> line.startsWith(name))
                .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) << 10)
                .sum();
    }
}
