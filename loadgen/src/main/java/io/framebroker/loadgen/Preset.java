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
import java.util.stream.Stream;

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
    DISK_STREAMS("broker,broker-disk,broker@64,broker-disk@64", 100_000, 1, 1),
    /** The cells of the matrix of goals, from here on: large frames in memory, beside what keeps them no safer, or safer. */
    GOALS_100K(
            "relay,broker,redis?,redis-noaof?,nats?,rabbitmq?",
            100_000,
            1,
            1,
            "broker/relay>=0.9,broker/redis>=2,broker/nats>=2,broker/rabbitmq>=2,broker/redis-noaof>=1.3",
            List.of()),
    GOALS_100K_REDIS("redis,broker-redis", 100_000, 1, 1, "broker-redis/redis>=1.25", List.of()),
    GOALS_100K_REDIS_X4(
            "redis,broker-redis,nats?", 100_000, 1, 4, "broker-redis/redis>=1.3,broker-redis/nats>=1", List.of()),
    /** Small frames. */
    GOALS_184("relay,broker", 184, 64, 1, "broker/relay>=0.4,fps(broker)>=1392000", List.of()),
    GOALS_184_REDIS(
            "redis,redis-batch,broker-redis",
            184,
            64,
            1,
            "broker-redis/redis>=6,broker-redis/redis-batch>=1",
            List.of()),
    /** Pixels of 1920 x 1080, three bytes each: as many on their way as fit the limits in bytes and the heaps. */
    GOALS_6M(
            "relay,broker,nats?,rabbitmq?,redis?,broker-redis?",
            6_220_800,
            1,
            1,
            "broker/relay>=0.9,broker/nats>=1.5,broker/rabbitmq>=1.5,broker/redis>=1.5,broker-redis/redis>=1",
            List.of("--in-flight", "16", "--window", "16", "--backlog-frames", "32", "--retention-frames", "8")),
    /** How late frames are that come at fixed times, and what they cost. */
    GOALS_PACED_100K(
            "relay,redis,broker-redis,broker-redis-early,broker-redis-latest",
            100_000,
            1,
            1,
            "p99(broker-redis)/p99(redis)<1,p99(broker-redis-early)<3,p99(broker-redis-latest)<3,"
                    + "fps(broker-redis-latest)>=900,cores(broker-redis)<0.3,cores(broker-redis-early)<0.3,"
                    + "cores(broker-redis-latest)<0.3",
            List.of("--rate", "1000")),
    GOALS_PACED_184("relay,redis,broker-redis", 184, 1, 1, "cores(broker-redis)<0.2", List.of("--rate", "1000"));

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

    /**
     * A cell of the matrix of goals. Many JVMs run side by side, so their heaps are small, but for the broker's.
     *
     * @param goals in the words of {@code --goal}
     * @param more names of options and their values in turn
     */
    Preset(String targets, int frameBytes, int batch, int groups, String goals, List<String> more) {
        this(
                targets,
                frameBytes,
                batch,
                groups,
                Stream.concat(
                                Stream.of(
                                        "--goal",
                                        goals,
                                        "--warmup",
                                        "40s",
                                        "--jvm",
                                        Jvm.SMALL_FLAGS,
                                        "--broker-jvm",
                                        Jvm.DEFAULT_FLAGS),
                                more.stream())
                        .toArray(String[]::new));
    }

    /** Whether it is a cell of the matrix of goals. */
    boolean hasGoals() {
        return options.containsKey("--goal");
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
        List<String> given = Arrays.stream(arguments)
                .flatMap(each -> each.startsWith(OPTION + "=")
                        ? Stream.of(OPTION, each.substring(OPTION.length() + 1))
                        : Stream.of(each))
                .toList();
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
