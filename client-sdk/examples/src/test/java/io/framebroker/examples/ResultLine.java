package io.framebroker.examples;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** One line of a processor's results. */
record ResultLine(
        String stream,
        long sequence,
        int attempt,
        Instant capturedAt,
        boolean decoded,
        int width,
        int height,
        double score) {

    private static final Pattern LINE = Pattern.compile("\\{\"stream\":\"([^\"]+)\",\"id\":\"\\d+-\\d+\","
            + "\"sequence\":(\\d+),\"epoch\":\\d+,\"attempt\":(\\d+),\"capture_time\":\"([^\"]+)\"(.*)}");
    private static final Pattern DECODED = Pattern.compile(",\"age_ms\":[-.\\dE]+,\"decoded\":true,\"width\":(\\d+),"
            + "\"height\":(\\d+),\"score\":([.\\d]+),\"detections\":\\[.*");

    /** Empty while there is no file. A line that is still being written is not there yet. */
    static List<ResultLine> read(Path file) throws IOException {
        if (!Files.exists(file)) {
            return List.of();
        }
        String text = Files.readString(file);
        return text.substring(0, text.lastIndexOf('\n') + 1)
                .lines()
                .map(ResultLine::parse)
                .toList();
    }

    private static ResultLine parse(String text) {
        Matcher line = LINE.matcher(text);
        if (!line.matches()) {
            throw new AssertionError("no result line: " + text);
        }
        Matcher decoded = DECODED.matcher(line.group(5));
        boolean ok = decoded.matches();
        return new ResultLine(
                line.group(1),
                Long.parseLong(line.group(2)),
                Integer.parseInt(line.group(3)),
                Instant.parse(line.group(4)),
                ok,
                ok ? Integer.parseInt(decoded.group(1)) : 0,
                ok ? Integer.parseInt(decoded.group(2)) : 0,
                ok ? Double.parseDouble(decoded.group(3)) : 0);
    }
}
