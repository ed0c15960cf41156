package io.framebroker.examples.demo;

import io.framebroker.v1.GetLedgerResponse;
import io.framebroker.v1.GroupLedger;
import io.framebroker.v1.Stream;
import java.util.Map;

/**
 * A stream at one moment, as its broker tells it.
 *
 * @param published frames the publisher sent
 * @param delivered frames handed to the group
 * @param acked frames the group is done with
 * @param waiting frames not yet handed to the group
 * @param pending frames handed to the group and not settled
 * @param backlog frames from the oldest unsettled one to the newest
 * @param meanBytes of the frames there now; 0 when there is none
 * @param ageSeconds since the oldest unsettled frame was received; NaN while there is no group
 * @param lost frames that never came, by reason
 * @param dropped frames that came and were not stored, by reason
 * @param balanced whether no frame is missing in the stream's ledger and in its group's
 */
record StreamView(
        String name,
        long published,
        long delivered,
        long acked,
        long waiting,
        long pending,
        long backlog,
        double meanBytes,
        double ageSeconds,
        Map<String, Long> lost,
        Map<String, Long> dropped,
        boolean balanced) {

    static StreamView of(Stream stream, GetLedgerResponse ledger, String group, double ageSeconds) {
        GroupLedger of = ledger.getGroupsList().stream()
                .filter(each -> each.getGroup().equals(group))
                .findFirst()
                .orElse(GroupLedger.getDefaultInstance());
        boolean balanced = ledger.getStream().getImbalance() == 0
                && ledger.getGroupsList().stream().allMatch(each -> each.getImbalance() == 0);
        Map<String, Long> lost = ledger.getStream().getReportedMap();
        return new StreamView(
                stream.getName(),
                ledger.getStream().getOffered() - sum(lost),
                of.getStored() - of.getWaiting(),
                of.getAcked(),
                of.getWaiting(),
                of.getPending(),
                stream.getBacklogFrames(),
                stream.getFrames() == 0 ? 0 : (double) stream.getBytes() / stream.getFrames(),
                ageSeconds,
                lost,
                ledger.getStream().getDroppedMap(),
                balanced);
    }

    private static long sum(Map<String, Long> counts) {
        return counts.values().stream().mapToLong(Long::longValue).sum();
    }
}
