package io.framebroker.bridge;

import io.framebroker.bridge.mapping.FrameMapping;
import io.framebroker.bridge.source.GiveUpException;
import io.framebroker.bridge.source.RedisSource;
import io.framebroker.client.FrameBrokerClient;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A bridge from its start to its end: a pump, and another one each time Redis has gone back in time. */
final class Carrier {
    private static final Logger log = LoggerFactory.getLogger(Carrier.class);

    private final BridgeConfig config;
    private final Consumer<String> announce;

    /** Guarded by this. */
    private Pump pump;
    /** Guarded by this. */
    private boolean stopping;

    /** @param announce told in one line when the bridge reads, or stands by */
    Carrier(BridgeConfig config, Consumer<String> announce) {
        this.config = config;
        this.announce = announce;
    }

    /**
     * Carries until {@link #stop}.
     *
     * @throws GiveUpException when it cannot go on
     */
    void run() throws InterruptedException {
        while (begin()) {
            try {
                pump.run();
            } catch (BeginAnewException e) {
                log.warn("{}; beginning anew", e.getMessage());
            }
        }
    }

    /** From any thread: ends {@link #run} soon. */
    synchronized void stop() {
        stopping = true;
        if (pump != null) {
            pump.stop();
        }
    }

    private synchronized boolean begin() {
        if (!stopping) {
            pump = new Pump(
                    config.pumpSettings(),
                    new RedisSource(config.redis.address(), config.sourceSettings()),
                    new FrameMapping(config.mappingSettings()),
                    FrameBrokerClient.connect(config.broker),
                    config.targetSettings(),
                    announce);
        }
        return !stopping;
    }
}
