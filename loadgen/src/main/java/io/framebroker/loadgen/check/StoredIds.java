package io.framebroker.loadgen.check;

import java.util.Map;
import java.util.TreeMap;

/**
 * Under which id of its stream each frame of a source was delivered. A source's frames lie side by side in their stream, so their
 * ids are known by a few runs of equal distance between ordinal and sequence. Not thread-safe.
 */
final class StoredIds {
    private static final class Run {
        private int last;
        private final long generation;
        private final long distance;

        Run(int last, long generation, long distance) {
            this.last = last;
            this.generation = generation;
            this.distance = distance;
        }

        boolean holds(long otherGeneration, long otherDistance) {
            return generation == otherGeneration && distance == otherDistance;
        }
    }

    /** By first sequence. A run says nothing of sequences that are not in {@link #known}. */
    private final TreeMap<Integer, Run> runs = new TreeMap<>();

    private final Bits known = new Bits();

    /** The run that was used last. */
    private int cachedFirst = 1;

    private Run cached;

    /** False when the sequence was noted with another id before; that one stays. */
    boolean note(int sequence, long generation, long ordinal) {
        long distance = ordinal - sequence;
        if (cached == null || sequence < cachedFirst || sequence > cached.last) {
            find(sequence);
        }
        if (cached != null && sequence <= cached.last) {
            if (cached.holds(generation, distance)) {
                known.add(sequence);
                return true;
            }
            if (known.has(sequence)) {
                return false;
            }
            split(sequence);
        }
        known.add(sequence);
        if (cached != null && cached.holds(generation, distance)) {
            cached.last = sequence;
        } else {
            cached = new Run(sequence, generation, distance);
            cachedFirst = sequence;
            runs.put(cachedFirst, cached);
        }
        return true;
    }

    boolean has(int sequence) {
        return known.has(sequence);
    }

    Bits known() {
        return known;
    }

    int runs() {
        return runs.size();
    }

    /** The run that begins at or before the sequence. */
    private void find(int sequence) {
        Map.Entry<Integer, Run> before = runs.floorEntry(sequence);
        cached = before == null ? null : before.getValue();
        cachedFirst = before == null ? 1 : before.getKey();
    }

    /** Makes room in the run for a sequence that it does not know. */
    private void split(int sequence) {
        int behind = known.next(sequence + 1);
        if (behind > 0 && behind <= cached.last) {
            runs.put(behind, new Run(cached.last, cached.generation, cached.distance));
        }
        // Its first sequence is known, so this one lies behind that.
        cached.last = sequence - 1;
    }
}
