package io.framebroker.server.store.redis;

import io.framebroker.server.broker.FrameStore;
import io.framebroker.server.store.DurableStoreContract;

/** What outlives a broker, on a real Redis. */
class RedisDurableStoreTest extends DurableStoreContract {
    private final RedisProcess redis = RedisProcess.emptied();
    private int stores;

    @Override
    protected FrameStore emptyStore() {
        FrameStore store = new RedisFrameStore(redis.settings(), 0, null);
        store.serveAt("127.0.0.1:" + ++stores);
        return store;
    }

    @Override
    protected FrameStore reopened(FrameStore before, Ending ending) {
        if (ending == Ending.CLOSED) {
            before.close();
        } else {
            ((RedisFrameStore) before).abandon();
            RedisKeys.endLeases(redis);
        }
        return emptyStore();
    }
}
