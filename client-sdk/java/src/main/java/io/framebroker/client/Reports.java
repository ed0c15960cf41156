package io.framebroker.client;

import com.google.protobuf.Timestamp;
import io.framebroker.v1.LostFrames;
import io.framebroker.v1.PublishReport;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/**
 * What was lost on this side and is to enter the stream's ledger. One report at a time is on its way, unchanged until it
 * is confirmed; losses gather behind it. Guarded by the publisher's lock.
 */
final class Reports {
    private final Map<String, Loss> gathered = new LinkedHashMap<>();

    /** Who waits until what is gathered, or on its way, is in the ledger. */
    private final List<CompletableFuture<Void>> gatheredWaiters = new ArrayList<>();

    private final List<CompletableFuture<Void>> onItsWayWaiters = new ArrayList<>();

    private long lastReportId;
    private PublishReport onItsWay;
    private boolean sentInThisCall;

    /** @param capturedMicros {@link RingFrame#NO_TIME} when not known */
    void add(String reason, long count, boolean estimated, long capturedMicros) {
        gathered.computeIfAbsent(reason, fresh -> new Loss()).add(count, estimated, capturedMicros);
    }

    /** Whether something has not been sent in the present call. */
    boolean hasUnsent() {
        return !gathered.isEmpty() || onItsWay != null && !sentInThisCall;
    }

    void startCall() {
        sentInThisCall = false;
    }

    /** The report to be sent now; null when there is none, or one is on its way. */
    PublishReport next() {
        if (onItsWay == null && !gathered.isEmpty()) {
            PublishReport.Builder report = PublishReport.newBuilder().setReportId(++lastReportId);
            gathered.forEach((reason, loss) -> report.addLost(loss.toMessage(reason)));
            gathered.clear();
            onItsWayWaiters.addAll(gatheredWaiters);
            gatheredWaiters.clear();
            onItsWay = report.build();
        }
        if (onItsWay == null || sentInThisCall) {
            return null;
        }
        sentInThisCall = true;
        return onItsWay;
    }

    /** Reports up to this one are in the ledger; this publisher's or those of an earlier one that it goes on from. */
    void confirmed(long reportId, Notices notices) {
        lastReportId = Math.max(lastReportId, reportId);
        if (onItsWay != null && onItsWay.getReportId() <= reportId) {
            onItsWay = null;
            sentInThisCall = false;
            List<CompletableFuture<Void>> told = List.copyOf(onItsWayWaiters);
            onItsWayWaiters.clear();
            notices.add(() -> told.forEach(each -> each.complete(null)));
        }
    }

    /** Completes when all that was added so far is in the ledger. */
    void whenTold(CompletableFuture<Void> told) {
        gatheredWaiters.add(told);
    }

    /** The publisher ends: nobody will say any more what became of the reports. */
    void abandon(FrameBrokerException why, Notices notices) {
        List<CompletableFuture<Void>> untold = new ArrayList<>(onItsWayWaiters);
        untold.addAll(gatheredWaiters);
        notices.add(() -> untold.forEach(each -> each.completeExceptionally(why)));
    }

    private static final class Loss {
        private long count;
        private boolean estimated;
        private long firstMicros = RingFrame.NO_TIME;
        private long lastMicros = RingFrame.NO_TIME;

        void add(long more, boolean moreEstimated, long capturedMicros) {
            count += more;
            estimated |= moreEstimated;
            if (capturedMicros != RingFrame.NO_TIME) {
                firstMicros = firstMicros == RingFrame.NO_TIME ? capturedMicros : firstMicros;
                lastMicros = capturedMicros;
            }
        }

        LostFrames toMessage(String reason) {
            LostFrames.Builder lost =
                    LostFrames.newBuilder().setReason(reason).setCount(count).setEstimated(estimated);
            if (firstMicros != RingFrame.NO_TIME) {
                lost.setFirstTime(timestamp(firstMicros)).setLastTime(timestamp(lastMicros));
            }
            return lost.build();
        }

        private static Timestamp timestamp(long micros) {
            return Timestamp.newBuilder()
                    .setSeconds(Math.floorDiv(micros, 1_000_000L))
                    .setNanos((int) Math.floorMod(micros, 1_000_000L) * 1_000)
                    .build();
        }
    }
}
