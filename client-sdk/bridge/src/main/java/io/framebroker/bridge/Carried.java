package io.framebroker.bridge;

import io.framebroker.bridge.source.EntryId;

/**
 * An entry on its way to the broker.
 *
 * @param bytes what it holds of memory, about
 */
record Carried(EntryId id, int bytes) {
    long sequence() {
        return id.sequence();
    }
}
