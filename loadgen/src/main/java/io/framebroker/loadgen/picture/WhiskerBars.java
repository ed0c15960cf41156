package io.framebroker.loadgen.picture;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Font;
import java.awt.FontMetrics;
import java.awt.Graphics2D;
import java.awt.Paint;
import java.awt.geom.Line2D;
import java.awt.geom.Rectangle2D;
import java.util.List;
import org.jfree.chart.axis.CategoryAxis;
import org.jfree.chart.axis.ValueAxis;
import org.jfree.chart.plot.CategoryPlot;
import org.jfree.chart.renderer.category.BarRenderer;
import org.jfree.chart.renderer.category.CategoryItemRendererState;
import org.jfree.chart.renderer.category.StandardBarPainter;
import org.jfree.data.category.CategoryDataset;
import org.jfree.data.category.DefaultCategoryDataset;

/** Lying bars for medians, a line through each from the least round to the most, and behind it the number. */
final class WhiskerBars extends BarRenderer {
    private static final long serialVersionUID = 1L;

    static final Font NUMBERS = new Font(Font.SANS_SERIF, Font.BOLD, 11);
    /** Between the end of a bar and its number. */
    static final int NUMBER_GAP = 6;

    private static final Color INK = new Color(0x222222);
    private static final BasicStroke WHISKER = new BasicStroke(1.2f);
    private static final double CAP = 3;

    /** By row, then by column. */
    private final transient List<List<Bar>> bars;

    /**
     * @param bars the same number in each row
     * @param from where bars begin: 0, or what a logarithmic axis begins with
     * @param thickness most of a bar, as a part of the plot's height
     */
    WhiskerBars(List<List<Bar>> bars, double from, double thickness) {
        this.bars = bars;
        setBase(from);
        setIncludeBaseInRange(false);
        setShadowVisible(false);
        setBarPainter(new StandardBarPainter());
        setDrawBarOutline(false);
        setItemMargin(0.08);
        setMaximumBarWidth(thickness);
    }

    /** What the plot is told to draw. */
    CategoryDataset dataset() {
        DefaultCategoryDataset dataset = new DefaultCategoryDataset();
        for (int row = 0; row < bars.size(); row++) {
            for (Bar bar : bars.get(row)) {
                dataset.addValue(bar.spread().median(), Integer.valueOf(row), bar.name());
            }
        }
        return dataset;
    }

    @Override
    public Paint getItemPaint(int row, int column) {
        return bars.get(row).get(column).color();
    }

    @Override
    public void drawItem(
            Graphics2D graphics,
            CategoryItemRendererState state,
            Rectangle2D area,
            CategoryPlot plot,
            CategoryAxis names,
            ValueAxis values,
            CategoryDataset dataset,
            int row,
            int column,
            int pass) {
        super.drawItem(graphics, state, area, plot, names, values, dataset, row, column, pass);
        Bar bar = bars.get(row).get(column);
        if (Double.isNaN(bar.spread().median())) {
            return;
        }
        double top = calculateBarW0(plot, plot.getOrientation(), area, names, state, row, column);
        double y = top + state.getBarWidth() / 2;
        double least = values.valueToJava2D(bar.spread().min(), area, plot.getRangeAxisEdge());
        double most = values.valueToJava2D(bar.spread().max(), area, plot.getRangeAxisEdge());
        graphics.setPaint(INK);
        graphics.setStroke(WHISKER);
        graphics.draw(new Line2D.Double(least, y, most, y));
        graphics.draw(new Line2D.Double(least, y - CAP, least, y + CAP));
        graphics.draw(new Line2D.Double(most, y - CAP, most, y + CAP));
        graphics.setFont(NUMBERS);
        FontMetrics metrics = graphics.getFontMetrics();
        float middle = (metrics.getAscent() - metrics.getDescent()) / 2f;
        graphics.drawString(bar.number(), (float) most + NUMBER_GAP, (float) y + middle);
    }
}
