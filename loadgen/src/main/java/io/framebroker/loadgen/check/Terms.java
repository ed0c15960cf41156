package io.framebroker.loadgen.check;

import io.framebroker.loadgen.log.Verb;
import io.framebroker.loadgen.role.Line;
import java.time.Duration;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * What a run must have had to prove anything, and what it may have had and still be clean.
 *
 * @param minAcks acks, at least
 * @param minUnknown frames whose outcome nobody learnt, at least
 * @param minRedelivered deliveries of attempt 2 and above, at least
 * @param mostWait how long a frame may wait for an ack while no fault is on
 * @param recovery how long after its end a fault excuses that
 * @param promises what the broker under test keeps beyond that
 * @param slack how much later than a confirmed ack a redelivery must be to count as one: what the clocks of several machines
 *     may differ by
 * @param ledger whether there must be a ledger of each stream
 * @param allowed verdicts that do not spoil the run
 * @param poisonEvery sequences that this divides must become dead letters, no others may, and replaying them must have been the
 *     end of them; 0 for no demand
 * @param givesBack kind of fault at which consumers give frames back that they have not begun with: those come again as the
 *     attempt they were, behind later ones; empty for none
 * @param forgetsEarly kind of fault that takes frames which groups were given before they were stored: those come again under
 *     another id; empty for none
 * @param tails kinds of faults that crash a store which keeps less than it confirms, and how much of the end it may lose
 */
public record Terms(
        long minAcks,
        long minUnknown,
        long minRedelivered,
        Duration mostWait,
        Duration recovery,
        Promises promises,
        Duration slack,
        boolean ledger,
        Set<Verdict> allowed,
        int poisonEvery,
        String givesBack,
        String forgetsEarly,
        Map<String, Duration> tails) {
    /**
     * What not every store can promise.
     *
     * @param mostFailed frames that the broker may refuse or drop
     * @param mostComeback how long publishers may be without acks once what broke their calls is started again
     * @param attemptsKept whether a group knows after a crash which attempts there were
     */
    public record Promises(long mostFailed, Duration mostComeback, boolean attemptsKept) {
        public static final Promises NONE = new Promises(Long.MAX_VALUE, Duration.ofDays(1), false);

        public Promises withMostComeback(Duration most) {
            return new Promises(mostFailed, most, attemptsKept);
        }

        /** Whether somebody has said something of it. */
        public boolean boundsComeback() {
            return mostComeback.compareTo(NONE.mostComeback) < 0;
        }
    }

    /** For logs that come without terms: something must have happened. */
    public static final Terms DEFAULT = new Terms(
            1,
            0,
            0,
            Duration.ofSeconds(5),
            Duration.ofSeconds(15),
            Promises.NONE,
            Duration.ZERO,
            false,
            EnumSet.noneOf(Verdict.class),
            0,
            "",
            "",
            Map.of());

    private static final String TAIL = "tail.";

    public Terms withMinimums(long acks, long unknown, long redelivered) {
        return new Terms(
                acks,
                unknown,
                redelivered,
                mostWait,
                recovery,
                promises,
                slack,
                ledger,
                allowed,
                poisonEvery,
                givesBack,
                forgetsEarly,
                tails);
    }

    public Terms withBounds(Duration wait, Duration afterFault) {
        return new Terms(
                minAcks,
                minUnknown,
                minRedelivered,
                wait,
                afterFault,
                promises,
                slack,
                ledger,
                allowed,
                poisonEvery,
                givesBack,
                forgetsEarly,
                tails);
    }

    public Terms withPromises(Promises more) {
        return new Terms(
                minAcks,
                minUnknown,
                minRedelivered,
                mostWait,
                recovery,
                more,
                slack,
                ledger,
                allowed,
                poisonEvery,
                givesBack,
                forgetsEarly,
                tails);
    }

    public Terms withSlack(Duration more) {
        return new Terms(
                minAcks,
                minUnknown,
                minRedelivered,
                mostWait,
                recovery,
                promises,
                more,
                ledger,
                allowed,
                poisonEvery,
                givesBack,
                forgetsEarly,
                tails);
    }

    public Terms withLedger() {
        return new Terms(
                minAcks,
                minUnknown,
                minRedelivered,
                mostWait,
                recovery,
                promises,
                slack,
                true,
                allowed,
                poisonEvery,
                givesBack,
                forgetsEarly,
                tails);
    }

    public Terms allowing(Verdict verdict) {
        Set<Verdict> more = EnumSet.of(verdict);
        more.addAll(allowed);
        return new Terms(
                minAcks,
                minUnknown,
                minRedelivered,
                mostWait,
                recovery,
                promises,
                slack,
                ledger,
                more,
                poisonEvery,
                givesBack,
                forgetsEarly,
                tails);
    }

    public Terms withPoison(int every) {
        return new Terms(
                minAcks,
                minUnknown,
                minRedelivered,
                mostWait,
                recovery,
                promises,
                slack,
                ledger,
                allowed,
                every,
                givesBack,
                forgetsEarly,
                tails);
    }

    /** At faults of this kind consumers give frames back that they have not begun with. */
    public Terms withGivingBack(String kind) {
        return new Terms(
                minAcks,
                minUnknown,
                minRedelivered,
                mostWait,
                recovery,
                promises,
                slack,
                ledger,
                allowed,
                poisonEvery,
                kind,
                forgetsEarly,
                tails);
    }

    /** At faults of this kind groups that do not wait for the store may have had frames that were never stored. */
    public Terms withForgettingEarly(String kind) {
        return new Terms(
                minAcks,
                minUnknown,
                minRedelivered,
                mostWait,
                recovery,
                promises,
                slack,
                ledger,
                allowed,
                poisonEvery,
                givesBack,
                kind,
                tails);
    }

    /** Faults of this kind may take what was confirmed in the {@code tail} before them. */
    public Terms withTail(String faultKind, Duration tail) {
        Map<String, Duration> more = new LinkedHashMap<>(tails);
        more.put(faultKind, tail);
        return new Terms(
                minAcks,
                minUnknown,
                minRedelivered,
                mostWait,
                recovery,
                promises,
                slack,
                ledger,
                allowed,
                poisonEvery,
                givesBack,
                forgetsEarly,
                more);
    }

    /** As a line of a log. */
    public Line toLine() {
        Line line = Line.of(Verb.TERMS.name())
                .with("min_acks", minAcks)
                .with("min_unknown", minUnknown)
                .with("min_redelivered", minRedelivered)
                .with("most_wait_ms", mostWait.toMillis())
                .with("recovery_ms", recovery.toMillis())
                .with("most_failed", promises.mostFailed)
                .with("most_comeback_ms", promises.mostComeback.toMillis())
                .with("attempts_kept", promises.attemptsKept)
                .with("slack_ms", slack.toMillis())
                .with("ledger", ledger)
                .with("poison_every", poisonEvery)
                .with("gives_back", givesBack)
                .with("forgets_early", forgetsEarly)
                .with("allowed", allowed.stream().map(Verdict::name).collect(Collectors.joining(",")));
        for (Map.Entry<String, Duration> tail : tails.entrySet()) {
            line = line.with(TAIL + tail.getKey(), tail.getValue().toMillis());
        }
        return line;
    }

    /** Reads what {@link #toLine} wrote. */
    static Terms of(Line line) {
        Set<Verdict> allowed = EnumSet.noneOf(Verdict.class);
        for (String verdict : line.get("allowed").split(",")) {
            if (!verdict.isEmpty()) {
                allowed.add(Verdict.valueOf(verdict));
            }
        }
        Map<String, Duration> tails = new LinkedHashMap<>();
        line.fields().forEach((name, value) -> {
            if (name.startsWith(TAIL)) {
                tails.put(name.substring(TAIL.length()), Duration.ofMillis(Long.parseLong(value)));
            }
        });
        return new Terms(
                line.number("min_acks"),
                line.number("min_unknown"),
                line.number("min_redelivered"),
                Duration.ofMillis(line.number("most_wait_ms")),
                Duration.ofMillis(line.number("recovery_ms")),
                new Promises(
                        line.number("most_failed"),
                        Duration.ofMillis(line.number("most_comeback_ms")),
                        Boolean.parseBoolean(line.get("attempts_kept"))),
                Duration.ofMillis(line.number("slack_ms")),
                Boolean.parseBoolean(line.get("ledger")),
                allowed,
                (int) line.number("poison_every"),
                line.get("gives_back"),
                // Logs from before there was such a kind have none.
                line.fields().getOrDefault("forgets_early", ""),
                tails);
    }
}
