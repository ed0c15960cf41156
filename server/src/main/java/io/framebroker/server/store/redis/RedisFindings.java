package io.framebroker.server.store.redis;

import io.framebroker.server.broker.AckLevel;
import io.framebroker.server.store.redis.RedisDurability.Finding;
import java.util.ArrayList;
import java.util.List;

/** What is wrong with a Redis that is to keep frames: the rules, each with its reason. */
final class RedisFindings {
    private static final long SMALL_FILE = 1L << 30;

    private RedisFindings() {}

    /** Why this node must not be used. */
    static List<Finding> refusals(RedisFacts node, boolean cluster, int maxFrameBytes) {
        List<Finding> refusals = new ArrayList<>();
        if (!node.isAtLeast(6, 2)) {
            refusals.add(new Finding(
                    node.node() + " is Redis " + node.version(),
                    "exact trimming by id came with 6.2, and nothing older was tried",
                    "Use 6.2 or later"));
        }
        if (node.isReplica()) {
            refusals.add(new Finding(
                    node.node() + " is a replica of " + node.info().get("master_host") + ":"
                            + node.info().get("master_port"),
                    "it takes no writes, or loses them when it next copies its primary",
                    "Name the primary, or let Sentinels name it with redis-sentinel://"));
        }
        if (node.isLoading()) {
            refusals.add(new Finding(
                    node.node() + " is loading its data",
                    "it answers nothing until it has",
                    "Wait: " + node.info().getOrDefault("loading_loaded_perc", "?") + " % are there"));
        }
        if (!cluster && node.number("cluster_enabled") == 1) {
            refusals.add(new Finding(
                    node.node() + " is a node of a Cluster",
                    "it serves a part of the streams and sends us away for the others",
                    "Write redis-cluster:// for redis://"));
        }
        if (maxFrameBytes > node.maxFrameBytes()) {
            refusals.add(new Finding(
                    node.node() + " takes no more than " + node.maxFrameBytes()
                            + " bytes at once (proto-max-bulk-len), and frames of up to " + maxFrameBytes
                            + " are let in (--max-frame-bytes)",
                    "it ends the connection at a larger one, and that frame is tried for ever and holds up all behind it",
                    "Set proto-max-bulk-len " + maxFrameBytes + " or more, or --max-frame-bytes " + node.maxFrameBytes()
                            + " or less"));
        }
        String policy = node.setting("maxmemory-policy");
        if (policy != null && !policy.equals("noeviction")) {
            refusals.add(new Finding(
                    node.node() + " has maxmemory-policy " + policy,
                    policy.startsWith("volatile-")
                            // Streams have no time to live. Owners' leases do, and they are what keeps two brokers
                            // apart.
                            ? "when memory is full it removes keys that have a time to live: the leases by which a"
                                    + " broker owns its streams, so that two brokers take one for theirs"
                            : "when memory is full it removes whole streams with all their frames and says nothing"
                                    + " (measured: 120 frames, then 0)",
                    "Set maxmemory-policy noeviction: a full Redis then refuses new frames, and their publishers"
                            + " wait"));
        }
        return refusals;
    }

    /** What is better changed. */
    static List<Finding> findings(RedisFacts node, AckLevel stated) {
        List<Finding> findings = new ArrayList<>();
        if (!node.denied().isEmpty()) {
            findings.add(new Finding(
                    node.node() + " does not tell its settings (" + node.denied() + ")",
                    "the level that is acknowledged, " + (stated == null ? AckLevel.STORED : stated) + ", is "
                            + (stated == null ? "the least any Redis gives" : "what was stated")
                            + ", and nobody has checked it",
                    "Allow the broker's user +info and +config|get"));
        } else if (stated != null && RedisDurability.level(node).compareTo(stated) < 0) {
            findings.add(new Finding(
                    node.node() + " gives " + RedisDurability.level(node) + ", not the stated " + stated,
                    "frames survive " + RedisDurability.level(node).survives() + ", and not " + stated.survives(),
                    stated == AckLevel.REPLICATED
                            ? "Give it replicas and the broker --redis-replicas, or state less"
                            : "Set appendonly yes and appendfsync always, or state less"));
        }
        addFile(node, findings);
        if (node.is("maxmemory", "0")) {
            findings.add(new Finding(
                    node.node() + " has no maxmemory",
                    "it grows until the operating system ends it",
                    "Set maxmemory to less than the machine has, with room for a copy while the file is rewritten"));
        }
        if (node.replicasInStep() > 0 && node.is("min-replicas-to-write", "0")) {
            findings.add(new Finding(
                    node.node() + " writes without its replicas",
                    "a primary that is cut off from them goes on, and what it takes is lost when another replaces it",
                    "Set min-replicas-to-write 1 and min-replicas-max-lag 10"));
        }
        return findings;
    }

    private static void addFile(RedisFacts node, List<Finding> findings) {
        if (node.is("appendonly", "no")) {
            findings.add(new Finding(
                    node.node() + " has no append-only file",
                    "a crash of Redis loses all frames (measured: 6560 of 6560)",
                    "Set appendonly yes"));
            return;
        }
        if (node.is("appendfsync", "no")) {
            findings.add(new Finding(
                    node.node() + " has appendfsync no",
                    "the operating system writes when it likes, and loss of power takes what it has not",
                    "Set appendfsync everysec, or always"));
        }
        if (node.is("appendfsync", "always") && node.is("no-appendfsync-on-rewrite", "yes")) {
            findings.add(new Finding(
                    node.node() + " has appendfsync always, and no-appendfsync-on-rewrite yes",
                    "nothing is synced while the file is rewritten, so it gives STORED, not FSYNC",
                    "Set no-appendfsync-on-rewrite no"));
        }
        if (node.isFirstFileUnderWay()) {
            findings.add(new Finding(
                    node.node() + " is writing its first append-only file",
                    "until it is done a crash of Redis loses all frames",
                    "Wait"));
        }
        if ("err".equals(node.info().get("aof_last_write_status"))) {
            findings.add(new Finding(
                    node.node() + " could not write its append-only file",
                    "it refuses every write until it can",
                    "Make room on its disk"));
        }
        if (node.number("auto-aof-rewrite-percentage") > 0 && node.number("auto-aof-rewrite-min-size") < SMALL_FILE) {
            findings.add(new Finding(
                    node.node() + " rewrites its append-only file from "
                            + node.number("auto-aof-rewrite-min-size") / (1 << 20) + " MB on",
                    "frames fill that in seconds, and each rewrite forks Redis and writes all that is kept once more",
                    "Set auto-aof-rewrite-min-size to a few GB"));
        }
        if (node.setting("save") != null && !node.is("save", "")) {
            findings.add(new Finding(
                    node.node() + " writes snapshots (save " + node.setting("save") + ")",
                    "each forks Redis and writes all that is kept, which the append-only file has already",
                    "Set save \"\""));
        }
    }
}
