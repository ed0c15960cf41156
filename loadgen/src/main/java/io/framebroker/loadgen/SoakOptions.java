package io.framebroker.loadgen;

import io.framebroker.loadgen.role.Rig;
import io.framebroker.loadgen.role.Room;
import io.framebroker.loadgen.role.RunFailure;
import io.framebroker.loadgen.soak.Flatness;
import io.framebroker.loadgen.soak.Picture;
import io.framebroker.loadgen.soak.Recorder;
import io.framebroker.loadgen.soak.Second;
import io.framebroker.loadgen.soak.SecondsFile;
import io.framebroker.loadgen.targets.Target;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** What a long run is to leave behind. */
final class SoakOptions {
    /** A file system that is full to the brim would fail others first. */
    private static final long LEAST_LEFT_BYTES = 1L << 30;

    @Option(
            names = "--disk-limit",
            paramLabel = "SIZE",
            converter = Sizes.class,
            description =
                    "Most bytes that broker-disk and broker-disk-fsync may use, as the broker's own --disk-limit; 1G"
                            + " for instance (default: the broker's own, 8G).")
    private Long limit;

    @Option(
            names = "--samples",
            paramLabel = "FILE.csv",
            description = "Write a line for each measured second there: frames, latency, memory, processors, disk.")
    private Path samples;

    @Option(
            names = "--plot",
            paramLabel = "FILE",
            converter = Pictures.class,
            description = "Draw them there; .svg or .png.")
    private Path picture;

    @Mixin
    private FlatOptions flat;

    /** Whether seconds are written down at all. */
    boolean wanted() {
        return samples != null || picture != null || flat.required();
    }

    /** What a broker with a disk store is told about it. */
    List<String> brokerArguments(Target target) {
        return limit == null || !target.isBrokerOnDisk()
                ? List.of()
                : List.of("--disk-limit", Long.toString(limitBytes()));
    }

    /**
     * Looks whether there is room for all that it may use.
     *
     * @throws IllegalArgumentException for a target that uses no disk of its own
     */
    void requireRoom(Target target, Path folder) {
        if (limit == null) {
            return;
        }
        if (!target.isBrokerOnDisk()) {
            throw new IllegalArgumentException(
                    "--disk-limit is for targets broker-disk and broker-disk-fsync, not " + target);
        }
        Room.disk(folder, limitBytes() + LEAST_LEFT_BYTES, "the limit of the disk store and 1 GB; say --disk-limit");
    }

    private long limitBytes() {
        return limit == null ? 8L << 30 : limit;
    }

    /** Writes down the seconds of a rig. */
    Recorder recorder(Rig rig, Duration warmup) {
        SecondsFile file = samples == null ? null : SecondsFile.create(samples);
        Path folder = rig.dataFolder();
        return new Recorder(rig.processes(), warmup, folder, folder == null ? 0 : limitBytes(), file);
    }

    /** Draws them and judges them. */
    Flatness finish(String title, List<Second> seconds) throws IOException {
        if (picture != null) {
            if (seconds.isEmpty()) {
                throw new RunFailure("there is no whole second to draw; make --duration longer");
            }
            new Picture(title, seconds).write(picture);
        }
        return flat.judge(seconds);
    }

    /** Fails when it was to be flat and is not. */
    void check(Flatness flatness) {
        flat.check(flatness);
    }
}
