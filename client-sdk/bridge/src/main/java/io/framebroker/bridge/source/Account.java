package io.framebroker.bridge.source;

/**
 * How the group stands.
 *
 * @param waiting entries not read yet; -1 when not known
 * @param missed entries found, by this look, to have left the source unread
 * @param pending entries read and not settled
 * @param delivered last entry read
 * @param added newest entry of the source
 */
public record Account(long waiting, long missed, long pending, EntryId delivered, EntryId added) {

    /** By how much the last entry read is older than the newest one, by their ids; 0 when none is waiting. */
    public long behindMillis() {
        return waiting == 0 || delivered.compareTo(added) >= 0 ? 0 : Math.max(0, added.millis() - delivered.millis());
    }
}
