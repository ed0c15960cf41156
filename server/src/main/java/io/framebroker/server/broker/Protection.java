package io.framebroker.server.broker;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Whether a durable group has its stream keep what it has not settled: not when nobody has consumed from it for long, or
 * a forgotten group would hold a camera for ever. Begins anew with the stream's opening. Guarded by the stream's lock.
 */
final class Protection {
    private static final Logger log = LoggerFactory.getLogger(Protection.class);

    private final String stream;
    private final String group;
    private final long mostNanos;
    private boolean deserted = true;
    private long endNanos;
    private boolean ended;

    /** @param mostMillis time without a consumer after which it ends; 0 for never */
    Protection(String stream, String group, long mostMillis, long now) {
        this.stream = stream;
        this.group = group;
        this.mostNanos = mostMillis * 1_000_000;
        this.endNanos = now + mostNanos;
    }

    boolean holds() {
        return !ended;
    }

    void consumerCame() {
        deserted = false;
        if (ended) {
            ended = false;
            log.info("stream {}: group {} has a consumer again, and protects its frames", stream, group);
        }
    }

    void lastConsumerLeft(long now) {
        if (!deserted) {
            deserted = true;
            endNanos = now + mostNanos;
        }
    }

    /** Ends it when it is due. Returns nanoseconds until it is; {@link Long#MAX_VALUE} while it is not to end. */
    long tick(long now) {
        if (mostNanos == 0 || !deserted || ended) {
            return Long.MAX_VALUE;
        }
        long left = endNanos - now;
        if (left > 0) {
            return left;
        }
        ended = true;
        log.warn(
                "stream {}: group {} has had no consumer for {} s, and protects nothing until one comes; frames that the"
                        + " stream lets go meanwhile are skipped there as {}",
                stream,
                group,
                mostNanos / 1_000_000_000,
                Group.EXPIRED);
        return Long.MAX_VALUE;
    }
}
