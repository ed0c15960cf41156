package io.framebroker.loadgen.chaos;

import java.time.Duration;

/** Redis is given less memory than it has used already, and refuses whatever takes more. */
final class RedisFull implements Fault {
    private final RedisActor redis;
    private final Duration lasts;

    RedisFull(RedisActor redis, Duration lasts) {
        this.redis = redis;
        this.lasts = lasts;
    }

    @Override
    public String kind() {
        return "redis-oom";
    }

    @Override
    public String target() {
        return redis.name();
    }

    @Override
    public long pid() {
        return redis.process().pid();
    }

    @Override
    public Duration lasts() {
        return lasts;
    }

    @Override
    public void begin() {
        redis.ask("CONFIG SET maxmemory 1");
    }

    @Override
    public String effect() {
        String answer = redis.ask("SET chaos-probe 1");
        return answer.startsWith("-OOM") ? answer : "";
    }

    @Override
    public void end() {
        redis.ask("CONFIG SET maxmemory 0");
    }

    @Override
    public String toString() {
        return kind() + " of " + redis + " for " + lasts.toMillis() + " ms";
    }
}
