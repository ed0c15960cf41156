package io.framebroker.loadgen.soak;

import io.framebroker.loadgen.role.RunFailure;
import java.io.IOException;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Seconds as comma-separated values: a line of names, then a line each, which is on the disk before the next second
 * begins. Units are in the names; what is not known is empty. A process has the columns {@code NAME_cores},
 * {@code NAME_resident_bytes} and {@code NAME_anonymous_bytes}. Used by one thread.
 */
public final class SecondsFile implements AutoCloseable {
    private static final List<String> COLUMNS = List.of(
            "seconds",
            "published_fps",
            "delivered_fps",
            "latency_p50_ms",
            "latency_p99_ms",
            "latency_max_ms",
            "others_cores",
            "disk_bytes",
            "disk_limit_bytes");

    private static final String CORES = "_cores";
    private static final String RESIDENT = "_resident_bytes";
    private static final String ANONYMOUS = "_anonymous_bytes";

    private final Path file;
    private final Writer out;
    private List<String> processes;

    private SecondsFile(Path file, Writer out) {
        this.file = file;
        this.out = out;
    }

    /** Begins a file; what it held is gone. */
    public static SecondsFile create(Path file) {
        try {
            return new SecondsFile(file, Files.newBufferedWriter(file));
        } catch (IOException e) {
            throw new RunFailure(file + " cannot be written: " + e, e);
        }
    }

    /** All seconds of one process list: that of the first. */
    public void write(Second second) {
        List<String> cells = new ArrayList<>();
        if (processes == null) {
            processes = List.copyOf(second.processes().keySet());
            cells.addAll(COLUMNS);
            processes.forEach(
                    process -> cells.addAll(List.of(process + CORES, process + RESIDENT, process + ANONYMOUS)));
            line(cells);
            cells.clear();
        }
        cells.add(number(second.at(), 1));
        cells.add(number(second.publishedPerSecond(), 1));
        cells.add(number(second.deliveredPerSecond(), 1));
        cells.add(number(second.latency().p50(), 3));
        cells.add(number(second.latency().p99(), 3));
        cells.add(number(second.latency().max(), 3));
        cells.add(number(second.otherCores(), 2));
        cells.add(known(second.disk().bytes()));
        cells.add(known(second.disk().limitBytes()));
        for (String process : processes) {
            Second.Use use = second.processes().getOrDefault(process, new Second.Use(0, 0, 0));
            cells.add(number(use.cores(), 2));
            cells.add(known(use.residentBytes()));
            cells.add(known(use.anonymousBytes()));
        }
        line(cells);
    }

    private void line(List<String> cells) {
        try {
            out.write(String.join(",", cells));
            out.write('\n');
            out.flush();
        } catch (IOException e) {
            throw new RunFailure(file + " cannot be written: " + e, e);
        }
    }

    @Override
    public void close() {
        try {
            out.close();
        } catch (IOException e) {
            throw new RunFailure(file + " cannot be written: " + e, e);
        }
    }

    /**
     * Reads what {@link #write} wrote. Columns of other names are passed over.
     *
     * @throws IllegalArgumentException naming the file and line when it is none of ours
     */
    public static List<Second> read(Path file) throws IOException {
        List<String> lines = Files.readAllLines(file);
        List<String> names =
                lines.isEmpty() ? List.of() : Arrays.asList(lines.get(0).split(","));
        if (!names.containsAll(COLUMNS)) {
            throw new IllegalArgumentException(
                    file + " has no samples of a run: its first line must name " + String.join(",", COLUMNS));
        }
        List<Second> seconds = new ArrayList<>();
        for (int number = 1; number < lines.size(); number++) {
            String[] cells = lines.get(number).split(",", -1);
            if (cells.length != names.size()) {
                throw new IllegalArgumentException(file + ", line " + (number + 1) + ": " + cells.length
                        + " values under " + names.size() + " names");
            }
            try {
                seconds.add(second(names, cells));
            } catch (NumberFormatException e) {
                throw new IllegalArgumentException(file + ", line " + (number + 1) + ": " + e.getMessage(), e);
            }
        }
        return seconds;
    }

    private static Second second(List<String> names, String[] cells) {
        Map<String, String> values = new LinkedHashMap<>();
        for (int i = 0; i < cells.length; i++) {
            values.put(names.get(i), cells[i]);
        }
        Map<String, Second.Use> processes = new LinkedHashMap<>();
        for (String name : names) {
            if (name.endsWith(RESIDENT)) {
                String process = name.substring(0, name.length() - RESIDENT.length());
                processes.put(
                        process,
                        new Second.Use(
                                number(values, process + CORES),
                                whole(values, name),
                                whole(values, process + ANONYMOUS)));
            }
        }
        return new Second(
                number(values, "seconds"),
                number(values, "published_fps"),
                number(values, "delivered_fps"),
                new Second.Latency(
                        number(values, "latency_p50_ms"),
                        number(values, "latency_p99_ms"),
                        number(values, "latency_max_ms")),
                number(values, "others_cores"),
                new Second.Disk(whole(values, "disk_bytes"), whole(values, "disk_limit_bytes")),
                processes);
    }

    private static double number(Map<String, String> values, String name) {
        String value = values.getOrDefault(name, "");
        return value.isEmpty() ? Double.NaN : Double.parseDouble(value);
    }

    private static long whole(Map<String, String> values, String name) {
        String value = values.getOrDefault(name, "");
        return value.isEmpty() ? 0 : Long.parseLong(value);
    }

    private static String number(double value, int digits) {
        return Double.isNaN(value) ? "" : String.format(Locale.ROOT, "%." + digits + "f", value);
    }

    private static String known(long value) {
        return value == 0 ? "" : Long.toString(value);
    }
}
