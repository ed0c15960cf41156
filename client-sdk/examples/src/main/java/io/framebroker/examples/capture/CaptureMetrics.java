package io.framebroker.examples.capture;

import io.prometheus.client.Collector;
import io.prometheus.client.CounterMetricFamily;
import io.prometheus.client.GaugeMetricFamily;
import java.util.List;
import java.util.function.Supplier;

/** Shows the cameras' counts to Prometheus; one label value a camera, and cameras are named on the command line. */
final class CaptureMetrics extends Collector {

    private static final List<String> LABEL = List.of("camera");

    private final Supplier<List<CameraStats>> cameras;

    CaptureMetrics(Supplier<List<CameraStats>> cameras) {
        this.cameras = cameras;
    }

    @Override
    public List<MetricFamilySamples> collect() {
        CounterMetricFamily pictures = new CounterMetricFamily(
                "capture_pictures_total", "Pictures that came from the source and were wanted", LABEL);
        CounterMetricFamily bytes = new CounterMetricFamily("capture_bytes_total", "Bytes of those", LABEL);
        CounterMetricFamily stored =
                new CounterMetricFamily("capture_stored_total", "Pictures the broker said are stored", LABEL);
        CounterMetricFamily dropped = new CounterMetricFamily(
                "capture_dropped_total", "Pictures that came and are not stored, whatever the reason", LABEL);
        CounterMetricFamily lost = new CounterMetricFamily(
                "capture_lost_at_source_total", "Pictures the source would have given while away, estimated", LABEL);
        CounterMetricFamily leftOut = new CounterMetricFamily(
                "capture_left_out_total",
                "Pictures that nobody wanted; those while the source rested estimated",
                LABEL);
        CounterMetricFamily restarts =
                new CounterMetricFamily("capture_source_restarts_total", "Attempts to get the source back", LABEL);
        GaugeMetricFamily up = new GaugeMetricFamily("capture_source_up", "1 while pictures come", LABEL);
        GaugeMetricFamily unacked = new GaugeMetricFamily(
                "capture_unacked_frames", "Pictures whose outcome the broker has not told yet", LABEL);
        for (CameraStats camera : cameras.get()) {
            List<String> name = List.of(camera.name());
            pictures.addMetric(name, camera.pictures());
            bytes.addMetric(name, camera.bytes());
            stored.addMetric(name, camera.publisher().stored());
            dropped.addMetric(name, camera.dropped());
            lost.addMetric(name, camera.lostAtSource());
            leftOut.addMetric(name, camera.leftOut());
            restarts.addMetric(name, camera.restarts());
            up.addMetric(name, camera.state() == CameraStats.State.UP ? 1 : 0);
            unacked.addMetric(name, camera.publisher().unacked());
        }
        return List.of(pictures, bytes, stored, dropped, lost, leftOut, restarts, up, unacked);
    }
}
