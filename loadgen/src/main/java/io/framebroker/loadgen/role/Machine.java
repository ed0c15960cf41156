package io.framebroker.loadgen.role;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What the whole machine does, so that a round that others disturbed can be told. Linux only; zero elsewhere. */
public final class Machine {
    private static final Logger log = LoggerFactory.getLogger(Machine.class);
    private static final Path STAT = Path.of("/proc/stat");

    /** The unit of {@code /proc/stat}: a hundredth of a second wherever Linux runs a JVM. */
    private static final long TICK_MILLIS = 10;

    private Machine() {}

    /**
     * Returns when all that was written to files is on the disks, so that nobody is measured while what another has written
     * is still on its way. Where there is no {@code sync}, at once.
     */
    public static void writeBack() throws InterruptedException {
        try {
            new ProcessBuilder("sync").start().waitFor();
        } catch (IOException e) {
            log.debug("there is no sync here: {}", e.getMessage());
        }
    }

    /** Processor time all processes have used since the machine came up. */
    static Duration used() {
        try (BufferedReader lines = Files.newBufferedReader(STAT)) {
            return used(lines.readLine());
        } catch (IOException e) {
            return Duration.ZERO;
        }
    }

    /** From the first line: {@code cpu user nice system idle ...}. Interrupts are nobody's. */
    static Duration used(String line) {
        String[] fields = line.trim().split("\\s+");
        long ticks = Long.parseLong(fields[1]) + Long.parseLong(fields[2]) + Long.parseLong(fields[3]);
        return Duration.ofMillis(ticks * TICK_MILLIS);
    }
}
