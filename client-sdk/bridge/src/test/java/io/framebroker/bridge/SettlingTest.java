package io.framebroker.bridge;

import static org.assertj.core.api.Assertions.assertThat;

import io.framebroker.bridge.source.EntryId;
import io.framebroker.bridge.testkit.Eventually;
import io.framebroker.bridge.testkit.RedisProcess;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import redis.clients.jedis.resps.StreamEntry;

/** What becomes of entries that the broker has something to say about. */
@Timeout(300)
class SettlingTest {
    private static RedisProcess redis;

    private Rig rig;
    private PickyBroker broker;

    @BeforeAll
    static void startRedis() throws Exception {
        redis = RedisProcess.started();
    }

    @AfterAll
    static void stopRedis() {
        redis.close();
    }

    @BeforeEach
    void start() throws Exception {
        rig = new Rig(redis);
        broker = new PickyBroker();
    }

    @AfterEach
    void stop() throws Exception {
        rig.close();
        broker.close();
    }

    @Test
    void whatTheBrokerRefusesOrDoesNotKnowIsKeptAsideAndTheRestIsSettled() throws Exception {
        add(1, "fine");
        add(2, "REJECTED");
        add(3, "fine");
        add(4, "UNKNOWN");
        add(5, "REJECTED");
        rig.bridge("--broker", broker.address());

        Eventually.await("all settled", () -> rig.pending() == 0 && asideIds().size() == 3, this::asideIds);

        assertThat(asideIds()).containsExactly("2-0", "4-0", "5-0");
        assertThat(aside().get(0).getFields())
                .containsEntry("unreadable:reason", "AS_ASKED")
                .containsEntry("unreadable:detail", "REJECTED: it said so")
                .containsEntry("frame_id", "REJECTED");
        assertThat(rig.producer.hgetAll("frames:metadata:bridge:frame-broker").keySet())
                .as("the broker has counted them: they are no losses before it")
                .noneMatch(field -> field.startsWith("lost"));
    }

    @Test
    void whatTheStreamsPolicyDroppedIsSettled() throws Exception {
        add(1, "fine");
        add(2, "DROPPED");
        add(3, "fine");
        rig.bridge("--broker", broker.address());

        Eventually.await("all settled", () -> broker.framesReceived.get() == 3 && rig.pending() == 0, rig::pending);

        assertThat(aside()).isEmpty();
    }

    @Test
    void whatTheBrokerHasFromAPredecessorIsSettledAndNotSentAgain() throws Exception {
        broker.lastSequences.put("north", new EntryId(3, 0).sequence());
        rig.add("north", 1, 5);
        rig.bridge("--broker", broker.address());

        Eventually.await("all settled", () -> broker.framesReceived.get() >= 2 && rig.pending() == 0, rig::pending);

        assertThat(broker.framesReceived).hasValue(2);
    }

    private void add(int n, String frameId) {
        rig.add(new EntryId(n, 0), "camera_id", "north", "frame_id", frameId);
    }

    private List<StreamEntry> aside() {
        return rig.producer.xrange(Rig.SOURCE + ":unreadable", "-", "+");
    }

    private List<String> asideIds() {
        return aside().stream()
                .map(entry -> entry.getFields().get("unreadable:id"))
                .toList();
    }
}
