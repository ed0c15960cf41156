package io.framebroker.server.store.redis;

import io.framebroker.server.broker.FrameStore;
import io.framebroker.server.store.FrameStoreContract;

/** The contract, on a real Redis. */
class RedisFrameStoreTest extends FrameStoreContract {
    private final RedisProcess redis = RedisProcess.emptied();

    @Override
    protected FrameStore emptyStore() {
        FrameStore store = new RedisFrameStore(redis.settings(), 0, null);
        store.serveAt("127.0.0.1:1");
        return store;
    }
}
