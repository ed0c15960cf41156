package io.framebroker.bridge;

import static org.assertj.core.api.Assertions.assertThat;

import io.framebroker.bridge.source.EntryId;
import io.framebroker.bridge.testkit.Eventually;
import io.framebroker.bridge.testkit.RedisProcess;
import io.framebroker.client.FrameBrokerClient;
import io.framebroker.server.FrameBroker;
import io.framebroker.v1.GetBrokerInfoRequest;
import io.framebroker.v1.GetLedgerRequest;
import io.framebroker.v1.StreamLedger;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import redis.clients.jedis.AbstractPipeline;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.params.XAddParams;

/** From one Redis into another through a broker that keeps its frames there: four processes, each killed on the way. */
@Timeout(300)
class RedisToRedisTest {
    private static final int ENTRIES_OF_A_STAGE = 1_000;
    private static final String CAMERA = "a";

    private final List<Process> processes = new ArrayList<>();
    private final List<EntryId> added = new ArrayList<>();
    private RedisProcess source;
    private RedisProcess target;
    private int port;
    private FrameBrokerClient client;

    @BeforeEach
    void start() throws Exception {
        source = RedisProcess.started("--appendonly", "yes", "--appendfsync", "no");
        target = RedisProcess.started("--appendonly", "yes", "--appendfsync", "always");
        port = RedisProcess.freePort();
        client = FrameBrokerClient.connect("localhost:" + port);
    }

    @AfterEach
    void stop() {
        client.close();
        processes.forEach(Process::destroyForcibly);
        source.close();
        target.close();
    }

    @Test
    void whoeverIsKilledEveryEntryIsInTheOtherRedisOnceAndInOrder() throws Exception {
        long seed = Long.getLong("seed", System.nanoTime());
        System.out.println("RedisToRedisTest seed " + seed);
        Random random = new Random(seed);
        Process broker = broker();
        Process bridge = bridge();
        assertThat(client.diagnostics()
                        .withDeadlineAfter(Rig.PATIENCE_SECONDS, TimeUnit.SECONDS)
                        .getBrokerInfo(GetBrokerInfoRequest.getDefaultInstance())
                        .getStore())
                .isEqualTo("redis");

        getsGoing(random);
        kill(bridge);
        bridge = bridge();
        getsGoing(random);
        kill(broker);
        broker = broker();
        getsGoing(random);
        target.kill();
        target.start();
        getsGoing(random);
        source.kill();
        source.start();
        getsGoing(random);
        kill(bridge);
        kill(broker);
        broker();
        bridge();

        Eventually.await("all entries stored", () -> stored() >= added.size(), this::ledger);
        assertThat(seenFromTheBeginning()).isEqualTo(added);
        StreamLedger ledger = ledger();
        assertThat(ledger.getStored()).isEqualTo(added.size());
        assertThat(ledger.getDroppedMap()).isEmpty();
        assertThat(ledger.getImbalance()).isZero();
        try (Jedis producer = source.client()) {
            Eventually.await(
                    "no pending entry",
                    () -> producer.xpending(Rig.SOURCE, Rig.GROUP).getTotal() == 0,
                    () -> producer.xpending(Rig.SOURCE, Rig.GROUP).getTotal());
        }
    }

    /** Adds entries, and returns when the broker has a part of them. */
    private void getsGoing(Random random) throws Exception {
        long before = added.size();
        try (Jedis producer = source.client();
                AbstractPipeline pipeline = producer.pipelined()) {
            for (int i = 0; i < ENTRIES_OF_A_STAGE; i++) {
                EntryId id = new EntryId(added.size() + 1L, 0);
                pipeline.xadd(
                        Rig.SOURCE,
                        Map.of("camera_id", CAMERA, "data", id.toString()),
                        XAddParams.xAddParams().id(id.toString()));
                added.add(id);
            }
        }
        long enough = before + 1 + random.nextInt(ENTRIES_OF_A_STAGE / 2);
        Eventually.await(enough + " frames stored", () -> stored() >= enough, this::ledger);
    }

    private long stored() {
        return ledger().getStored();
    }

    /** Empty while nobody can tell it. */
    private StreamLedger ledger() {
        try {
            return client.diagnostics()
                    .getLedger(GetLedgerRequest.newBuilder().setStream(CAMERA).build())
                    .getStream();
        } catch (StatusRuntimeException e) {
            return StreamLedger.getDefaultInstance();
        }
    }

    private List<EntryId> seenFromTheBeginning() throws Exception {
        List<EntryId> seen = Collections.synchronizedList(new ArrayList<>());
        client.consumer(CAMERA)
                .group("check")
                .window(100, 0)
                .fromEarliest()
                .onFrame(frame -> seen.add(EntryId.ofSequence(frame.sequence())));
        Eventually.await("frames", () -> seen.size() >= added.size(), seen::size);
        return List.copyOf(seen);
    }

    private static void kill(Process process) throws InterruptedException {
        process.destroyForcibly().waitFor();
    }

    private Process broker() throws IOException {
        Process broker = java(
                FrameBroker.class,
                "--grpc-host",
                "127.0.0.1",
                "--grpc-port",
                Integer.toString(port),
                "--redis-url",
                target.url(),
                "--redis-lease",
                "PT1S",
                "--backlog-frames",
                "100000",
                "--retention-frames",
                "100000");
        assertThat(broker.inputReader().readLine())
                .startsWith("frame-broker ready")
                .contains("store=redis");
        return broker;
    }

    private Process bridge() throws IOException {
        Process bridge = java(
                Bridge.class,
                "--redis-url",
                source.url(),
                "--broker",
                "localhost:" + port,
                "--consumer",
                "one",
                "--in-flight",
                "50");
        assertThat(bridge.inputReader().readLine()).startsWith("frame-broker-bridge ready");
        return bridge;
    }

    private Process java(Class<?> main, String... arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx192m",
                "-XX:TieredStopAtLevel=1",
                "-XX:+UseSerialGC",
                "-cp",
                System.getProperty("java.class.path"),
                main.getName(),
                "--exit-with-stdin"));
        command.addAll(List.of(arguments));
        Process process = new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        processes.add(process);
        return process;
    }
}
