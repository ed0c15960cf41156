package io.framebroker.server.store.redis;

import java.util.List;

/**
 * The names of all streams, so that they can be listed. Whether a stream is there, its generation says: the list may be on
 * another node, and is made to follow. Thread-safe; blocks.
 */
final class StreamNames {
    private final RedisLink link;
    private final byte[] key;

    StreamNames(RedisLink link, String keyPrefix) {
        this.link = link;
        this.key = StreamKeys.streams(keyPrefix);
    }

    boolean isThere(StreamKeys keys) {
        String generation = StreamKeys.text(link.commands().get(keys.generation));
        return generation != null && !generation.endsWith(" " + Script.DELETED);
    }

    /** Whoever makes a stream calls this when it is there. */
    void add(String stream) {
        link.commands().sadd(key, StreamKeys.bytes(stream));
    }

    /**
     * Takes the name of a stream away that is not there.
     *
     * <p>The race: (1) the stream is found deleted, (2) another broker makes it anew, (3) and adds its name, (4) the name is
     * removed. So it is looked again behind that; and behind adding it again, since it may have been deleted meanwhile.
     */
    void remove(String stream, StreamKeys keys) {
        boolean again = true;
        while (again) {
            link.commands().srem(key, StreamKeys.bytes(stream));
            again = false;
            if (isThere(keys)) {
                add(stream);
                again = !isThere(keys);
            }
        }
    }

    List<String> all() {
        return link.commands().smembers(key).stream().map(StreamKeys::text).toList();
    }
}
