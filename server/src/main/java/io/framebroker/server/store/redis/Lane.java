package io.framebroker.server.store.redis;

import io.framebroker.server.store.redis.RedisStreamStore.News;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import redis.clients.jedis.Connection;
import redis.clients.jedis.Protocol.Command;
import redis.clients.jedis.exceptions.JedisConnectionException;
import redis.clients.jedis.exceptions.JedisDataException;
import redis.clients.jedis.exceptions.JedisException;

/**
 * Writes for the streams of one Redis node: one thread, one connection. While a batch is on its way the next one
 * gathers, so there is never a round trip for a frame; and while Redis works on a batch, the streams are told what
 * became of the one before.
 */
final class Lane implements Runnable {
    private static final Logger log = LoggerFactory.getLogger(Lane.class);
    private static final int MOST_BYTES_OF_ROUND = 8 << 20;
    /** Of a transaction: what Redis parses, copies and writes to its file in turn should stay in the processor's cache. */
    private static final int MOST_BYTES_OF_STREAM = 256 << 10;

    private static final long LEAST_WAIT_NANOS = 1_000_000;
    private static final long SWEEP_NANOS = 5_000_000;
    private static final long CLOSING_WAIT_NANOS = 10_000_000;

    private record Sent(RedisStreamStore stream, Batch batch) {}

    private final RedisFrameStore store;
    private final String node;
    /** Streams that have something to send; guarded by this. */
    private Set<RedisStreamStore> awake = new LinkedHashSet<>();
    /** Guarded by this. */
    private final Set<RedisStreamStore> streams = new HashSet<>();

    /** Whether there is nothing to do, and until when at most; guarded by this. */
    private boolean waiting;

    private long waitsUntilNanos;
    private boolean closing;
    private boolean ended;
    private volatile boolean abandoned;
    private long closeByNanos;
    private long sweptNanos;
    /** What streams are told, with what of them is written, once enough replicas have all of it. */
    private final Map<RedisStreamStore, List<News>> unconfirmed = new LinkedHashMap<>();

    /** Frames that were written before it was known what became of those before them. */
    private Sent ahead;

    /** When that was sent. */
    private long aheadNanos;

    private volatile Connection connection;
    private volatile String trouble;
    /** When the first of the batches that are being answered was sent. Only the lane's thread has it. */
    private long sentNanos;

    /** When the round that is being written began; 0 when none is. */
    private volatile long writingSinceNanos;

    /** @param node to write to, as the store names it */
    Lane(RedisFrameStore store, String node) {
        this.store = store;
        this.node = node;
    }

    synchronized void add(RedisStreamStore stream) {
        streams.add(stream);
        wake(stream);
    }

    synchronized void wake(RedisStreamStore stream) {
        if (awake.add(stream) && awake.size() == 1) {
            notifyAll();
        }
    }

    /** Looks by then which streams are due. */
    synchronized void wakeBy(long nanos) {
        if (waiting && nanos - waitsUntilNanos < 0) {
            notifyAll();
        }
    }

    /** Writes what is there until nothing is left or the time is over, gives the streams up, and ends. */
    synchronized void close(long withinNanos) {
        closing = true;
        closeByNanos = System.nanoTime() + withinNanos;
        notifyAll();
    }

    /** Ends as soon as it can, without a word to Redis. */
    synchronized void abandon() {
        abandoned = true;
        close(0);
    }

    @Override
    public void run() {
        while (!ends()) {
            try {
                work();
            } catch (RuntimeException | Error e) {
                // Nobody else writes for these streams: whatever it was, the lane goes on, and looks what is in Redis.
                log.error("the writer of Redis failed", e);
                disconnect("the writer failed: " + e);
            }
        }
        if (!abandoned) {
            releaseAll();
        }
        closeConnection();
    }

    private synchronized boolean ends() {
        ended = isDone();
        return ended;
    }

    /** Whether it is too late to add a stream. */
    synchronized boolean hasEnded() {
        return ended;
    }

    private synchronized List<RedisStreamStore> all() {
        return List.copyOf(streams);
    }

    private synchronized boolean isEmpty() {
        return streams.isEmpty();
    }

    private synchronized boolean isDone() {
        if (!closing) {
            return false;
        }
        boolean quiet = true;
        for (RedisStreamStore stream : streams) {
            quiet &= stream.isQuiet();
        }
        return quiet || abandoned || System.nanoTime() - closeByNanos > 0;
    }

    private void work() {
        Set<RedisStreamStore> due = await();
        if (!connected()) {
            return;
        }
        List<Runnable> news = new ArrayList<>();
        try {
            doubts(doubtful(due), news);
            while (true) {
                List<Sent> sent = send(due);
                tell(news);
                if (sent.isEmpty() && unconfirmed.isEmpty()) {
                    return;
                }
                if (isTimeUp()) {
                    // Answers are still to come there, and would be taken for those to other questions.
                    closeConnection();
                    return;
                }
                goAhead(sent);
                receive(sent, news);
                due = takeDue();
                Set<RedisStreamStore> doubtful = doubtful(due);
                if (ahead != null && !doubtful.isEmpty()) {
                    // Its answers come before those to what a doubt makes us ask.
                    receive(send(Set.of()), news);
                }
                doubts(doubtful, news);
            }
        } catch (JedisConnectionException e) {
            disconnect("Redis at " + node + ": " + e.getMessage());
        } finally {
            tell(news);
        }
    }

    private synchronized boolean isTimeUp() {
        return closing && System.nanoTime() - closeByNanos > 0;
    }

    /** Ends a connection that Redis has not read from for so long: reading has a time limit, writing has none. */
    void endHungWrite(long afterNanos) {
        long since = writingSinceNanos;
        Connection hung = connection;
        if (since != 0 && hung != null && System.nanoTime() - since > afterNanos) {
            try {
                hung.forceDisconnect();
            } catch (IOException e) {
                log.debug("a connection that hangs", e);
            }
        }
    }

    private static void tell(List<Runnable> news) {
        // Each at most once, also when one of them fails.
        List<Runnable> told = List.copyOf(news);
        news.clear();
        told.forEach(Runnable::run);
    }

    /** Those awake, and now and then those whose time has come. */
    private synchronized Set<RedisStreamStore> takeDue() {
        Set<RedisStreamStore> due = takeAwake();
        long now = System.nanoTime();
        if (now - sweptNanos > SWEEP_NANOS) {
            sweptNanos = now;
            for (RedisStreamStore stream : streams) {
                if (stream.untilDue(now) <= 0) {
                    due.add(stream);
                }
            }
        }
        return due;
    }

    private synchronized Set<RedisStreamStore> takeAwake() {
        Set<RedisStreamStore> due = awake;
        awake = new LinkedHashSet<>();
        return due;
    }

    /** Waits until there is something to do, and takes it. */
    private synchronized Set<RedisStreamStore> await() {
        long now = System.nanoTime();
        if (awake.isEmpty() && !(closing && isDone())) {
            long wait = closing ? CLOSING_WAIT_NANOS : store.leaseNanos() / 6;
            for (RedisStreamStore stream : streams) {
                wait = Math.min(wait, stream.untilDue(now));
            }
            wait = Math.max(LEAST_WAIT_NANOS, wait);
            waitsUntilNanos = now + wait;
            waiting = true;
            try {
                // Rounded up: waking before anything is due would be for nothing.
                wait((wait + 999_999) / 1_000_000);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                closing = true;
            }
            waiting = false;
        }
        sweptNanos = System.nanoTime() - SWEEP_NANOS - 1;
        return takeDue();
    }

    private boolean connected() {
        if (connection != null) {
            return true;
        }
        all().forEach(this::movesToAnotherLane);
        // A node whose streams have all moved may be gone for good.
        return !isEmpty() && connect();
    }

    private boolean connect() {
        if (!store.breaker().tryPermit()) {
            pause(store.breaker().waitNanos() / 1_000_000);
            return false;
        }
        try {
            // Closed by disconnect, if the node does not take the scripts.
            connection = store.connect(node);
            Script.loadAll(connection);
            store.breaker().succeeded();
            synchronized (this) {
                awake.addAll(streams);
            }
            return true;
        } catch (JedisException e) {
            disconnect("Redis at " + node + ": " + e.getMessage());
            return false;
        }
    }

    /** Every stream of the lane is in doubt from now on. */
    private void disconnect(String why) {
        store.breaker().failed();
        closeConnection();
        // Every stream tells anew what it has told.
        unconfirmed.clear();
        store.topologyMayHaveChanged();
        all().forEach(stream -> stream.unsure(why));
        pause(20 + ThreadLocalRandom.current().nextInt(30));
    }

    private void closeConnection() {
        ahead = null;
        trouble = null;
        writingSinceNanos = 0;
        if (connection != null) {
            try {
                connection.close();
            } catch (JedisException e) {
                log.debug("a broken connection", e);
            }
            connection = null;
        }
    }

    private synchronized void pause(long millis) {
        if (closing && System.nanoTime() - closeByNanos > 0) {
            return;
        }
        try {
            wait(Math.max(1, millis));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            closing = true;
        }
    }

    /** Those whose doubt can be settled now. */
    private Set<RedisStreamStore> doubtful(Set<RedisStreamStore> due) {
        return due.stream().filter(stream -> stream.isUnsure(this)).collect(Collectors.toSet());
    }

    private void doubts(Set<RedisStreamStore> doubtful, List<Runnable> news) {
        boolean scriptsKnown = false;
        for (RedisStreamStore stream : doubtful) {
            if (stream.isOver()) {
                continue;
            }
            if (!scriptsKnown) {
                // They may be what is missing.
                Script.loadAll(connection);
                scriptsKnown = true;
            }
            try {
                List<News> told = stream.settleDoubt(connection);
                news.add(() -> stream.tell(told));
                forgetIfOver(stream);
            } catch (JedisDataException e) {
                stream.stillUnsure(e.getMessage());
                if (Refusal.isElsewhere(e.getMessage())) {
                    tell(news);
                    store.topologyMayHaveChanged();
                    // One slot of a Cluster is not the others. Else the same address may lead to another node by now.
                    if (!movesToAnotherLane(stream) && !store.isCluster()) {
                        throw new JedisConnectionException(e.getMessage(), e);
                    }
                }
            } catch (JedisConnectionException e) {
                throw e;
            } catch (RuntimeException e) {
                // One stream's trouble is not the others'.
                log.error("stream {} cannot be looked at", stream.name(), e);
                stream.stillUnsure(String.valueOf(e.getMessage()));
            }
        }
    }

    /**
     * A slot of a Cluster may go to another node while the others of its node stay, and when a node is gone another is there
     * for all. None of the stream's replies is to come here any more.
     */
    private boolean movesToAnotherLane(RedisStreamStore stream) {
        Lane other;
        try {
            other = store.lane(stream.keys().owner);
        } catch (JedisException e) {
            log.debug("where stream {} is to be written: {}", stream.name(), e.getMessage());
            return false;
        }
        if (other == this) {
            return false;
        }
        forget(stream);
        stream.start(other);
        return true;
    }

    private void forgetIfOver(RedisStreamStore stream) {
        if (stream.isOver()) {
            forget(stream);
        }
    }

    private void forget(RedisStreamStore stream) {
        // Who writes for it next has it told anew: replicas of this node do not speak for others.
        unconfirmed.remove(stream);
        synchronized (this) {
            streams.remove(stream);
        }
    }

    private List<Sent> send(Set<RedisStreamStore> due) {
        List<Sent> sent = new ArrayList<>();
        int bytes = 0;
        writingSinceNanos = System.nanoTime() | 1;
        RedisStreamStore done = null;
        boolean wentAhead = ahead != null;
        if (wentAhead) {
            done = ahead.stream;
            done.complete(ahead.batch);
            ahead.batch.write(connection);
            sent.add(ahead);
            ahead = null;
            wake(done);
        }
        for (RedisStreamStore stream : due) {
            if (stream == done) {
                continue;
            }
            if (bytes >= MOST_BYTES_OF_ROUND) {
                wake(stream);
                continue;
            }
            Batch batch = stream.prepare(this, MOST_BYTES_OF_STREAM);
            if (batch != null) {
                batch.write(connection);
                sent.add(new Sent(stream, batch));
                bytes += batch.bytes;
                // What did not fit, or comes meanwhile, goes with the next batch.
                if (stream.hasMore()) {
                    wake(stream);
                }
            }
        }
        // Out with it now; the replies are read later.
        connection.getMany(0);
        writingSinceNanos = 0;
        sentNanos = wentAhead ? aheadNanos : System.nanoTime();
        return sent;
    }

    /** While Redis works on what was sent, the next frames of one of its streams go there. */
    private void goAhead(List<Sent> sent) {
        if (store.replicas() > 0) {
            // The answer to WAIT would come behind those to the frames.
            return;
        }
        for (Sent each : sent) {
            Batch batch = each.stream.ahead(this, each.batch, MOST_BYTES_OF_STREAM);
            if (batch != null) {
                ahead = new Sent(each.stream, batch);
                writingSinceNanos = System.nanoTime() | 1;
                batch.write(connection);
                connection.getMany(0);
                writingSinceNanos = 0;
                aheadNanos = System.nanoTime();
                return;
            }
        }
    }

    private void receive(List<Sent> sent, List<Runnable> news) {
        for (Sent each : sent) {
            List<News> told = each.stream.receive(connection, each.batch);
            if (each.stream.isOver()) {
                news.add(() -> each.stream.tell(told));
            } else {
                unconfirmed
                        .computeIfAbsent(each.stream, first -> new ArrayList<>())
                        .addAll(told);
            }
            forgetIfOver(each.stream);
            if (each.stream.hasUntold()) {
                wake(each.stream);
            }
        }
        if (!sent.isEmpty()) {
            store.answeredAfter(System.nanoTime() - sentNanos);
        }
        if (store.replicas() == 0 || replicated()) {
            unconfirmed.forEach((stream, told) -> {
                news.add(() -> stream.tell(told));
                news.add(stream::tellWritten);
            });
            unconfirmed.clear();
        }
    }

    /** Whether as many replicas as are asked for have everything that this connection wrote. */
    private boolean replicated() {
        connection.sendCommand(
                Command.WAIT, StreamKeys.bytes(store.replicas()), StreamKeys.bytes(store.replicaMillis()));
        long have = connection.getIntegerReply();
        boolean enough = have >= store.replicas();
        if (!enough && trouble == null) {
            log.warn("of {} replicas that are to have what is acknowledged, {} have it", store.replicas(), have);
        }
        trouble = enough ? null : have + " of " + store.replicas() + " replicas have what was written";
        return enough;
    }

    /** What keeps all streams of this lane from being stored; null when nothing does. Any thread. */
    String trouble() {
        return trouble;
    }

    private void releaseAll() {
        // What moved to another lane now would come there when that has ended as well.
        if (isEmpty() || connection == null && !connect()) {
            return;
        }
        for (RedisStreamStore stream : all()) {
            try {
                stream.release(connection);
            } catch (JedisDataException e) {
                log.debug("stream {} is somebody else's already: {}", stream.name(), e.getMessage());
            } catch (JedisException e) {
                log.warn("streams could not be handed over; their leases run out: {}", e.getMessage());
                return;
            }
        }
    }
}
