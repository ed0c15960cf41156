package io.framebroker.server.store.redis;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import redis.clients.jedis.util.JedisClusterCRC16;

/** Three primaries that share the 16384 slots of a Redis Cluster. Each is a process. */
public final class RedisClusterProcesses implements AutoCloseable {
    private static final int SLOTS = 16_384;
    private static final int NODES = 3;
    /** While they come to know each other: they wait for so long. */
    private static final int FIRST_PATIENCE_MILLIS = 2_000;
    /** A pause of the machine is not to look like a loss. */
    private static final int PATIENCE_MILLIS = 60_000;

    private final List<RedisProcess> nodes = new ArrayList<>();

    private RedisClusterProcesses() {}

    /** Returns when every node serves, about two seconds later: Redis lets a primary serve no sooner. */
    public static RedisClusterProcesses start() {
        RedisClusterProcesses all = new RedisClusterProcesses();
        try {
            all.startAll();
            return all;
        } catch (RuntimeException e) {
            all.close();
            throw e;
        }
    }

    private void startAll() {
        for (int i = 0; i < NODES; i++) {
            RedisProcess node =
                    RedisProcess.configured().cluster(FIRST_PATIENCE_MILLIS).start();
            nodes.add(node);
            // ADDSLOTS, because ADDSLOTSRANGE came with 7.0.
            node.call("CLUSTER", "ADDSLOTS", firstSlots(i));
            node.call("CLUSTER", "SET-CONFIG-EPOCH", i + 1);
            if (i > 0) {
                node.call("CLUSTER", "MEET", "127.0.0.1", nodes.get(0).port());
            }
        }
        nodes.forEach(node -> RedisProcess.await("a cluster that serves", () -> {
            String state = node.call("CLUSTER", "INFO").toString();
            return state.contains("cluster_state:ok")
                    && state.contains("cluster_slots_ok:" + SLOTS)
                    && state.contains("cluster_known_nodes:" + NODES);
        }));
        nodes.forEach(node -> node.call("CONFIG", "SET", "cluster-node-timeout", PATIENCE_MILLIS));
    }

    private static List<Integer> firstSlots(int node) {
        return IntStream.range(node * SLOTS / NODES, (node + 1) * SLOTS / NODES)
                .boxed()
                .toList();
    }

    /** As {@code RedisSettings} takes it. */
    public String url() {
        return "redis-cluster://"
                + nodes.stream().map(node -> node.address().toString()).collect(Collectors.joining(","));
    }

    public List<RedisProcess> nodes() {
        return nodes;
    }

    /** The one that served the key's slot at the start. */
    public RedisProcess firstNodeOf(String key) {
        return nodes.get((JedisClusterCRC16.getSlot(key) * NODES + NODES - 1) / SLOTS);
    }

    /** Gives a key's slot, in which there are no keys, to a node. The others answer MOVED from then on. */
    public void moveSlot(String key, RedisProcess to) {
        int slot = JedisClusterCRC16.getSlot(key);
        Object id = to.call("CLUSTER", "MYID");
        to.call("CLUSTER", "SETSLOT", slot, "NODE", id);
        nodes.stream().filter(node -> node != to).forEach(node -> node.call("CLUSTER", "SETSLOT", slot, "NODE", id));
    }

    /** Gives the slots that a node had at the start, and that is not there any more, to another. */
    public void inherit(RedisProcess gone, RedisProcess heir) {
        List<Integer> slots = firstSlots(nodes.indexOf(gone));
        nodes.stream().filter(node -> node != gone).forEach(node -> node.call("CLUSTER", "DELSLOTS", slots));
        heir.call("CLUSTER", "ADDSLOTS", slots);
    }

    @Override
    public void close() {
        nodes.forEach(RedisProcess::close);
    }
}
