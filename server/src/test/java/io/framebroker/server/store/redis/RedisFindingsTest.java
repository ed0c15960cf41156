package io.framebroker.server.store.redis;

import static org.assertj.core.api.Assertions.assertThat;

import io.framebroker.server.broker.AckLevel;
import io.framebroker.server.store.redis.RedisDurability.Finding;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** What no Redis here can be made to say. */
class RedisFindingsTest {
    private static RedisFacts node(String name, String... lines) {
        Map<String, String> info = new HashMap<>(Map.of("redis_version", "7.0.15", "role", "master", "loading", "0"));
        for (String line : lines) {
            info.put(line.substring(0, line.indexOf(':')), line.substring(line.indexOf(':') + 1));
        }
        Map<String, String> config = new HashMap<>(Map.of(
                "appendonly", "yes",
                "appendfsync", "always",
                "no-appendfsync-on-rewrite", "no",
                "auto-aof-rewrite-percentage", "0",
                "maxmemory", "1000",
                "maxmemory-policy", "noeviction",
                "min-replicas-to-write", "1",
                "save", ""));
        return new RedisFacts(name, info, config, "");
    }

    private static RedisFacts with(RedisFacts node, String setting, String value) {
        Map<String, String> config = new HashMap<>(node.config());
        config.put(setting, value);
        return new RedisFacts(node.node(), node.info(), config, node.denied());
    }

    private static RedisDurability of(RedisFacts... nodes) {
        return RedisDurability.of(List.of(nodes), true, null, 1 << 20);
    }

    @ParameterizedTest
    @CsvSource({
        "5.0.14, true",
        "6.0.16, true",
        "6.2.0, false",
        "6.10.0, false",
        "7.0.15, false",
        "10.0.0, false",
        "unstable, false",
        "255.255.255, false"
    })
    void refusesWhatIsOlderThan62(String version, boolean refused) {
        RedisDurability durability = of(node("a:1", "redis_version:" + version));

        assertThat(durability.refusals().stream().map(Finding::what).toList())
                .isEqualTo(refused ? List.of("a:1 is Redis " + version) : List.of());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "ip=b,port=1,state=online,offset=1,lag=0 | 1",
                "ip=b,port=1,state=online,offset=1,lag=10 | 1",
                "ip=b,port=1,state=online,offset=1,lag=11 | 0",
                "ip=b,port=1,state=wait_bgsave,offset=1,lag=0 | 0",
                "ip=b,port=1,state=online | 0"
            })
    void countsReplicasThatKeepUp(String replica, int inStep) {
        RedisDurability durability = of(node("a:1", "connected_slaves:1", "slave0:" + replica));

        assertThat(durability.replicas()).isEqualTo(inStep);
        assertThat(durability.level()).isEqualTo(AckLevel.FSYNC);
    }

    /** A Redis that could be waited for (WAITAOF, WAIT) used to pass for one that is. */
    @ParameterizedTest
    @EnumSource(
            value = AckLevel.class,
            names = {"FSYNC", "REPLICATED"})
    void whatNobodyWaitsForIsNotGiven(AckLevel stated) {
        RedisFacts plain =
                with(node("a:1", "redis_version:7.4.0", "slave0:state=online,lag=0"), "appendfsync", "everysec");

        RedisDurability durability = RedisDurability.of(List.of(plain), true, stated, 1 << 20);

        assertThat(durability.level()).isEqualTo(AckLevel.STORED);
        assertThat(durability.findings())
                .extracting(Finding::what)
                .containsExactly("a:1 gives STORED, not the stated " + stated);
    }

    @Test
    void ofSeveralNodesTheWeakestCounts() {
        RedisFacts strong = node("a:1", "slave0:state=online,lag=0", "slave1:state=online,lag=0");
        RedisFacts weak = with(node("b:1", "slave0:state=online,lag=0"), "appendfsync", "everysec");

        RedisDurability both = of(strong, weak);

        assertThat(both.level()).isEqualTo(AckLevel.STORED);
        assertThat(both.replicas()).isEqualTo(1);
        assertThat(both.survives()).contains("loses the last of them");
        assertThat(both.changedFrom(of(strong, with(weak, "appendfsync", "always"))))
                .isEqualTo("level FSYNC -> STORED, b:1 appendfsync always -> everysec");
    }

    @Test
    void oneRefusedNodeRefusesAll() {
        RedisDurability durability = of(node("a:1"), with(node("b:1"), "maxmemory-policy", "volatile-ttl"));

        assertThat(durability.level()).isEqualTo(AckLevel.MEMORY);
        assertThat(durability.refusals())
                .singleElement()
                .hasToString(durability.survives().substring(21));
    }

    @Test
    void aFailoverIsToldAsAnotherNode() {
        assertThat(of(node("b:1")).changedFrom(of(node("a:1")))).isEqualTo("node a:1 -> b:1");
    }

    @Test
    void refusesOneThatIsLoading() {
        assertThat(of(node("a:1", "loading:1", "loading_loaded_perc:12.34")).survives())
                .isEqualTo("nothing is promised: a:1 is loading its data: it answers nothing until it has."
                        + " Wait: 12.34 % are there.");
        assertThat(of(node("a:1", "async_loading:1")).refusals()).hasSize(1);
    }

    @Test
    void aNodeOfAClusterIsForThoseWhoKnow() {
        List<RedisFacts> nodes = List.of(node("a:1", "cluster_enabled:1"));

        assertThat(RedisDurability.of(nodes, true, null, 1 << 20).refusals()).isEmpty();
        assertThat(RedisDurability.of(nodes, false, null, 1 << 20).refusals()).hasSize(1);
    }

    @ParameterizedTest
    @CsvSource({
        // Redis takes 512 MB where it does not tell.
        "'', 536870912, false",
        "'', 536870913, true",
        "1048576, 1048576, false",
        "1048576, 1048577, true",
        "2147483648, 1073741824, false"
    })
    void framesThatRedisDoesNotTakeAreNotLetIn(String bulkBytes, int maxFrameBytes, boolean refused) {
        List<RedisFacts> nodes = List.of(with(node("a:1"), "proto-max-bulk-len", bulkBytes));

        assertThat(RedisDurability.of(nodes, true, null, maxFrameBytes).refusals())
                .hasSize(refused ? 1 : 0)
                .allSatisfy(refusal -> assertThat(refusal.toString())
                        .contains(
                                "a:1 takes no more than ",
                                "Set proto-max-bulk-len " + maxFrameBytes + " or more, or --max-frame-bytes "));
    }

    @Test
    void aFullDiskIsFound() {
        assertThat(of(node("a:1", "aof_last_write_status:err")).findings())
                .extracting(Finding::what)
                .containsExactly("a:1 could not write its append-only file");
    }

    @Test
    void aFindingIsASentenceAndItsFix() {
        assertThat(new Finding("Redis is down", "nothing is stored", "Start it"))
                .hasToString("Redis is down: nothing is stored. Start it.");
    }
}
