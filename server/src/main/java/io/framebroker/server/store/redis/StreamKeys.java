package io.framebroker.server.store.redis;

import java.nio.charset.StandardCharsets;

/**
 * Where a stream lies in Redis. The stream's name is the hash tag, so that a Cluster keeps all its keys on one node.
 *
 * <pre>
 * {@code <prefix>{<stream>}:frames}         Redis Stream: the frames; its consumer groups are the groups
 * {@code <prefix>{<stream>}:state}          hash: settings, publishers, counters
 * {@code <prefix>{<stream>}:group:<group>}  hash: cursor and counters of a group, and what is particular to a frame
 * {@code <prefix>{<stream>}:letters:<group>} hash: the dead letters of a group
 * {@code <prefix>{<stream>}:copies:<group>}  hash: their frames
 * {@code <prefix>{<stream>}:owner}          who owns the stream; expires with the lease
 * {@code <prefix>{<stream>}:generation}     the last fencing number given
 * {@code <prefix>{<stream>}:process}        which Redis process gave it
 * {@code <prefix>{<stream>}:taken}          list: takeovers, and the last entry that each found
 * </pre>
 */
final class StreamKeys {
    private final String stem;
    final byte[] frames;
    final byte[] state;
    final byte[] owner;
    final byte[] generation;
    final byte[] process;
    final byte[] taken;

    StreamKeys(String prefix, String stream) {
        this.stem = prefix + "{" + stream + "}:";
        this.frames = bytes(stem + "frames");
        this.state = bytes(stem + "state");
        this.owner = bytes(stem + "owner");
        this.generation = bytes(stem + "generation");
        this.process = bytes(stem + "process");
        this.taken = bytes(stem + "taken");
    }

    byte[] group(String group) {
        return bytes(stem + "group:" + group);
    }

    byte[] letters(String group) {
        return bytes(stem + "letters:" + group);
    }

    byte[] copies(String group) {
        return bytes(stem + "copies:" + group);
    }

    /** Set of the names of all streams. */
    static byte[] streams(String prefix) {
        return bytes(prefix + "streams");
    }

    /** Sorted set of the addresses of the brokers that are alive, by the time their word runs out. */
    static byte[] brokers(String prefix) {
        return bytes(prefix + "brokers");
    }

    static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    static byte[] bytes(long number) {
        return bytes(Long.toString(number));
    }

    static String text(Object reply) {
        return reply == null ? null : new String((byte[]) reply, StandardCharsets.UTF_8);
    }
}
