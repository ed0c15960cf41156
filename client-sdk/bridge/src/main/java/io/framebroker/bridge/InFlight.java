package io.framebroker.bridge;

import io.framebroker.bridge.source.EntryId;
import java.util.HashMap;
import java.util.Map;

/**
 * Entries that were read and are still pending in Redis, bounded in number and bytes. An entry is in here from being
 * published until Redis has confirmed that it is settled. For the pump's thread.
 */
final class InFlight {
    /** Until something is known of the sizes of entries. */
    private static final int CAREFUL_COUNT = 16;

    private final int mostEntries;
    private final long mostBytes;
    private final int mostOfOneRead;

    private final Map<EntryId, Integer> entries = new HashMap<>();
    private long bytes;

    /** Size of the largest entry of late. */
    private long largest;

    InFlight(int mostEntries, long mostBytes, int mostOfOneRead) {
        this.mostEntries = mostEntries;
        this.mostBytes = mostBytes;
        this.mostOfOneRead = mostOfOneRead;
    }

    /**
     * How many entries may be read now; 0 when none. They are taken to be as large as the largest of late: should they be
     * larger, what is in flight exceeds its bound by one read.
     */
    int room() {
        long byCount = Math.min(mostOfOneRead, mostEntries - entries.size());
        if (largest == 0) {
            return (int) Math.min(byCount, CAREFUL_COUNT);
        }
        long byBytes = (mostBytes - bytes) / largest;
        return (int) Math.max(entries.isEmpty() ? 1 : 0, Math.min(byCount, byBytes));
    }

    void add(Carried entry) {
        entries.put(entry.id(), entry.bytes());
        bytes += entry.bytes();
        largest = Math.max(entry.bytes(), largest - (largest >> 8));
    }

    void remove(EntryId id) {
        Integer size = entries.remove(id);
        if (size != null) {
            bytes -= size;
        }
    }

    boolean contains(EntryId id) {
        return entries.containsKey(id);
    }

    boolean isEmpty() {
        return entries.isEmpty();
    }

    int count() {
        return entries.size();
    }

    long bytes() {
        return bytes;
    }

    @Override
    public String toString() {
        return entries.size() + "/" + mostEntries + " entries, " + (bytes >> 10) + "/" + (mostBytes >> 10) + " KiB";
    }
}
