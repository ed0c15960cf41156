package io.framebroker.server.broker;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** All streams of one broker. Methods may be called from any thread and do not block. */
public final class Broker {
    private static final Logger log = LoggerFactory.getLogger(Broker.class);

    private final BrokerSettings settings;
    private final FrameStore store;
    private final FrameMemory memory;
    private final BrokerClock clock;
    private final ConcurrentHashMap<String, FrameStream> streams = new ConcurrentHashMap<>();
    /** Those who take streams that come into being. */
    private final Set<Consumer> wanting = ConcurrentHashMap.newKeySet();
    /** Who waits for streams that are being opened, first of all who has it opened; guarded by itself. */
    private final Map<String, List<Loaded>> loading = new HashMap<>();

    private final Waits waits;
    /** What streams had in memory alone when they were lost here, until they are open here again. */
    private final ConcurrentHashMap<String, DegradeLoss> losses = new ConcurrentHashMap<>();
    /** Frames acknowledged from memory that are known to be lost. */
    private final AtomicLong lost = new AtomicLong();

    private volatile boolean leaving;

    private final AtomicLong given = new AtomicLong();
    /** Part of the ids this broker gives, so that they are not those of its last life. */
    private final String started;

    public Broker(BrokerSettings settings, FrameStore store, FrameMemory memory, BrokerClock clock) {
        this.settings = settings;
        this.store = store;
        this.memory = memory;
        this.clock = clock;
        this.started = Long.toString(clock.wallMicros(), 36);
        this.waits = new Waits(clock, settings.openWaitMillis() * 1_000_000);
    }

    /**
     * Opens a publisher on a stream. {@link PublisherPort#opened} follows, maybe before this returns.
     *
     * @param publisherId stable name; empty to be given one and have the frames numbered
     * @param epoch of the publisher, unsigned; 1 or more when it has a name
     */
    public Publisher openPublisher(String stream, String publisherId, long epoch, PublisherPort port) {
        return openPublisher(stream, publisherId, epoch, false, port);
    }

    /**
     * The same.
     *
     * @param takesMemory whether the publisher takes acknowledgements of frames that are in memory alone, where the
     *     broker gives them
     */
    public Publisher openPublisher(
            String stream, String publisherId, long epoch, boolean takesMemory, PublisherPort port) {
        Names.checkId("open.publisher_id", publisherId);
        if (!publisherId.isEmpty() && epoch == 0) {
            throw BrokerException.invalid(
                    "open.epoch",
                    "0; a publisher with an id needs an epoch that grows with each start, such as its time");
        }
        return streamFor(stream).open(publisherId, epoch, takesMemory && settings.degrade(), port);
    }

    /**
     * Opens a consumer. Nothing is delivered before its first {@link Consumer#pump}. Where it has globs, it takes the
     * streams that are open here, and those that are opened here later.
     */
    public Consumer openConsumer(Consumer.Options options, ConsumerPort port) {
        String id = options.consumerId().isEmpty() ? givenId("consumer") : options.consumerId();
        // The tilde is no character of a durable group's name.
        String group = options.group().isEmpty() ? "~" + given.incrementAndGet() : options.group();
        Consumer consumer = new Consumer(id, group, options, port, clock.wallMicros());
        try {
            for (String stream : options.names()) {
                consumer.seat(streamFor(stream).join(consumer));
            }
            if (options.takesNewStreams()) {
                consumer.whenLeaving(() -> wanting.remove(consumer));
                // First, so that a stream that comes meanwhile is not missed.
                wanting.add(consumer);
            }
            Globs globs = options.globs();
            for (String stream : openStreams(globs)) {
                FrameStream match = streams.get(stream);
                if (match != null) {
                    match.seat(consumer, false);
                }
            }
        } catch (BrokerException e) {
            consumer.close();
            throw e;
        }
        consumer.refuseHeldElsewhere();
        return consumer;
    }

    private List<String> openStreams(Globs globs) {
        return globs.isEmpty()
                ? List.of()
                : streams.keySet().stream().filter(globs::match).sorted().toList();
    }

    /** A stream is open here that was not. */
    private void tellOfNew(FrameStream stream) {
        for (Consumer consumer : wanting) {
            if (consumer.takesByGlob(stream.name())) {
                stream.seat(consumer, true);
            }
        }
    }

    /**
     * Takes streams for consumers that had no room for them, or were refused there. To be called now and then; does not
     * block.
     */
    public void seatLeftOut() {
        for (Consumer consumer : wanting) {
            for (String name : consumer.leftOut()) {
                FrameStream stream = streams.get(name);
                if (stream != null) {
                    stream.seat(consumer, true);
                } else {
                    Turn turn = new Turn();
                    turn.run(() -> consumer.leftOutNoMore(name, turn));
                }
            }
        }
    }

    /** Whether a stream is served here now. */
    public boolean hasOpen(String stream) {
        return streams.containsKey(stream);
    }

    /** How it stands with streams that somebody wants to use. One of these is called, once, on any thread. */
    public interface Prepared {
        /** All are served here. */
        void here();

        /**
         * Some are another broker's.
         *
         * @param addresses of the brokers that have them, by stream; those served here are left out
         */
        void elsewhere(Map<String, String> addresses);

        void failed(BrokerException why);
    }

    /**
     * Sees to it that streams are open before they are used, by {@link #openPublisher} and the like, which find them
     * open or throw. Does not block.
     *
     * @param names one or more
     * @param create whether streams that do not exist come into being, if the broker creates streams by itself
     */
    public void prepare(Collection<String> names, boolean create, Prepared prepared) {
        Set<String> distinct = new LinkedHashSet<>(names);
        distinct.forEach(Names::checkStream);
        new Preparation(distinct, prepared).start(create && settings.autoCreateStreams());
    }

    /** One preparation of several streams: answers when all have. */
    private final class Preparation {
        private final Set<String> names;
        private final Prepared prepared;
        private final AtomicInteger open;
        private final Map<String, String> elsewhere = new ConcurrentHashMap<>();
        private final AtomicReference<BrokerException> failure = new AtomicReference<>();

        Preparation(Set<String> names, Prepared prepared) {
            this.names = names;
            this.prepared = prepared;
            this.open = new AtomicInteger(names.size());
        }

        void start(boolean create) {
            for (String name : names) {
                load(name, create, null, result -> {
                    if (result.address != null) {
                        elsewhere.put(name, result.address);
                    }
                    failure.compareAndSet(null, result.why);
                    if (open.decrementAndGet() == 0) {
                        answer();
                    }
                });
            }
        }

        private void answer() {
            if (failure.get() != null) {
                prepared.failed(failure.get());
            } else if (!elsewhere.isEmpty()) {
                prepared.elsewhere(Map.copyOf(elsewhere));
            } else {
                prepared.here();
            }
        }
    }

    /**
     * How opening a stream went.
     *
     * @param created whether it came into being as whoever is told this wanted it
     * @param address of the broker that has it; null when that is this one, or unknown
     * @param why it is not open; null when it is, or is elsewhere
     */
    private record Loading(boolean created, String address, BrokerException why) {
        static final Loading OPEN = new Loading(false, null, null);
        static final Loading CREATED = new Loading(true, null, null);

        static Loading failed(BrokerException why) {
            return new Loading(false, null, why);
        }

        boolean isNotFound() {
            return why != null && why.kind() == BrokerException.Kind.NOT_FOUND;
        }
    }

    private interface Loaded {
        void done(Loading result);
    }

    /**
     * Opens a stream. Whoever asks is answered in bounded time; the opening may take longer, and be of use to who comes
     * later.
     *
     * @param wanted settings of a stream that is to be created; null for those of any stream
     */
    private void load(String name, boolean create, StreamSettings wanted, Loaded loaded) {
        if (streams.containsKey(name)) {
            loaded.done(Loading.OPEN);
            return;
        }
        AtomicReference<Loaded> asking = new AtomicReference<>();
        Waits.Wait wait = waits.begin(() -> {
            stopsWaiting(name, asking.get());
            loaded.done(Loading.failed(notOpened(name)));
        });
        Loaded first = result -> {
            if (wait.end()) {
                loaded.done(result);
            }
        };
        // Whoever is being waited for may only have looked for it.
        Loaded later = result -> {
            if (create && result.isNotFound() && wait.end()) {
                load(name, true, wanted, loaded);
            } else {
                first.done(result);
            }
        };
        asking.set(first);
        boolean isOpen;
        synchronized (loading) {
            List<Loaded> others = loading.get(name);
            if (others != null) {
                asking.set(later);
                others.add(later);
                return;
            }
            isOpen = streams.containsKey(name);
            if (!isOpen) {
                loading.put(name, new ArrayList<>(List.of(first)));
            }
        }
        if (isOpen) {
            first.done(Loading.OPEN);
        } else {
            open(name, create, wanted, first);
        }
    }

    /** Who waits for a stream does so no more. */
    private void stopsWaiting(String name, Loaded asking) {
        synchronized (loading) {
            List<Loaded> all = loading.get(name);
            if (all != null) {
                all.remove(asking);
            }
        }
    }

    private BrokerException notOpened(String name) {
        return new BrokerException(
                BrokerException.Kind.UNAVAILABLE,
                "STREAM_NOT_OPENED",
                "stream " + Names.quoted(name) + " could not be opened within " + settings.openWaitMillis()
                        + " ms: the " + store.name() + " store does not answer, or is slow to; it goes on trying. Try"
                        + " again, and look at the store and at this broker's log");
    }

    private void open(String name, boolean create, StreamSettings wanted, Loaded loaded) {
        if (create && streams.size() >= settings.maxStreams()) {
            finish(
                    name,
                    loaded,
                    Loading.failed(new BrokerException(
                            BrokerException.Kind.EXHAUSTED,
                            "TOO_MANY_STREAMS",
                            "there are " + streams.size() + " streams, the most this broker takes; delete one")));
            return;
        }
        store.open(name, create, new FrameStore.Opening() {
            @Override
            public void opened(StreamStore opened, StreamRecord record) {
                StreamSettings defaults = wanted == null ? settings.streamDefaults() : wanted;
                FrameStream stream;
                try {
                    stream = new FrameStream(name, opened, record, defaults, Broker.this);
                } catch (RuntimeException e) {
                    finish(
                            name,
                            loaded,
                            Loading.failed(new BrokerException(
                                    BrokerException.Kind.UNAVAILABLE,
                                    "STREAM_UNREADABLE",
                                    "stream " + name + " cannot be taken up as it was stored: " + e.getMessage())));
                    throw e;
                }
                streams.put(name, stream);
                if (stream.isOver()) {
                    // Lost already, and not yet there to be forgotten.
                    forget(stream);
                }
                tellOfNew(stream);
                finish(name, loaded, record.description() == null ? Loading.CREATED : Loading.OPEN);
            }

            @Override
            public void elsewhere(String address) {
                finish(name, loaded, new Loading(false, address, null));
            }

            @Override
            public void failed(BrokerException why) {
                finish(name, loaded, Loading.failed(why));
            }
        });
    }

    /**
     * Tells whoever had a stream opened, and those who have waited for it.
     *
     * @param first who had it opened, and may have stopped waiting
     */
    private void finish(String name, Loaded first, Loading result) {
        List<Loaded> waiting;
        synchronized (loading) {
            waiting = loading.remove(name);
        }
        Loading others = result.created ? Loading.OPEN : result;
        waiting.forEach(each -> each.done(each == first ? result : others));
    }

    /** Opens the streams there are that are this broker's to serve. Does not wait for them. */
    public void openAll() {
        store.names(names -> {
            for (String name : names) {
                if (!streams.containsKey(name)) {
                    load(name, false, null, result -> {});
                }
            }
        });
    }

    /** Called by a stream that is not this broker's any more. */
    void forget(FrameStream stream) {
        streams.remove(stream.name(), stream);
    }

    /** Notes what a stream had in memory alone when it was lost. */
    void degradeLost(String stream, DegradeLoss loss) {
        DegradeLoss before = losses.put(stream, loss);
        if (before != null) {
            lost.addAndGet(before.most());
        }
    }

    /**
     * What was lost of a stream that is open again is its ledger's from now on. Returns how many frames.
     *
     * @param known publishers of the stream, by what is stored
     */
    long takeDegradeLost(String stream, List<PublisherRecord> known) {
        DegradeLoss loss = losses.remove(stream);
        long frames = loss == null ? 0 : loss.lost(known);
        lost.addAndGet(frames);
        return frames;
    }

    /**
     * Frames that this broker has acknowledged from memory and that were lost with their streams, since it started. Those
     * of streams that other brokers have by now are in no other ledger, and may include some that were stored after all.
     */
    public long degradeLost() {
        return lost.get()
                + losses.values().stream().mapToLong(DegradeLoss::most).sum();
    }

    /** The stream, opened now where the store answers at once. */
    private FrameStream streamFor(String name) {
        Names.checkStream(name);
        FrameStream stream = streams.get(name);
        if (stream != null) {
            return stream;
        }
        AtomicReference<BrokerException> refusal = new AtomicReference<>();
        load(name, settings.autoCreateStreams(), null, result -> refusal.set(result.why));
        if (refusal.get() != null) {
            throw refusal.get();
        }
        stream = streams.get(name);
        if (stream == null) {
            throw new BrokerException(
                    BrokerException.Kind.UNAVAILABLE,
                    "STREAM_MOVING",
                    "stream " + Names.quoted(name) + " is changing its broker; try again");
        }
        return stream;
    }

    /** Answers a creation. One of these is called, once, on any thread. */
    public interface Created {
        void created(StreamState state);

        /** The stream is to be created on another broker. */
        void elsewhere(String address);

        void failed(BrokerException why);
    }

    /** Creates a stream that is not there yet. */
    public void createStream(String name, StreamSettings wanted, Created created) {
        Names.checkStream(name);
        list(new Listed() {
            @Override
            public void listed(List<String> names) {
                if (names.contains(name)) {
                    created.failed(exists(name));
                } else {
                    createUnlisted(name, wanted, created);
                }
            }

            @Override
            public void failed(BrokerException why) {
                created.failed(why);
            }
        });
    }

    private void createUnlisted(String name, StreamSettings wanted, Created created) {
        if (streams.containsKey(name)) {
            created.failed(exists(name));
            return;
        }
        load(name, true, wanted, result -> {
            if (result.why != null) {
                created.failed(result.why);
            } else if (result.address != null) {
                created.elsewhere(result.address);
            } else if (!result.created) {
                created.failed(exists(name));
            } else {
                tellCreated(name, created);
            }
        });
    }

    /** Answers who asks for the names of streams. One of these is called, once, on any thread. */
    public interface Listed {
        /** @param names of all streams there are, of whichever broker, in no order */
        void listed(List<String> names);

        void failed(BrokerException why);
    }

    /** Lists the streams there are. */
    public void list(Listed listed) {
        Waits.Wait wait = waits.begin(() -> listed.failed(new BrokerException(
                BrokerException.Kind.UNAVAILABLE,
                "STORE_UNAVAILABLE",
                "the " + store.name() + " store has not said within " + settings.openWaitMillis()
                        + " ms which streams there are; try again, and look at the store and at this broker's log")));
        store.names(names -> {
            if (wait.end()) {
                listed.listed(names);
            }
        });
    }

    private static BrokerException exists(String name) {
        return new BrokerException(
                BrokerException.Kind.ALREADY_EXISTS, "STREAM_EXISTS", "there is a stream " + name + " already");
    }

    private void tellCreated(String name, Created created) {
        StreamState state;
        try {
            state = known(name).state();
        } catch (BrokerException e) {
            // It is gone again.
            created.failed(e);
            return;
        }
        created.created(state);
    }

    public StreamState stream(String name) {
        return known(name).state();
    }

    /** All streams, by name. */
    public List<StreamState> streams() {
        List<String> names = new ArrayList<>(streams.keySet());
        names.sort(null);
        List<StreamState> states = new ArrayList<>(names.size());
        for (String name : names) {
            FrameStream stream = streams.get(name);
            if (stream != null) {
                states.add(stream.state());
            }
        }
        return states;
    }

    public StreamState updateStream(String name, StreamSettings changed) {
        FrameStream stream = known(name);
        stream.update(changed);
        return stream.state();
    }

    /** Answers a deletion. One of these is called, once, on any thread, maybe before deleteStream returns. */
    public interface Deleted {
        /**
         * The store has deleted the stream.
         *
         * @param frames how many it had
         */
        void deleted(long frames);

        /** It is of no use to anybody any more, but the store has not said that it is deleted. */
        void failed(BrokerException why);
    }

    /**
     * Removes a stream with its frames and groups.
     *
     * @throws BrokerException it is refused, and nothing has changed
     */
    public void deleteStream(String name, boolean force, Deleted deleted) {
        known(name).delete(force, new Deletion(name, store.name(), waits, settings.openWaitMillis(), deleted));
    }

    /** Removes the waiting frames of a stream. Returns how many frames went. */
    public long purgeStream(String name) {
        return known(name).purge();
    }

    public Optional<Frame> latestFrame(String name) {
        return known(name).latest();
    }

    /** Answers who asks for the life of a frame. One of these is called, once, on any thread. */
    public interface Explained {
        /** @param life what is known of it, in order, and how it stands now */
        void explained(List<FrameEvent> life);

        void failed(BrokerException why);
    }

    /**
     * Tells the life of one frame, as soon as the frame is read; maybe before this returns.
     *
     * @throws BrokerException the stream has no such frame, and never had one
     */
    public void explainFrame(String stream, FrameId id, Explained explained) {
        known(stream).explain(id, explained);
    }

    public StreamTimes times(String stream) {
        return known(stream).times();
    }

    public StreamFlow flow(String stream) {
        return known(stream).flow();
    }

    public Ledger ledger(String name) {
        return known(name).ledger();
    }

    /** The dead letters of a stream that are meant, by group, oldest first. */
    public Map<String, List<DeadLetter>> deadLetters(String stream, DeadLetterFilter filter) {
        return known(stream).deadLetters(filter);
    }

    /**
     * Reads dead letters of one group.
     *
     * @param answer told the frames that are there, in the order asked; once, on any thread
     */
    public void readDeadLetters(
            String stream, String group, List<Long> ordinals, java.util.function.Consumer<List<Frame>> answer) {
        known(stream).readDeadLetters(group, ordinals, answer);
    }

    /** Answers who purges dead letters. One of these is called, once, on any thread. */
    public interface LettersPurged {
        void purged(long letters);

        /** It is not known whether they are gone. */
        void failed(BrokerException why);
    }

    /** Removes the dead letters of a stream that are meant. */
    public void purgeDeadLetters(String stream, DeadLetterFilter filter, LettersPurged answer) {
        known(stream).purgeDeadLetters(filter, answer);
    }

    /**
     * Has the oldest of the dead letters of a stream that are meant be tried again, but for those that are being tried. They
     * stay dead letters until a consumer has settled them.
     *
     * @param limit most of them
     * @return how many; they are in line now, unless they were only to be counted
     */
    public long replayDeadLetters(String stream, DeadLetterFilter filter, long limit, boolean countOnly) {
        return known(stream).replayDeadLetters(filter, limit, countOnly);
    }

    /** The groups of a stream, by name. */
    public List<GroupState> groups(String stream) {
        return known(stream).groups();
    }

    public GroupState group(String stream, String group) {
        FrameStream known = known(stream);
        return known.administer(groups -> known.state(groups.known(group)));
    }

    /** The consumers of a group, by id: those that are connected, and those that may come back. */
    public List<ConsumerState> consumers(String stream, String group) {
        return known(stream).administer(groups -> groups.consumers(group));
    }

    /** Answers a change of a group. One of these is called, once, on any thread, maybe before the asking returns. */
    public interface GroupChanged {
        /** @param state as it was when it had been changed; that lasts from now on, whatever happens to the broker */
        void changed(GroupState state);

        /** It is changed, but the store has not said that this lasts. */
        void failed(BrokerException why);
    }

    /**
     * Stops deliveries to a durable group, or lets them go on.
     *
     * @throws BrokerException it is refused, and nothing has changed; so with the other changes
     */
    public void pauseGroup(String stream, String group, boolean paused, GroupChanged changed) {
        administer(stream, groups -> groups.pause(group, paused, changed));
    }

    /** Has a durable group start anew at another place, and ends the calls that take from it. */
    public void seekGroup(String stream, String group, StartPosition position, GroupChanged changed) {
        administer(stream, groups -> groups.seek(group, position, changed));
    }

    /** Deletes a durable group, and tells how many frames it had not settled. */
    public void deleteGroup(String stream, String group, boolean force, Deleted deleted) {
        administer(stream, groups -> groups.delete(group, force, deleted));
    }

    private void administer(String stream, java.util.function.Consumer<GroupAdministration> change) {
        known(stream).administer(groups -> {
            change.accept(groups);
            return null;
        });
    }

    GroupChange groupChange(
            long note, String what, Runnable done, java.util.function.Consumer<BrokerException> failed) {
        return new GroupChange(note, what, store.name(), waits, settings.openWaitMillis(), done, failed);
    }

    /** Does what time has made due. Returns nanoseconds until there may be more to do. */
    public long tick() {
        long wait = waits.tick();
        for (FrameStream stream : streams.values()) {
            wait = Math.min(wait, stream.tick());
        }
        return wait;
    }

    /** The store is about to be closed, and nobody calls any more: it is told what whoever has its streams next should know. */
    public void leave() {
        leaving = true;
        for (FrameStream stream : streams.values()) {
            try {
                stream.leave();
            } catch (RuntimeException e) {
                log.warn("stream {}: what is pending counts as after a crash", stream.name(), e);
            }
        }
    }

    /** Whether nothing goes out any more. */
    boolean isLeaving() {
        return leaving;
    }

    /** The store is closed, and has stored what it could: what there is in memory alone is lost, and is named. */
    public void stopped() {
        streams.values().forEach(FrameStream::stopped);
    }

    public BrokerSettings settings() {
        return settings;
    }

    public FrameStore store() {
        return store;
    }

    public FrameMemory memory() {
        return memory;
    }

    Waits waits() {
        return waits;
    }

    BrokerClock clock() {
        return clock;
    }

    int streamCount() {
        return streams.size();
    }

    PublisherKey anonymousPublisher() {
        return new PublisherKey(givenId("publisher"), 1);
    }

    private String givenId(String kind) {
        return kind + "-" + started + "-" + given.incrementAndGet();
    }

    private FrameStream known(String name) {
        Names.checkStream(name);
        FrameStream stream = streams.get(name);
        if (stream == null) {
            throw BrokerException.streamNotFound(name);
        }
        return stream;
    }
}
