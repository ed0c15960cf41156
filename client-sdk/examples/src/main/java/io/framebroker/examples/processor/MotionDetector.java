package io.framebroker.examples.processor;

import io.framebroker.examples.processor.Detection.Box;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Finds what moved since the stream's previous picture. It stands where a neural network would stand: a real computation
 * on real pixels whose answer depends on them.
 *
 * <p>The picture is cut into tiles of {@value #TILE_PIXELS} pixels. A tile's score is the mean change of its brightness,
 * where a tenth of the full scale or more counts as 1; JPEG noise stays below 0.1. Tiles at or above the threshold that
 * touch each other by an edge make one box.
 *
 * <p>Keeps the brightness of one picture a stream, for the {@value #MOST_STREAMS} streams seen last. Thread-safe; streams
 * do not wait for each other. With several threads a picture may come behind its successor: it is compared with what is
 * there and does not replace it.
 */
final class MotionDetector {

    static final int TILE_PIXELS = 32;

    private static final int MOST_STREAMS = 256;
    private static final double FULL_CHANGE = 25.5;

    private final double threshold;

    /** Previous pictures by stream, the one used last at the end. Guarded by itself. */
    private final Map<String, Previous> streams = new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Previous> eldest) {
            return size() > MOST_STREAMS;
        }
    };

    /** The newest picture of a stream; guarded by itself. */
    private static final class Previous {
        private LumaGrid grid;
        private long order;
    }

    /** @param threshold 0..1: score from which a tile counts as moved */
    MotionDetector(double threshold) {
        this.threshold = threshold;
    }

    /**
     * Compares a picture with the one before it. The first of a stream, or of a new size, shows no motion.
     *
     * @param order grows with the pictures of the stream
     */
    Detection detect(String stream, long order, LumaGrid grid) {
        Previous previous;
        synchronized (streams) {
            previous = streams.computeIfAbsent(stream, name -> new Previous());
        }
        LumaGrid before;
        synchronized (previous) {
            before = previous.grid;
            if (before == null || order > previous.order) {
                previous.grid = grid;
                previous.order = order;
            }
        }
        if (before == null || before.width() != grid.width() || before.height() != grid.height()) {
            return Detection.NOTHING;
        }
        return compare(before, grid);
    }

    private Detection compare(LumaGrid before, LumaGrid now) {
        int across = (now.width() + TILE_PIXELS - 1) / TILE_PIXELS;
        int down = (now.height() + TILE_PIXELS - 1) / TILE_PIXELS;
        long[] change = new long[across * down];
        int[] counted = new int[across * down];
        int columns = now.columns();
        for (int row = 0; row < now.rows(); row++) {
            int tileRow = row * now.step() / TILE_PIXELS * across;
            for (int column = 0; column < columns; column++) {
                int at = row * columns + column;
                int tile = tileRow + column * now.step() / TILE_PIXELS;
                change[tile] += Math.abs((now.samples()[at] & 0xFF) - (before.samples()[at] & 0xFF));
                counted[tile]++;
            }
        }
        double[] scores = new double[change.length];
        double best = 0;
        for (int tile = 0; tile < scores.length; tile++) {
            scores[tile] = counted[tile] == 0 ? 0 : Math.min(1, change[tile] / (FULL_CHANGE * counted[tile]));
            best = Math.max(best, scores[tile]);
        }
        // A threshold of 0 still asks for a change: otherwise a still picture would be one large detection.
        return new Detection(best, best > 0 && best >= threshold ? boxes(scores, across, down, now) : List.of());
    }

    private List<Box> boxes(double[] scores, int across, int down, LumaGrid picture) {
        List<Box> boxes = new ArrayList<>();
        boolean[] done = new boolean[scores.length];
        for (int tile = 0; tile < scores.length; tile++) {
            if (!done[tile] && moved(scores[tile])) {
                boxes.add(grow(tile, scores, done, across, down, picture));
            }
        }
        return boxes;
    }

    /** The box around all moved tiles that hang together with this one. */
    private Box grow(int first, double[] scores, boolean[] done, int across, int down, LumaGrid picture) {
        int left = across;
        int right = 0;
        int top = down;
        int bottom = 0;
        double best = 0;
        Deque<Integer> open = new ArrayDeque<>(List.of(first));
        done[first] = true;
        while (!open.isEmpty()) {
            int tile = open.pop();
            int x = tile % across;
            int y = tile / across;
            left = Math.min(left, x);
            right = Math.max(right, x);
            top = Math.min(top, y);
            bottom = Math.max(bottom, y);
            best = Math.max(best, scores[tile]);
            for (int[] step : new int[][] {{-1, 0}, {1, 0}, {0, -1}, {0, 1}}) {
                int nextX = x + step[0];
                int nextY = y + step[1];
                int next = nextY * across + nextX;
                boolean inside = nextX >= 0 && nextX < across && nextY >= 0 && nextY < down;
                if (inside && !done[next] && moved(scores[next])) {
                    done[next] = true;
                    open.push(next);
                }
            }
        }
        int x = left * TILE_PIXELS;
        int y = top * TILE_PIXELS;
        int endX = Math.min(picture.width(), (right + 1) * TILE_PIXELS);
        int endY = Math.min(picture.height(), (bottom + 1) * TILE_PIXELS);
        return new Box(x, y, endX - x, endY - y, best);
    }

    private boolean moved(double score) {
        return score > 0 && score >= threshold;
    }
}
