package io.framebroker.loadgen.picture;

import io.framebroker.loadgen.report.Results;
import io.framebroker.loadgen.targets.Side;
import java.awt.Color;
import java.awt.Font;
import java.awt.Graphics2D;
import java.awt.geom.Rectangle2D;
import java.io.IOException;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/** Comparisons as one picture for a page, a panel each, side by side and below each other. */
public final class Bars {
    /** As wide as pages show pictures. */
    private static final int WIDTH = 800;

    private static final int TITLE_HEIGHT = 30;
    private static final int FOOT_HEIGHT = 26;
    private static final int ROW_GAP = 8;
    private static final int SQUARE = 10;

    private static final Font TITLE = new Font(Font.SANS_SERIF, Font.BOLD, 15);
    private static final Font FOOT = new Font(Font.SANS_SERIF, Font.PLAIN, 11);
    private static final Color INK = new Color(0x222222);

    /** Empty for none. */
    private final String title;

    private final List<Results> all;
    private final List<BarPanel> panels;
    private final int columns;

    /**
     * @param title above all panels; empty for none
     * @param columns panels side by side, where there are so many
     * @throws IllegalArgumentException when there is nothing to draw
     */
    public Bars(String title, List<Results> all, int columns) {
        if (all.isEmpty() || columns < 1) {
            throw new IllegalArgumentException(
                    all.size() + " comparisons cannot be drawn in " + columns + " columns; both must be 1 or more");
        }
        this.title = title;
        this.all = all;
        this.panels = all.stream().map(BarPanel::new).toList();
        this.columns = Math.min(columns, panels.size());
    }

    public void write(Path file) throws IOException {
        int height = titleHeight() + FOOT_HEIGHT;
        for (int first = 0; first < panels.size(); first += columns) {
            height += rowHeight(first);
        }
        int bottom = height;
        new Canvas(WIDTH, height).write(file, graphics -> draw(graphics, bottom));
    }

    private void draw(Graphics2D graphics, int bottom) {
        graphics.setPaint(Color.WHITE);
        graphics.fill(new Rectangle2D.Double(0, 0, WIDTH, bottom));
        if (!title.isEmpty()) {
            graphics.setPaint(INK);
            graphics.setFont(TITLE);
            graphics.drawString(title, 10, TITLE_HEIGHT - 9);
        }
        int y = titleHeight();
        int width = WIDTH / columns;
        for (int first = 0; first < panels.size(); first += columns) {
            for (int i = first; i < Math.min(first + columns, panels.size()); i++) {
                panels.get(i).draw(graphics, (i - first) * width, y, width);
            }
            y += rowHeight(first);
        }
        foot(graphics, bottom - FOOT_HEIGHT / 2);
    }

    /** What colours and lines mean. */
    private void foot(Graphics2D graphics, int y) {
        graphics.setFont(FOOT);
        float x = 12;
        for (Kind kind : kinds()) {
            graphics.setPaint(kind.color());
            graphics.fill(new Rectangle2D.Double(x, y - SQUARE / 2.0, SQUARE, SQUARE));
            x = text(graphics, kind.toString(), x + SQUARE + 5, y) + 16;
        }
        boolean paced = all.stream().anyMatch(results -> !results.work().flatOut());
        text(
                graphics,
                "bar: median of the rounds; line: least to most" + (paced ? "; of latency, pale p50, full p99" : ""),
                x + 8,
                y);
    }

    /** Returns where it ends. */
    private static float text(Graphics2D graphics, String text, float x, int y) {
        graphics.setPaint(INK);
        graphics.drawString(text, x, y + 4);
        return x + graphics.getFontMetrics().stringWidth(text);
    }

    private Set<Kind> kinds() {
        Set<Kind> kinds = EnumSet.noneOf(Kind.class);
        for (Results results : all) {
            results.rounds().keySet().stream().map(Side::target).map(Kind::of).forEach(kinds::add);
        }
        return kinds;
    }

    private int titleHeight() {
        return title.isEmpty() ? 0 : TITLE_HEIGHT;
    }

    /** Of the row that begins with a panel. */
    private int rowHeight(int first) {
        return ROW_GAP
                + panels.subList(first, Math.min(first + columns, panels.size())).stream()
                        .mapToInt(BarPanel::height)
                        .max()
                        .orElse(0);
    }
}
