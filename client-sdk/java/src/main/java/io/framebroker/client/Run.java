package io.framebroker.client;

import io.framebroker.v1.DeliveryToken;
import io.framebroker.v1.HeldDeliveries;
import io.framebroker.v1.Settlement;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * Deliveries with consecutive ordinals, of one stream, generation and attempt, that are told together. Not thread-safe.
 */
final class Run {
    private static final int MAX_COUNT = 100_000;
    private static final Comparator<Run> BY_TOKEN = Comparator.<Run, String>comparing(run -> run.stream)
            .thenComparingLong(run -> run.generation)
            .thenComparingInt(run -> run.attempt)
            .thenComparingLong(run -> run.first);

    final String stream;
    final long generation;
    final int attempt;

    /** How the deliveries end; null when they do not, but are held on to. */
    final Verdict verdict;

    private final long first;
    private int count;

    Run(String stream, long generation, long first, int attempt, int count, Verdict verdict) {
        this.stream = stream;
        this.generation = generation;
        this.attempt = attempt;
        this.verdict = verdict;
        this.first = first;
        this.count = count;
    }

    long first() {
        return first;
    }

    int count() {
        return count;
    }

    /** Ordinal behind the last one. */
    long end() {
        return first + count;
    }

    boolean extension() {
        return verdict == null;
    }

    /** Takes one more delivery at the end, if it continues the run. */
    boolean append(String nextStream, long nextGeneration, long ordinal, int nextAttempt, Verdict nextVerdict) {
        if (ordinal != end()
                || count == MAX_COUNT
                || nextGeneration != generation
                || nextAttempt != attempt
                || !java.util.Objects.equals(nextVerdict, verdict)
                || !nextStream.equals(stream)) {
            return false;
        }
        count++;
        return true;
    }

    /** Whether the other run speaks of the same stream, generation and attempt. */
    boolean alike(Run other) {
        return generation == other.generation && attempt == other.attempt && stream.equals(other.stream);
    }

    /** The part from {@code from} on, up to {@code end} exclusive; null when that is empty. */
    Run part(long from, long end) {
        long start = Math.max(from, first);
        long stop = Math.min(end, end());
        return start < stop ? new Run(stream, generation, start, attempt, (int) (stop - start), verdict) : null;
    }

    Run asHeld() {
        return new Run(stream, generation, first, attempt, count, null);
    }

    /** The same deliveries in as few runs as possible. */
    static List<Run> merged(List<Run> runs) {
        if (runs.size() < 2) {
            return List.copyOf(runs);
        }
        List<Run> sorted = new ArrayList<>(runs);
        sorted.sort(BY_TOKEN);
        List<Run> merged = new ArrayList<>(sorted.size());
        Run last = null;
        for (Run run : sorted) {
            if (last != null && last.continuedBy(run)) {
                last.count += run.count;
            } else {
                last = new Run(run.stream, run.generation, run.first, run.attempt, run.count, run.verdict);
                merged.add(last);
            }
        }
        return merged;
    }

    private boolean continuedBy(Run next) {
        return next.first == end()
                && alike(next)
                && java.util.Objects.equals(verdict, next.verdict)
                && count + next.count <= MAX_COUNT;
    }

    Settlement toSettlement() {
        Settlement.Builder settlement =
                Settlement.newBuilder().setStream(stream).setToken(token()).setCount(count);
        return verdict.writeTo(settlement).build();
    }

    HeldDeliveries toHeld() {
        return HeldDeliveries.newBuilder()
                .setStream(stream)
                .setToken(token())
                .setCount(count)
                .build();
    }

    private DeliveryToken token() {
        return DeliveryToken.newBuilder()
                .setGeneration(generation)
                .setOrdinal(first)
                .setAttempt(attempt)
                .build();
    }

    @Override
    public String toString() {
        return stream + " " + generation + "-" + first + " x" + count + " attempt " + attempt
                + (verdict == null ? "" : " " + verdict);
    }
}
