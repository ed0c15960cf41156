package io.framebroker.loadgen.soak;

import io.framebroker.loadgen.role.Memory;
import io.framebroker.loadgen.role.Sample;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;

/**
 * Listens to a rig, and writes down every measured second. What the warm-up was like is passed over. Used by the rig's
 * thread.
 */
public final class Recorder implements BiConsumer<Sample, Sample>, AutoCloseable {
    private final Map<String, ProcessHandle> processes;
    private final long warmupNanos;
    private final Path folder;
    private final long limitBytes;
    private final SecondsFile file;
    private final List<Second> seconds = new ArrayList<>();
    private long firstNanos;
    private boolean began;

    /**
     * @param processes whose memory is told
     * @param folder the broker's data; null for none
     * @param limitBytes what the folder may take; 0 for no limit
     * @param file closed with this; null for none
     */
    public Recorder(
            Map<String, ProcessHandle> processes, Duration warmup, Path folder, long limitBytes, SecondsFile file) {
        this.processes = processes;
        this.warmupNanos = warmup.toNanos();
        this.folder = folder;
        this.limitBytes = limitBytes;
        this.file = file;
    }

    @Override
    public void accept(Sample before, Sample now) {
        if (!began) {
            began = true;
            firstNanos = before.consumerNanos() + warmupNanos;
        }
        // The last look of the warm-up may come a moment before its end.
        if (before.consumerNanos() - firstNanos < 0) {
            return;
        }
        Map<String, Memory> memory = new LinkedHashMap<>();
        now.costs()
                .cpu()
                .keySet()
                .forEach(name -> memory.put(
                        name, processes.containsKey(name) ? Memory.of(processes.get(name)) : Memory.UNKNOWN));
        Second.Disk disk = folder == null ? Second.Disk.NONE : new Second.Disk(Folder.bytes(folder), limitBytes);
        double at = (now.consumerNanos() - firstNanos) / 1e9;
        Second second = Second.between(at, before, now, disk, memory);
        seconds.add(second);
        if (file != null) {
            file.write(second);
        }
    }

    public List<Second> seconds() {
        return List.copyOf(seconds);
    }

    @Override
    public void close() {
        if (file != null) {
            file.close();
        }
    }
}
