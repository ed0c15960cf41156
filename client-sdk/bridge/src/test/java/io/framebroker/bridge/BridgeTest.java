package io.framebroker.bridge;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.framebroker.bridge.source.EntryId;
import io.framebroker.bridge.source.GiveUpException;
import io.framebroker.bridge.testkit.Eventually;
import io.framebroker.bridge.testkit.RedisProcess;
import io.framebroker.client.FrameConsumer;
import io.framebroker.client.ReceivedFrame;
import io.framebroker.v1.Codec;
import io.framebroker.v1.FrameHeader;
import io.framebroker.v1.PixelFormat;
import io.framebroker.v1.StreamLedger;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.StreamEntryID;
import redis.clients.jedis.params.XAddParams;
import redis.clients.jedis.params.XReadGroupParams;

/** A bridge between a real Redis and a real broker. */
@Timeout(300)
class BridgeTest {
    private static RedisProcess redis;

    private Rig rig;

    @BeforeAll
    static void startRedis() throws Exception {
        // The file is written before the answer: a crash of Redis loses nothing, a crash of the machine would.
        redis = RedisProcess.started("--appendonly", "yes", "--appendfsync", "no");
    }

    @AfterAll
    static void stopRedis() {
        redis.close();
    }

    @BeforeEach
    void start() throws Exception {
        rig = new Rig(redis);
    }

    @AfterEach
    void stop() throws Exception {
        rig.close();
    }

    // ---- frames

    @Test
    void whatIsThereAndWhatComesIsPublishedOnceAndInOrder() throws Exception {
        rig.consume("north");
        List<EntryId> ids = new ArrayList<>(rig.add("north", 1, 500));
        rig.bridge();
        rig.awaitSeen("north", 100);
        ids.addAll(rig.add("north", 501, 1_000));

        rig.awaitSeen("north", 1_000);

        assertThat(rig.idsSeen("north")).isEqualTo(ids);
        assertThat(rig.seen("north").get(999).payloadBytes()).asString().isEqualTo("1000");
        rig.awaitPending(0);
        StreamLedger ledger = rig.ledger("north");
        assertThat(ledger.getStored()).isEqualTo(1_000);
        assertThat(ledger.getImbalance()).isZero();
        assertThat(redis.client().xlen(Rig.SOURCE)).isEqualTo(1_000);
    }

    @Test
    void anEntryOfTheOldWorldIsAFrameWithoutPayloadThatSaysEverythingItSaid() throws Exception {
        rig.consume("camera_01");
        rig.add(
                new EntryId(1753608701224L, 7),
                "frame_id",
                "1753608701224_rtsp-capture_default_6258_ccade578",
                "timestamp",
                "1753608701.224",
                "camera_id",
                "camera_01",
                "width",
                "640",
                "height",
                "480",
                "format",
                "RGB",
                "motion",
                "0.25");
        rig.bridge();

        rig.awaitSeen("camera_01", 1);

        ReceivedFrame frame = rig.seen("camera_01").get(0);
        FrameHeader header = frame.header();
        assertThat(frame.payloadSize()).isZero();
        assertThat(EntryId.ofSequence(frame.sequence())).hasToString("1753608701224-7");
        assertThat(frame.publisherId()).isEqualTo("redis/frames:metadata/frame-broker");
        assertThat(frame.epoch()).isEqualTo(1);
        assertThat(header.getFrameId()).isEqualTo("1753608701224_rtsp-capture_default_6258_ccade578");
        assertThat(header.getCodec()).isEqualTo(Codec.CODEC_UNSPECIFIED);
        assertThat(header.getWidth()).isEqualTo(640);
        assertThat(header.getHeight()).isEqualTo(480);
        assertThat(header.getCaptureTime().getSeconds()).isEqualTo(1753608701);
        assertThat(header.getCaptureTime().getNanos()).isEqualTo(224_000_000);
        assertThat(header.getAttributesMap())
                .isEqualTo(Map.of("camera_id", "camera_01", "format", "RGB", "motion", "0.25"));
    }

    @Test
    void picturesInTheEntryAreWhatTheyAre() throws Exception {
        rig.consume("north");
        byte[] pixels = new byte[12];
        pixels[5] = (byte) 0x80;
        rig.producer.xadd(
                bytes(Rig.SOURCE),
                Map.of(
                        bytes("camera_id"), bytes("north"),
                        bytes("data"), pixels,
                        bytes("format"), bytes("bgr24"),
                        bytes("width"), bytes("2"),
                        bytes("height"), bytes("2"),
                        bytes("thumb"), new byte[] {(byte) 0xff, 0}),
                XAddParams.xAddParams().id("1-0"));
        rig.bridge();

        rig.awaitSeen("north", 1);

        ReceivedFrame frame = rig.seen("north").get(0);
        assertThat(frame.payloadBytes()).isEqualTo(pixels);
        assertThat(frame.header().getCodec()).isEqualTo(Codec.CODEC_RAW);
        assertThat(frame.header().getPixelFormat()).isEqualTo(PixelFormat.PIXEL_FORMAT_BGR24);
        assertThat(frame.header().getAttributesMap()).isEqualTo(Map.of("camera_id", "north", "thumb;base64", "/wA="));
    }

    @Test
    void picturesInKeysOfTheirOwnAreFetched() throws Exception {
        rig.consume("north");
        rig.producer.set("frame:1", "one");
        rig.producer.set("frame:3", "three");
        rig.add(new EntryId(1, 0), "camera_id", "north", "key", "frame:1");
        rig.add(new EntryId(2, 0), "camera_id", "north", "key", "frame:2");
        rig.add(new EntryId(3, 0), "camera_id", "north", "key", "frame:3");
        rig.bridge("--payload-field", "key", "--payload-form", "key");

        rig.awaitSeen("north", 2);
        rig.awaitReported("north", Map.of("PAYLOAD_GONE", 1L));

        assertThat(rig.seen("north"))
                .extracting(frame -> new String(frame.payloadBytes()))
                .containsExactly("one", "three");
    }

    @Test
    void eachCameraHasAStreamAndItsOrder() throws Exception {
        rig.consume("a", "b", "c");
        for (int n = 1; n <= 900; n++) {
            rig.add(String.valueOf("abc".charAt(n % 3)), n, n);
        }
        rig.bridge();

        for (String camera : List.of("a", "b", "c")) {
            rig.awaitSeen(camera, 300);
            assertThat(rig.idsSeen(camera)).hasSize(300).isSorted();
        }
        rig.awaitPending(0);
    }

    // ---- what does not become a frame

    @Test
    void whatCannotBeReadIsKeptCountedAndDoesNotHoldUpTheRest() throws Exception {
        rig.consume("north");
        rig.add("north", 1, 3);
        rig.add(new EntryId(4, 0), "site", "gate");
        rig.add(new EntryId(5, 0), "camera_id", "north", "width", "wide");
        rig.add(new EntryId(6, 2_000_000), "camera_id", "north");
        rig.add("north", 7, 9);
        rig.bridge();

        rig.awaitSeen("north", 6);
        rig.awaitReported("north", Map.of("FIELD_INVALID", 1L, "ID_OUT_OF_RANGE", 1L));
        rig.awaitReported("frames:metadata", Map.of("FIELD_MISSING", 1L));

        assertThat(rig.producer.xrange("frames:metadata:unreadable", "-", "+"))
                .extracting(entry -> entry.getFields().get("unreadable:id"))
                .containsExactly("4-0", "5-0", "6-2000000");
        rig.awaitPending(0);
        assertThat(rig.ledger("north").getImbalance()).isZero();
        assertThat(rig.ledger("frames:metadata").getImbalance()).isZero();
    }

    @Test
    void rubbishDoesNotOpenStreamsWithoutEnd() throws Exception {
        rig.consume("north");
        rig.add("north", 1, 1);
        rig.add("x1", 2, 2);
        rig.add("x2", 3, 3);
        rig.add("north", 4, 4);
        rig.bridge("--max-streams", "1", "--losses-to", "north");

        rig.awaitSeen("north", 2);
        rig.awaitReported("north", Map.of("TOO_MANY_STREAMS", 2L));
    }

    @Test
    void whatWasDeletedWhileItWasPendingIsReported() throws Exception {
        rig.consume("north");
        rig.add("north", 1, 10);
        rig.producer.xgroupCreate(Rig.SOURCE, Rig.GROUP, new StreamEntryID("0-0"), false);
        rig.producer.xreadGroup(
                Rig.GROUP,
                "dead",
                new XReadGroupParams().count(5),
                Map.of(Rig.SOURCE, StreamEntryID.XREADGROUP_UNDELIVERED_ENTRY));
        rig.producer.xdel(Rig.SOURCE, new StreamEntryID(2, 0), new StreamEntryID(4, 0));
        rig.bridge("--losses-to", "north");

        rig.awaitSeen("north", 8);
        rig.awaitReported("north", Map.of("PENDING_DELETED", 2L));

        assertThat(rig.idsSeen("north")).extracting(EntryId::millis).containsExactly(1L, 3L, 5L, 6L, 7L, 8L, 9L, 10L);
        rig.awaitPending(0);
    }

    @Test
    void whatTheProducerTrimsAwayUnreadIsReportedAndNothingElse() throws Exception {
        rig.consume("north");
        Rig.Running first = rig.bridge("--losses-to", "north");
        rig.add("north", 1, 10);
        rig.awaitSeen("north", 10);
        first.stop();
        rig.add("north", 11, 100);
        rig.producer.xtrim(Rig.SOURCE, 30, false);

        rig.bridge("--losses-to", "north");
        rig.awaitSeen("north", 40);
        rig.awaitReported("north", Map.of("UNREAD_DELETED", 60L));

        assertThat(rig.idsSeen("north")).hasSize(40).isSorted();
        assertThat(rig.ledger("north").getImbalance()).isZero();
    }

    /** Told once, a loss is not told again by the next bridge. */
    @Test
    void lossesAreToldOnceOverRestarts() throws Exception {
        rig.add(new EntryId(1, 0), "site", "gate");
        Rig.Running first = rig.bridge("--losses-to", "north");
        rig.awaitReported("north", Map.of("FIELD_MISSING", 1L));
        Eventually.await(
                "the count of what was told",
                () -> "1".equals(rig.producer.hget("frames:metadata:bridge:frame-broker", "told FIELD_MISSING north")),
                () -> rig.producer.hgetAll("frames:metadata:bridge:frame-broker"));
        first.stop();
        rig.add(new EntryId(2, 0), "site", "gate");
        rig.bridge("--losses-to", "north");

        rig.awaitReported("north", Map.of("FIELD_MISSING", 2L));
    }

    // ---- the brake

    @Test
    void whatTheBrokerDoesNotTakeWaitsInRedisUnread() throws Exception {
        FrameConsumer slow = rig.consumer("check", 1, "north");
        slow.pause();
        List<EntryId> ids = rig.add("north", 1, 2_000);
        rig.bridge("--in-flight", "50");
        rig.awaitBrake("north", 50);

        long stored = rig.ledger("north").getStored();
        assertThat(rig.delivered()).as("read: stored and in flight, no more").isEqualTo(stored + 50);
        slow.window(500, 0);
        slow.resume();

        rig.awaitSeen("north", 2_000);
        assertThat(rig.idsSeen("north")).isEqualTo(ids);
    }

    // ---- Redis and the broker going and coming

    @Test
    void aRedisThatCrashesAndComesBackCostsNothing() throws Exception {
        rig.consume("north");
        rig.add("north", 1, 300);
        rig.bridge("--in-flight", "20");
        rig.awaitSeen("north", 50);

        redis.kill();
        redis.start();
        rig.producer.close();
        try (Jedis producer = redis.client()) {
            addTo(producer, 301, 400);
        }
        rig.awaitSeen("north", 400);

        assertThat(rig.idsSeen("north")).hasSize(400).isSorted().doesNotHaveDuplicates();
    }

    /** Entries that were read again as new ones used to end the bridge, or would have been published twice. */
    @Test
    void aRedisThatForgetsWhatWasReadLastCostsNothingAndDoublesNothing() throws Exception {
        rig.consume("north");
        try (RedisProcess forgetful = RedisProcess.started();
                Jedis producer = forgetful.client()) {
            Rig.Running bridge = rig.bridge("--redis-url", forgetful.url(), "--in-flight", "30");
            bridge.awaitAnnounced();
            addTo(producer, 1, 100);
            rig.awaitSeen("north", 50);
            addTo(producer, 101, 200);
            producer.save();
            rig.awaitSeen("north", 200);
            addTo(producer, 201, 250);
            rig.awaitSeen("north", 250);

            forgetful.kill();
            forgetful.start();

            bridge.awaitAnnounced();
            try (Jedis again = forgetful.client()) {
                assertThat(again.xlen(Rig.SOURCE)).isEqualTo(200);
                addTo(again, 300, 320);
                rig.awaitSeen("north", 271);
                Eventually.await(
                        "no pending entry",
                        () -> again.xpending(Rig.SOURCE, Rig.GROUP).getTotal() == 0,
                        () -> again.xpending(Rig.SOURCE, Rig.GROUP));
            }
        }
        assertThat(rig.idsSeen("north")).hasSize(271).isSorted().doesNotHaveDuplicates();
    }

    /**
     * On the memory store: what a broker had acknowledged ends with it, and the entries are settled in Redis. What can be
     * tested is that the rest finds its way, in order.
     */
    @Test
    void whatABrokerHadNotAcknowledgedGoesToItsSuccessor() throws Exception {
        rig.consumer("check", 1, "north").pause();
        rig.add("north", 1, 2_000);
        rig.bridge("--in-flight", "50");
        rig.awaitBrake("north", 50);

        rig.stopBroker();
        long settled = rig.delivered() - rig.pending();
        rig.startBroker();
        rig.consume("north");

        // Some may have come, and been let go, before there was a consumer again: the ledger has seen them all.
        Eventually.await(
                "all that was not settled is published once more",
                () -> rig.ledger("north").getStored() == 2_000 - settled,
                () -> rig.ledger("north"));
        Eventually.await(
                "the last one is there",
                () -> rig.idsSeen("north").contains(new EntryId(2_000, 0)),
                () -> rig.idsSeen("north"));
        List<EntryId> ids = rig.idsSeen("north");
        assertThat(ids).isSorted().doesNotHaveDuplicates();
        assertThat(ids.get(ids.size() - 1).millis()).isEqualTo(2_000);
    }

    @Test
    void aBridgeIsThereBeforeRedisIs() throws Exception {
        rig.consume("north");
        redis.kill();
        Rig.Running bridge = rig.bridge();

        redis.start();

        assertThat(bridge.awaitAnnounced()).startsWith("ready");
    }

    // ---- several bridges

    @Test
    void aSecondBridgeStandsByAndTakesOverWhereTheFirstLeft() throws Exception {
        rig.consume("north");
        Rig.Running first = rig.bridge("--consumer", "one");
        assertThat(first.awaitAnnounced()).isEqualTo("ready pending=0");
        Rig.Running second = rig.bridge("--consumer", "two");
        assertThat(second.awaitAnnounced()).isEqualTo("standby holder=one");
        rig.add("north", 1, 100);
        rig.awaitSeen("north", 50);

        first.stop();
        rig.add("north", 101, 200);

        assertThat(second.awaitAnnounced()).startsWith("ready pending=");
        rig.awaitSeen("north", 200);
        assertThat(rig.idsSeen("north")).hasSize(200).isSorted().doesNotHaveDuplicates();
    }

    /** Two that read in turns used to overtake each other: what came late was taken for a duplicate and was lost. */
    @Test
    void aSecondBridgeOfTheSameNameEndsTheFirst() throws Exception {
        rig.consume("north");
        Rig.Running first = rig.bridge("--consumer", "one");
        first.awaitAnnounced();
        rig.add("north", 1, 500);
        rig.awaitSeen("north", 1);

        Rig.Running second = rig.bridge("--consumer", "one");
        second.awaitAnnounced();
        rig.add("north", 501, 1_000);

        assertThatThrownBy(() -> first.ended.get(Rig.PATIENCE_SECONDS, TimeUnit.SECONDS))
                .isInstanceOf(ExecutionException.class)
                .hasCauseInstanceOf(GiveUpException.class)
                .hasMessageContaining("taken over by consumer one");
        rig.awaitSeen("north", 1_000);
        assertThat(rig.idsSeen("north")).hasSize(1_000).isSorted().doesNotHaveDuplicates();
        assertThat(rig.ledger("north").getStored()).isEqualTo(1_000);
    }

    // ---- the end

    @Test
    void toldToEndItSettlesWhatTheBrokerHasAndGivesUpTheSource() throws Exception {
        rig.consume("north");
        rig.add("north", 1, 500);
        Rig.Running bridge = rig.bridge();
        rig.awaitSeen("north", 100);

        bridge.stop();

        assertThat(rig.delivered() - rig.pending())
                .isEqualTo(rig.ledger("north").getStored());
        assertThat(rig.producer.exists("frames:metadata:bridge:frame-broker:owner"))
                .isFalse();
    }

    @Test
    void withoutABrokerItEndsAllTheSameAndSettlesNothing() throws Exception {
        rig.stopBroker();
        rig.add("north", 1, 100);
        Rig.Running bridge = rig.bridge("--drain-time", "PT0.2S");
        bridge.awaitAnnounced();
        rig.awaitPending(100);

        long millis = bridge.stop();

        assertThat(millis)
                .as("the drain time that was asked for, not the usual minute")
                .isLessThan(60_000);
        assertThat(rig.pending()).isEqualTo(100);
        rig.startBroker();
    }

    @Test
    void aLevelThatTheBrokerDoesNotGiveEndsTheBridgeAndSettlesNothing() throws Exception {
        rig.add("north", 1, 10);
        Rig.Running bridge = rig.bridge("--ack-level", "stored");

        assertThatThrownBy(() -> bridge.ended.get(Rig.PATIENCE_SECONDS, TimeUnit.SECONDS))
                .hasCauseInstanceOf(GiveUpException.class)
                .hasMessageContaining("ACK_LEVEL_STORED");

        assertThat(rig.pending()).isEqualTo(10);
    }

    @Test
    void entriesLeaveTheSourceIfThatIsWanted() throws Exception {
        rig.consume("north");
        rig.add("north", 1, 100);
        rig.add(new EntryId(101, 0), "site", "gate");
        rig.bridge("--delete-acked", "true", "--losses-to", "north");

        rig.awaitSeen("north", 100);
        rig.awaitReported("north", Map.of("FIELD_MISSING", 1L));

        Eventually.await(
                "an empty source", () -> rig.producer.xlen(Rig.SOURCE) == 0, () -> rig.producer.xlen(Rig.SOURCE));
    }

    @Test
    void aSourceThatWasDeletedIsBegunAnewAndItsLossIsReported() throws Exception {
        FrameConsumer slow = rig.consumer("check", 1, "north");
        slow.pause();
        rig.add("north", 1, 2_000);
        rig.bridge("--in-flight", "10", "--losses-to", "north");
        rig.awaitBrake("north", 10);
        long waiting = 2_000 - rig.delivered();

        rig.producer.del(Rig.SOURCE);
        rig.add("north", 3_000, 3_000);
        slow.window(100, 0);
        slow.resume();

        rig.awaitSeen("north", (int) (2_000 - waiting + 1));
        rig.awaitReported("north", Map.of("SOURCE_DELETED", waiting));
    }

    private static void addTo(Jedis producer, int from, int through) {
        for (int n = from; n <= through; n++) {
            producer.xadd(
                    Rig.SOURCE,
                    Map.of("camera_id", "north"),
                    XAddParams.xAddParams().id(n, 0));
        }
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
