package io.framebroker.server.store.redis;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import redis.clients.jedis.Connection;
import redis.clients.jedis.Protocol;
import redis.clients.jedis.exceptions.JedisDataException;
import redis.clients.jedis.util.SafeEncoder;

/**
 * What one node says about itself. Nothing is concluded here.
 *
 * @param info the lines of INFO; empty where it is denied
 * @param config the settings of {@link #SETTINGS}, by name; empty where CONFIG is denied
 * @param denied what Redis said when it denied INFO or CONFIG, "" if it did not
 */
record RedisFacts(String node, Map<String, String> info, Map<String, String> config, String denied) {
    /** Asked for one by one: all together would have the passwords among them, and 6.2 takes one at a time. */
    static final List<String> SETTINGS = List.of(
            "appendonly",
            "appendfsync",
            "no-appendfsync-on-rewrite",
            "auto-aof-rewrite-percentage",
            "auto-aof-rewrite-min-size",
            "maxmemory",
            "maxmemory-policy",
            "min-replicas-to-write",
            "proto-max-bulk-len",
            "save");

    private static final long DEFAULT_BULK_BYTES = 512L << 20;

    private static final int MOST_LAG_SECONDS = 10;

    RedisFacts {
        info = Map.copyOf(info);
        config = Map.copyOf(config);
    }

    /** @throws redis.clients.jedis.exceptions.JedisConnectionException it does not answer */
    static RedisFacts ask(String node, Connection connection) {
        connection.sendCommand(Protocol.Command.INFO);
        SETTINGS.forEach(setting -> connection.sendCommand(Protocol.Command.CONFIG, "GET", setting));
        List<Object> replies = connection.getMany(SETTINGS.size() + 1);
        List<String> denied = new ArrayList<>();

        Map<String, String> info = new LinkedHashMap<>();
        if (replies.get(0) instanceof JedisDataException e) {
            denied.add(e.getMessage());
        } else {
            text(replies.get(0)).lines().filter(line -> line.indexOf(':') > 0).forEach(line -> {
                int colon = line.indexOf(':');
                info.put(line.substring(0, colon), line.substring(colon + 1));
            });
        }
        Map<String, String> config = new LinkedHashMap<>();
        for (Object reply : replies.subList(1, SETTINGS.size() + 1)) {
            if (reply instanceof JedisDataException e) {
                denied.add(e.getMessage());
            } else if (reply instanceof List<?> pair && pair.size() == 2) {
                config.put(text(pair.get(0)), text(pair.get(1)));
            }
        }
        return new RedisFacts(
                node, info, config, String.join("; ", denied.stream().distinct().toList()));
    }

    private static String text(Object reply) {
        return SafeEncoder.encode((byte[]) reply);
    }

    /** A setting, from CONFIG or from where INFO repeats it; null if neither tells. */
    String setting(String name) {
        String value = config.get(name);
        if (value == null) {
            value = switch (name) {
                case "appendonly" -> aofInInfo();
                case "maxmemory" -> info.get("maxmemory");
                case "maxmemory-policy" -> info.get("maxmemory_policy");
                default -> null;
            };
        }
        return value;
    }

    private String aofInInfo() {
        String enabled = info.get("aof_enabled");
        return enabled == null ? null : enabled.equals("1") ? "yes" : "no";
    }

    boolean is(String setting, String value) {
        return value.equals(setting(setting));
    }

    /** What is worth telling of it, by name. Nothing that changes by itself. */
    Map<String, String> told() {
        Map<String, String> told = new LinkedHashMap<>();
        told.put("version", version().isEmpty() ? "?" : version());
        told.put("role", info.getOrDefault("role", "?"));
        told.put("loading", isLoading() ? "yes" : "no");
        told.put("replicas-in-step", Integer.toString(replicasInStep()));
        told.put("aof-last-write", info.getOrDefault("aof_last_write_status", "?"));
        for (String setting : SETTINGS) {
            String value = setting(setting);
            told.put(setting, value == null ? "?" : value.isEmpty() ? "none" : value);
        }
        return told;
    }

    /** A number of INFO or CONFIG; 0 where it is not told. */
    long number(String name) {
        String value = info.getOrDefault(name, setting(name));
        return value == null || !value.matches("-?\\d{1,18}") ? 0 : Long.parseLong(value);
    }

    /** The largest frame that it takes, in bytes; what Redis takes unless told otherwise where it does not tell. */
    long maxFrameBytes() {
        long told = number("proto-max-bulk-len");
        return told == 0 ? DEFAULT_BULK_BYTES : told;
    }

    /** {@code 6.2.11}; "" where it is not told. */
    String version() {
        return info.getOrDefault("redis_version", "");
    }

    /** Whether it is this version or later; true where it is not told. */
    boolean isAtLeast(int major, int minor) {
        String[] parts = version().split("\\.");
        if (parts.length < 2 || !(parts[0] + parts[1]).matches("\\d{1,8}")) {
            return true;
        }
        int difference = Integer.parseInt(parts[0]) - major;
        return difference > 0 || difference == 0 && Integer.parseInt(parts[1]) >= minor;
    }

    boolean isReplica() {
        return "slave".equals(info.get("role"));
    }

    boolean isLoading() {
        return number("loading") == 1 || number("async_loading") == 1;
    }

    /** Replicas that take what is written, at most 10 s behind. */
    int replicasInStep() {
        return (int) info.entrySet().stream()
                .filter(line -> line.getKey().matches("slave\\d+"))
                .map(Map.Entry::getValue)
                .filter(replica -> replica.contains("state=online") && lag(replica) <= MOST_LAG_SECONDS)
                .count();
    }

    private static long lag(String replica) {
        String lag = replica.replaceFirst(".*lag=(\\d{1,18}).*", "$1");
        return lag.equals(replica) ? Long.MAX_VALUE : Long.parseLong(lag);
    }

    /**
     * The append-only file was turned on while Redis ran, and its first writing is not over: what is written until then
     * is in no file that a restart reads.
     */
    boolean isFirstFileUnderWay() {
        return is("appendonly", "yes")
                && (number("aof_rewrite_in_progress") == 1 || number("aof_rewrite_scheduled") == 1)
                && number("aof_last_rewrite_time_sec") == -1;
    }
}
