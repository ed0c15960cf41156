package io.framebroker.loadgen.scenario;

import io.framebroker.loadgen.report.Figures;
import io.framebroker.v1.GetLedgerResponse;
import io.framebroker.v1.GroupLedger;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.HdrHistogram.Histogram;

/**
 * What was seen.
 *
 * @param noise differences of latency below this are the machine's, not a broker's
 * @param mostRssKib what the broker's resident memory is to stay below at the limit; 0 for whatever it is
 * @param rssKib the broker's resident memory each second at the limit
 * @param keptKib frames the broker keeps, by its own account, each second at the limit
 * @param waitsTold how often the publishers were told to wait; only waits of 100 ms and more are told
 * @param samplesWaiting seconds at the limit at which the camera was found waiting
 * @param waitReason what the broker said the slow camera waits for, last
 */
public record SlowConsumerFindings(
        Duration noise,
        long mostRssKib,
        Histogram quickBelow,
        Histogram otherBelow,
        Histogram otherAtLimit,
        List<Long> rssKib,
        List<Long> keptKib,
        long waitsTold,
        int samplesWaiting,
        String waitReason,
        List<GetLedgerResponse> ledgers,
        List<String> failures) {

    private static final double MOST_RATIO = 2;
    /** How far resident memory may move and still be flat. */
    private static final double MOST_SPREAD = 0.15;

    /** What does not hold; empty when all does. */
    public List<String> verdict() {
        List<String> wrong = new ArrayList<>(failures);
        if (rssKib.size() < 5) {
            wrong.add("the limit was not reached for long enough: run longer");
        }
        if (samplesWaiting * 2 < rssKib.size()) {
            wrong.add("the camera was not seen to wait");
        }
        for (GetLedgerResponse ledger : ledgers) {
            check(ledger, wrong);
        }
        keeps("quick group below the limit", quickBelow, otherBelow, wrong);
        keeps("other stream at the limit", otherAtLimit, otherBelow, wrong);
        flat("resident memory", rssKib, wrong);
        if (mostRssKib > 0 && most(rssKib) >= mostRssKib) {
            wrong.add("resident memory " + most(rssKib) / 1024 + " MiB, to be below " + mostRssKib / 1024);
        }
        doesNotGrow("kept frames", keptKib, wrong);
        return wrong;
    }

    private static void check(GetLedgerResponse ledger, List<String> wrong) {
        String stream = ledger.getStream().getStream();
        if (ledger.getStream().getImbalance() != 0 || ledger.getStream().getStored() == 0) {
            wrong.add(stream + ": ledger does not balance: " + ledger.getStream());
        }
        if (ledger.getStream().getStored() != ledger.getStream().getOffered()) {
            wrong.add(stream + ": " + ledger.getStream().getOffered() + " offered, "
                    + ledger.getStream().getStored() + " stored");
        }
        for (GroupLedger group : ledger.getGroupsList()) {
            if (group.getAcked() != group.getStored() || group.getImbalance() != 0) {
                wrong.add(stream + ", group " + group.getGroup() + ": " + group.getAcked() + " acked of "
                        + group.getStored());
            }
        }
    }

    private void keeps(String what, Histogram seen, Histogram reference, List<String> wrong) {
        double p99 = seen.getValueAtPercentile(99) / 1e3;
        double limit = Math.max(noise.toNanos() / 1e6, MOST_RATIO * reference.getValueAtPercentile(99) / 1e3);
        if (seen.getTotalCount() == 0 || p99 > limit) {
            wrong.add(what + ": p99 " + Figures.millis(p99) + " ms of " + seen.getTotalCount() + " frames, limit "
                    + Figures.millis(limit) + " ms");
        }
    }

    private static void flat(String what, List<Long> kib, List<String> wrong) {
        long least = least(kib);
        double spread = least == 0 ? 1 : (double) (most(kib) - least) / least;
        if (spread > MOST_SPREAD) {
            wrong.add(what + " not flat: moved by " + Math.round(spread * 100) + " %");
        }
    }

    /** They go down and up by the eighth that is let go before a waiting camera goes on; the upper edge must stay. */
    private static void doesNotGrow(String what, List<Long> kib, List<String> wrong) {
        int half = kib.size() / 2;
        long before = most(kib.subList(0, half));
        long after = most(kib.subList(half, kib.size()));
        if (after > before * (1 + MOST_SPREAD)) {
            wrong.add(what + " grow: at most " + before / 1024 + " MiB, later " + after / 1024 + " MiB");
        }
    }

    private static long least(List<Long> kib) {
        return kib.stream().mapToLong(Long::longValue).min().orElse(0);
    }

    private static long most(List<Long> kib) {
        return kib.stream().mapToLong(Long::longValue).max().orElse(0);
    }

    public Map<String, Object> toJson() {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("quick_below_limit_ms", percentiles(quickBelow));
        json.put("other_below_limit_ms", percentiles(otherBelow));
        json.put("other_at_limit_ms", percentiles(otherAtLimit));
        json.put("broker_rss_kib", rssKib);
        json.put("broker_kept_kib", keptKib);
        json.put("waits_told", waitsTold);
        json.put("wait_reason", waitReason);
        json.put("wrong", verdict());
        return json;
    }

    private static Map<String, Object> percentiles(Histogram histogram) {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("frames", histogram.getTotalCount());
        json.put("p50", histogram.getValueAtPercentile(50) / 1e3);
        json.put("p99", histogram.getValueAtPercentile(99) / 1e3);
        return json;
    }

    @Override
    public String toString() {
        StringBuilder text = new StringBuilder();
        text.append(line("quick group, same stream, below the limit", quickBelow));
        text.append(line("other stream, meanwhile", otherBelow));
        text.append(line("other stream, while the first is at its limit", otherAtLimit));
        text.append(String.format(
                "broker at the limit, over %d s: resident %d - %d MiB, frames kept %d - %d MiB%n",
                rssKib.size(), least(rssKib) / 1024, most(rssKib) / 1024, least(keptKib) / 1024, most(keptKib) / 1024));
        text.append(String.format(
                "camera found waiting in %d of %d looks: %s%n", samplesWaiting, rssKib.size(), waitReason));
        for (GetLedgerResponse ledger : ledgers) {
            text.append(String.format(
                    "%s: offered %d, stored %d, imbalance %d",
                    ledger.getStream().getStream(),
                    ledger.getStream().getOffered(),
                    ledger.getStream().getStored(),
                    ledger.getStream().getImbalance()));
            ledger.getGroupsList()
                    .forEach(group -> text.append(String.format("; %s acked %d", group.getGroup(), group.getAcked())));
            text.append(System.lineSeparator());
        }
        List<String> wrong = verdict();
        text.append(wrong.isEmpty() ? "holds" : "DOES NOT HOLD: " + String.join("; ", wrong));
        return text.append(System.lineSeparator()).toString();
    }

    private static String line(String what, Histogram histogram) {
        return String.format(
                "%-46s p50 %s ms, p99 %s ms of %d frames%n",
                what,
                Figures.millis(histogram.getValueAtPercentile(50) / 1e3),
                Figures.millis(histogram.getValueAtPercentile(99) / 1e3),
                histogram.getTotalCount());
    }
}
