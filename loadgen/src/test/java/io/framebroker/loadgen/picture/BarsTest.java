package io.framebroker.loadgen.picture;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.framebroker.loadgen.report.Results;
import io.framebroker.loadgen.report.Written;
import java.awt.Color;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import javax.imageio.ImageIO;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BarsTest {
    private static final int BLUE = new Color(0x1f77b4).getRGB();
    private static final int ORANGE = new Color(0xe67e22).getRGB();
    private static final int GREY = new Color(0x8c8c8c).getRGB();

    private final Results flatOut = new Written(100_000, 0)
            .with("groups", 4)
            .redis("yes", "everysec")
            .target("relay", 5, 9_000, 9_000)
            .target("redis", 300, 3_000, 6_000)
            .target("broker-redis", 200, 12_000, 12_000)
            .results();

    private final Results paced = new Written(100_000, 1_000)
            .target("redis", 1_200, 1_000, 1_000)
            .target("broker-redis", 2, 1_000, 1_000)
            .results();

    @TempDir
    Path folder;

    @Test
    void namesNumbersAndTheWorkCanBeReadInThePicture() throws IOException {
        assertThat(svg("beside others", List.of(flatOut, paced)))
                .contains("beside others", "100 kB, 1 camera, 4 groups, Redis everysec; 2 rounds")
                .contains(">relay<", ">redis<", ">broker-redis<", ">9 000<", ">4 500<", ">12 000<")
                .contains("settled frames/s", "Frame Broker", "yardsticks", "line: least to most")
                .contains("1 000 frames/s; 2 rounds", "latency, ms", ">p50 0.20 ms<", ">p99 2.0 ms<", ">p99 1200 ms<");
    }

    @Test
    void whatIsNotDrawnIsNotExplained() throws IOException {
        Results alone = new Written(184, 0).target("broker", 5, 10, 20).results();

        assertThat(svg("", List.of(alone))).contains("Frame Broker").doesNotContain("yardsticks", "others", "p99");
    }

    /** Its colour says of whom a bar is, its length how much; on a white ground as wide as a page, twice as fine. */
    @Test
    void barsAreAsLongAsTheirMedians() throws IOException {
        BufferedImage image = png(List.of(flatOut), 1);

        assertThat(image.getWidth()).isEqualTo(1_600);
        int blue = longest(image, BLUE);
        assertThat(longest(image, ORANGE)).isCloseTo(blue * 3 / 8, within(8));
        assertThat(longest(image, GREY)).isCloseTo(blue * 3 / 4, within(8));
        assertThat(blue).as("room is left for the number behind it").isBetween(800, 1_300);
        assertThat(image.getRGB(image.getWidth() - 1, 0)).isEqualTo(Color.WHITE.getRGB());
    }

    @Test
    void panelsStandSideBySideThenBelow() throws IOException {
        int one = png(List.of(flatOut), 2).getHeight();
        int two = png(List.of(flatOut, flatOut), 2).getHeight();
        int three = png(List.of(flatOut, flatOut, flatOut), 2).getHeight();

        assertThat(two).isEqualTo(one);
        assertThat(three - two).isEqualTo(png(List.of(flatOut, flatOut), 1).getHeight() - one);
        assertThat(three).isGreaterThan(two);
    }

    @Test
    void nothingIsNotDrawn() {
        assertThatThrownBy(() -> new Bars("", List.of(), 2)).hasMessageContaining("0 comparisons cannot be drawn");
        assertThatThrownBy(() -> new Bars("", List.of(paced), 0)).hasMessageContaining("in 0 columns");
        assertThatThrownBy(() -> new Bars("", List.of(paced), 1).write(folder.resolve("x.gif")))
                .hasMessageEndingWith("x.gif is neither .svg nor .png");
    }

    private String svg(String title, List<Results> all) throws IOException {
        Path file = folder.resolve("x.svg");
        new Bars(title, all, 2).write(file);
        return Files.readString(file);
    }

    private BufferedImage png(List<Results> all, int columns) throws IOException {
        Path file = folder.resolve("x.png");
        new Bars("", all, columns).write(file);
        return ImageIO.read(file.toFile());
    }

    private static Offset<Integer> within(int pixels) {
        return Offset.offset(pixels);
    }

    /** Most points of a colour beside each other: numbers and lines have some of it too. */
    private static int longest(BufferedImage image, int color) {
        int longest = 0;
        for (int y = 0; y < image.getHeight(); y++) {
            int run = 0;
            for (int x = 0; x < image.getWidth(); x++) {
                run = image.getRGB(x, y) == color ? run + 1 : 0;
                longest = Math.max(longest, run);
            }
        }
        return longest;
    }
}
