package io.framebroker.server.grpc;

import io.framebroker.server.broker.AckLevel;
import io.framebroker.server.broker.Broker;
import io.framebroker.server.broker.FrameStore;
import io.framebroker.server.store.memory.MemoryFrameStore;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;

/**
 * Several brokers on loopback that share streams among them. A test says whose each stream is; what nobody spoke of is
 * the first broker's. That a stream is elsewhere is told on another thread, as by a store that has to ask. Connections have the limits of a broker in earnest. Closing them checks each as
 * {@link EdgeBroker} does.
 */
final class Brokers implements AutoCloseable {
    private final List<EdgeBroker> brokers = new ArrayList<>();
    /** Brokers look through them while others are still being started. */
    private final List<MemoryFrameStore> stores = new CopyOnWriteArrayList<>();

    private final Map<String, Integer> owners = new ConcurrentHashMap<>();
    /** Where brokers take each other to be, by number; where that is not the truth. */
    private final Map<Integer, String> addresses = new ConcurrentHashMap<>();
    /** What single brokers take for the owner, whatever the others do. */
    private final Map<Integer, Map<String, Integer>> beliefs = new HashMap<>();

    /** Addresses that any of them was told, and has done what it does then. */
    private final Set<String> told = ConcurrentHashMap.newKeySet();

    /** They have not heard of each other yet. */
    private volatile boolean apart;

    static Brokers start(int count) {
        return start(count, setup -> setup);
    }

    static Brokers start(int count, UnaryOperator<EdgeBroker.Setup> with) {
        Brokers started = new Brokers();
        for (int i = 0; i < count; i++) {
            MemoryFrameStore store = new MemoryFrameStore();
            started.stores.add(store);
            started.beliefs.put(i, new ConcurrentHashMap<>());
            started.brokers.add(with.apply(EdgeBroker.setup())
                    .store(started.new SharedStore(i, store))
                    .netty(NettyServerBuilder.forAddress(new InetSocketAddress("127.0.0.1", 0))
                            .maxConcurrentCallsPerConnection(1000)
                            .permitKeepAliveTime(10, TimeUnit.SECONDS)
                            .maxRstFramesPerWindow(200, 1)));
        }
        return started;
    }

    private final class SharedStore implements FrameStore {
        private final int broker;
        private final MemoryFrameStore own;

        SharedStore(int broker, MemoryFrameStore own) {
            this.broker = broker;
            this.own = own;
        }

        @Override
        public long mostDeadLetterBytes() {
            return own.mostDeadLetterBytes();
        }

        @Override
        public String name() {
            return own.name();
        }

        @Override
        public AckLevel ackLevel() {
            return own.ackLevel();
        }

        @Override
        public boolean isShared() {
            return stores.size() > 1 && !apart;
        }

        @Override
        public void open(String stream, boolean create, Opening opening) {
            int owner = beliefs.get(broker).getOrDefault(stream, owners.getOrDefault(stream, 0));
            if (owner == broker) {
                own.open(stream, create, opening);
            } else {
                CompletableFuture.runAsync(() -> {
                    String address = address(owner);
                    opening.elsewhere(address);
                    told.add(address);
                });
            }
        }

        @Override
        public void names(Consumer<List<String>> answer) {
            List<String> all = new ArrayList<>();
            stores.forEach(store -> store.names(all::addAll));
            answer.accept(all);
        }

        @Override
        public void close() {
            own.close();
        }
    }

    EdgeBroker get(int broker) {
        return brokers.get(broker);
    }

    /** Whether none of them knows that there are others. */
    Brokers apart(boolean now) {
        apart = now;
        return this;
    }

    /** Gives a stream to a broker. */
    Brokers own(int broker, String... streams) {
        for (String stream : streams) {
            owners.put(stream, broker);
        }
        return this;
    }

    /** One broker takes another one for the owner of a stream, whatever the rest thinks. */
    void believe(int broker, String stream, int owner) {
        beliefs.get(broker).put(stream, owner);
    }

    /** Where the others find a broker. */
    String address(int broker) {
        return addresses.getOrDefault(
                broker,
                "127.0.0.1:" + (broker < brokers.size() ? get(broker).server().port() : 1));
    }

    /** Makes the others look for a broker on this port. */
    void find(int broker, int port) {
        addresses.put(broker, "127.0.0.1:" + port);
    }

    /** Whether any of them was told of a stream at this address, and has done what it does then. */
    boolean hasTold(String address) {
        return told.contains(address);
    }

    /** The core of the owner of a stream. */
    Broker owner(String stream) {
        return get(owners.getOrDefault(stream, 0)).core();
    }

    @Override
    public void close() {
        brokers.forEach(EdgeBroker::hangUp);
        brokers.forEach(EdgeBroker::close);
    }
}
