package io.framebroker.server.broker;

/**
 * What a consumer asks of its group's settings. What is null is not asked: a new group has the default there, and one
 * that is there already whatever it has.
 */
public record AskedSettings(
        Long leaseMillis, Long maxAgeMillis, Integer maxAttempts, GroupSettings.Order order, Boolean early) {
    /** Asks for nothing. */
    public static final AskedSettings ANY = new AskedSettings(null, null, null, null, null);

    public AskedSettings {
        checked(leaseMillis, maxAgeMillis, maxAttempts, order, early, GroupSettings.DEFAULT);
    }

    /** Asks nothing of {@code early}. */
    public AskedSettings(Long leaseMillis, Long maxAgeMillis, Integer maxAttempts, GroupSettings.Order order) {
        this(leaseMillis, maxAgeMillis, maxAttempts, order, null);
    }

    /** What is asked, and the given settings where nothing is. */
    GroupSettings over(GroupSettings settings) {
        return checked(leaseMillis, maxAgeMillis, maxAttempts, order, early, settings);
    }

    private static GroupSettings checked(
            Long leaseMillis,
            Long maxAgeMillis,
            Integer maxAttempts,
            GroupSettings.Order order,
            Boolean early,
            GroupSettings rest) {
        return new GroupSettings(
                leaseMillis == null ? rest.leaseMillis() : leaseMillis,
                maxAgeMillis == null ? rest.maxAgeMillis() : maxAgeMillis,
                maxAttempts == null ? rest.maxAttempts() : maxAttempts,
                order == null ? rest.order() : order,
                early == null ? rest.early() : early);
    }
}
