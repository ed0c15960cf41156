package io.framebroker.server.http;

/**
 * How the old service's REST interface is served.
 *
 * @param serves whether it is at all
 * @param stream where frames go that name no camera
 * @param group on whose behalf frames are taken by whoever names no group
 * @param leavesAfterMillis time without a poll after which a group that is polled has no consumer any more
 */
public record GatewaySettings(boolean serves, String stream, String group, long leavesAfterMillis) {
    private static final long LEAVES_AFTER_MILLIS = 15_000;

    public static final GatewaySettings DEFAULT = new GatewaySettings(true, "frame_queue", "frame-buffer");

    /** With the time that old clients, which poll ten times a second and wait some seconds after an error, are well within. */
    public GatewaySettings(boolean serves, String stream, String group) {
        this(serves, stream, group, LEAVES_AFTER_MILLIS);
    }
}
