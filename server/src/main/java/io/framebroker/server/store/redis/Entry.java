package io.framebroker.server.store.redis;

/**
 * One entry of the Redis Stream: some frames of one publisher, or none in the marker that begins a generation.
 *
 * @param generation first half of the entry's id
 * @param first ordinal of the first frame, and second half of the entry's id; 0 in a marker
 * @param count how many frames
 * @param number how many entries the Redis Stream had had with this one, where Redis says so; 0 where it does not, and
 *     negative for an entry that has vanished from Redis
 */
record Entry(long generation, long first, int count, long number) {
    private static final long VANISHED = -1;

    long last() {
        return first + count - 1;
    }

    boolean isMarker() {
        return count == 0;
    }

    /** The same, when somebody has taken it out of Redis. Its frames may be in memory still. */
    Entry vanished() {
        return new Entry(generation, first, count, VANISHED);
    }

    boolean hasVanished() {
        return number == VANISHED;
    }

    byte[] id() {
        return StreamKeys.bytes(generation + "-" + first);
    }

    Entry numbered(long howMany) {
        return new Entry(generation, first, count, howMany);
    }

    /** By their ids. */
    @Override
    public boolean equals(Object other) {
        return other instanceof Entry is && is.generation == generation && is.first == first;
    }

    @Override
    public int hashCode() {
        return Long.hashCode(generation * 31 + first);
    }

    static long half(String id, int which) {
        int dash = id.indexOf('-');
        return Long.parseUnsignedLong(which == 0 ? id.substring(0, dash) : id.substring(dash + 1));
    }
}
