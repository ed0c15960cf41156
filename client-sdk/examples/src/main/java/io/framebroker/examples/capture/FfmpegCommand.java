package io.framebroker.examples.capture;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * The command lines of ffmpeg and ffprobe for one camera. Written for ffmpeg 5.1 and newer ({@code -fps_mode}; the RTSP
 * {@code -timeout} in microseconds).
 *
 * @param ffmpeg path or name of the program
 * @param ffprobe path or name of the program
 * @param transport RTSP over {@code tcp} or {@code udp}
 * @param silence how long the network may be silent before ffmpeg gives up
 * @param fps pictures a second wanted; 0 for all
 * @param size {@code WIDTHxHEIGHT} wanted; null for the source's own
 * @param quality of the JPEGs: 2 (best) .. 31
 * @param paced whether a file is read in its own time
 * @param looped whether a file starts again at its end
 */
record FfmpegCommand(
        String ffmpeg,
        String ffprobe,
        String transport,
        Duration silence,
        double fps,
        String size,
        int quality,
        boolean paced,
        boolean looped) {

    /** Prints pictures on standard output, one behind the other. */
    List<String> pictures(CameraUrl url, PictureFormat format, String rawSize) {
        List<String> line = new ArrayList<>(List.of(ffmpeg, "-nostdin", "-hide_banner", "-loglevel", "error"));
        if (url instanceof CameraUrl.VideoFile && paced) {
            line.add("-re");
        }
        if (url instanceof CameraUrl.VideoFile && looped) {
            line.addAll(List.of("-stream_loop", "-1"));
        }
        addInput(line, url);
        line.addAll(List.of("-map", "0:v:0"));
        // Every decoded picture comes out once: nothing is doubled to reach a constant rate. They are numbered anew in
        // milliseconds, because a camera's time stamps may stand still or be closer than its nominal rate, and the JPEG
        // encoder ends the whole run when it meets the same time twice.
        line.addAll(List.of("-fps_mode", "passthrough", "-enc_time_base", "1:1000"));
        line.addAll(List.of("-vf", filter(format == PictureFormat.RAW ? rawSize : size)));
        line.addAll(
                format == PictureFormat.JPEG
                        ? List.of("-c:v", "mjpeg", "-q:v", Integer.toString(quality), "-f", "image2pipe")
                        : List.of("-c:v", "rawvideo", "-pix_fmt", "bgr24", "-f", "rawvideo"));
        line.addAll(List.of("-flush_packets", "1", "pipe:1"));
        return line;
    }

    /** Prints the picture size as {@code WIDTHxHEIGHT}. */
    List<String> probe(CameraUrl url) {
        List<String> line = new ArrayList<>(List.of(ffprobe, "-hide_banner", "-loglevel", "error"));
        addInput(line, url);
        line.addAll(List.of("-select_streams", "v:0", "-show_entries", "stream=width,height", "-of", "csv=s=x:p=0"));
        return line;
    }

    private void addInput(List<String> line, CameraUrl url) {
        if (url instanceof CameraUrl.Rtsp rtsp) {
            line.addAll(List.of("-rtsp_transport", transport));
            line.addAll(List.of("-timeout", Long.toString(silence.toNanos() / 1000)));
            // Show the first picture as soon as its size is known: without studying the frame rate first, which took a
            // second longer here, and without nobuffer, which throws away what was studied and waits for a keyframe.
            line.addAll(List.of("-analyzeduration", "3000000", "-fpsprobesize", "0"));
            line.addAll(List.of("-i", rtsp.url()));
        } else if (url instanceof CameraUrl.VideoFile file) {
            // The prefix keeps names with colons or a leading dash from being taken for something else.
            line.addAll(List.of("-i", "file:" + file.path()));
        } else {
            throw new IllegalArgumentException(url + " is not read by ffmpeg");
        }
    }

    private String filter(String wantedSize) {
        List<String> filters = new ArrayList<>();
        if (fps > 0) {
            filters.add("fps=" + fps);
        }
        if (wantedSize != null) {
            filters.add("scale=" + wantedSize.replace('x', ':'));
        }
        filters.add("settb=1/1000");
        filters.add("setpts=N");
        return String.join(",", filters);
    }
}
