package io.framebroker.bridge.source;

/**
 * Who may read the source.
 *
 * @param ours whether it is the bridge that asked
 * @param holder consumer name of the owner if it is another
 * @param leaseMillis how long the other's lease lasts yet
 * @param last last entry ever read under this epoch; {@link EntryId#ZERO} when there is none
 */
public record Ownership(boolean ours, String holder, long leaseMillis, EntryId last) {}
