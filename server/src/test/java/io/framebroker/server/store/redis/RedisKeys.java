package io.framebroker.server.store.redis;

import java.util.List;
import java.util.stream.Collectors;

/** What keys a Redis has. */
final class RedisKeys {
    private RedisKeys() {}

    static List<String> of(RedisProcess redis) {
        return ((List<?>) redis.call("KEYS", "*")).stream().map(String::valueOf).collect(Collectors.toList());
    }

    /** As if all leases had run out, and no broker had said for as long that it is alive. */
    static void endLeases(RedisProcess redis) {
        of(redis).stream()
                .filter(key -> key.endsWith(":owner") || key.endsWith("brokers"))
                .forEach(key -> redis.call("DEL", key));
    }
}
