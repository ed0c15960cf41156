package io.framebroker.server.http;

import io.framebroker.server.broker.DurationCounts;
import io.prometheus.client.Collector;
import io.prometheus.client.Collector.MetricFamilySamples;
import io.prometheus.client.CounterMetricFamily;
import io.prometheus.client.GaugeMetricFamily;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What is on a page of metrics: families by name, in the order in which they were first met. */
final class Families {
    private final Map<String, MetricFamilySamples> families = new LinkedHashMap<>();

    void gauge(String name, String help, List<String> labels, List<String> values, double value) {
        ((GaugeMetricFamily) families.computeIfAbsent(name, absent -> new GaugeMetricFamily(name, help, labels)))
                .addMetric(values, value);
    }

    void counter(String name, String help, List<String> labels, List<String> values, double value) {
        ((CounterMetricFamily) families.computeIfAbsent(name, absent -> new CounterMetricFamily(name, help, labels)))
                .addMetric(values, value);
    }

    void histogram(String name, String help, List<String> labels, List<String> values, DurationCounts counts) {
        MetricFamilySamples family = families.computeIfAbsent(
                name, absent -> new MetricFamilySamples(name, Collector.Type.HISTOGRAM, help, new ArrayList<>()));
        List<String> bucketLabels = new ArrayList<>(labels);
        bucketLabels.add("le");
        long total = 0;
        for (int i = 0; i < counts.counts().length; i++) {
            total += counts.counts()[i];
            boolean last = i == counts.boundsMicros().length;
            List<String> bucket = new ArrayList<>(values);
            bucket.add(last ? "+Inf" : Collector.doubleToGoString(counts.boundsMicros()[i] / 1e6));
            family.samples.add(new MetricFamilySamples.Sample(name + "_bucket", bucketLabels, bucket, total));
        }
        family.samples.add(new MetricFamilySamples.Sample(name + "_count", labels, values, total));
        family.samples.add(new MetricFamilySamples.Sample(name + "_sum", labels, values, counts.sumMicros() / 1e6));
    }

    List<MetricFamilySamples> all() {
        return List.copyOf(families.values());
    }
}
