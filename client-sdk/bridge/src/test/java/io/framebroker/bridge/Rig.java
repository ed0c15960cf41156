package io.framebroker.bridge;

import io.framebroker.bridge.source.EntryId;
import io.framebroker.bridge.testkit.Eventually;
import io.framebroker.bridge.testkit.RedisProcess;
import io.framebroker.client.FrameBrokerClient;
import io.framebroker.client.FrameConsumer;
import io.framebroker.client.ReceivedFrame;
import io.framebroker.server.BrokerServer;
import io.framebroker.server.broker.BrokerSettings;
import io.framebroker.server.broker.FrameMemory;
import io.framebroker.server.broker.StreamSettings;
import io.framebroker.v1.GetLedgerRequest;
import io.framebroker.v1.GetStreamRequest;
import io.framebroker.v1.StreamLedger;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import redis.clients.jedis.AbstractPipeline;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.exceptions.JedisDataException;
import redis.clients.jedis.params.XAddParams;

/** A Redis, a broker with somebody who takes its frames, and bridges between them. */
final class Rig {
    static final String SOURCE = "frames:metadata";
    static final String GROUP = "frame-broker";

    /** For what must happen, however busy the machine. */
    static final long PATIENCE_SECONDS = 90;

    private static final BrokerSettings BROKER =
            new BrokerSettings(true, 100, 500, new StreamSettings(200, 64 << 20, 10, 1 << 20, 0));

    final RedisProcess redis;
    final Jedis producer;

    private final Map<String, List<ReceivedFrame>> seen = new ConcurrentHashMap<>();
    private final List<FrameConsumer> consumers = new ArrayList<>();
    private final List<Running> bridges = new ArrayList<>();
    private BrokerServer broker;
    private int port;
    private FrameBrokerClient client;

    Rig(RedisProcess redis) throws IOException {
        this.redis = redis;
        this.producer = redis.client();
        producer.flushAll();
        startBroker(RedisProcess.freePort());
    }

    // ---- the broker

    void stopBroker() {
        client.close();
        broker.close();
    }

    /** On the port it had. */
    void startBroker() throws IOException {
        startBroker(port);
    }

    private void startBroker(int port) throws IOException {
        broker = BrokerServer.start(NettyServerBuilder.forPort(port), BROKER, new FrameMemory(256L << 20, 256L << 20));
        this.port = broker.port();
        client = FrameBrokerClient.connect(brokerAddress());
    }

    String brokerAddress() {
        return "localhost:" + port;
    }

    /** Somebody who takes all frames of these streams from now on; what has been published is not for them. */
    void consume(String... streams) throws Exception {
        consumer("check", 100, streams);
    }

    /** There when this returns: a stream without a group keeps ten frames. */
    FrameConsumer consumer(String group, int window, String... streams) throws Exception {
        for (String stream : streams) {
            seen.computeIfAbsent(stream, name -> Collections.synchronizedList(new ArrayList<>()));
        }
        FrameConsumer consumer = client.consumer(streams)
                .group(group)
                .window(window, 0)
                .fromEarliest()
                .onFrame(frame -> seen.get(frame.stream()).add(frame));
        consumers.add(consumer);
        Eventually.await("the consumer being there", () -> consumer.stats().connected(), consumer::stats);
        return consumer;
    }

    FrameBrokerClient client() {
        return client;
    }

    List<ReceivedFrame> seen(String stream) {
        return seen.get(stream);
    }

    /** Ids of the entries that came, in the order in which they came. */
    List<EntryId> idsSeen(String stream) {
        return List.copyOf(seen.get(stream)).stream()
                .map(frame -> EntryId.ofSequence(frame.sequence()))
                .toList();
    }

    void awaitSeen(String stream, int count) throws Exception {
        Eventually.await(
                count + " frames of " + stream,
                () -> seen.get(stream).size() >= count,
                () -> seen.get(stream).size());
    }

    /** Empty while there is no such stream. */
    StreamLedger ledger(String stream) {
        try {
            return client.diagnostics()
                    .withDeadlineAfter(PATIENCE_SECONDS, TimeUnit.SECONDS)
                    .getLedger(GetLedgerRequest.newBuilder().setStream(stream).build())
                    .getStream();
        } catch (StatusRuntimeException e) {
            if (e.getStatus().getCode() == Status.Code.NOT_FOUND) {
                return StreamLedger.getDefaultInstance();
            }
            throw e;
        }
    }

    /**
     * Returns when the broker takes no more of a stream and the bridge, for want of acks, reads no more for it: nothing moves
     * until somebody consumes.
     */
    void awaitBrake(String stream, int inFlight) throws Exception {
        // In this order: what is true of the one stays true while the other is looked at.
        Eventually.await(
                "a broker that waits, and " + inFlight + " entries in flight behind it",
                () -> waits(stream) && delivered() == ledger(stream).getStored() + inFlight && pending() == inFlight,
                () -> pending() + " pending, " + ledger(stream));
    }

    /** Entries read by the group so far, where all are n-0 of one camera. */
    long delivered() {
        String last = producer.xinfoGroups(SOURCE).get(0).getLastDeliveredId().toString();
        return EntryId.parse(last).millis();
    }

    private boolean waits(String stream) {
        return ledger(stream).getStored() >= 200
                && !client.streams()
                        .withDeadlineAfter(PATIENCE_SECONDS, TimeUnit.SECONDS)
                        .getStream(GetStreamRequest.newBuilder().setName(stream).build())
                        .getStream()
                        .getWaitReason()
                        .isEmpty();
    }

    void awaitReported(String stream, Map<String, Long> reported) throws Exception {
        Eventually.await(
                "losses " + reported + " in the ledger of " + stream,
                () -> ledger(stream).getReportedMap().equals(reported),
                () -> ledger(stream));
    }

    // ---- the source

    /** Entries n-0 of one camera, with their number as payload. */
    List<EntryId> add(String camera, int from, int through) {
        List<EntryId> ids = new ArrayList<>();
        try (AbstractPipeline pipeline = producer.pipelined()) {
            for (int n = from; n <= through; n++) {
                EntryId id = new EntryId(n, 0);
                pipeline.xadd(
                        SOURCE,
                        Map.of("camera_id", camera, "data", Integer.toString(n)),
                        XAddParams.xAddParams().id(id.toString()));
                ids.add(id);
            }
        }
        return ids;
    }

    EntryId add(EntryId id, String... namesAndValues) {
        Map<String, String> fields = new LinkedHashMap<>();
        for (int i = 0; i < namesAndValues.length; i += 2) {
            fields.put(namesAndValues[i], namesAndValues[i + 1]);
        }
        producer.xadd(SOURCE, fields, XAddParams.xAddParams().id(id.toString()));
        return id;
    }

    /** None while there is no group. */
    long pending() {
        try {
            return producer.xpending(SOURCE, GROUP).getTotal();
        } catch (JedisDataException e) {
            if (e.getMessage().startsWith("NOGROUP")) {
                return 0;
            }
            throw e;
        }
    }

    void awaitPending(long count) throws Exception {
        Eventually.await(count + " pending entries", () -> pending() == count, this::pending);
    }

    // ---- bridges

    /** A bridge within this process, whose lease and drain time outlast what a busy machine makes it or the broker sleep. */
    Running bridge(String... arguments) {
        List<String> line = new ArrayList<>(List.of(
                "--redis-url", redis.url(), "--broker", brokerAddress(), "--lease", "PT30S", "--drain-time", "PT1M"));
        line.addAll(Arrays.asList(arguments));
        BridgeConfig config = config(line.toArray(String[]::new));
        config.check();
        Running running = new Running(config);
        bridges.add(running);
        return running;
    }

    static BridgeConfig config(String... arguments) {
        Holder holder = new Holder();
        new CommandLine(holder)
                .setCaseInsensitiveEnumValuesAllowed(true)
                .setOverwrittenOptionsAllowed(true)
                .parseArgs(arguments);
        return holder.config;
    }

    void close() throws Exception {
        for (Running bridge : bridges) {
            bridge.carrier.stop();
        }
        for (Running bridge : bridges) {
            bridge.thread.join(TimeUnit.SECONDS.toMillis(PATIENCE_SECONDS));
        }
        client.close();
        broker.close();
        producer.close();
    }

    @Command
    static final class Holder {
        @Mixin
        BridgeConfig config;
    }

    /** A bridge on a thread of its own. */
    static final class Running {
        final Carrier carrier;
        final Thread thread;
        final CompletableFuture<Void> ended = new CompletableFuture<>();
        final LinkedBlockingQueue<String> announced = new LinkedBlockingQueue<>();

        Running(BridgeConfig config) {
            carrier = new Carrier(config, announced::add);
            thread = new Thread(this::run, "bridge");
            thread.start();
        }

        private void run() {
            try {
                carrier.run();
                ended.complete(null);
            } catch (InterruptedException | RuntimeException e) {
                ended.completeExceptionally(e);
            }
        }

        String awaitAnnounced() throws InterruptedException {
            String line = announced.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
            if (line == null) {
                throw new AssertionError("the bridge announced nothing within " + PATIENCE_SECONDS + " s");
            }
            return line;
        }

        /** Returns how long it took, in milliseconds. */
        long stop() throws Exception {
            long start = System.nanoTime();
            carrier.stop();
            ended.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
            return TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start);
        }
    }
}
