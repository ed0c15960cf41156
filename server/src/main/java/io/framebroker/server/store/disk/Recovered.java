package io.framebroker.server.store.disk;

import java.util.List;

/**
 * A stream as it was left, before its frames are looked for.
 *
 * @param frames chunks of frames
 * @param letters chunks of dead letters
 * @param damaged whether its journal is to be written anew
 */
record Recovered(
        long id, StreamState state, Journal journal, List<Chunk> frames, List<Chunk> letters, boolean damaged) {
    /** A stream that is not there yet. */
    static Recovered none(long id, String name) {
        return new Recovered(id, new StreamState(name), new Journal(), List.of(), List.of(), false);
    }
}
