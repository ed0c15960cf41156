package io.framebroker.loadgen.picture;

import de.erichseifert.vectorgraphics2d.Processors;
import de.erichseifert.vectorgraphics2d.VectorGraphics2D;
import de.erichseifert.vectorgraphics2d.util.PageSize;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Consumer;
import javax.imageio.ImageIO;
import org.jfree.chart.text.TextUtils;

/** A picture of some width and height, written as SVG or PNG, whichever a file's name says. */
public final class Canvas {
    /** Points of a PNG for one of the picture, so that it stays sharp where screens are fine. */
    private static final int PNG_SCALE = 2;

    private final int width;
    private final int height;

    public Canvas(int width, int height) {
        this.width = width;
        this.height = height;
    }

    /** Whether a file's name says how to write it. */
    public static boolean canWrite(Path file) {
        return isSvg(file) || isPng(file);
    }

    /**
     * Writes what is drawn.
     *
     * @throws IllegalArgumentException for a file that is neither SVG nor PNG
     */
    public void write(Path file, Consumer<Graphics2D> drawing) throws IOException {
        // Nothing of it needs a screen.
        System.setProperty("java.awt.headless", "true");
        // Else the names of the axes are drawn as shapes, which nobody can search or select.
        TextUtils.setUseDrawRotatedStringWorkaround(false);
        if (isSvg(file)) {
            writeSvg(file, drawing);
        } else if (isPng(file)) {
            writePng(file, drawing);
        } else {
            throw new IllegalArgumentException(file + " is neither .svg nor .png");
        }
    }

    private void writeSvg(Path file, Consumer<Graphics2D> drawing) throws IOException {
        VectorGraphics2D graphics = new VectorGraphics2D();
        drawing.accept(graphics);
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        Processors.get("svg")
                .getDocument(graphics.getCommands(), new PageSize(width, height))
                .writeTo(out);
        Files.writeString(file, readable(out.toString(StandardCharsets.UTF_8)));
    }

    /**
     * With the letters it was laid out with. The writer leaves a size of 12 out, for which browsers take 16; and it names this
     * machine's font alone, which others may not have.
     */
    private static String readable(String svg) {
        return svg.replaceFirst("<svg ", "<svg font-size=\"12px\" ")
                .replaceAll("font-family:&quot;([^&]*)&quot;", "font-family:&quot;$1&quot;,Verdana,sans-serif");
    }

    private void writePng(Path file, Consumer<Graphics2D> drawing) throws IOException {
        BufferedImage image = new BufferedImage(width * PNG_SCALE, height * PNG_SCALE, BufferedImage.TYPE_INT_RGB);
        Graphics2D graphics = image.createGraphics();
        graphics.setRenderingHint(RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_ON);
        graphics.setRenderingHint(RenderingHints.KEY_TEXT_ANTIALIASING, RenderingHints.VALUE_TEXT_ANTIALIAS_ON);
        graphics.setColor(Color.WHITE);
        graphics.fillRect(0, 0, image.getWidth(), image.getHeight());
        graphics.scale(PNG_SCALE, PNG_SCALE);
        drawing.accept(graphics);
        graphics.dispose();
        try (OutputStream out = Files.newOutputStream(file)) {
            ImageIO.write(image, "png", out);
        }
    }

    private static boolean isSvg(Path file) {
        return file.toString().endsWith(".svg");
    }

    private static boolean isPng(Path file) {
        return file.toString().endsWith(".png");
    }
}
