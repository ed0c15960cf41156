package io.framebroker.server.grpc;

import io.framebroker.server.broker.Broker;
import io.framebroker.server.broker.BrokerException;
import io.framebroker.server.broker.Consumer;
import io.framebroker.server.broker.Globs;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Which streams there are for calls with globs. What is opened here the broker gives them itself; this looks now and then
 * for those that nobody has opened, and for those of other brokers. Thread-safe; does not block.
 */
final class StreamWatch {
    private static final Logger log = LoggerFactory.getLogger(StreamWatch.class);
    /** Most streams that are asked for in one look; the others are in the next ones. */
    private static final int MOST_ASKED = 1000;
    /** How long a stream that is elsewhere is taken to be there, whatever happens. */
    private static final long BELIEF_NANOS = 5_000_000_000L;

    /** A call with globs. */
    interface Watcher {
        Globs globs();

        /** Streams of other brokers, by name with their address; those that match among them are the call's. Any thread. */
        void elsewhere(Map<String, String> addresses);

        /** Whether it wants no more streams. */
        boolean isDone();
    }

    /** Told how opening some streams went. */
    private interface Asked {
        /**
         * @param elsewhere addresses of those that other brokers have
         */
        void answered(Map<String, String> elsewhere);
    }

    private record Belief(String address, long sinceNanos) {}

    private final Broker broker;
    private final Set<Watcher> watchers = ConcurrentHashMap.newKeySet();
    private final Map<String, Belief> beliefs = new ConcurrentHashMap<>();
    private final AtomicBoolean looking = new AtomicBoolean();

    StreamWatch(Broker broker) {
        this.broker = broker;
    }

    /** Tells a call of streams until it is over. */
    void add(Watcher watcher) {
        watchers.add(watcher);
    }

    /**
     * Has the streams opened that a call with globs names, and those that match.
     *
     * @param ownOnly whether those that match at other brokers do not matter
     * @param prepared is told those as being elsewhere, if there are other brokers; those that match here among them, at
     *     {@link Owners#SELF}
     */
    void prepare(Consumer.Options options, boolean ownOnly, Broker.Prepared prepared) {
        if (options.names().isEmpty()) {
            prepareMatching(options, Map.of(), ownOnly, prepared);
            return;
        }
        broker.prepare(options.names(), true, new Broker.Prepared() {
            @Override
            public void here() {
                prepareMatching(options, Map.of(), ownOnly, prepared);
            }

            @Override
            public void elsewhere(Map<String, String> addresses) {
                prepareMatching(options, addresses, ownOnly, prepared);
            }

            @Override
            public void failed(BrokerException why) {
                prepared.failed(why);
            }
        });
    }

    private void prepareMatching(
            Consumer.Options options, Map<String, String> named, boolean ownOnly, Broker.Prepared prepared) {
        Globs globs = options.globs();
        broker.list(new Broker.Listed() {
            @Override
            public void listed(List<String> all) {
                List<String> matching =
                        all.stream().filter(globs::match).sorted().toList();
                List<String> closed =
                        matching.stream().filter(name -> !broker.hasOpen(name)).toList();
                open(closed, elsewhere -> {
                    Map<String, String> addresses = new ConcurrentHashMap<>(named);
                    if (!ownOnly) {
                        addresses.putAll(elsewhere);
                        matching.stream()
                                .filter(broker::hasOpen)
                                .forEach(name -> addresses.putIfAbsent(name, Owners.SELF));
                    }
                    boolean anyElsewhere =
                            addresses.values().stream().anyMatch(address -> !address.equals(Owners.SELF));
                    boolean mayCome = !ownOnly
                            && options.takesNewStreams()
                            && broker.store().isShared();
                    if (anyElsewhere || mayCome) {
                        prepared.elsewhere(addresses);
                    } else {
                        prepared.here();
                    }
                });
            }

            @Override
            public void failed(BrokerException why) {
                prepared.failed(why);
            }
        });
    }

    /** Looks which streams there are; to be called about once a second. */
    void look() {
        watchers.removeIf(Watcher::isDone);
        if (watchers.isEmpty() || !looking.compareAndSet(false, true)) {
            return;
        }
        try {
            broker.seatLeftOut();
            listAndLook();
        } catch (RuntimeException | Error e) {
            looking.set(false);
            throw e;
        }
    }

    private void listAndLook() {
        broker.list(new Broker.Listed() {
            @Override
            public void listed(List<String> all) {
                try {
                    look(all);
                } catch (RuntimeException | Error e) {
                    looking.set(false);
                    throw e;
                }
            }

            @Override
            public void failed(BrokerException why) {
                log.debug("no look for new streams: {}", why.getMessage());
                looking.set(false);
            }
        });
    }

    private void look(List<String> all) {
        long now = System.nanoTime();
        beliefs.values().removeIf(belief -> now - belief.sinceNanos > BELIEF_NANOS);
        List<String> unknown = all.stream()
                .filter(name -> !broker.hasOpen(name) && !beliefs.containsKey(name) && isWanted(name))
                .limit(MOST_ASKED)
                .toList();
        open(unknown, elsewhere -> {
            try {
                elsewhere.forEach((name, address) -> beliefs.put(name, new Belief(address, System.nanoTime())));
                tellWatchers();
            } finally {
                looking.set(false);
            }
        });
    }

    private void tellWatchers() {
        Map<String, String> addresses = beliefs.entrySet().stream()
                .filter(belief -> !broker.hasOpen(belief.getKey()))
                .collect(Collectors.toMap(Map.Entry::getKey, belief -> belief.getValue().address));
        if (!addresses.isEmpty()) {
            watchers.forEach(watcher -> watcher.elsewhere(addresses));
        }
    }

    private boolean isWanted(String name) {
        return watchers.stream().anyMatch(watcher -> watcher.globs().match(name));
    }

    /** One that cannot be opened is left for the next look. */
    private void open(Collection<String> names, Asked asked) {
        Map<String, String> elsewhere = new ConcurrentHashMap<>();
        if (names.isEmpty()) {
            asked.answered(elsewhere);
            return;
        }
        AtomicInteger left = new AtomicInteger(names.size());
        Runnable done = () -> {
            if (left.decrementAndGet() == 0) {
                asked.answered(elsewhere);
            }
        };
        for (String name : names) {
            Broker.Prepared prepared = new Broker.Prepared() {
                @Override
                public void here() {
                    done.run();
                }

                @Override
                public void elsewhere(Map<String, String> addresses) {
                    elsewhere.putAll(addresses);
                    done.run();
                }

                @Override
                public void failed(BrokerException why) {
                    log.debug("stream {} matches and is not open: {}", name, why.getMessage());
                    done.run();
                }
            };
            try {
                broker.prepare(List.of(name), false, prepared);
            } catch (BrokerException e) {
                prepared.failed(e);
            }
        }
    }
}
