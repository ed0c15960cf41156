package io.framebroker.bridge.source;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.framebroker.bridge.testkit.RedisProcess;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import redis.clients.jedis.Jedis;
import redis.clients.jedis.StreamEntryID;
import redis.clients.jedis.params.XAddParams;
import redis.clients.jedis.params.XReadGroupParams;
import redis.clients.jedis.resps.StreamEntry;

/** The same conversations with each version of Redis: see the classes below. */
@Timeout(120)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class RedisSourceTest {
    private static final String KEY = "frames:metadata";
    private static final String GROUP = "bridge";

    final RedisProcess redis;
    Jedis producer;

    RedisSourceTest(RedisProcess redis) {
        this.redis = redis;
    }

    static class InstalledTest extends RedisSourceTest {
        InstalledTest() throws Exception {
            super(RedisProcess.started());
        }

        @Test
        void whatIsTrimmedBeforeItIsReadIsCountedWhileTheReaderIsBehind() throws Exception {
            RedisSource source = reader("a");
            add(1, 100);
            assertThat(source.readNew(EntryId.ZERO, 10)).hasSize(10);
            assertThat(source.account("cam").missed()).isZero();
            assertThat(source.account("cam").waiting()).isEqualTo(90);

            producer.xtrim(KEY, 50, false);

            Account account = source.account("cam");
            assertThat(account.missed()).isEqualTo(40);
            assertThat(account.waiting()).isEqualTo(50);
            assertThat(source.account("cam").missed()).isZero();
            assertThat(source.losses()).containsExactly(new Loss("cam", Loss.UNREAD_DELETED, 40, 40));
        }

        @Test
        void whatIsDeletedInTheMiddleBeforeItIsReadIsCountedWhenTheReaderHasCaughtUp() throws Exception {
            RedisSource source = reader("a");
            add(1, 10);
            source.readNew(EntryId.ZERO, 2);
            producer.xdel(KEY, new StreamEntryID(5, 0), new StreamEntryID(7, 0));
            source.readNew(EntryId.ZERO, 100);

            assertThat(source.account("cam").missed()).isEqualTo(2);
            assertThat(source.losses()).containsExactly(new Loss("cam", Loss.UNREAD_DELETED, 2, 2));
        }

        @Test
        void whatIsTrimmedAwayWhileNobodyReadsIsCountedByTheNextReader() throws Exception {
            add(1, 5);
            RedisSource first = reader("a");
            first.readNew(EntryId.ZERO, 3);
            first.close();
            add(6, 20);
            producer.xtrim(KEY, 4, false);

            RedisSource second = reader("a");
            second.readNew(EntryId.ZERO, 100);

            assertThat(second.account("cam").missed()).isEqualTo(13);
        }

        @Test
        void whatWasTrimmedBeforeTheGroupWasCreatedIsNoLoss() throws Exception {
            add(1, 20);
            producer.xtrim(KEY, 5, false);

            RedisSource source = reader("a");
            assertThat(source.readNew(EntryId.ZERO, 100)).hasSize(5);

            assertThat(source.account("cam").missed()).isZero();
        }

        @Test
        void ofAGroupThatWasThereBeforeTheAccountBeginsWhenItHasCaughtUp() throws Exception {
            add(1, 20);
            producer.xgroupCreate(KEY, GROUP, new StreamEntryID("0-0"), false);
            producer.xreadGroup(
                    GROUP,
                    "old",
                    new XReadGroupParams().count(5),
                    Map.of(KEY, StreamEntryID.XREADGROUP_UNDELIVERED_ENTRY));
            RedisSource source = reader("a");
            source.readNew(EntryId.ZERO, 100);
            assertThat(source.account("cam").missed()).isZero();

            add(21, 25);
            producer.xtrim(KEY, 1, false);

            assertThat(source.account("cam").missed()).isEqualTo(4);
        }
    }

    static class OldTest extends RedisSourceTest {
        OldTest() throws Exception {
            super(RedisProcess.startedOld());
        }

        @Test
        void thisIsTheOldestThatIsSupported() {
            assertThat(producer.info("server")).contains("redis_version:6.2");
        }

        @Test
        void entriesAreNotCountedHereSoThatLossesOfUnreadOnesAreNotKnown() throws Exception {
            RedisSource source = reader("a");
            add(1, 100);
            source.readNew(EntryId.ZERO, 10);
            producer.xtrim(KEY, 50, false);

            assertThat(source.account("cam").missed()).isZero();
            assertThat(source.account("cam").waiting()).isEqualTo(50);
        }
    }

    @BeforeEach
    void empty() {
        producer = redis.client();
        producer.flushAll();
    }

    @AfterEach
    void leave() {
        producer.close();
    }

    @AfterAll
    void stop() {
        redis.close();
    }

    @Test
    void entriesComeInTheirOrderWithTheirBytes() throws Exception {
        byte[] picture = {(byte) 0xff, 0, 1, (byte) 0x80};
        producer.xadd(
                bytes(KEY),
                Map.of(bytes("data"), picture),
                XAddParams.xAddParams().id(1, 1));
        producer.xadd(KEY, Map.of("n", "2"), XAddParams.xAddParams().id(1, 2));

        List<Entry> entries = reader("a").readNew(EntryId.ZERO, 10);

        assertThat(entries).extracting(Entry::id).containsExactly(new EntryId(1, 1), new EntryId(1, 2));
        assertThat(entries.get(0).fields().get(0).value()).isEqualTo(picture);
        assertThat(entries.get(0).bytes()).isEqualTo(8);
    }

    @Test
    void whatWasReadAndNotSettledIsReadAgain() throws Exception {
        add(1, 5);
        RedisSource source = reader("a");
        List<Entry> first = source.readNew(EntryId.ZERO, 4);
        source.settle(List.of(first.get(1).id()));

        assertThat(ids(source.readPending(EntryId.ZERO, 2))).containsExactly(1L, 3L);
        assertThat(ids(source.readPending(new EntryId(3, 0), 10))).containsExactly(4L);
        assertThat(ids(source.readNew(EntryId.ZERO, 10))).containsExactly(5L);
    }

    @Test
    void aSecondBridgeOfAnotherNameStandsByUntilTheFirstLeaves() throws Exception {
        RedisSource first = reader("a");
        RedisSource second = connected("b");

        Ownership refused = second.acquire(true);
        assertThat(refused.ours()).isFalse();
        assertThat(refused.holder()).isEqualTo("a");
        assertThat(refused.leaseMillis()).isBetween(1L, 60_000L);
        first.release();

        assertThat(second.acquire(true).ours()).isTrue();
    }

    @Test
    void theLeaseOfABridgeThatFellSilentRunsOut() throws Exception {
        reader("a").close();
        producer.pexpire(KEY + ":bridge:" + GROUP + ":owner", 1);

        RedisSource second = connected("b");
        while (!second.acquire(true).ours()) {
            Thread.onSpinWait();
        }

        assertThat(second.readNew(EntryId.ZERO, 1)).isEmpty();
    }

    @Test
    void aBridgeOfTheSameNameFollowsAtOnceAndShutsTheFirstOut() throws Exception {
        add(1, 10);
        RedisSource first = reader("a");
        first.readNew(EntryId.ZERO, 3);

        RedisSource second = reader("a");

        assertThatThrownBy(() -> first.readNew(EntryId.ZERO, 1))
                .isInstanceOf(GiveUpException.class)
                .hasMessageContaining("taken over by consumer a");
        assertThatThrownBy(() -> first.account("cam")).isInstanceOf(GiveUpException.class);
        assertThat(ids(second.readPending(EntryId.ZERO, 10))).containsExactly(1L, 2L, 3L);
        assertThat(ids(second.readNew(EntryId.ZERO, 10))).startsWith(4L);
    }

    /** An entry read by one that had lost the source used to be overtaken by those its successor read. */
    @Test
    void whoeverLostTheSourceCannotTakeAnEntryAwayFromItsSuccessor() throws Exception {
        RedisSource first = reader("a");
        producer.del(KEY + ":bridge:" + GROUP + ":owner");
        RedisSource second = reader("b");
        add(1, 1);

        assertThatThrownBy(() -> first.readNew(EntryId.ZERO, 1)).isInstanceOf(GiveUpException.class);

        assertThat(ids(second.readNew(EntryId.ZERO, 1))).containsExactly(1L);
    }

    @Test
    void aLostLeaseThatNobodyTookCanBeTakenAgain() throws Exception {
        RedisSource source = reader("a");
        producer.del(KEY + ":bridge:" + GROUP + ":owner");
        assertThatThrownBy(() -> source.readNew(EntryId.ZERO, 1)).isInstanceOf(TryAgainException.class);

        assertThat(source.acquire(false).ours()).isTrue();

        assertThat(source.readNew(EntryId.ZERO, 1)).isEmpty();
    }

    @Test
    void whatDeadBridgesHeldIsTakenOverAndWhatWasDeletedMeanwhileIsCounted() throws Exception {
        add(1, 1_300);
        RedisSource first = reader("a");
        first.readNew(EntryId.ZERO, 1_200);
        first.release();
        producer.xdel(KEY, new StreamEntryID(5, 0), new StreamEntryID(900, 0), new StreamEntryID(1_200, 0));

        RedisSource second = reader("b");

        List<Entry> pending = second.readPending(EntryId.ZERO, 5_000);
        List<EntryId> deleted =
                pending.stream().filter(Entry::isDeleted).map(Entry::id).toList();
        if (!deleted.isEmpty()) {
            second.gone(deleted, "cam");
        }
        second.gone(deleted.isEmpty() ? List.of(new EntryId(5, 0)) : deleted, "cam");
        assertThat(pending.stream().filter(entry -> !entry.isDeleted())).hasSize(1_197);
        assertThat(second.losses()).containsExactly(new Loss("cam", Loss.PENDING_DELETED, 3, 3));
        assertThat(producer.xpending(KEY, GROUP).getTotal()).isEqualTo(1_197);
        assertThat(second.account("cam").missed()).isZero();
    }

    @Test
    void anEntryIsSetAsideAsItIsOnceAndCountedOnce() throws Exception {
        producer.xadd(
                KEY,
                Map.of("camera_id", "?", "width", "wide"),
                XAddParams.xAddParams().id(7, 0));
        RedisSource source = reader("a");
        source.readNew(EntryId.ZERO, 1);

        source.setAside(new EntryId(7, 0), "FIELD_INVALID", "field width is 'wide'", "cam", "lost");
        source.setAside(new EntryId(7, 0), "FIELD_INVALID", "field width is 'wide'", "cam", "lost");

        List<StreamEntry> kept = producer.xrange(KEY + ":unreadable", "-", "+");
        assertThat(kept).hasSize(1);
        assertThat(kept.get(0).getFields())
                .containsEntry("unreadable:id", "7-0")
                .containsEntry("unreadable:reason", "FIELD_INVALID")
                .containsEntry("unreadable:detail", "field width is 'wide'")
                .containsEntry("camera_id", "?")
                .containsEntry("width", "wide");
        assertThat(source.losses()).containsExactly(new Loss("cam", "FIELD_INVALID", 1, 1));
        assertThat(producer.xpending(KEY, GROUP).getTotal()).isZero();
        assertThat(producer.xlen(KEY)).isEqualTo(1);
    }

    @Test
    void anEntryThatWasDeletedBeforeItCouldBeSetAsideIsCountedAsDeleted() throws Exception {
        add(1, 1);
        RedisSource source = reader("a");
        source.readNew(EntryId.ZERO, 1);
        producer.xdel(KEY, new StreamEntryID(1, 0));

        source.setAside(new EntryId(1, 0), "FIELD_INVALID", "", "cam", "lost");

        assertThat(source.losses()).containsExactly(new Loss("lost", Loss.PENDING_DELETED, 1, 1));
        assertThat(producer.exists(KEY + ":unreadable")).isFalse();
    }

    @Test
    void whatTheBrokerHasCountedIsNotCountedAgain() throws Exception {
        add(1, 1);
        RedisSource source = reader("a");
        source.readNew(EntryId.ZERO, 1);

        source.setAside(new EntryId(1, 0), "CRC_MISMATCH", "", "", "lost");

        assertThat(producer.xlen(KEY + ":unreadable")).isEqualTo(1);
        assertThat(source.losses()).isEmpty();
    }

    @Test
    void theSideStreamIsBounded() throws Exception {
        add(1, 8);
        RedisSource source = reader("a");
        for (Entry entry : source.readNew(EntryId.ZERO, 8)) {
            source.setAside(entry.id(), "FIELD_INVALID", "", "cam", "lost");
        }

        assertThat(producer.xrange(KEY + ":unreadable", "-", "+"))
                .extracting(entry -> entry.getFields().get("unreadable:id"))
                .containsExactly("4-0", "5-0", "6-0", "7-0", "8-0");
    }

    @Test
    void aLossIsOpenUntilItIsTold() throws Exception {
        RedisSource source = reader("a");
        source.lost("cam with blank", "FIELD_MISSING", 5);
        source.told(new Loss("cam with blank", "FIELD_MISSING", 3, 3));
        source.told(new Loss("cam with blank", "FIELD_MISSING", 3, 3));

        assertThat(source.losses()).containsExactly(new Loss("cam with blank", "FIELD_MISSING", 2, 5));
    }

    @Test
    void entriesStayInTheSourceUnlessTheyAreToGo() throws Exception {
        add(1, 4);
        RedisSource keeping = reader("a");
        keeping.settle(ofIds(keeping.readNew(EntryId.ZERO, 2)));
        assertThat(producer.xlen(KEY)).isEqualTo(4);
        keeping.release();

        RedisSource deleting = reader("a", 1, true);
        deleting.settle(ofIds(deleting.readNew(EntryId.ZERO, 2)));

        assertThat(producer.xrange(KEY, "-", "+")).hasSize(2);
        assertThat(deleting.account("cam").missed()).isZero();
    }

    @Test
    void aGroupThatWasSetBackIsRefusedUntilTheEpochGrows() throws Exception {
        add(1, 5);
        RedisSource source = reader("a");
        source.readNew(EntryId.ZERO, 5);
        producer.xgroupSetID(KEY, GROUP, new StreamEntryID(2, 0));

        assertThatThrownBy(() -> source.readNew(new EntryId(5, 0), 10))
                .isInstanceOf(GiveUpException.class)
                .hasMessageContaining("entry 3-0")
                .hasMessageContaining("5-0 had been read")
                .hasMessageContaining("--epoch 2");
        assertThatThrownBy(() -> reader("a")).hasMessageContaining("--epoch 2");

        RedisSource again = reader("a", 2, false);
        assertThat(ids(again.readPending(EntryId.ZERO, 10))).containsExactly(1L, 2L, 3L, 4L, 5L);
        assertThatThrownBy(() -> reader("a")).hasMessageContaining("an epoch never gets smaller");
    }

    @Test
    void aSourceThatIsGoneIsToldApartFromOneThatIsAway() throws Exception {
        add(1, 1);
        RedisSource source = reader("a");
        producer.del(KEY);

        assertThatThrownBy(() -> source.readNew(EntryId.ZERO, 1)).isInstanceOf(GroupGoneException.class);
        assertThatThrownBy(() -> source.account("cam"))
                .isInstanceOfAny(GroupGoneException.class, GiveUpException.class);
    }

    @Test
    void aFullMemoryDoesNotKeepTheBridgeFromReadingAndSettling() throws Exception {
        add(1, 3);
        producer.configSet("maxmemory", "1");
        try {
            assertThatThrownBy(() -> add(4, 4)).hasMessageContaining("OOM");
            RedisSource source = reader("a");
            List<Entry> entries = source.readNew(EntryId.ZERO, 10);
            source.settle(ofIds(entries.subList(0, 2)));
            producer.xdel(KEY, new StreamEntryID(3, 0));
            source.gone(List.of(new EntryId(3, 0)), "cam");
            source.told(source.losses().get(0));

            assertThat(ids(entries)).containsExactly(1L, 2L, 3L);
            assertThat(source.account("cam").pending()).isZero();
        } finally {
            producer.configSet("maxmemory", "0");
        }
    }

    @Test
    void withMemoryFullNothingIsSetAsideAndTheEntryStaysPending() throws Exception {
        add(1, 1);
        RedisSource source = reader("a");
        source.readNew(EntryId.ZERO, 1);
        producer.configSet("maxmemory", "1");
        try {
            assertThatThrownBy(() -> source.setAside(new EntryId(1, 0), "FIELD_INVALID", "", "cam", "cam"))
                    .isInstanceOf(TryAgainException.class)
                    .hasMessageContaining("OOM");
        } finally {
            producer.configSet("maxmemory", "0");
        }

        assertThat(source.losses()).isEmpty();
        assertThat(producer.xpending(KEY, GROUP).getTotal()).isEqualTo(1);
    }

    @Test
    void theRightsThatThePageListsAreEnough() throws Exception {
        List<String> rules = new ArrayList<>(List.of("on", ">pass", "~frames:metadata*", "~frame:*"));
        rightsOfThePage().forEach(command -> rules.add("+" + command));
        producer.aclSetUser("limited", rules.toArray(String[]::new));
        add(1, 5);
        producer.set("frame:1", "x");
        RedisSource source = new RedisSource(
                RedisAddress.of("redis://limited:pass@127.0.0.1:" + redis.port(), null),
                new RedisSource.Settings(KEY, GROUP, "a", 60_000, 1, true, 5));

        source.connect();
        source.acquire(true);
        source.createGroup(true);
        source.takeOver("cam");
        List<Entry> entries = source.readNew(EntryId.ZERO, 5);
        source.settle(ofIds(entries.subList(0, 1)));
        source.setAside(entries.get(1).id(), "FIELD_INVALID", "", "cam", "cam");
        source.gone(ofIds(entries.subList(2, 3)), "cam");
        source.lost("cam", Loss.SOURCE_DELETED, 1);
        source.losses().forEach(loss -> tell(source, loss));
        source.account("cam");
        source.awaitEntry(EntryId.ZERO, Duration.ofMillis(1));
        source.values(List.of(bytes("frame:1")));
        source.readPending(EntryId.ZERO, 5);
        source.release();

        assertThat(source.losses()).isEmpty();
        assertThat(producer.xpending(KEY, GROUP).getTotal()).isEqualTo(2);
        source.close();
        producer.aclDelUser("limited");
    }

    private static void tell(RedisSource source, Loss loss) {
        try {
            source.told(loss);
        } catch (TryAgainException | GroupGoneException e) {
            throw new AssertionError(e);
        }
    }

    /** Commands in the sentence that says what a user with limited rights needs. */
    private static List<String> rightsOfThePage() throws IOException {
        String page = Files.readString(Path.of("README.md"));
        int start = page.indexOf("A user with limited rights needs");
        String sentence = page.substring(start, page.indexOf("payloads' keys.", start));
        return Pattern.compile("\\b[A-Z]{3,}\\b")
                .matcher(sentence)
                .results()
                .map(match -> match.group().toLowerCase(Locale.ROOT))
                .toList();
    }

    void add(int from, int through) {
        IntStream.rangeClosed(from, through)
                .forEach(n -> producer.xadd(
                        KEY,
                        Map.of("n", Integer.toString(n)),
                        XAddParams.xAddParams().id(n, 0)));
    }

    private RedisSource connected(String consumer) throws Exception {
        return connected(consumer, 1, false);
    }

    private RedisSource connected(String consumer, long epoch, boolean deleting) throws Exception {
        RedisSource source = new RedisSource(
                RedisAddress.of(redis.url(), null),
                new RedisSource.Settings(KEY, GROUP, consumer, 60_000, epoch, deleting, 5));
        source.connect();
        return source;
    }

    RedisSource reader(String consumer) throws Exception {
        return reader(consumer, 1, false);
    }

    private RedisSource reader(String consumer, long epoch, boolean deleting) throws Exception {
        RedisSource source = connected(consumer, epoch, deleting);
        assertThat(source.acquire(true).ours()).isTrue();
        source.createGroup(true);
        source.takeOver("cam");
        return source;
    }

    private static List<Long> ids(List<Entry> entries) {
        return entries.stream().map(entry -> entry.id().millis()).toList();
    }

    private static List<EntryId> ofIds(List<Entry> entries) {
        return entries.stream().map(Entry::id).toList();
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
