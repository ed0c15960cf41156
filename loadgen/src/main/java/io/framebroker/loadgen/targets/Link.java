package io.framebroker.loadgen.targets;

import io.framebroker.loadgen.check.Inbox;
import io.framebroker.loadgen.load.FramePool;
import io.framebroker.loadgen.load.StreamLimits;
import io.framebroker.loadgen.load.Workload;
import java.util.function.Supplier;

/** A client process's way to a target. Closing it ends all its publishers and consumers. */
public interface Link extends AutoCloseable {
    /** Opens the publisher of the pool's camera; returns when the target has answered. */
    FrameSink publisher(FramePool pool) throws InterruptedException;

    /**
     * Opens a consumer of all cameras; returns when every frame published from now on will reach its group.
     *
     * @param inboxes gives one inbox for each thread that delivers
     */
    void consumer(int group, int member, Supplier<Inbox> inboxes) throws InterruptedException;

    /** Frames of a group whose settlement the target has confirmed; -1 where nothing is settled. */
    default long settled(int group) {
        return -1;
    }

    /** How a group's consumers stand, for people. */
    default String state(int group) {
        return "no more is known";
    }

    /** Why frames no longer flow, for instance a call that ended; null while all is well. */
    String failure();

    @Override
    void close();

    /** Connects to a target at {@code host:port}, to a peer by its URL. */
    static Link to(Target target, String address, Workload workload, StreamLimits limits) {
        return switch (target) {
            case BROKER, BROKER_REDIS, BROKER_REDIS_EARLY, BROKER_REDIS_LATEST, BROKER_DISK, BROKER_DISK_FSYNC ->
                new BrokerLink(target, address, workload);
            case RELAY -> new RelayLink(address, workload);
            case RAW -> new RawLink(address, workload);
            case POLLING -> new PollingLink(address, workload);
            case REDIS, REDIS_NOAOF, REDIS_BATCH -> new RedisLink(target, address, workload, limits);
            case NATS -> new NatsLink(address, workload, limits);
            case RABBITMQ -> new RabbitLink(address, workload, limits);
        };
    }
}
