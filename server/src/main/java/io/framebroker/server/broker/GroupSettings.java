package io.framebroker.server.broker;

/**
 * Settings of a group.
 *
 * @param leaseMillis time a consumer has to settle a delivery: 1 s .. 10 min
 */
public record GroupSettings(long leaseMillis) {
    public static final GroupSettings DEFAULT = new GroupSettings(30_000);

    public GroupSettings {
        if (leaseMillis < 1_000 || leaseMillis > 600_000) {
            throw BrokerException.invalid("settings.lease", leaseMillis + " ms is outside 1 s .. 10 min");
        }
    }
}
