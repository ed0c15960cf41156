package io.framebroker.server.store.redis;

import static org.assertj.core.api.Assertions.assertThat;

import io.framebroker.server.broker.Frame;
import io.framebroker.server.broker.GroupSettings;
import io.framebroker.server.broker.StreamNote;
import io.framebroker.server.broker.StreamStore;
import io.framebroker.server.store.Answers;
import io.framebroker.server.store.Letters;
import io.framebroker.server.store.Opened;
import io.framebroker.server.store.Samples;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import redis.clients.jedis.util.JedisClusterCRC16;

/** Streams on the nodes of a Cluster. */
@Timeout(300)
class RedisClusterStoreTest {
    private static final int STREAMS = 9;
    private static final int SOCKET_MILLIS = 60_000;

    private static RedisClusterProcesses redis;

    private final Map<String, Opened> streams = new HashMap<>();
    private final Map<String, Answers> answers = new HashMap<>();
    private RedisFrameStore store;

    @BeforeAll
    static void startAll() {
        redis = RedisClusterProcesses.start();
    }

    @AfterAll
    static void stopAll() {
        redis.close();
    }

    @BeforeEach
    void open() {
        store = new RedisFrameStore(RedisSettings.parse(redis.url()).withTimeouts(20_000, SOCKET_MILLIS), 0, null);
        store.serveAt("127.0.0.1:1");
        for (int i = 0; i < STREAMS; i++) {
            String name = "cam-" + i;
            answers.put(name, new Answers());
            streams.put(name, Opened.of(store, name, answers.get(name)));
        }
    }

    @AfterEach
    void close() {
        answers.values().forEach(each -> assertThat(each.wrong()).isNull());
        store.close();
        redis.nodes().forEach(node -> node.call("FLUSHALL"));
    }

    private void append(String name, long first, long last) {
        streams.get(name).stream()
                .append(Samples.frames(streams.get(name).stream().generation(), first, last, 500));
    }

    private void awaitAll(long last) {
        answers.values().forEach(each -> each.awaitStored(last));
    }

    private RedisTruth truth(String name) {
        return new RedisTruth(nodeOf(name), name);
    }

    private RedisProcess nodeOf(String name) {
        String address = store.node(new StreamKeys("fb:", name).owner);
        return redis.nodes().stream()
                .filter(node -> node.address().toString().equals(address))
                .findFirst()
                .orElseThrow();
    }

    private Set<String> writers() {
        return Thread.getAllStackTraces().keySet().stream()
                .map(Thread::getName)
                .filter(name -> name.startsWith("redis-write-"))
                .collect(Collectors.toSet());
    }

    @Test
    void streamsAreSpreadOverTheNodesEachWithAWriter() {
        streams.keySet().forEach(name -> append(name, 1, 50));
        awaitAll(50);

        assertThat(streams.keySet().stream().map(this::nodeOf).collect(Collectors.toSet()))
                .hasSize(3);
        assertThat(writers())
                .containsExactlyInAnyOrderElementsOf(redis.nodes().stream()
                        .map(node -> "redis-write-" + node.address())
                        .toList());
        streams.keySet().forEach(name -> Samples.assertAlike(truth(name).frames(), Samples.frames(1, 1, 50, 500)));
        assertThat(store.intrusions()).isZero();
    }

    @Test
    void deadLettersLieWithTheirStream() throws Exception {
        streams.keySet().forEach(name -> append(name, 1, 5));
        awaitAll(5);
        for (String name : streams.keySet()) {
            StreamStore stream = streams.get(name).stream();
            stream.createGroup("detectors", 0, GroupSettings.DEFAULT, true);
            stream.delivered("detectors", 1, 5, 1);
            Frame frame = answers.get(name).read(stream, 3, 3).get(0);
            Letters.bury(stream, "detectors", frame, 3);
            answers.get(name).awaitSettled("detectors", 1);

            assertThat(truth(name).letters("detectors")).containsExactly(3L);
            Samples.assertSame(Letters.read(stream, "detectors", 3L), List.of(frame));
        }
    }

    @Test
    void aPrimaryStartsAgainWithNothing() {
        streams.keySet().forEach(name -> append(name, 1, 50));
        awaitAll(50);

        RedisProcess node = nodeOf("cam-0");
        node.kill();
        streams.keySet().forEach(name -> append(name, 51, 60));
        node.start();
        streams.keySet().forEach(name -> append(name, 61, 70));
        awaitAll(70);

        streams.keySet().forEach(name -> Samples.assertAlike(truth(name).frames(), Samples.frames(1, 1, 70, 500)));
        answers.values().forEach(each -> assertThat(each.isLost()).isFalse());
    }

    @Test
    void aStreamMovesToAnotherNodeWithItsSlot() {
        streams.keySet().forEach(name -> append(name, 1, 50));
        awaitAll(50);
        RedisProcess from = nodeOf("cam-0");
        RedisProcess to =
                redis.nodes().stream().filter(node -> node != from).findFirst().orElseThrow();

        List<Long> ends = new ArrayList<>();
        migrate("cam-0", from, to, () -> {
            long last = ends.isEmpty() ? 51 : ends.get(ends.size() - 1) + 1;
            append("cam-0", last, last);
            ends.add(last);
        });
        long last = ends.get(ends.size() - 1);
        answers.get("cam-0").awaitStored(last);
        append("cam-0", last + 1, last + 20);
        answers.get("cam-0").awaitStored(last + 20);

        assertThat(nodeOf("cam-0")).isEqualTo(to);
        Samples.assertAlike(truth("cam-0").frames(), Samples.frames(1, 1, last + 20, 500));
        streams.keySet().stream().filter(name -> !name.equals("cam-0")).forEach(name -> {
            append(name, 51, 60);
            answers.get(name).awaitStored(60);
        });
        migrate(
                "cam-0",
                to,
                from,
                () -> append("cam-0", streams.get("cam-0").stream().lastOrdinal() + 1, 0));
    }

    /** The old node's writer used to go where its first stream had gone, and nothing could be written for the others. */
    @Test
    void thoseThatStayOnANodeAreWrittenThereWhenTheConnectionBreaks() {
        streams.keySet().forEach(name -> append(name, 1, 50));
        awaitAll(50);
        RedisProcess from = nodeOf("cam-0");
        RedisProcess to =
                redis.nodes().stream().filter(node -> node != from).findFirst().orElseThrow();
        List<String> staying = streams.keySet().stream()
                .filter(name -> !name.equals("cam-0") && nodeOf(name) == from)
                .toList();
        assertThat(staying).isNotEmpty();
        // The writer of a node is begun for the first of its streams.
        migrate("cam-0", from, to, () -> {});
        append("cam-0", 51, 51);
        answers.get("cam-0").awaitStored(51);

        from.call("CLIENT", "KILL", "TYPE", "normal");
        staying.forEach(name -> append(name, 51, 60));

        staying.forEach(name -> answers.get(name).awaitStored(60));
        staying.forEach(name -> Samples.assertAlike(truth(name).frames(), Samples.frames(1, 1, 60, 500)));
        migrate("cam-0", to, from, () -> {});
    }

    @Test
    void theStreamsOfANodeThatIsGoneAreWrittenWhereItsSlotsAre() {
        try (RedisClusterProcesses cluster = RedisClusterProcesses.start();
                Owner broker = Owner.straight(RedisSettings.parse(cluster.url()).withTimeouts(20_000, 20_000), 0)
                        .takes()) {
            broker.append(1, 10, 500);
            RedisProcess gone = cluster.firstNodeOf(Owner.STREAM);
            RedisProcess heir = cluster.nodes().stream()
                    .filter(node -> node != gone)
                    .findFirst()
                    .orElseThrow();

            gone.kill();
            cluster.inherit(gone, heir);
            broker.appending(11, 20, 500);

            broker.answers.awaitStored(20);
            Samples.assertAlike(new RedisTruth(heir, Owner.STREAM).frames(), Samples.frames(1, 1, 20, 500));
            assertThat(broker.answers.isLost()).isFalse();
        }
    }

    /** The writer used to wait for the node of the names. */
    @Test
    void aDoubtIsSettledWhileTheNodeOfTheNamesHangs() {
        streams.keySet().forEach(name -> append(name, 1, 50));
        awaitAll(50);
        RedisProcess ofNames = redis.firstNodeOf("fb:streams");
        String stream = streams.keySet().stream()
                .filter(name -> nodeOf(name) != ofNames)
                .findFirst()
                .orElseThrow();
        RedisTruth truth = truth(stream);

        ofNames.suspend();
        long sinceNanos = System.nanoTime();
        try {
            truth.dropTail(1);
            streams.get(stream).stream().note(new StreamNote(null, null, null));
            RedisProcess.await(
                    "the stream going on", () -> streams.get(stream).stream().generation() > 1);

            assertThat(System.nanoTime() - sinceNanos).isLessThan(SOCKET_MILLIS * 1_000_000L / 2);
        } finally {
            ofNames.resume();
        }
        streams.keySet().forEach(name -> append(name, 51, 60));
        awaitAll(60);
    }

    /** Moves a stream's slot with the keys in it, doing something before each step. */
    private void migrate(String stream, RedisProcess from, RedisProcess to, Runnable meanwhile) {
        int slot = JedisClusterCRC16.getSlot("{" + stream + "}");
        Object fromId = from.call("CLUSTER", "MYID");
        Object toId = to.call("CLUSTER", "MYID");
        meanwhile.run();
        to.call("CLUSTER", "SETSLOT", slot, "IMPORTING", fromId);
        from.call("CLUSTER", "SETSLOT", slot, "MIGRATING", toId);
        List<?> keys = (List<?>) from.call("CLUSTER", "GETKEYSINSLOT", slot, 1_000);
        while (!keys.isEmpty()) {
            meanwhile.run();
            from.call("MIGRATE", "127.0.0.1", to.port(), keys.get(0), 0, 5_000, "REPLACE");
            keys = (List<?>) from.call("CLUSTER", "GETKEYSINSLOT", slot, 1_000);
        }
        redis.nodes().forEach(node -> node.call("CLUSTER", "SETSLOT", slot, "NODE", toId));
        meanwhile.run();
    }
}
