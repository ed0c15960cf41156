package io.framebroker.server.broker;

/**
 * Settings of a group.
 *
 * @param leaseMillis time a consumer has to settle a delivery: 1 s .. 10 min
 * @param maxAgeMillis age above which a frame is skipped instead of being delivered first: 1 ms .. 7 days; 0 for none
 * @param maxAttempts deliveries after which a frame becomes a dead letter: 1..1000; 0 for no end
 * @param early whether frames are delivered first while they are on their way to the store: what becomes of a delivery is
 *     confirmed only once the frame is stored, and is nobody's to say where it never is
 */
public record GroupSettings(long leaseMillis, long maxAgeMillis, int maxAttempts, Order order, boolean early) {
    /** Whether a frame that is tried again holds back those behind it. */
    public enum Order {
        /** First deliveries go out in order; a frame tried again comes when it comes. */
        FIRST_DELIVERIES,
        /** The stream waits for a frame that is tried again. */
        STRICT
    }

    public static final GroupSettings DEFAULT = new GroupSettings(30_000);

    /** What a new group has where it can keep dead letters. */
    static final GroupSettings WITH_DEAD_LETTERS = new GroupSettings(30_000, 0, 3, Order.FIRST_DELIVERIES);

    private static final long MOST_AGE_MILLIS = 7 * 86_400_000L;
    private static final int MOST_ATTEMPTS = 1000;

    public GroupSettings {
        if (leaseMillis < 1_000 || leaseMillis > 600_000) {
            throw BrokerException.invalid("settings.lease", leaseMillis + " ms is outside 1 s .. 10 min");
        }
        if (maxAgeMillis < 0 || maxAgeMillis > MOST_AGE_MILLIS) {
            throw BrokerException.invalid(
                    "settings.max_age", maxAgeMillis + " ms is outside 1 ms .. 7 days; 0 or nothing is for none");
        }
        if (maxAttempts < 0 || maxAttempts > MOST_ATTEMPTS) {
            throw BrokerException.invalid(
                    "settings.max_attempts",
                    Integer.toUnsignedString(maxAttempts) + " is outside 1.." + MOST_ATTEMPTS + "; 0 is for no end");
        }
    }

    /** Settings that are not {@code early}. */
    public GroupSettings(long leaseMillis, long maxAgeMillis, int maxAttempts, Order order) {
        this(leaseMillis, maxAgeMillis, maxAttempts, order, false);
    }

    /** Settings that are {@link Order#FIRST_DELIVERIES}, with no end of age or attempts, and not {@code early}. */
    public GroupSettings(long leaseMillis) {
        this(leaseMillis, 0, 0, Order.FIRST_DELIVERIES);
    }
}
