package io.framebroker.loadgen.targets;

import io.framebroker.loadgen.check.Inbox;
import io.framebroker.loadgen.load.Workload;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import redis.clients.jedis.CommandArguments;
import redis.clients.jedis.Protocol.Command;

/**
 * A consumer on plain Redis Streams: {@code XREADGROUP} of many entries, and one {@code XACK} for all it took of a stream,
 * sent together with the next read. An entry is acknowledged after its frames were handled. Runs in a thread of its own.
 */
final class RedisReader implements Runnable, AutoCloseable {
    /** What one answer may hold, so that large frames neither fill the server's buffers nor ours. */
    private static final int ANSWER_BYTES = 8 << 20;

    private static final int BLOCK_MILLIS = 1_000;
    private static final byte[] NEW = {'>'};

    private final RedisConnection connection;
    private final Workload workload;
    private final String group;
    private final RedisEntries entries;
    private final Inbox inbox;
    private final byte[][] keys;
    private final Map<String, Integer> cameras = new HashMap<>();
    private final CommandArguments read;

    /** Entries handled and not acknowledged, by camera. */
    private final List<List<byte[]>> handled = new ArrayList<>();

    private int handledFrames;
    private volatile long settled;
    private volatile String failure;
    private volatile boolean closed;

    RedisReader(String url, Target target, Workload workload, int group, int member, Inbox inbox) {
        this.connection = RedisConnection.open(url);
        this.workload = workload;
        this.group = SettledPositions.group(group);
        this.entries = new RedisEntries(target, workload);
        this.inbox = inbox;
        this.keys = new byte[workload.cameras()][];
        for (int camera = 0; camera < keys.length; camera++) {
            keys[camera] = workload.stream(camera).getBytes(StandardCharsets.UTF_8);
            cameras.put(workload.stream(camera), camera);
            handled.add(new ArrayList<>());
        }
        this.read = readCommand(member, RedisEntries.framesOf(target, workload));
    }

    private CommandArguments readCommand(int member, int entryFrames) {
        int frames = Math.min(workload.window(), Math.max(1, ANSWER_BYTES / workload.frameBytes()));
        CommandArguments command = new CommandArguments(Command.XREADGROUP)
                .add("GROUP")
                .add(group)
                .add("c" + member)
                .add("COUNT")
                .add(Math.max(1, frames / entryFrames))
                .add("BLOCK")
                .add(BLOCK_MILLIS)
                .add("STREAMS");
        for (byte[] key : keys) {
            command.add(key);
        }
        for (int i = 0; i < keys.length; i++) {
            command.add(NEW);
        }
        return command;
    }

    /** Frames whose acknowledgement Redis has confirmed. */
    long settled() {
        return settled;
    }

    String failure() {
        return failure;
    }

    @Override
    public void run() {
        try {
            while (!closed) {
                int streams = sendAcks();
                connection.sendCommand(read);
                connection.flush();
                awaitAcks(streams);
                handle((List<?>) connection.getUnflushedObject());
            }
        } catch (RuntimeException e) {
            if (!closed) {
                failure = "consumer of group " + group + ": " + connection + ": " + e.getMessage();
            }
        }
    }

    private int sendAcks() {
        int sent = 0;
        for (int camera = 0; camera < keys.length; camera++) {
            List<byte[]> ids = handled.get(camera);
            if (!ids.isEmpty()) {
                CommandArguments ack =
                        new CommandArguments(Command.XACK).add(keys[camera]).add(group);
                ids.forEach(ack::add);
                connection.sendCommand(ack);
                sent++;
            }
        }
        return sent;
    }

    private void awaitAcks(int streams) {
        if (streams == 0) {
            return;
        }
        long expected = handled.stream().mapToInt(List::size).sum();
        long acked = 0;
        for (int i = 0; i < streams; i++) {
            acked += (Long) connection.getUnflushedObject();
        }
        if (acked != expected) {
            throw new TargetException(
                    acked + " of " + expected + " entries were acknowledged; others were not pending");
        }
        handled.forEach(List::clear);
        settled += handledFrames;
        handledFrames = 0;
    }

    private void handle(List<?> streams) {
        if (streams == null) {
            return;
        }
        for (Object each : streams) {
            List<?> stream = (List<?>) each;
            int camera = cameras.get(new String((byte[]) stream.get(0), StandardCharsets.UTF_8));
            for (Object entry : (List<?>) stream.get(1)) {
                byte[] id = (byte[]) ((List<?>) entry).get(0);
                handledFrames += entries.take(id, (List<?>) ((List<?>) entry).get(1), camera, inbox);
                handled.get(camera).add(id);
            }
        }
    }

    @Override
    public void close() {
        closed = true;
        connection.close();
    }
}
