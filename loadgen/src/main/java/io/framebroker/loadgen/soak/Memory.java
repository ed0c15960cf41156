package io.framebroker.loadgen.soak;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Memory of a process in RAM. Linux only; zero elsewhere, and of a process that is gone. */
record Memory(long residentBytes, long anonymousBytes) {
    static final Memory UNKNOWN = new Memory(0, 0);

    static Memory of(ProcessHandle process) {
        try {
            return of(Files.readAllLines(Path.of("/proc", Long.toString(process.pid()), "status")));
        } catch (IOException e) {
            return UNKNOWN;
        }
    }

    /** From the lines of {@code /proc/PID/status}. */
    static Memory of(List<String> status) {
        return new Memory(bytes(status, "VmRSS:"), bytes(status, "RssAnon:"));
    }

    private static long bytes(List<String> status, String name) {
        return status.stream()
                .filter(line -> line.startsWith(name))
                .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) << 10)
                .sum();
    }
}
