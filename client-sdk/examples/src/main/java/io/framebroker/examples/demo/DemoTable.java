package io.framebroker.examples.demo;

import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/** Turns what the broker tells into lines for a person. */
final class DemoTable {

    private static final String HEADER = String.format(
            "%-12s %13s %13s %8s %8s %8s  %s",
            "camera", "published fps", "delivered fps", "backlog", "pending", "age", "ledger");

    private DemoTable() {}

    /**
     * One block: a line a stream, and one for all.
     *
     * @param seconds between the two readings
     */
    static String rates(List<StreamView> before, List<StreamView> now, double seconds) {
        Map<String, StreamView> earlier = new HashMap<>();
        before.forEach(view -> earlier.put(view.name(), view));
        StringBuilder text = new StringBuilder(HEADER).append('\n');
        double published = 0;
        double delivered = 0;
        double bytes = 0;
        long backlog = 0;
        long pending = 0;
        for (StreamView view : now) {
            StreamView then = earlier.getOrDefault(view.name(), view);
            double in = (view.published() - then.published()) / seconds;
            double out = (view.delivered() - then.delivered()) / seconds;
            text.append(String.format(
                    Locale.ROOT,
                    "%-12s %13.1f %13.1f %8d %8d %8s  %s%n",
                    view.name(),
                    in,
                    out,
                    view.backlog(),
                    view.pending(),
                    age(view.ageSeconds()),
                    view.balanced() ? "balanced" : "NOT BALANCED"));
            published += in;
            delivered += out;
            bytes += in * view.meanBytes();
            backlog += view.backlog();
            pending += view.pending();
        }
        return text.append(String.format(
                        Locale.ROOT,
                        "%-12s %13.1f %13.1f %8d %8d %8s  about %.2f MB/s in",
                        "all",
                        published,
                        delivered,
                        backlog,
                        pending,
                        "",
                        bytes / 1e6))
                .toString();
    }

    /** Where every frame of the run went. */
    static String summary(List<StreamView> streams) {
        return streams.stream()
                .map(view -> String.format(
                        Locale.ROOT,
                        "%-12s published %d, processed %d, waiting %d, pending %d%s%s: %s",
                        view.name(),
                        view.published(),
                        view.acked(),
                        view.waiting(),
                        view.pending(),
                        reasons(", not stored ", view.dropped()),
                        reasons(", lost before the broker ", view.lost()),
                        view.balanced() ? "the ledger balances" : "THE LEDGER DOES NOT BALANCE"))
                .collect(Collectors.joining("\n"));
    }

    private static String age(double seconds) {
        return Double.isNaN(seconds) ? "-" : String.format(Locale.ROOT, "%.2f s", seconds);
    }

    private static String reasons(String title, Map<String, Long> counts) {
        return counts.isEmpty() ? "" : title + counts;
    }
}
