package io.framebroker.client;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicLong;

/** Names that publishers and consumers have when nobody gave them one. */
final class Identity {
    private static final int MAX_ID_CHARS = 128;
    private static final AtomicLong lastEpoch = new AtomicLong();

    private Identity() {}

    /** The same after each start on this host, so that the new process fences what is left of the old one. */
    static String publisherId(String stream) {
        String id = Host.NAME + "/" + stream;
        if (id.length() <= MAX_ID_CHARS) {
            return id;
        }
        String hash = Integer.toHexString(id.hashCode());
        return id.substring(0, MAX_ID_CHARS - hash.length() - 1) + "~" + hash;
    }

    /** The same for as long as the consumer object lives, and nobody else's. */
    static String consumerId() {
        String suffix = "-" + UUID.randomUUID();
        String host = Host.NAME;
        return host.substring(0, Math.min(host.length(), MAX_ID_CHARS - suffix.length())) + suffix;
    }

    /** Microseconds since 1970, and never the same twice. */
    static long nextEpoch() {
        long now = ChronoUnit.MICROS.between(Instant.EPOCH, Instant.now());
        return lastEpoch.updateAndGet(last -> Math.max(last + 1, now));
    }

    /** Asked for once, on first use: it may take a name server's time. */
    private static final class Host {
        static final String NAME = name();

        private static String name() {
            String given = System.getenv("HOSTNAME");
            if (given != null && !given.isBlank()) {
                return given;
            }
            try {
                return InetAddress.getLocalHost().getHostName();
            } catch (UnknownHostException e) {
                return "localhost";
            }
        }
    }
}
