package io.framebroker.loadgen.report;

import io.framebroker.loadgen.role.Measurement;
import io.framebroker.loadgen.targets.Side;
import java.util.function.ToDoubleFunction;

/**
 * A comparison of targets that store frames, for people. What counts is a frame that every group has settled; beside it
 * stands what went in and what came out in all, and the processor time of every process on the way, a peer's server too.
 */
public final class PeerTables {
    private final Comparison comparison;

    private PeerTables(Comparison comparison) {
        this.comparison = comparison;
    }

    public static String of(Comparison comparison) {
        PeerTables tables = new PeerTables(comparison);
        return tables.figures() + "\n" + tables.costs() + "\n" + comparison.memory() + "\n" + comparison.ratios() + "\n"
                + tables.leftOut() + tables.disturbance();
    }

    private Table figures() {
        Table table = new Table(
                "target",
                "settled by all, frames/s",
                "published/s",
                "delivered in all/s",
                "MB/s in all",
                "p50 ms",
                "p99 ms",
                "p99.9 ms");
        for (Side side : comparison.sides()) {
            table.row(
                    side.label(),
                    Comparison.range(comparison.spread(side, Measurement::settledPerSecond)),
                    Figures.whole(median(side, Measurement::publishedPerSecond)),
                    Figures.whole(median(side, Measurement::deliveredPerSecond)),
                    Figures.whole(median(side, Measurement::megabytesPerSecond)),
                    latency(side, 50),
                    latency(side, 99),
                    latency(side, 99.9));
        }
        return table;
    }

    private Table costs() {
        Table table = new Table(
                "CPU-s per 1 000 frames", "publisher", "middle", "server", "consumer", "all", "AOF bytes a frame");
        for (Side side : comparison.sides()) {
            table.row(
                    side.label(),
                    cpu(side, "publisher"),
                    cpu(side, side.target().label()),
                    cpu(side, side.target().server()),
                    cpu(side, "consumer"),
                    Figures.significant(median(side, Measurement::cpuPerThousand)),
                    Figures.whole(side.target().appends() ? median(side, Measurement::aofBytesPerFrame) : Double.NaN));
        }
        return table;
    }

    /** Of targets that may leave frames out. */
    private String leftOut() {
        StringBuilder lines = new StringBuilder();
        for (Side side : comparison.sides()) {
            if (side.target().leavesOut()) {
                double frames = comparison.spread(side, Measurement::leftOut).max();
                lines.append(side.label())
                        .append(": ")
                        .append(Figures.whole(frames))
                        .append(" frames left out for newer ones, since the run began\n");
            }
        }
        return lines.toString();
    }

    /** Where this is not near 0, the ratios are those of a machine that does other things. */
    private String disturbance() {
        StringBuilder line = new StringBuilder("cores kept busy by others:");
        String separator = " ";
        for (Side side : comparison.sides()) {
            Spread others = comparison.spread(side, m -> m.to().otherCores(m.from()));
            line.append(separator)
                    .append(side.label())
                    .append(' ')
                    .append(Figures.decimals(others.median(), 2))
                    .append(" [")
                    .append(Figures.decimals(others.min(), 2))
                    .append(" - ")
                    .append(Figures.decimals(others.max(), 2))
                    .append(']');
            separator = ", ";
        }
        return line.append('\n').toString();
    }

    private String latency(Side side, double percentile) {
        return Figures.millis(median(side, m -> m.latencyMillis(percentile)));
    }

    private String cpu(Side side, String process) {
        return Figures.significant(median(side, m -> m.cpuPerThousand(process)));
    }

    private double median(Side side, ToDoubleFunction<Measurement> figure) {
        return comparison.spread(side, figure).median();
    }
}
