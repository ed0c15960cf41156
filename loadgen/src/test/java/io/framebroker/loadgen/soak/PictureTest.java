package io.framebroker.loadgen.soak;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import javax.xml.parsers.DocumentBuilderFactory;
import org.jfree.data.Range;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.w3c.dom.Document;
import org.w3c.dom.NodeList;

class PictureTest {
    @TempDir
    Path folder;

    @Test
    void everythingHasItsNameItsUnitAndItsLimit() throws Exception {
        List<String> texts = texts(Seconds.flat(60).list());

        assertThat(texts)
                .contains("eight cameras")
                .contains("latency, ms", "frames / s", "cores busy", "memory, MiB", "disk, MiB", "time, s")
                .contains("latency p50", "p99", "slowest", "published", "delivered", "broker", "loadgen", "others")
                .contains("broker resident", "broker without files", "loadgen resident", "limit 1024 MiB");
    }

    @Test
    void whatIsNotKnownHasNoPanel() throws Exception {
        Second bare = new Second(
                1,
                10,
                10,
                new Second.Latency(Double.NaN, Double.NaN, Double.NaN),
                0,
                Second.Disk.NONE,
                Map.of("relay", new Second.Use(0.1, 0, 0)));

        assertThat(texts(List.of(bare)))
                .contains("latency, ms", "frames / s", "cores busy", "relay")
                .doesNotContain("memory, MiB", "disk, MiB", "relay resident");
    }

    @Test
    void latencyIsReadInPowersOfTenThatHoldTheSlowestFrame() {
        List<Second> stalled = Seconds.flat(60)
                .latency(at -> at == 30 ? new Second.Latency(5, 20, 4_000) : null)
                .list();

        assertThat(new Picture("stalled", stalled).decades("ms").getRange()).isEqualTo(new Range(1, 40_000));
    }

    @Test
    void nothingIsNotDrawn() {
        assertThatThrownBy(() -> new Picture("none", List.of()).write(folder.resolve("none.svg")))
                .hasMessage("there is no second to draw");
    }

    private List<String> texts(List<Second> seconds) throws Exception {
        Path file = folder.resolve("s.svg");
        new Picture("eight cameras", seconds).write(file);
        NodeList nodes = parse(file).getElementsByTagName("text");
        List<String> texts = new ArrayList<>();
        for (int i = 0; i < nodes.getLength(); i++) {
            texts.add(nodes.item(i).getTextContent().trim());
        }
        return texts;
    }

    private static Document parse(Path file) throws Exception {
        DocumentBuilderFactory factory = DocumentBuilderFactory.newInstance();
        // The document type names a page of the network.
        factory.setFeature("http://apache.org/xml/features/nonvalidating/load-external-dtd", false);
        try (var in = Files.newInputStream(file)) {
            return factory.newDocumentBuilder().parse(in);
        } catch (IOException e) {
            throw new AssertionError("not SVG: " + file, e);
        }
    }
}
