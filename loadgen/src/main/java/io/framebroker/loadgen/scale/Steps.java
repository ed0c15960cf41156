package io.framebroker.loadgen.scale;

import io.framebroker.loadgen.picture.Panels;
import io.framebroker.loadgen.report.Figures;
import io.framebroker.loadgen.report.Table;
import java.io.IOException;
import java.nio.file.Path;
import java.text.DecimalFormat;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.ToDoubleFunction;
import org.jfree.chart.axis.NumberAxis;
import org.jfree.chart.plot.XYPlot;
import org.jfree.data.Range;
import org.jfree.data.general.DatasetUtils;
import org.jfree.data.xy.XYSeries;
import org.jfree.data.xy.XYSeriesCollection;

/** The steps of one growth as a table and as a picture: cores, memory and latency over the size. */
public final class Steps {
    private static final double MIB = 1 << 20;

    /** Room beside the first and the last mark, as a part of the greatest size. */
    private static final double MARGIN = 0.02;

    /** Below this latency is not told apart; zero has no logarithm. */
    private static final double LEAST_MILLIS = 0.01;

    private final Growth growth;
    private final String title;
    private final List<Step> steps;

    /** The title says what flowed; there is one step at least. */
    public Steps(Growth growth, String title, List<Step> steps) {
        if (steps.isEmpty()) {
            throw new IllegalArgumentException("there is no step to tell of");
        }
        this.growth = growth;
        this.title = title;
        this.steps = List.copyOf(steps);
    }

    /** Draws them, as SVG or PNG by the file's name. */
    public void write(Path file) throws IOException {
        NumberAxis sizes = new NumberAxis(growth.unit());
        sizes.setStandardTickUnits(NumberAxis.createIntegerTickUnits());
        sizes.setNumberFormatOverride(new DecimalFormat("0"));
        double most = Math.max(1, greatest(Step::size));
        sizes.setRange(new Range(-MARGIN * most, (1 + MARGIN) * most));
        Panels chart = new Panels(title, "measured at each mark; every frame checked: none lost, none twice", sizes);
        chart.add(cores());
        chart.add(memory());
        chart.add(latency());
        chart.write(file);
    }

    private XYPlot cores() {
        XYSeriesCollection lines = new XYSeriesCollection();
        for (String process : processes()) {
            add(lines, process, step -> step.cores(process));
        }
        return Panels.marked(lines, Panels.fromZero("cores busy"));
    }

    /** In powers of ten: what streams take is little beside the heap. */
    private XYPlot memory() {
        XYSeriesCollection lines = new XYSeriesCollection();
        add(lines, "broker resident", step -> mebibytes(step.broker().residentBytes()));
        if (steps.get(0).measurement().target().isBrokerOnDisk()) {
            // What is mapped of its files counts as resident and may be thrown out at any time.
            add(lines, "broker without files", step -> mebibytes(step.broker().anonymousBytes()));
        }
        if (steps.stream().noneMatch(step -> Double.isNaN(step.liveHeapBytes()))) {
            add(lines, "objects on its heap", step -> mebibytes(step.liveHeapBytes()));
        }
        add(lines, "frames kept", step -> mebibytes(step.memory().frameBytes()));
        return decades(lines, "memory, MiB");
    }

    private XYPlot latency() {
        XYSeriesCollection lines = new XYSeriesCollection();
        for (double percentile : new double[] {50, 99, 99.9}) {
            String name = "p" + Figures.decimals(percentile, percentile % 1 == 0 ? 0 : 1);
            add(lines, name, step -> Math.max(LEAST_MILLIS, step.measurement().latencyMillis(percentile)));
        }
        return decades(lines, "latency, ms");
    }

    /** Zero has no logarithm; less than one is not told apart. */
    private static double mebibytes(double bytes) {
        return Math.max(1, bytes / MIB);
    }

    private static XYPlot decades(XYSeriesCollection lines, String label) {
        Range range = DatasetUtils.findRangeBounds(lines);
        XYPlot panel = Panels.marked(lines, Panels.decades(label, range.getLowerBound(), range.getUpperBound()));
        panel.setRangeMinorGridlinesVisible(true);
        return panel;
    }

    private void add(XYSeriesCollection to, String name, ToDoubleFunction<Step> of) {
        XYSeries series = new XYSeries(name);
        steps.forEach(step -> series.add(step.size(), of.applyAsDouble(step)));
        to.addSeries(series);
    }

    private double greatest(ToDoubleFunction<Step> of) {
        return steps.stream().mapToDouble(of).max().orElseThrow();
    }

    /** Ours and a server's, by name. */
    private Set<String> processes() {
        Set<String> names = new TreeSet<>();
        steps.forEach(step -> names.addAll(step.measurement().cpuSeconds().keySet()));
        return names;
    }

    /** One line a step. */
    @Override
    public String toString() {
        Set<String> processes = processes();
        List<String> heads =
                new ArrayList<>(List.of(growth.unit(), "published/s", "settled/s", "p50 ms", "p99 ms", "p99.9 ms"));
        processes.forEach(process -> heads.add(process + ", cores"));
        heads.addAll(List.of("broker CPU-s/1 000", "resident MiB", "heap MiB", "frames MiB", "others, cores"));
        Table table = new Table(heads.toArray(String[]::new));
        for (Step step : steps) {
            table.row(row(step, processes));
        }
        return table.toString();
    }

    private static String[] row(Step step, Set<String> processes) {
        List<String> cells = new ArrayList<>(List.of(
                Integer.toString(step.size()),
                Figures.whole(step.measurement().publishedPerSecond()),
                Figures.whole(step.measurement().settledPerSecond()),
                Figures.millis(step.measurement().latencyMillis(50)),
                Figures.millis(step.measurement().latencyMillis(99)),
                Figures.millis(step.measurement().latencyMillis(99.9))));
        processes.forEach(process -> cells.add(Figures.decimals(step.cores(process), 2)));
        cells.add(Figures.significant(
                step.measurement().cpuPerThousand(step.measurement().target().label())));
        cells.add(Figures.whole(step.broker().residentBytes() / MIB));
        cells.add(Figures.whole(step.liveHeapBytes() / MIB));
        cells.add(Figures.whole(step.memory().frameBytes() / MIB));
        cells.add(Figures.decimals(
                step.measurement().to().otherCores(step.measurement().from()), 2));
        return cells.toArray(String[]::new);
    }
}
