package io.framebroker.loadgen.targets;

import io.framebroker.loadgen.load.FramePool;
import io.framebroker.loadgen.load.StreamLimits;
import io.framebroker.loadgen.load.Workload;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import redis.clients.jedis.CommandArguments;
import redis.clients.jedis.Protocol.Command;

/**
 * A camera's publisher on plain Redis Streams, as well as it can be done: {@code XADD}s go through a full-duplex pipeline
 * with a bounded number in flight; every eighth of the backlog it asks how far the groups are, waits for them where it is
 * too far ahead, and trims what all of them have settled, down to the retention. Nothing unread is ever trimmed.
 */
final class RedisSink implements FrameSink {
    private static final byte[] MINID = {'M', 'I', 'N', 'I', 'D'};
    private static final byte[] EXACTLY = {'='};
    private static final byte[] GROUPS = {'G', 'R', 'O', 'U', 'P', 'S'};

    /** How often it asks for the groups' positions while it waits for them. */
    private static final long ASK_AGAIN_NANOS = TimeUnit.MICROSECONDS.toNanos(500);

    private final FramePool pool;
    private final byte[] key;
    private final int groups;
    private final int entryFrames;
    private final long inFlight;
    private final long backlog;
    private final long retention;
    private final RedisEntries entries;
    private final SettledPositions settled;
    private final RedisPipe pipe;

    /** Who waits for replies; set for good by the first frame. */
    private volatile Thread sender;

    /** Sequence of the last frame stored; written by the reading thread. */
    private volatile long confirmed;

    /** Whether an answer about the groups is on its way; cleared by the reading thread. */
    private volatile boolean asked;

    // Owned by the sending thread.
    private long sentThrough;
    private long askedAt;
    private long trimmedThrough;

    RedisSink(String url, Target target, Workload workload, StreamLimits limits, FramePool pool) {
        this.pool = pool;
        this.key = workload.stream(pool.camera()).getBytes(StandardCharsets.UTF_8);
        this.groups = workload.groups();
        this.entryFrames = RedisEntries.framesOf(target, workload);
        this.inFlight = workload.inFlight();
        this.backlog = limits.backlogFramesOf(workload);
        this.retention = limits.retentionFramesOf(workload);
        this.entries = new RedisEntries(target, workload);
        this.settled = new SettledPositions(groups, entryFrames);
        this.pipe = new RedisPipe(url, "camera-" + pool.camera(), this::wake);
    }

    @Override
    public void send(long[] dueMicros) throws InterruptedException {
        sender = Thread.currentThread();
        if (entryFrames > 1) {
            awaitRoom(dueMicros.length);
            add(entries.add(key, pool, dueMicros));
        } else {
            for (long due : dueMicros) {
                awaitRoom(1);
                add(entries.add(key, pool, due));
            }
        }
        if (sentThrough - askedAt >= backlog / 8) {
            ask();
        }
        trim();
        pipe.flush();
    }

    private void add(CommandArguments command) {
        long through = pool.lastSequence();
        sentThrough = through;
        pipe.send(command, reply -> {
            confirmed = through;
            LockSupport.unpark(sender);
        });
    }

    private void awaitRoom(int frames) throws InterruptedException {
        while (sentThrough + frames - confirmed > inFlight || sentThrough + frames - settled.slowest() > backlog) {
            check();
            if (sentThrough + frames - settled.slowest() > backlog) {
                ask();
            }
            pipe.flush();
            LockSupport.parkNanos(this, ASK_AGAIN_NANOS);
            if (Thread.interrupted()) {
                throw new InterruptedException();
            }
        }
        check();
    }

    /** Removes what every group has settled, but for the retention. One rare exact cut costs less than one an entry. */
    private void trim() {
        long through = settled.slowest() - retention;
        if (through - trimmedThrough >= Math.max(1, backlog / 8)) {
            trimmedThrough = through;
            pipe.send(
                    new CommandArguments(Command.XTRIM)
                            .add(key)
                            .add(MINID)
                            .add(EXACTLY)
                            .add(RedisEntries.id(through + 1)),
                    removed -> {});
        }
    }

    private void ask() {
        if (asked) {
            return;
        }
        asked = true;
        askedAt = sentThrough;
        for (int group = 0; group < groups; group++) {
            int of = group;
            pipe.send(
                    new CommandArguments(Command.XPENDING).add(key).add(SettledPositions.group(group)),
                    reply -> settled.pending(of, reply));
        }
        pipe.send(new CommandArguments(Command.XINFO).add(GROUPS).add(key), reply -> {
            settled.groups(reply);
            asked = false;
            wake();
        });
    }

    private void check() {
        if (pipe.failure() != null) {
            throw new TargetException("camera " + pool.camera() + ": " + pipe.failure());
        }
    }

    private void wake() {
        LockSupport.unpark(sender);
    }

    @Override
    public Map<Long, String> flush(Duration timeout) throws InterruptedException {
        long deadline = System.nanoTime() + timeout.toNanos();
        while (confirmed < pool.lastSequence()) {
            check();
            if (System.nanoTime() - deadline > 0) {
                throw new TargetException("camera " + pool.camera() + ": no reply within " + timeout.toSeconds()
                        + " s for frames behind " + confirmed + " of " + pool.lastSequence());
            }
            TimeUnit.MILLISECONDS.sleep(1);
        }
        return Map.of();
    }

    @Override
    public long confirmed() {
        return confirmed;
    }

    @Override
    public void close() {
        pipe.close();
    }
}
