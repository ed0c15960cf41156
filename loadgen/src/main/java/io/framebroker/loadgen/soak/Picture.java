package io.framebroker.loadgen.soak;

import io.framebroker.loadgen.picture.Panels;
import java.awt.BasicStroke;
import java.awt.Color;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.ToDoubleFunction;
import org.jfree.chart.axis.LogAxis;
import org.jfree.chart.axis.NumberAxis;
import org.jfree.chart.plot.ValueMarker;
import org.jfree.chart.plot.XYPlot;
import org.jfree.chart.ui.RectangleAnchor;
import org.jfree.chart.ui.TextAnchor;
import org.jfree.data.Range;
import org.jfree.data.xy.XYSeries;
import org.jfree.data.xy.XYSeriesCollection;

/** A run as one picture: latency, throughput, cores, memory and disk, one below the other over the same time. */
public final class Picture {
    private static final double MIB = 1 << 20;
    /** Below this latency is not told apart; zero has no logarithm. */
    private static final double LEAST_MILLIS = 0.1;

    private static final Color LIMIT = new Color(0xc0392b);

    private final List<Second> seconds;
    private final String title;

    /** The title says what was run. */
    public Picture(String title, List<Second> seconds) {
        this.title = title;
        this.seconds = seconds;
    }

    /**
     * Draws it.
     *
     * @throws IllegalArgumentException when there is nothing to draw
     */
    public void write(Path file) throws IOException {
        if (seconds.isEmpty()) {
            throw new IllegalArgumentException("there is no second to draw");
        }
        chart().write(file);
    }

    private Panels chart() {
        NumberAxis time = new NumberAxis("time, s");
        time.setStandardTickUnits(NumberAxis.createIntegerTickUnits());
        time.setRange(new Range(0, Math.max(1, last().at())));
        Panels all = new Panels(
                title,
                String.format(Locale.ROOT, "%d s measured; a point is the second before it", Math.round(last().at())),
                time);

        XYSeriesCollection latency = new XYSeriesCollection();
        add(latency, "latency p50", second -> atLeast(second.latency().p50()));
        add(latency, "p99", second -> atLeast(second.latency().p99()));
        add(latency, "slowest", second -> atLeast(second.latency().max()));
        XYPlot latencies = Panels.panel(latency, decades("latency, ms"));
        latencies.setRangeMinorGridlinesVisible(true);
        all.add(latencies);

        XYSeriesCollection frames = new XYSeriesCollection();
        add(frames, "published", Second::publishedPerSecond);
        add(frames, "delivered", Second::deliveredPerSecond);
        all.add(Panels.panel(frames, Panels.fromZero("frames / s")));

        Set<String> processes = new TreeSet<>(last().processes().keySet());
        XYSeriesCollection cores = new XYSeriesCollection();
        XYSeriesCollection memory = new XYSeriesCollection();
        for (String process : processes) {
            add(cores, process, second -> second.processes().get(process).cores());
            if (last().processes().get(process).residentBytes() > 0) {
                add(
                        memory,
                        process + " resident",
                        second -> second.processes().get(process).residentBytes() / MIB);
                add(
                        memory,
                        process + " without files",
                        second -> second.processes().get(process).anonymousBytes() / MIB);
            }
        }
        add(cores, "others", Second::otherCores);
        all.add(Panels.panel(cores, Panels.fromZero("cores busy")));
        if (memory.getSeriesCount() > 0) {
            all.add(Panels.panel(memory, Panels.fromZero("memory, MiB")));
        }
        if (last().disk().bytes() > 0) {
            all.add(disk());
        }
        return all;
    }

    private XYPlot disk() {
        XYSeriesCollection bytes = new XYSeriesCollection();
        add(bytes, "disk", second -> second.disk().bytes() / MIB);
        NumberAxis axis = Panels.fromZero("disk, MiB");
        XYPlot panel = Panels.panel(bytes, axis);
        double limit = last().disk().limitBytes() / MIB;
        if (limit > 0) {
            ValueMarker marker = new ValueMarker(limit, LIMIT, new BasicStroke(1.5f));
            marker.setLabel(String.format(Locale.ROOT, "limit %.0f MiB", limit));
            marker.setLabelPaint(LIMIT);
            marker.setLabelBackgroundColor(Color.WHITE);
            marker.setLabelAnchor(RectangleAnchor.TOP_LEFT);
            marker.setLabelTextAnchor(TextAnchor.BOTTOM_LEFT);
            panel.addRangeMarker(marker);
            double most = seconds.stream()
                    .mapToDouble(second -> second.disk().bytes() / MIB)
                    .max()
                    .orElse(0);
            axis.setRange(0, Math.max(limit, most) * (1 + Panels.LEGEND_MARGIN));
        }
        return panel;
    }

    private void add(XYSeriesCollection to, String name, ToDoubleFunction<Second> of) {
        XYSeries series = new XYSeries(name);
        seconds.forEach(second -> series.add(second.at(), of.applyAsDouble(second)));
        to.addSeries(series);
    }

    /** From 0.1 ms or more, in whole powers of ten to where the slowest frame fits, and the legend above it. */
    LogAxis decades(String label) {
        double lowest = 1;
        double highest = 1;
        for (Second second : seconds) {
            if (!Double.isNaN(second.latency().p50())) {
                lowest = Math.min(lowest, atLeast(second.latency().p50()));
                highest = Math.max(highest, second.latency().max());
            }
        }
        return Panels.decades(label, lowest, highest);
    }

    private static double atLeast(double millis) {
        return Double.isNaN(millis) ? millis : Math.max(LEAST_MILLIS, millis);
    }

    private Second last() {
        return seconds.get(seconds.size() - 1);
    }
}
