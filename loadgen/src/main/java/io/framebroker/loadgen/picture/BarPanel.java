package io.framebroker.loadgen.picture;

import io.framebroker.loadgen.report.Figures;
import io.framebroker.loadgen.report.Results;
import io.framebroker.loadgen.report.Spread;
import io.framebroker.loadgen.targets.Side;
import java.awt.Color;
import java.awt.Font;
import java.awt.Graphics2D;
import java.awt.font.FontRenderContext;
import java.awt.geom.Rectangle2D;
import java.text.DecimalFormat;
import java.text.DecimalFormatSymbols;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;
import org.jfree.chart.JFreeChart;
import org.jfree.chart.axis.AxisLocation;
import org.jfree.chart.axis.CategoryAxis;
import org.jfree.chart.axis.LogAxis;
import org.jfree.chart.axis.NumberAxis;
import org.jfree.chart.axis.NumberTickUnit;
import org.jfree.chart.axis.ValueAxis;
import org.jfree.chart.plot.CategoryPlot;
import org.jfree.chart.plot.PlotOrientation;
import org.jfree.chart.title.TextTitle;
import org.jfree.chart.ui.HorizontalAlignment;
import org.jfree.chart.ui.RectangleInsets;

/** One comparison: its rates from zero, or where frames came at fixed times, its latencies in powers of ten. */
final class BarPanel {
    private static final int HEAD_HEIGHT = 40;
    private static final int FOOT_HEIGHT = 46;
    private static final int BAR_HEIGHT = 16;
    private static final int TARGET_GAP = 12;
    /** What a panel needs beside the names of targets and its bars. */
    private static final int MARGINS = 44;
    /** Of a power of ten, with room beside it. */
    private static final double TICK_WIDTH = 40;

    private static final Font TITLE = new Font(Font.SANS_SERIF, Font.BOLD, 11);
    private static final Font NAMES = new Font(Font.SANS_SERIF, Font.PLAIN, 12);
    private static final Font TICKS = new Font(Font.SANS_SERIF, Font.PLAIN, 10);
    private static final Color GRID = new Color(0xdddddd);
    private static final FontRenderContext MEASURE = new FontRenderContext(null, true, true);

    private final Results results;
    private final List<List<Bar>> bars;

    BarPanel(Results results) {
        this.results = results;
        this.bars = results.work().flatOut()
                ? List.of(bars(Results.Round::framesPerSecond, false, "", ""))
                : List.of(
                        bars(Results.Round::p50Millis, true, "p50 ", " ms"),
                        bars(Results.Round::p99Millis, false, "p99 ", " ms"));
    }

    int height() {
        return HEAD_HEIGHT + FOOT_HEIGHT + plotHeight();
    }

    private int plotHeight() {
        return bars.get(0).size() * (bars.size() * BAR_HEIGHT + TARGET_GAP);
    }

    private List<Bar> bars(ToDoubleFunction<Results.Round> figure, boolean light, String before, String behind) {
        List<Bar> row = new ArrayList<>();
        for (Side side : results.rounds().keySet()) {
            Spread spread = results.spread(side, figure);
            String number = results.work().flatOut() ? Figures.whole(spread.median()) : Figures.millis(spread.median());
            Kind kind = Kind.of(side.target());
            row.add(new Bar(side.label(), spread, before + number + behind, light ? kind.light() : kind.color()));
        }
        return row;
    }

    /** Draws it into a rectangle of its {@link #height}. */
    void draw(Graphics2D graphics, int x, int y, int width) {
        ValueAxis values = results.work().flatOut() ? rates(width) : latencies(width);
        double thickness = (double) BAR_HEIGHT / plotHeight();
        WhiskerBars renderer = new WhiskerBars(bars, values.getRange().getLowerBound(), thickness);
        CategoryAxis names = new CategoryAxis();
        names.setTickLabelFont(NAMES);
        names.setMaximumCategoryLabelWidthRatio(1);
        double gap = (double) TARGET_GAP / plotHeight();
        names.setLowerMargin(gap / 2);
        names.setUpperMargin(gap / 2);
        names.setCategoryMargin((bars.get(0).size() - 1) * gap);
        values.setTickLabelFont(TICKS);
        values.setLabelFont(TICKS);

        CategoryPlot plot = new CategoryPlot(renderer.dataset(), names, values, renderer);
        plot.setOrientation(PlotOrientation.HORIZONTAL);
        plot.setRangeAxisLocation(AxisLocation.BOTTOM_OR_LEFT);
        plot.setBackgroundPaint(Color.WHITE);
        plot.setOutlineVisible(false);
        plot.setInsets(new RectangleInsets(4, 4, 4, 16));
        plot.setRangeGridlinePaint(GRID);
        JFreeChart chart = new JFreeChart(null, TITLE, plot, false);
        TextTitle title = new TextTitle(results.work().toString(), TITLE);
        title.setHorizontalAlignment(HorizontalAlignment.LEFT);
        title.setTextAlignment(HorizontalAlignment.LEFT);
        title.setPadding(new RectangleInsets(2, 4, 4, 2));
        chart.setTitle(title);
        chart.setBackgroundPaint(Color.WHITE);
        chart.setPadding(new RectangleInsets(0, 4, 0, 2));
        chart.draw(graphics, new Rectangle2D.Double(x, y, width, height()));
    }

    private ValueAxis rates(int width) {
        NumberAxis axis = new NumberAxis(results.rateName());
        axis.setNumberFormatOverride(numbers("#,##0"));
        axis.setRange(0, most() * stretch(width));
        return axis;
    }

    private ValueAxis latencies(int width) {
        LogAxis axis = new LogAxis("latency, ms");
        double floor = Math.floor(Math.log10(least() * 0.999));
        double decades = Math.log10(most()) - floor;
        // Or its first power of ten may be beside it by a rounding error, and unnamed.
        axis.setRange(0.999 * Math.pow(10, floor), Math.pow(10, floor + decades * stretch(width)));
        double most = Math.log10(axis.getRange().getUpperBound()) - floor;
        axis.setTickUnit(new NumberTickUnit(Math.ceil(most * TICK_WIDTH / (width - MARGINS - names()))));
        axis.setNumberFormatOverride(numbers("#,##0.###"));
        return axis;
    }

    private static DecimalFormat numbers(String pattern) {
        DecimalFormatSymbols symbols = DecimalFormatSymbols.getInstance(Locale.ROOT);
        symbols.setGroupingSeparator(' ');
        return new DecimalFormat(pattern, symbols);
    }

    /** How much longer than the longest bar the axis is, so that the longest number has room behind it. */
    private double stretch(int width) {
        double room = width - MARGINS - names();
        double left = room - widest(WhiskerBars.NUMBERS, Bar::number) - 2 * WhiskerBars.NUMBER_GAP;
        return room / Math.max(left, room / 4);
    }

    /** Of the names of targets. */
    private double names() {
        return widest(NAMES, Bar::name);
    }

    private double widest(Font font, Function<Bar, String> text) {
        return bars.stream()
                .flatMap(List::stream)
                .mapToDouble(
                        bar -> font.getStringBounds(text.apply(bar), MEASURE).getWidth())
                .max()
                .orElse(0);
    }

    private double most() {
        return bars.stream()
                .flatMap(List::stream)
                .mapToDouble(bar -> bar.spread().max())
                .filter(value -> value > 0)
                .max()
                .orElse(1);
    }

    private double least() {
        return bars.stream()
                .flatMap(List::stream)
                .mapToDouble(bar -> bar.spread().min())
                .filter(value -> value > 0)
                .min()
                .orElse(1);
    }
}
