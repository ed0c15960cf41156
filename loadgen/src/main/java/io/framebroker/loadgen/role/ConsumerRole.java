package io.framebroker.loadgen.role;

import io.framebroker.loadgen.check.Defects;
import io.framebroker.loadgen.check.GroupCheck;
import io.framebroker.loadgen.check.Inbox;
import io.framebroker.loadgen.load.StreamLimits;
import io.framebroker.loadgen.load.Workload;
import io.framebroker.loadgen.targets.Link;
import io.framebroker.loadgen.targets.Target;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.HdrHistogram.Histogram;

/**
 * Takes the frames of all groups and checks them. Commands: {@code open}, {@code mark} (latencies from here on count),
 * {@code stats}, {@code latencies} (since the mark), {@code settle} (waits for what the publisher's account says must
 * come, then gives the verdict). Used by one thread.
 */
public final class ConsumerRole implements Role {
    private static final long SETTLE_SECONDS = 30;

    /** How long frames may keep coming after the last expected one; what comes then is a duplicate or a ghost. */
    private static final long QUIET_MILLIS = 50;

    private static final int HISTOGRAM_DIGITS = 3;

    private Workload workload;
    private Link link;

    /** By group, then by camera. */
    private GroupCheck[][] checks;

    /** Added to while consumers open, each read by its own thread. */
    private final List<Inbox> inboxes = new CopyOnWriteArrayList<>();

    private final Histogram sinceMark = new Histogram(HISTOGRAM_DIGITS);
    private final Histogram sinceStats = new Histogram(HISTOGRAM_DIGITS);

    @Override
    public Line ask(Line request) throws InterruptedException {
        return switch (request.verb()) {
            case "open" -> open(request);
            case "mark" -> mark();
            case "stats" -> stats();
            case "latencies" -> latencies();
            case "settle" -> settle(request);
            default -> throw new IllegalArgumentException("a consumer does not know '" + request.verb() + "'");
        };
    }

    @Override
    public void close() {
        if (link != null) {
            link.close();
        }
    }

    private Line open(Line request) throws InterruptedException {
        workload = Workload.of(request.fields());
        link = Link.to(
                Target.of(request.get("target")), request.get("address"), workload, StreamLimits.of(request.fields()));
        checks = new GroupCheck[workload.groups()][workload.cameras()];
        for (int group = 0; group < workload.groups(); group++) {
            for (int camera = 0; camera < workload.cameras(); camera++) {
                String name = "g" + group + "/cam-" + camera;
                checks[group][camera] = new GroupCheck(workload.runId(), camera, name, workload.consumers());
            }
            for (int member = 0; member < workload.consumers(); member++) {
                int of = group;
                int index = member;
                link.consumer(group, member, () -> inbox(of, index));
            }
        }
        return Line.of(Line.OK);
    }

    private Inbox inbox(int group, int member) {
        Inbox inbox = new Inbox(member, workload.frameBytes(), checks[group]);
        inboxes.add(inbox);
        return inbox;
    }

    private Line mark() {
        collect();
        sinceMark.reset();
        sinceStats.reset();
        return counts();
    }

    private Line stats() {
        collect();
        boolean none = sinceStats.getTotalCount() == 0;
        Line line = counts().with("p50", none ? -1 : sinceStats.getValueAtPercentile(50))
                .with("p99", none ? -1 : sinceStats.getValueAtPercentile(99))
                .with("max", none ? -1 : sinceStats.getMaxValue());
        sinceStats.reset();
        return line;
    }

    private Line latencies() {
        collect();
        return Line.of(Line.OK).with("histogram", Latencies.write(sinceMark));
    }

    private Line settle(Line account) {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(SETTLE_SECONDS);
        while (!complete(account) && link.failure() == null && System.nanoTime() - deadline < 0) {
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(1));
        }
        awaitQuiet();
        awaitSettled(deadline);
        Defects defects = Defects.NONE;
        long redelivered = 0;
        long leftOut = 0;
        for (GroupCheck[] group : checks) {
            for (int camera = 0; camera < group.length; camera++) {
                Map<Long, String> notStored = Accounts.notStored(account, camera);
                defects = defects.plus(group[camera].settle(Accounts.last(account, camera), notStored));
                redelivered += group[camera].redelivered();
                leftOut += group[camera].leftOut();
            }
        }
        return Line.of(Line.OK)
                .with("lost", defects.lost())
                .with("duplicates", defects.duplicates())
                .with("reordered", defects.reordered())
                .with("damaged", defects.damaged())
                .with("ghosts", defects.ghosts())
                .with("redelivered", redelivered)
                .with("left_out", leftOut)
                .with("examples", String.join("\n", defects.examples()));
    }

    private boolean complete(Line account) {
        for (GroupCheck[] group : checks) {
            for (int camera = 0; camera < group.length; camera++) {
                if (!group[camera].complete(Accounts.last(account, camera), Accounts.notStored(account, camera))) {
                    return false;
                }
            }
        }
        return true;
    }

    private void awaitQuiet() {
        long before;
        do {
            before = frames();
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(QUIET_MILLIS));
        } while (frames() != before);
    }

    /** A frame counts when its settlement is confirmed, where the target has such a thing. */
    private void awaitSettled(long deadline) {
        for (int group = 0; group < workload.groups(); group++) {
            long settled;
            while ((settled = link.settled(group)) >= 0 && settled < distinct(group)) {
                if (link.failure() != null) {
                    throw new RunFailure(link.failure());
                }
                if (System.nanoTime() - deadline > 0) {
                    throw new RunFailure(
                            "group g" + group + ": " + distinct(group) + " frames were delivered, but only " + settled
                                    + " are confirmed as settled after " + SETTLE_SECONDS + " s; " + link.state(group));
                }
                LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(1));
            }
        }
    }

    /** Frames all groups have settled, as far as the slowest has come. */
    private long settledByAll() {
        long slowest = Long.MAX_VALUE;
        for (int group = 0; group < workload.groups(); group++) {
            long settled = link.settled(group);
            slowest = Math.min(slowest, settled < 0 ? distinct(group) : settled);
        }
        return slowest;
    }

    private long distinct(int group) {
        return Arrays.stream(checks[group]).mapToLong(GroupCheck::distinct).sum();
    }

    private Line counts() {
        if (link.failure() != null) {
            throw new RunFailure(link.failure());
        }
        long missing = 0;
        for (GroupCheck[] group : checks) {
            for (GroupCheck check : group) {
                missing += check.missing();
            }
        }
        return Line.of(Line.OK)
                .with("nanos", System.nanoTime())
                .with("frames", frames())
                .with("settled", settledByAll())
                .with("missing", missing);
    }

    private long frames() {
        return inboxes.stream().mapToLong(Inbox::frames).sum();
    }

    private void collect() {
        for (Inbox inbox : inboxes) {
            Histogram latencies = inbox.takeLatencies();
            sinceMark.add(latencies);
            sinceStats.add(latencies);
        }
    }
}
