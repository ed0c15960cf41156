package io.framebroker.loadgen;

import io.framebroker.loadgen.role.Jvm;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/** Comparisons with a name: options of {@code compare} as if they had been written out. What is written out wins. */
enum Preset {
    REDIS_100K("redis,broker-redis", 100_000, 1, 1),
    REDIS_100K_X4("redis,broker-redis", 100_000, 1, 4),
    REDIS_184("redis,redis-batch,broker-redis", 184, 64, 1),
    REDIS_184_X4("redis,redis-batch,broker-redis", 184, 64, 4),
    /** What storing costs, and who stores otherwise. */
    DISK_100K(
            "broker,broker-disk,broker-disk-fsync,redis?,rabbitmq?,nats?",
            100_000,
            1,
            1,
            "--jvm",
            Jvm.SMALL_FLAGS,
            "--broker-jvm",
            Jvm.DEFAULT_FLAGS),
    DISK_184("broker,broker-disk", 184, 64, 1),
    /** Both acknowledge what was forced to the disk. */
    DISK_FSYNC("broker-disk-fsync,rabbitmq?", 100_000, 1, 1),
    /** How late frames are that come at fixed times. */
    DISK_PACED(
            "broker,broker-disk,broker-disk-fsync,redis?,rabbitmq?,nats?",
            100_000,
            1,
            1,
            "--rate",
            "1000",
            "--jvm",
            Jvm.SMALL_FLAGS,
            "--broker-jvm",
            Jvm.DEFAULT_FLAGS),
    /** What it costs that frames come from many cameras. */
    DISK_STREAMS("broker,broker-disk,broker@64,broker-disk@64", 100_000, 1, 1);

    static final String OPTION = "--preset";

    private static final int ROUNDS = 7;

    private final Map<String, String> options = new LinkedHashMap<>();

    /**
     * @param more names of options and their values in turn
     */
    Preset(String targets, int frameBytes, int batch, int groups, String... more) {
        options.put("--targets", targets);
        options.put("--frame-bytes", Integer.toString(frameBytes));
        options.put("--batch", Integer.toString(batch));
        options.put("--groups", Integer.toString(groups));
        options.put("--rounds", Integer.toString(ROUNDS));
        options.put("--duration", "3s");
        for (int i = 0; i < more.length; i += 2) {
            options.put(more[i], more[i + 1]);
        }
    }

    /** As users write it. */
    String label() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    static Preset of(String label) {
        for (Preset preset : values()) {
            if (preset.label().equals(label)) {
                return preset;
            }
        }
        String known = Arrays.stream(values()).map(Preset::label).collect(Collectors.joining(", "));
        throw new IllegalArgumentException("--preset is '" + label + "'; use one of " + known);
    }

    /** The command line with a preset's options written out behind it; without a known preset, as it is. */
    static String[] expand(String... arguments) {
        List<String> given = List.of(arguments);
        int at = given.indexOf(OPTION);
        if (at < 0 || at + 1 == given.size()) {
            return arguments;
        }
        List<String> expanded = new ArrayList<>(given);
        try {
            of(given.get(at + 1)).options.forEach((name, value) -> {
                if (given.stream().noneMatch(argument -> argument.equals(name) || argument.startsWith(name + "="))) {
                    expanded.addAll(List.of(name, value));
                }
            });
        } catch (IllegalArgumentException e) {
            // The command says so, with its usage.
            return arguments;
        }
        return expanded.toArray(String[]::new);
    }

    /** For the command's help. */
    static final class Labels implements Iterable<String> {
        @Override
        public Iterator<String> iterator() {
            return Arrays.stream(values()).map(Preset::label).iterator();
        }
    }
}
