package io.framebroker.examples.capture;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Where a camera's pictures come from. {@code toString} leaves passwords out. */
sealed interface CameraUrl {

    /** A network camera: {@code rtsp://} or {@code rtsps://}. */
    record Rtsp(String url) implements CameraUrl {
        @Override
        public String toString() {
            return withoutPassword(url);
        }
    }

    /** A video file. */
    record VideoFile(String path) implements CameraUrl {
        @Override
        public String toString() {
            return "file:" + path;
        }
    }

    /**
     * Pictures made here.
     *
     * @param fps 0 when the URL does not say
     */
    record Synthetic(int width, int height, double fps) implements CameraUrl {
        @Override
        public String toString() {
            return "synthetic:" + width + "x" + height + (fps > 0 ? "@" + fps : "");
        }
    }

    /** Whether the source keeps its own time and cannot be made to wait. */
    default boolean isLive() {
        return !(this instanceof VideoFile);
    }

    Pattern SYNTHETIC = Pattern.compile("synthetic:?(?:(\\d{1,5})x(\\d{1,5}))?(?:@(\\d{1,4}(?:\\.\\d{1,3})?))?");
    Pattern CREDENTIALS = Pattern.compile("://[^/\\s]*@");
    int LARGEST_SIDE = 8192;

    /** @throws IllegalArgumentException if the text is no such URL; the message says what is one */
    static CameraUrl parse(String text) {
        if (text.startsWith("rtsp://") || text.startsWith("rtsps://")) {
            return new Rtsp(text);
        }
        if (text.startsWith("file:") && text.length() > "file:".length()) {
            return new VideoFile(text.substring("file:".length()));
        }
        Matcher synthetic = SYNTHETIC.matcher(text);
        if (synthetic.matches()) {
            return synthetic(synthetic);
        }
        throw new IllegalArgumentException("'" + withoutPassword(text)
                + "' is no camera: expected rtsp://..., file:PATH or synthetic:[WIDTHxHEIGHT][@FPS]");
    }

    private static Synthetic synthetic(Matcher matched) {
        int width = matched.group(1) == null ? 640 : Integer.parseInt(matched.group(1));
        int height = matched.group(2) == null ? 360 : Integer.parseInt(matched.group(2));
        if (width < 128 || height < 96 || width > LARGEST_SIDE || height > LARGEST_SIDE) {
            throw new IllegalArgumentException("a synthetic camera of " + width + "x" + height
                    + " pixels: allowed are 128x96 to " + LARGEST_SIDE + "x" + LARGEST_SIDE);
        }
        double fps = matched.group(3) == null ? 0 : Double.parseDouble(matched.group(3));
        if (matched.group(3) != null && (fps <= 0 || fps > 1000)) {
            throw new IllegalArgumentException("a synthetic camera of " + fps + " fps: allowed is above 0 to 1000");
        }
        return new Synthetic(width, height, fps);
    }

    /** Replaces {@code user:password@} in any URL within the text. */
    static String withoutPassword(String text) {
        return CREDENTIALS.matcher(text).replaceAll("://***@");
    }
}
