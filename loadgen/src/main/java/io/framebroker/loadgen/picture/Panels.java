package io.framebroker.loadgen.picture;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Font;
import java.awt.Shape;
import java.awt.geom.Ellipse2D;
import java.awt.geom.Rectangle2D;
import java.io.IOException;
import java.nio.file.Path;
import java.text.DecimalFormat;
import java.text.DecimalFormatSymbols;
import java.util.List;
import java.util.Locale;
import org.jfree.chart.JFreeChart;
import org.jfree.chart.annotations.XYTitleAnnotation;
import org.jfree.chart.axis.LogAxis;
import org.jfree.chart.axis.NumberAxis;
import org.jfree.chart.axis.NumberTickUnit;
import org.jfree.chart.axis.ValueAxis;
import org.jfree.chart.plot.CombinedDomainXYPlot;
import org.jfree.chart.plot.XYPlot;
import org.jfree.chart.renderer.xy.XYLineAndShapeRenderer;
import org.jfree.chart.title.LegendTitle;
import org.jfree.chart.title.TextTitle;
import org.jfree.chart.ui.RectangleAnchor;
import org.jfree.data.xy.XYSeriesCollection;

/** Panels of lines, one below the other over the same axis, all in one style. */
public final class Panels {
    public static final List<Color> COLORS = List.of(
            new Color(0x1f77b4),
            new Color(0xe67e22),
            new Color(0x2e8b57),
            new Color(0x8e44ad),
            new Color(0x7f6000),
            new Color(0x666666));

    /** Room above the lines, as a part of the panel. */
    public static final double LEGEND_MARGIN = 0.25;

    /** The same where the panel is logarithmic. */
    private static final double LEGEND_DECADE = 4;

    private static final int WIDTH = 1_100;
    private static final int HEAD_HEIGHT = 95;
    private static final int PANEL_HEIGHT = 190;
    private static final Shape MARK = new Ellipse2D.Double(-3, -3, 6, 6);
    private static final Color GRID = new Color(0xdddddd);

    private final String title;
    private final String subtitle;
    private final CombinedDomainXYPlot panels;

    /** The title says what was run, the line below it how it is to be read. */
    public Panels(String title, String subtitle, ValueAxis shared) {
        this.title = title;
        this.subtitle = subtitle;
        this.panels = new CombinedDomainXYPlot(shared);
        panels.setGap(14);
    }

    /** Adds a panel below the others. */
    public void add(XYPlot panel) {
        panels.add(panel);
    }

    /** Draws it, as SVG or PNG, whichever the file's name says. */
    public void write(Path file) throws IOException {
        JFreeChart chart = new JFreeChart(title, new Font(Font.SANS_SERIF, Font.BOLD, 16), panels, false);
        chart.setBackgroundPaint(Color.WHITE);
        chart.addSubtitle(new TextTitle(subtitle));
        int height = HEAD_HEIGHT + PANEL_HEIGHT * panels.getSubplots().size();
        new Canvas(WIDTH, height)
                .write(file, graphics -> chart.draw(graphics, new Rectangle2D.Double(0, 0, WIDTH, height)));
    }

    /** A panel of lines, each in a color of its own, with their names in its corner. */
    public static XYPlot panel(XYSeriesCollection lines, ValueAxis axis) {
        XYLineAndShapeRenderer renderer = new XYLineAndShapeRenderer(true, false);
        renderer.setDrawSeriesLineAsPath(true);
        for (int i = 0; i < lines.getSeriesCount(); i++) {
            renderer.setSeriesPaint(i, COLORS.get(i % COLORS.size()));
            renderer.setSeriesStroke(i, new BasicStroke(1.3f));
        }
        return panel(lines, axis, renderer, RectangleAnchor.TOP_RIGHT);
    }

    /** The same with a mark at each point, for figures of which there are few. They grow to the right, so names are on the left. */
    public static XYPlot marked(XYSeriesCollection lines, ValueAxis axis) {
        XYLineAndShapeRenderer renderer = new XYLineAndShapeRenderer(true, true);
        for (int i = 0; i < lines.getSeriesCount(); i++) {
            renderer.setSeriesPaint(i, COLORS.get(i % COLORS.size()));
            renderer.setSeriesStroke(i, new BasicStroke(1.6f));
            renderer.setSeriesShape(i, MARK);
        }
        return panel(lines, axis, renderer, RectangleAnchor.TOP_LEFT);
    }

    private static XYPlot panel(
            XYSeriesCollection lines, ValueAxis axis, XYLineAndShapeRenderer renderer, RectangleAnchor names) {
        XYPlot panel = new XYPlot(lines, null, axis, renderer);
        panel.setBackgroundPaint(Color.WHITE);
        panel.setDomainGridlinePaint(GRID);
        panel.setRangeGridlinePaint(GRID);
        panel.setRangeMinorGridlinePaint(GRID);
        panel.addAnnotation(legend(panel, names));
        return panel;
    }

    /** Inside the panel: one for all would have to say which panel a line is in. */
    private static XYTitleAnnotation legend(XYPlot panel, RectangleAnchor corner) {
        LegendTitle legend = new LegendTitle(panel);
        legend.setBackgroundPaint(new Color(0xff, 0xff, 0xff, 0xd0));
        return new XYTitleAnnotation(corner == RectangleAnchor.TOP_LEFT ? 0.005 : 0.995, 0.98, legend, corner);
    }

    /** An axis that begins at zero, with room for the names above the lines. */
    public static NumberAxis fromZero(String label) {
        NumberAxis axis = new NumberAxis(label);
        axis.setAutoRangeIncludesZero(true);
        axis.setUpperMargin(LEGEND_MARGIN);
        return axis;
    }

    /** In whole powers of ten around the least and the greatest value, which must be above 0, and the names above them. */
    public static LogAxis decades(String label, double lowest, double highest) {
        double floor = Math.floor(Math.log10(lowest));
        double ceiling = Math.max(floor + 1, Math.ceil(Math.log10(highest)));
        LogAxis axis = new LogAxis(label);
        axis.setRange(Math.pow(10, floor), LEGEND_DECADE * Math.pow(10, ceiling));
        axis.setTickUnit(new NumberTickUnit(1));
        axis.setNumberFormatOverride(new DecimalFormat("0.##", DecimalFormatSymbols.getInstance(Locale.ROOT)));
        axis.setMinorTickCount(9);
        return axis;
    }
}
