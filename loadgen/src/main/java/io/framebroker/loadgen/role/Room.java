package io.framebroker.loadgen.role;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Whether a machine has room for a measurement; asked before it is in trouble. */
public final class Room {
    private static final Path MEMORY = Path.of("/proc/meminfo");
    private static final Pattern AVAILABLE = Pattern.compile("MemAvailable:\\s*(\\d+) kB");
    private static final Pattern HEAP = Pattern.compile("-Xmx(\\d+)([kKmMgG])");

    /** File systems that are memory. */
    private static final Set<String> MEMORY_FILES = Set.of("tmpfs", "ramfs");

    /** Free space below which a run ends rather than fill the disk. */
    private static final long SPARE_BYTES = 1L << 30;

    private Room() {}

    /**
     * Fails unless a folder's file system has so many bytes left.
     *
     * @param why ends the message: who needs them
     */
    public static void disk(Path folder, long bytes, String why) {
        try {
            long free = Files.getFileStore(existing(folder)).getUsableSpace();
            if (free < bytes) {
                throw new RunFailure("only " + gigabytes(free) + " are free where " + folder + " is, "
                        + gigabytes(bytes) + " are needed: " + why);
            }
        } catch (IOException e) {
            throw new RunFailure("cannot tell the free space of " + folder + ": " + e.getMessage(), e);
        }
    }

    /** Fails when a started server or broker is about to fill the disk its folder is on. */
    static void spare(Path folder) {
        disk(folder, SPARE_BYTES, "what is kept there must not fill the disk");
    }

    /** Whether files there are kept in memory, where writing one measures nothing. */
    public static boolean isMemory(Path folder) {
        try {
            return MEMORY_FILES.contains(Files.getFileStore(existing(folder)).type());
        } catch (IOException e) {
            return false;
        }
    }

    /** Fails unless so many bytes of memory are available, where the system tells. */
    public static void memory(long bytes, String why) {
        try {
            Matcher available = AVAILABLE.matcher(Files.readString(MEMORY));
            if (available.find()) {
                long free = Long.parseLong(available.group(1)) << 10;
                if (free < bytes) {
                    throw new RunFailure("only " + gigabytes(free) + " of memory are available, " + gigabytes(bytes)
                            + " are needed: " + why);
                }
            }
        } catch (IOException e) {
            // Not Linux.
        }
    }

    /** Largest heap of a JVM; 0 when its flags do not say. */
    public static long heapBytes(List<String> flags) {
        return flags.stream()
                .map(HEAP::matcher)
                .filter(Matcher::matches)
                .mapToLong(heap -> Long.parseLong(heap.group(1))
                        << switch (heap.group(2).toLowerCase(Locale.ROOT)) {
                            case "k" -> 10;
                            case "m" -> 20;
                            default -> 30;
                        })
                .sum();
    }

    private static Path existing(Path folder) {
        Path path = folder.toAbsolutePath();
        while (!Files.exists(path) && path.getParent() != null) {
            path = path.getParent();
        }
        return path;
    }

    private static String gigabytes(long bytes) {
        return String.format(Locale.ROOT, "%.1f GB", bytes / 1e9);
    }
}
