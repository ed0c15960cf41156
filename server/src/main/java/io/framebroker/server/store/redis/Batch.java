package io.framebroker.server.store.redis;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import redis.clients.jedis.Connection;
import redis.clients.jedis.Protocol.Command;

/** What goes to Redis for a stream in one go, and what holds once it is done. For the thread of its lane. */
final class Batch {
    /** In the order of the frames. */
    final List<Entry> appended = new ArrayList<>();
    /** Taken out before, in the same transaction: what is appended stands for them. */
    final List<Entry> superseded = new ArrayList<>();

    final List<RedisGroup.Snapshot> groups = new ArrayList<>();
    int groupsDeleted;
    /** Of dead letters to be, in the order of the answers. */
    final List<RedisLetters.Copy> copies = new ArrayList<>();

    private final List<RedisLetters> copiesOf = new ArrayList<>();

    int bytes;
    /** How many entries are trimmed, the last of them, and the place of the answer that says so. */
    long trimmed;

    Entry lastTrimmed;
    int trimAt;
    long notes;
    boolean deletes;
    /** When the lease was asked for anew, if it was. */
    long sentNanos;

    private final List<Consumer<Connection>> requests = new ArrayList<>();
    private Commit commit;
    private boolean follows;

    /** Something to be written, in order; what it takes is put together only then. */
    void add(Consumer<Connection> request) {
        requests.add(request);
    }

    /**
     * The frames go through only if those on their way to the stream do. Before they are added.
     *
     * @param length how many entries the stream has then
     */
    void follow(StreamKeys keys, long length) {
        follows = true;
        add(connection -> {
            connection.sendCommand(Command.WATCH, keys.generation);
            Script.FOLLOW.sendWhole(
                    connection, List.of(keys.generation, keys.frames), List.of(StreamKeys.bytes(length)));
        });
    }

    boolean follows() {
        return follows;
    }

    /** Adds the copy of a frame, which is kept if the stream is still ours. Behind the frames, before the commit. */
    void copy(RedisLetters letters, RedisLetters.Copy copy, byte[] owner, byte[] ownerKey, byte[] key) {
        copies.add(copy);
        copiesOf.add(letters);
        List<byte[]> arguments = new ArrayList<>(List.of(owner));
        arguments.addAll(copy.words());
        add(connection -> Script.COPY.send(connection, List.of(ownerKey, key), arguments));
    }

    /** Whose a copy is. */
    RedisLetters lettersOf(int copy) {
        return copiesOf.get(copy);
    }

    /** Adds a commit, which goes through if the stream is still ours. */
    void commit(Commit added, StreamKeys keys, byte[] owner, long leaseMillis) {
        commit = added;
        List<byte[]> arguments = new ArrayList<>(added.words().size() + 2);
        arguments.add(owner);
        arguments.add(StreamKeys.bytes(leaseMillis));
        arguments.addAll(added.words());
        add(connection -> Script.COMMIT.send(connection, List.of(keys.owner), arguments));
    }

    /** Null when there is none. */
    Commit commit() {
        return commit;
    }

    /** Writes what is not written yet. */
    void write(Connection connection) {
        requests.forEach(request -> request.accept(connection));
        requests.clear();
    }

    /** Replies before those to the commands that carry frames, and that take superseded entries out. */
    int firstReply() {
        return follows ? 3 : 1;
    }

    /** To the frames, in one transaction. */
    int frameReplies() {
        return appended.isEmpty() ? 0 : firstReply() + (superseded.isEmpty() ? 0 : 1) + appended.size() + 1;
    }

    int replies() {
        return frameReplies() + copies.size() + (commit == null ? 0 : 1);
    }
}
