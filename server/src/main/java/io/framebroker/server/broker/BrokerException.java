package io.framebroker.server.broker;

import java.util.Map;

/**
 * A request that is refused. Nothing has changed. The kind says what the caller may do next; the reason is stable, the
 * message is for people.
 */
public final class BrokerException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** What the caller may do next. */
    public enum Kind {
        /** Mend the request. */
        INVALID,
        /** Name something that exists. */
        NOT_FOUND,
        /** Somebody else holds it: try again later, or take another name. */
        ALREADY_EXISTS,
        /** Bring the system into another state first. */
        FAILED_PRECONDITION,
        /** Give up: a newer one has taken over. */
        ABORTED,
        /** Try again later: a limit is reached. */
        EXHAUSTED,
        /** Try again soon. */
        UNAVAILABLE,
        /** Do without: not served by this version. */
        UNIMPLEMENTED
    }

    private final Kind kind;
    private final String reason;
    private final transient Map<String, String> details;

    public BrokerException(Kind kind, String reason, String message) {
        this(kind, reason, message, Map.of());
    }

    public BrokerException(Kind kind, String reason, String message, Map<String, String> details) {
        super(message, null, false, false);
        this.kind = kind;
        this.reason = reason;
        this.details = Map.copyOf(details);
    }

    public static BrokerException invalid(String field, String message) {
        return new BrokerException(Kind.INVALID, "FIELD_INVALID", field + ": " + message, Map.of("field", field));
    }

    public static BrokerException streamNotFound(String name) {
        return new BrokerException(
                Kind.NOT_FOUND,
                "STREAM_NOT_FOUND",
                "there is no stream " + Names.quoted(name) + "; create it, or let the broker create streams by itself");
    }

    public static BrokerException groupNotFound(String stream, String group) {
        return new BrokerException(
                Kind.NOT_FOUND,
                "GROUP_NOT_FOUND",
                "stream " + stream + " has no group " + Names.quoted(group)
                        + "; a group is made by the first ConsumeFrames that names it");
    }

    public Kind kind() {
        return kind;
    }

    /** In UPPER_SNAKE. */
    public String reason() {
        return reason;
    }

    /** The values the message speaks of, by lowerCamel name. */
    public Map<String, String> details() {
        return details == null ? Map.of() : details;
    }
}
