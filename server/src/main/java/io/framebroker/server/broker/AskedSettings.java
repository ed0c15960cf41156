package io.framebroker.server.broker;

/**
 * What a consumer asks of its group's settings. What is null is not asked: a new group has the default there, and one
 * that is there already whatever it has.
 */
public record AskedSettings(Long leaseMillis, Long maxAgeMillis, Integer maxAttempts, GroupSettings.Order order) {
    /** Asks for nothing. */
    public static final AskedSettings ANY = new AskedSettings(null, null, null, null);

    public AskedSettings {
        checked(leaseMillis, maxAgeMillis, maxAttempts, order, GroupSettings.DEFAULT);
    }

    /** What is asked, and the given settings where nothing is. */
    GroupSettings over(GroupSettings settings) {
        return checked(leaseMillis, maxAgeMillis, maxAttempts, order, settings);
    }

    private static GroupSettings checked(
            Long leaseMillis, Long maxAgeMillis, Integer maxAttempts, GroupSettings.Order order, GroupSettings rest) {
        return new GroupSettings(
                leaseMillis == null ? rest.leaseMillis() : leaseMillis,
                maxAgeMillis == null ? rest.maxAgeMillis() : maxAgeMillis,
                maxAttempts == null ? rest.maxAttempts() : maxAttempts,
                order == null ? rest.order() : order);
    }
}
