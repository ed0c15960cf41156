package io.framebroker.loadgen.report;

import io.framebroker.loadgen.load.Workload;
import io.framebroker.loadgen.role.Sample;
import io.framebroker.loadgen.targets.Side;
import java.io.PrintStream;
import java.util.function.BiConsumer;

/** A line a second, so that nobody waits for the end to see that nothing flows. */
public final class Progress implements BiConsumer<Sample, Sample> {
    private final String label;
    private final Workload workload;
    private final PrintStream out;
    private final long startNanos = System.nanoTime();

    /** Prefix of the line, for instance the round; may be empty. */
    public Progress(String prefix, Side side, Workload workload, PrintStream out) {
        this.label = prefix + side.label();
        this.workload = workload;
        this.out = out;
    }

    @Override
    public void accept(Sample before, Sample now) {
        out.println(line(Math.round((System.nanoTime() - startNanos) / 1e9), before, now));
    }

    String line(long seconds, Sample before, Sample now) {
        double delivered = now.deliveredPerSecond(before);
        // With several members a later frame may just have overtaken an earlier one.
        String missing = workload.consumers() == 1 ? "lost" : "missing";
        return String.format("[%3ds] %s", seconds, label)
                + "  pub " + Figures.whole(now.sentPerSecond(before)) + " fps"
                + "  con " + Figures.whole(delivered) + " fps"
                + "  " + Figures.whole(delivered * workload.frameBytes() / 1e6) + " MB/s"
                + "  p99 " + Figures.millis(now.latency().p99Millis()) + " ms"
                + "  " + missing + " " + now.missing();
    }
}
