package io.framebroker.loadgen.role;

import java.time.Duration;

/** A server that is started for one target, or one that runs and is left as it is. Used by one thread. */
abstract class HeldServer implements StoreServer {
    /** Null for one that runs already. */
    private final HeldProcess held;

    private final String url;

    HeldServer(HeldProcess held, String url) {
        this.held = held;
        this.url = url;
    }

    /** Null for one that runs already. */
    HeldProcess held() {
        return held;
    }

    @Override
    public ProcessHandle process() {
        return held == null ? null : held.process();
    }

    @Override
    public String url() {
        return url;
    }

    @Override
    public Duration cpu() {
        return held == null ? null : held.process().info().totalCpuDuration().orElse(Duration.ZERO);
    }

    @Override
    public void check() {
        if (held != null) {
            held.check();
        }
    }

    @Override
    public void close() {
        if (held != null) {
            held.close();
        }
    }
}
