package io.framebroker.server.store.redis;

import io.framebroker.server.broker.AckLevel;
import io.framebroker.server.broker.BrokerException;
import io.framebroker.server.broker.Durations;
import io.framebroker.server.broker.Frame;
import io.framebroker.server.broker.FrameStore;
import io.framebroker.server.broker.StoreLink;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import redis.clients.jedis.Connection;
import redis.clients.jedis.exceptions.JedisException;

/**
 * Frames in Redis. Each stream has one owner among the brokers that share a Redis; who is asked for a stream that nobody
 * owns takes it if it is the one whom the stream's name points to among those alive.
 */
public final class RedisFrameStore implements FrameStore {
    private static final Logger log = LoggerFactory.getLogger(RedisFrameStore.class);
    private static final int OPENERS = 2;
    private static final int READERS = 2;
    /** So that Redis is not kept from other work by one answer. */
    private static final int COPIES_AT_ONCE = 8;
    /** Redis has them in its memory, beside the frames. */
    private static final long MOST_DEAD_LETTER_BYTES = 64 << 20;

    private static final long PROBE_MILLIS = 30_000;
    private static final long START_PAUSE_NANOS = 500_000_000;
    private static final long START_LOG_NANOS = 5_000_000_000L;
    private static final long HUNG_MILLIS = 250;
    private static final long READ_AGAIN_MILLIS = 200;
    private static final long MOST_WARM_BYTES = 64L << 20;
    private static final int BREAKER_FAILURES = 3;
    private static final int MOST_REPLICA_MILLIS = 500;
    private static final long CLOSE_MILLIS = 10_000;

    private final RedisSettings settings;
    private final AckLevel stated;
    private final RedisLink link;
    private final RedisBreaker breaker = new RedisBreaker(BREAKER_FAILURES, RedisBackoff.standard(), System::nanoTime);
    private final String instance = UUID.randomUUID().toString().substring(0, 8);
    private final int replicas;
    private final ExecutorService openers;
    private final ExecutorService readers;
    private final ScheduledExecutorService upkeep;
    /** Lanes by node, with their threads; guarded by itself. */
    private final Map<String, Lane> lanes = new HashMap<>();

    /** Of all lanes there ever were; guarded by the lanes. */
    private final List<Thread> threads = new ArrayList<>();
    /** When lanes end at the latest; null while they do not. Guarded by the lanes. */
    private Long closeByNanos;

    private final Map<String, RedisStreamStore> open = new ConcurrentHashMap<>();
    /** Bytes read back by streams, those who did it longest ago first; guarded by itself. */
    private final Map<RedisStreamStore, Long> warm = new LinkedHashMap<>();

    private final StreamNames names;
    private final AtomicLong intrusions = new AtomicLong();
    /** Guarded by itself. */
    private final Durations roundTrips = Durations.overNetwork();
    // Null until it is known where others reach this broker.
    private volatile String address;
    private volatile LiveBrokers brokers;
    private volatile StreamOpener opener;

    private volatile RedisDurability durability;

    /**
     * Waits for a Redis that is not there yet, as long as the settings say.
     *
     * @param replicas how many replicas must have a frame before it is acknowledged; 0 for none
     * @param stated what the operator says this Redis gives, believed where Redis does not tell; null for nothing
     * @throws IllegalArgumentException REPLICATED is stated
     * @throws IllegalStateException Redis is not there, or would lose frames by its own doing
     */
    public RedisFrameStore(RedisSettings settings, int replicas, AckLevel stated) {
        if (stated == AckLevel.REPLICATED) {
            throw new IllegalArgumentException(
                    "--redis-stated-level REPLICATED cannot be stated: frames are at replicas"
                            + " when somebody waits for that. Set --redis-replicas, and state MEMORY, STORED or FSYNC");
        }
        this.settings = settings;
        this.stated = stated;
        this.replicas = replicas;
        this.link = RedisLink.to(settings);
        this.names = new StreamNames(link, settings.keyPrefix());
        breaker.onChange((from, to) -> log.warn("Redis circuit breaker: {} -> {}", from, to));
        AtomicInteger number = new AtomicInteger();
        this.openers =
                Executors.newFixedThreadPool(OPENERS, work -> daemon(work, "redis-open-" + number.incrementAndGet()));
        AtomicInteger reader = new AtomicInteger();
        this.readers =
                Executors.newFixedThreadPool(READERS, work -> daemon(work, "redis-read-" + reader.incrementAndGet()));
        this.upkeep = Executors.newSingleThreadScheduledExecutor(work -> daemon(work, "redis-upkeep"));
        try {
            durability = awaitRedis();
        } catch (IllegalStateException e) {
            close();
            throw e;
        }
        if (!durability.refusals().isEmpty()) {
            close();
            throw new IllegalStateException("Redis at " + settings.where().nodes() + " must not keep frames as it is: "
                    + durability.refusals());
        }
        durability.findings().forEach(finding -> log.warn("{}", finding));
    }

    private RedisDurability askWhatItGives() {
        return RedisDurability.probe(link, stated, settings.maxFrameBytes());
    }

    /** Brokers and their Redis are often started together. */
    private RedisDurability awaitRedis() {
        long endNanos = System.nanoTime() + settings.startMillis() * 1_000_000L;
        long tellNanos = System.nanoTime();
        while (true) {
            String why;
            try {
                RedisDurability found = askWhatItGives();
                // One that loads for longer is refused, with how far it is.
                if (!found.isLoading() || endNanos - System.nanoTime() <= 0) {
                    return found;
                }
                why = found.refusals().toString();
            } catch (JedisException e) {
                why = e.getMessage();
                if (!RedisBreaker.mayPass(e) || endNanos - System.nanoTime() <= 0) {
                    throw new IllegalStateException(
                            "Redis at " + settings.where().nodes() + " cannot be used: " + why
                                    + "; start it, or name another by --redis-url",
                            e);
                }
            }
            long now = System.nanoTime();
            if (now - tellNanos >= 0) {
                tellNanos = now + START_LOG_NANOS;
                log.warn(
                        "Redis at {} is not ready; it is waited for, {} s at most: {}",
                        settings.where().nodes(),
                        (endNanos - now) / 1_000_000_000 + 1,
                        why);
            }
            LockSupport.parkNanos(Math.min(START_PAUSE_NANOS, endNanos - now));
            if (Thread.currentThread().isInterrupted()) {
                throw new IllegalStateException(
                        "interrupted while Redis at " + settings.where().nodes() + " was waited for: " + why);
            }
        }
    }

    private void endHungWrites() {
        List<Lane> all;
        synchronized (lanes) {
            all = List.copyOf(lanes.values());
        }
        all.forEach(lane -> lane.endHungWrite(settings.socketMillis() * 1_000_000L));
    }

    /** Looks again what Redis gives: its settings change while it runs. */
    private void probe() {
        RedisDurability before = durability;
        RedisDurability now;
        try {
            now = askWhatItGives();
        } catch (JedisException e) {
            log.debug("Redis does not say what it gives: {}", e.getMessage());
            return;
        }
        durability = now;
        String changes = now.changedFrom(before);
        if (!changes.isEmpty()) {
            log.warn("Redis is set up differently: {}", changes);
            now.refusals().forEach(refusal -> log.error("frames are not safe in Redis any more: {}", refusal));
            now.findings().stream()
                    .filter(finding -> !before.findings().contains(finding))
                    .forEach(finding -> log.warn("{}", finding));
        }
    }

    @Override
    public void serveAt(String servedAt) {
        if (servedAt.startsWith("0.0.0.0:") || servedAt.startsWith("[::]:")) {
            log.warn("other brokers on this Redis cannot reach {}; name an address by --advertise-address", servedAt);
        }
        address = servedAt;
        brokers = new LiveBrokers(link, settings, servedAt);
        opener = new StreamOpener(this, link, brokers, names, settings.keyPrefix());
        brokers.tryToSayAlive();
        every(settings.leaseMillis() / 3, brokers::tryToSayAlive);
        every(HUNG_MILLIS, this::endHungWrites);
        every(PROBE_MILLIS, this::probe);
    }

    private void every(long millis, Runnable work) {
        Runnable lasting = () -> {
            try {
                work.run();
            } catch (RuntimeException e) {
                // Thrown on, it would be the last time, and nobody would know.
                log.error("upkeep of Redis failed", e);
            }
        };
        upkeep.scheduleWithFixedDelay(lasting, millis, millis, TimeUnit.MILLISECONDS);
    }

    private static Thread daemon(Runnable work, String name) {
        Thread thread = new Thread(work, name);
        thread.setDaemon(true);
        return thread;
    }

    @Override
    public String name() {
        return "redis";
    }

    @Override
    public AckLevel ackLevel() {
        RedisDurability now = durability;
        // A node without a file comes back empty, and its replicas copy that.
        return replicas > 0 && now.refusals().isEmpty() && now.keepsFiles() ? AckLevel.REPLICATED : now.level();
    }

    /** Replicas that have a frame in memory lose it with the power, as all do that do not sync. */
    @Override
    public boolean gives(AckLevel level) {
        return (level == AckLevel.FSYNC ? durability.level() : ackLevel()).compareTo(level) >= 0;
    }

    @Override
    public String durability() {
        return durability.survives() + (replicas > 0 ? "; acknowledged when " + replicas + " replicas have it" : "");
    }

    @Override
    public String trouble() {
        RedisBreaker.State state = breaker.state();
        if (state != RedisBreaker.State.CLOSED) {
            return "Redis at " + settings.where().nodes() + " does not answer; the circuit breaker is " + state;
        }
        // It may refuse what it is asked for: its memory is used up, or it has too few replicas.
        return open.values().stream()
                .map(RedisStreamStore::trouble)
                .filter(Objects::nonNull)
                .findFirst()
                .orElse(null);
    }

    static String addressOf(String who) {
        return who.substring(0, who.lastIndexOf('#'));
    }

    // ---- streams

    @Override
    public void open(String stream, boolean create, Opening opening) {
        try {
            StreamOpener by = opener;
            openers.execute(() -> {
                if (by == null) {
                    opening.failed(unavailable("the broker is starting"));
                } else {
                    by.open(stream, create, opening);
                }
            });
        } catch (RejectedExecutionException e) {
            opening.failed(unavailable("the broker is stopping"));
        }
    }

    static BrokerException unavailable(String message) {
        return new BrokerException(BrokerException.Kind.UNAVAILABLE, "STORE_UNAVAILABLE", message + "; try again");
    }

    /** A stream that Redis may have forgotten has its name in the list again, soon: that may lie on a node that is away. */
    void nameAgain(RedisStreamStore stream) {
        try {
            upkeep.execute(() -> named(stream));
        } catch (RejectedExecutionException e) {
            named(stream);
        }
    }

    private void named(RedisStreamStore stream) {
        if (stream.isOver()) {
            return;
        }
        try {
            names.add(stream.name());
            // Its writer may have deleted it, and then its name, just before.
            if (stream.isOver() && !names.isThere(stream.keys())) {
                names.remove(stream.name(), stream.keys());
            }
        } catch (JedisException e) {
            log.debug("the name of stream {} is still to be written: {}", stream.name(), e.getMessage());
            later(() -> named(stream));
        }
    }

    private void later(Runnable work) {
        try {
            upkeep.schedule(work, READ_AGAIN_MILLIS, TimeUnit.MILLISECONDS);
        } catch (RejectedExecutionException e) {
            log.debug("the broker is stopping", e);
        }
    }

    /** A stream that is deleted or lost. Who opens it again waits until this is done. */
    void closed(RedisStreamStore stream, boolean deleted) {
        if (deleted) {
            unnamed(stream);
        }
        open.remove(stream.name(), stream);
        synchronized (warm) {
            warm.remove(stream);
        }
        stream.gone();
    }

    private void unnamed(RedisStreamStore stream) {
        try {
            names.remove(stream.name(), stream.keys());
        } catch (JedisException e) {
            // In a Cluster, the names may lie on a node that is away.
            log.warn("the name of stream {} is still to be deleted: {}", stream.name(), e.getMessage());
            later(() -> unnamed(stream));
        }
    }

    @Override
    public boolean isShared() {
        LiveBrokers known = brokers;
        return known != null && known.areSeveral();
    }

    @Override
    public void names(Consumer<List<String>> answer) {
        if (openers.isShutdown()) {
            answer.accept(List.of());
            return;
        }
        openers.execute(() -> {
            List<String> all = List.copyOf(open.keySet());
            try {
                all = ask(names::all);
            } catch (JedisException | RedisBreaker.OpenException e) {
                log.warn("the streams could not be listed, those served here are: {}", e.getMessage());
            }
            answer.accept(all);
        });
    }

    /** The lane that writes to the node of a key, and to no other. */
    Lane lane(byte[] key) {
        String node = node(key);
        synchronized (lanes) {
            Lane lane = lanes.get(node);
            if (lane == null || lane.hasEnded()) {
                lane = new Lane(this, node);
                lanes.put(node, lane);
                if (closeByNanos != null) {
                    lane.close(closeByNanos - System.nanoTime());
                }
                Thread thread = daemon(lane, "redis-write-" + node);
                threads.add(thread);
                thread.start();
            }
            return lane;
        }
    }

    /** How often a stream was found otherwise than this broker had left it: by somebody's doing, or Redis' forgetting. */
    @Override
    public long intrusions() {
        return intrusions.get();
    }

    @Override
    public StoreLink link() {
        StoreLink.Circuit circuit = switch (breaker.state()) {
            case CLOSED -> StoreLink.Circuit.CLOSED;
            case HALF_OPEN -> StoreLink.Circuit.HALF_OPEN;
            case OPEN -> StoreLink.Circuit.OPEN;
        };
        synchronized (roundTrips) {
            return new StoreLink(circuit, roundTrips.view());
        }
    }

    @Override
    public long mostDeadLetterBytes() {
        return MOST_DEAD_LETTER_BYTES;
    }

    // ---- for the streams, their opener and their lanes

    /** The stream by this name that is open here; null when none is. */
    RedisStreamStore served(String stream) {
        return open.get(stream);
    }

    void serves(RedisStreamStore opened) {
        open.put(opened.name(), opened);
    }

    int socketMillis() {
        return settings.socketMillis();
    }

    void intrusion() {
        intrusions.incrementAndGet();
    }

    /** A lane has the answers to what it had sent. */
    void answeredAfter(long nanos) {
        synchronized (roundTrips) {
            roundTrips.add(nanos / 1_000);
        }
    }

    /** Reads entries back, both ends included; {@link RedisStreamStore#warmed} follows. */
    void read(RedisStreamStore stream, byte[] firstId, byte[] lastId) {
        try {
            readers.execute(() -> {
                List<RedisEntry> entries;
                try {
                    entries = ask(() -> RedisEntry.between(link.commands(), stream.keys().frames, firstId, lastId));
                } catch (RuntimeException e) {
                    log.warn("frames of stream {} could not be read back: {}", stream.name(), e.getMessage());
                    upkeep.schedule(stream::couldNotWarm, READ_AGAIN_MILLIS, TimeUnit.MILLISECONDS);
                    return;
                }
                stream.warmed(entries);
            });
        } catch (RejectedExecutionException e) {
            log.debug("the broker is stopping, nothing more is read back", e);
        }
    }

    /**
     * Reads the copies of dead letters.
     *
     * @param answer told those that are there, and can be read now, in the order of the ids; once
     */
    void readCopies(byte[] key, List<String> ids, Consumer<List<Frame>> answer) {
        try {
            readers.execute(() -> {
                List<Frame> copies = new ArrayList<>();
                try {
                    for (int from = 0; from < ids.size(); from += COPIES_AT_ONCE) {
                        List<String> some = ids.subList(from, Math.min(ids.size(), from + COPIES_AT_ONCE));
                        copies.addAll(ask(() -> LetterFormat.read(link.commands(), key, some)));
                    }
                } catch (RuntimeException e) {
                    log.warn("dead letters in {} could not be read: {}", StreamKeys.text(key), e.getMessage());
                }
                answer.accept(copies);
            });
        } catch (RejectedExecutionException e) {
            log.debug("the broker is stopping, nothing more is read", e);
            answer.accept(List.of());
        }
    }

    /** Counts what streams have read back, and has those let it go that did so longest ago. */
    void warm(RedisStreamStore stream, long bytes) {
        List<RedisStreamStore> over = new ArrayList<>();
        synchronized (warm) {
            warm.remove(stream);
            warm.put(stream, bytes);
            long total = warm.values().stream().mapToLong(Long::longValue).sum();
            for (var each = warm.entrySet().iterator(); each.hasNext() && total > MOST_WARM_BYTES; ) {
                Map.Entry<RedisStreamStore, Long> eldest = each.next();
                if (eldest.getKey() != stream) {
                    total -= eldest.getValue();
                    over.add(eldest.getKey());
                    each.remove();
                }
            }
        }
        over.forEach(RedisStreamStore::dropWarm);
    }

    /** Address, and what tells this process from others at the same address. */
    String me() {
        return address + "#" + instance;
    }

    String address() {
        return address;
    }

    int leaseMillis() {
        return settings.leaseMillis();
    }

    long leaseNanos() {
        return settings.leaseMillis() * 1_000_000L;
    }

    /** How long an owner may need to come back when Redis has been away: it does not ask all the time, and Redis is far. */
    long returnMillis() {
        return RedisBackoff.standard().mostMillis() + settings.connectMillis() + settings.leaseMillis();
    }

    int replicas() {
        return replicas;
    }

    /** How long replicas are waited for at once: the answer must come before the socket's patience is over. */
    int replicaMillis() {
        return Math.max(1, Math.min(MOST_REPLICA_MILLIS, settings.socketMillis() / 2));
    }

    RedisBreaker breaker() {
        return breaker;
    }

    /**
     * Asks Redis, if it is not known to be away. Of a Cluster always: a node of it that is away says nothing of the others.
     *
     * @throws RedisBreaker.OpenException it is away
     */
    <T> T ask(Supplier<T> question) {
        return link.isCluster() ? question.get() : breaker.call(question);
    }

    /** What followed an {@link #ask} has ended like this. */
    void askedInVain(JedisException e) {
        if (!link.isCluster() && RedisBreaker.isOutage(e)) {
            breaker.failed();
        }
    }

    String node(byte[] key) {
        return link.node(key);
    }

    boolean isCluster() {
        return link.isCluster();
    }

    Connection connect(String node) {
        return link.connectionTo(node);
    }

    void topologyMayHaveChanged() {
        link.refresh();
    }

    /** Ends without a word to Redis, as a crash does. For tests. */
    void abandon() {
        upkeep.shutdownNow();
        openers.shutdownNow();
        readers.shutdownNow();
        try {
            openers.awaitTermination(CLOSE_MILLIS, TimeUnit.MILLISECONDS);
            synchronized (lanes) {
                lanes.values().forEach(Lane::abandon);
            }
            joinLanes(CLOSE_MILLIS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        link.close();
    }

    @Override
    public void close() {
        // What is to be done once is done yet.
        upkeep.shutdown();
        openers.shutdown();
        readers.shutdown();
        try {
            // Who is opening a stream would take it when nobody is there any more to give it up.
            openers.awaitTermination(CLOSE_MILLIS, TimeUnit.MILLISECONDS);
            // Who says that this broker is alive would say so behind its leave.
            upkeep.awaitTermination(CLOSE_MILLIS, TimeUnit.MILLISECONDS);
            if (brokers != null) {
                // First, so that the others do not send here what is given up.
                brokers.takeLeave();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (JedisException e) {
            log.debug("could not take leave: {}", e.getMessage());
        }
        try {
            long withinNanos = TimeUnit.MILLISECONDS.toNanos(CLOSE_MILLIS);
            synchronized (lanes) {
                closeByNanos = System.nanoTime() + withinNanos;
                lanes.values().forEach(lane -> lane.close(withinNanos));
            }
            joinLanes(CLOSE_MILLIS + settings.socketMillis());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        link.close();
    }

    /** Waits for each lane to end, also for those that streams move to meanwhile. */
    private void joinLanes(long millis) throws InterruptedException {
        for (int i = 0; ; i++) {
            Thread thread;
            synchronized (lanes) {
                if (i == threads.size()) {
                    return;
                }
                thread = threads.get(i);
            }
            thread.join(millis);
        }
    }
}
