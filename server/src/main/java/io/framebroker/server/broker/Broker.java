package io.framebroker.server.broker;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/** All streams of one broker. Methods may be called from any thread and do not block. */
public final class Broker {
    private static final int MOST_STREAMS_OF_A_CALL = 1000;

    private final BrokerSettings settings;
    private final FrameStore store;
    private final FrameMemory memory;
    private final BrokerClock clock;
    private final ConcurrentHashMap<String, FrameStream> streams = new ConcurrentHashMap<>();
    private final AtomicLong given = new AtomicLong();
    /** Part of the ids this broker gives, so that they are not those of its last life. */
    private final String started;

    public Broker(BrokerSettings settings, FrameStore store, FrameMemory memory, BrokerClock clock) {
        this.settings = settings;
        this.store = store;
        this.memory = memory;
        this.clock = clock;
        this.started = Long.toString(clock.wallMicros(), 36);
    }

    /**
     * Opens a publisher on a stream. {@link PublisherPort#opened} follows, maybe before this returns.
     *
     * @param publisherId stable name; empty to be given one and have the frames numbered
     * @param epoch of the publisher, unsigned; 1 or more when it has a name
     */
    public Publisher openPublisher(String stream, String publisherId, long epoch, PublisherPort port) {
        Names.checkId("open.publisher_id", publisherId);
        if (!publisherId.isEmpty() && epoch == 0) {
            throw BrokerException.invalid(
                    "open.epoch",
                    "0; a publisher with an id needs an epoch that grows with each start, such as its time");
        }
        return streamFor(stream).open(publisherId, epoch, port);
    }

    /** Opens a consumer. Nothing is delivered before its first {@link Consumer#pump}. */
    public Consumer openConsumer(Consumer.Options options, ConsumerPort port) {
        if (options.streams().isEmpty() || options.streams().size() > MOST_STREAMS_OF_A_CALL) {
            throw BrokerException.invalid(
                    "open.streams", options.streams().size() + " streams; a call takes 1.." + MOST_STREAMS_OF_A_CALL);
        }
        if (!options.group().isEmpty()) {
            Names.checkGroup(options.group());
        }
        Names.checkId("open.consumer_id", options.consumerId());
        String id = options.consumerId().isEmpty() ? givenId("consumer") : options.consumerId();
        // The tilde is no character of a durable group's name.
        String group = options.group().isEmpty() ? "~" + given.incrementAndGet() : options.group();
        Consumer consumer = new Consumer(id, group, options, port);
        try {
            for (String stream : options.streams().stream().distinct().toList()) {
                consumer.seat(streamFor(stream).join(consumer));
            }
        } catch (BrokerException e) {
            consumer.close();
            throw e;
        }
        return consumer;
    }

    private FrameStream streamFor(String name) {
        Names.checkStream(name);
        FrameStream stream = streams.get(name);
        if (stream != null) {
            return stream;
        }
        if (!settings.autoCreateStreams()) {
            throw streamNotFound(name);
        }
        return streams.computeIfAbsent(name, this::newStream);
    }

    private FrameStream newStream(String name) {
        return newStream(name, settings.streamDefaults());
    }

    private FrameStream newStream(String name, StreamSettings streamSettings) {
        if (streams.size() >= settings.maxStreams()) {
            throw new BrokerException(
                    BrokerException.Kind.EXHAUSTED,
                    "TOO_MANY_STREAMS",
                    "there are " + streams.size() + " streams, the most this broker takes; delete one");
        }
        return new FrameStream(name, streamSettings, this);
    }

    public StreamState createStream(String name, StreamSettings streamSettings) {
        Names.checkStream(name);
        boolean[] isNew = new boolean[1];
        FrameStream stream = streams.computeIfAbsent(name, absent -> {
            isNew[0] = true;
            return newStream(absent, streamSettings);
        });
        if (!isNew[0]) {
            throw new BrokerException(
                    BrokerException.Kind.ALREADY_EXISTS, "STREAM_EXISTS", "there is a stream " + name + " already");
        }
        return stream.state();
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

    /** Removes a stream with its frames and groups. Returns how many frames went. */
    public long deleteStream(String name, boolean force) {
        FrameStream stream = known(name);
        long frames = stream.delete(force);
        store.delete(name);
        streams.remove(name, stream);
        return frames;
    }

    /** Removes the waiting frames of a stream. Returns how many frames went. */
    public long purgeStream(String name) {
        return known(name).purge();
    }

    public Optional<Frame> latestFrame(String name) {
        return known(name).latest();
    }

    public Ledger ledger(String name) {
        return known(name).ledger();
    }

    /** The groups of a stream, by name. */
    public List<GroupState> groups(String stream) {
        return known(stream).groups();
    }

    /** Does what time has made due. Returns nanoseconds until there may be more to do. */
    public long tick() {
        long wait = Long.MAX_VALUE;
        for (FrameStream stream : streams.values()) {
            wait = Math.min(wait, stream.tick());
        }
        return wait;
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
            throw streamNotFound(name);
        }
        return stream;
    }

    static BrokerException streamNotFound(String name) {
        return new BrokerException(
                BrokerException.Kind.NOT_FOUND,
                "STREAM_NOT_FOUND",
                "there is no stream " + Names.quoted(name) + "; create it, or let the broker create streams by itself");
    }
}
