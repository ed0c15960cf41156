package io.framebroker.server.broker;

/**
 * A group at one moment.
 *
 * @param consumers connected now
 * @param paused whether deliveries are stopped
 */
public record GroupState(String name, GroupSettings settings, ConsumerLag lag, int consumers, boolean paused) {}
