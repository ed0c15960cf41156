package io.framebroker.loadgen.role;

import java.time.Duration;
import java.util.Map;

/** The server that keeps a target's frames: one started for it alone, or one that runs and is left as it is. */
interface StoreServer extends AutoCloseable {
    /** Where clients find it. */
    String url();

    /** Version and what decides how durable a frame is. */
    Map<String, Object> facts();

    /** Processor time it has used; null where it does not say. */
    Duration cpu();

    /** The one that was started; null for one that runs already. */
    ProcessHandle process();

    /** Size of its append-only file; 0 without one. */
    default long aofBytes() {
        return 0;
    }

    /** Fails when one that was started has ended, or is about to fill the disk. */
    void check();

    /** Brings what it keeps down to what its streams hold, where that does not happen by itself; waits until it is done. */
    default void compact() throws InterruptedException {}

    @Override
    void close();

    /** Opens what the target needs; null where it needs none. */
    static StoreServer open(Setup setup) throws InterruptedException {
        String name = setup.side().label();
        return switch (setup.target()) {
            case REDIS, REDIS_BATCH, BROKER_REDIS, BROKER_REDIS_EARLY, BROKER_REDIS_LATEST ->
                RedisInstance.open(setup.stores().redis(), name);
            case REDIS_NOAOF -> RedisInstance.open(setup.stores().redis().withoutAof(), name);
            case NATS -> NatsInstance.open(setup.stores().nats(), name);
            case RABBITMQ -> RabbitInstance.open(setup.stores().rabbitmq(), name);
            default -> null;
        };
    }
}
