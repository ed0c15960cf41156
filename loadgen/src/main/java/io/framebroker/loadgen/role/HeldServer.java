package io.framebroker.loadgen.role;

import java.time.Duration;

/** A server that is started for one target, or one that runs and is left as it is. Used by one thread. */
abstract class HeldServer implements StoreServer {
    /** Null for one that runs already. */
    private final HeldProcess process;

    private final String url;

    HeldServer(HeldProcess process, String url) {
        this.process = process;
        this.url = url;
    }

    /** Null for one that runs already. */
    HeldProcess process() {
        return process;
    }

    @Override
    public String url() {
        return url;
    }

    @Override
    public Duration cpu() {
        return process == null
                ? null
                : process.process().info().totalCpuDuration().orElse(Duration.ZERO);
    }

    @Override
    public void check() {
        if (process != null) {
            process.check();
        }
    }

    @Override
    public void close() {
        if (process != null) {
            process.close();
        }
    }
}
