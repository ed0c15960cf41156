package io.framebroker.loadgen.soak;

import io.framebroker.loadgen.picture.Canvas;
import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Font;
import java.awt.geom.Rectangle2D;
import java.io.IOException;
import java.nio.file.Path;
import java.text.DecimalFormat;
import java.text.DecimalFormatSymbols;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.ToDoubleFunction;
import org.jfree.chart.JFreeChart;
import org.jfree.chart.annotations.XYTitleAnnotation;
import org.jfree.chart.axis.LogAxis;
import org.jfree.chart.axis.NumberAxis;
import org.jfree.chart.axis.NumberTickUnit;
import org.jfree.chart.axis.ValueAxis;
import org.jfree.chart.plot.CombinedDomainXYPlot;
import org.jfree.chart.plot.ValueMarker;
import org.jfree.chart.plot.XYPlot;
import org.jfree.chart.renderer.xy.XYLineAndShapeRenderer;
import org.jfree.chart.title.LegendTitle;
import org.jfree.chart.title.TextTitle;
import org.jfree.chart.ui.RectangleAnchor;
import org.jfree.chart.ui.TextAnchor;
import org.jfree.data.Range;
import org.jfree.data.xy.XYSeries;
import org.jfree.data.xy.XYSeriesCollection;

/** A run as one picture: latency, throughput, cores, memory and disk, one below the other over the same time. */
public final class Picture {
    private static final int WIDTH = 1_100;
    private static final int HEAD_HEIGHT = 95;
    private static final int PANEL_HEIGHT = 190;
    private static final double MIB = 1 << 20;
    /** Room above the lines, as a part of the panel. */
    private static final double LEGEND_MARGIN = 0.25;
    /** The same where the panel is logarithmic. */
    private static final double LEGEND_DECADE = 4;
    /** Below this latency is not told apart; zero has no logarithm. */
    private static final double LEAST_MILLIS = 0.1;

    private static final Color LIMIT = new Color(0xc0392b);
    private static final Color GRID = new Color(0xdddddd);
    private static final List<Color> COLORS = List.of(
            new Color(0x1f77b4),
            new Color(0xe67e22),
            new Color(0x2e8b57),
            new Color(0x8e44ad),
            new Color(0x7f6000),
            new Color(0x666666));

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
        CombinedDomainXYPlot all = panels();
        JFreeChart chart = new JFreeChart(title, new Font(Font.SANS_SERIF, Font.BOLD, 16), all, false);
        chart.setBackgroundPaint(Color.WHITE);
        chart.addSubtitle(new TextTitle(
                String.format(Locale.ROOT, "%d s measured; a point is the second before it", Math.round(last().at()))));
        int height = HEAD_HEIGHT + PANEL_HEIGHT * all.getSubplots().size();
        new Canvas(WIDTH, height)
                .write(file, graphics -> chart.draw(graphics, new Rectangle2D.Double(0, 0, WIDTH, height)));
    }

    private CombinedDomainXYPlot panels() {
        NumberAxis time = new NumberAxis("time, s");
        time.setStandardTickUnits(NumberAxis.createIntegerTickUnits());
        time.setRange(new Range(0, Math.max(1, last().at())));
        CombinedDomainXYPlot all = new CombinedDomainXYPlot(time);
        all.setGap(14);

        XYSeriesCollection latency = new XYSeriesCollection();
        add(latency, "latency p50", second -> atLeast(second.latency().p50()));
        add(latency, "p99", second -> atLeast(second.latency().p99()));
        add(latency, "slowest", second -> atLeast(second.latency().max()));
        XYPlot latencies = panel(latency, decades("latency, ms"));
        latencies.setRangeMinorGridlinesVisible(true);
        all.add(latencies);

        XYSeriesCollection frames = new XYSeriesCollection();
        add(frames, "published", Second::publishedPerSecond);
        add(frames, "delivered", Second::deliveredPerSecond);
        all.add(panel(frames, fromZero("frames / s")));

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
        all.add(panel(cores, fromZero("cores busy")));
        if (memory.getSeriesCount() > 0) {
            all.add(panel(memory, fromZero("memory, MiB")));
        }
        if (last().disk().bytes() > 0) {
            all.add(disk());
        }
        return all;
    }

    private XYPlot disk() {
        XYSeriesCollection bytes = new XYSeriesCollection();
        add(bytes, "disk", second -> second.disk().bytes() / MIB);
        NumberAxis axis = fromZero("disk, MiB");
        XYPlot panel = panel(bytes, axis);
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
            axis.setRange(0, Math.max(limit, most) * (1 + LEGEND_MARGIN));
        }
        return panel;
    }

    private void add(XYSeriesCollection to, String name, ToDoubleFunction<Second> of) {
        XYSeries series = new XYSeries(name);
        seconds.forEach(second -> series.add(second.at(), of.applyAsDouble(second)));
        to.addSeries(series);
    }

    private static XYPlot panel(XYSeriesCollection lines, ValueAxis axis) {
        XYLineAndShapeRenderer renderer = new XYLineAndShapeRenderer(true, false);
        renderer.setDrawSeriesLineAsPath(true);
        for (int i = 0; i < lines.getSeriesCount(); i++) {
            renderer.setSeriesPaint(i, COLORS.get(i % COLORS.size()));
            renderer.setSeriesStroke(i, new BasicStroke(1.3f));
        }
        XYPlot panel = new XYPlot(lines, null, axis, renderer);
        panel.setBackgroundPaint(Color.WHITE);
        panel.setDomainGridlinePaint(GRID);
        panel.setRangeGridlinePaint(GRID);
        panel.setRangeMinorGridlinePaint(GRID);
        panel.addAnnotation(legend(panel));
        return panel;
    }

    /** Inside the panel: one for all would have to say which panel a line is in. */
    private static XYTitleAnnotation legend(XYPlot panel) {
        LegendTitle legend = new LegendTitle(panel);
        legend.setBackgroundPaint(new Color(0xff, 0xff, 0xff, 0xd0));
        return new XYTitleAnnotation(0.995, 0.98, legend, RectangleAnchor.TOP_RIGHT);
    }

    private static NumberAxis fromZero(String label) {
        NumberAxis axis = new NumberAxis(label);
        axis.setAutoRangeIncludesZero(true);
        axis.setUpperMargin(LEGEND_MARGIN);
        return axis;
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
        double floor = Math.floor(Math.log10(lowest));
        double ceiling = Math.max(floor + 1, Math.ceil(Math.log10(highest)));
        LogAxis axis = new LogAxis(label);
        axis.setRange(Math.pow(10, floor), LEGEND_DECADE * Math.pow(10, ceiling));
        axis.setTickUnit(new NumberTickUnit(1));
        axis.setNumberFormatOverride(new DecimalFormat("0.##", DecimalFormatSymbols.getInstance(Locale.ROOT)));
        axis.setMinorTickCount(9);
        return axis;
    }

    private static double atLeast(double millis) {
        return Double.isNaN(millis) ? millis : Math.max(LEAST_MILLIS, millis);
    }

    private Second last() {
        return seconds.get(seconds.size() - 1);
    }
}
