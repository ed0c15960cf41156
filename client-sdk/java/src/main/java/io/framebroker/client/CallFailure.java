package io.framebroker.client;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.rpc.ErrorInfo;
import com.google.rpc.RetryInfo;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.protobuf.StatusProto;
import java.util.stream.Collectors;

/**
 * Why a call ended, and what that means for the next one.
 *
 * @param reason stable reason of the broker, or the name of the status code where it gave none
 * @param retryAfterNanos how long the broker asked us to stay away; 0 when it did not
 */
record CallFailure(Status status, String reason, long retryAfterNanos) {
    private static final long MAX_RETRY_AFTER_SECONDS = 300;

    static CallFailure of(Status status, Metadata trailers) {
        String reason = status.getCode().name();
        long retryAfterNanos = 0;
        com.google.rpc.Status details = StatusProto.fromStatusAndTrailers(status, trailers);
        for (Any detail : details == null ? java.util.List.<Any>of() : details.getDetailsList()) {
            try {
                if (detail.is(ErrorInfo.class)) {
                    reason = detail.unpack(ErrorInfo.class).getReason();
                } else if (detail.is(RetryInfo.class)) {
                    var delay = detail.unpack(RetryInfo.class).getRetryDelay();
                    long seconds = Math.max(0, Math.min(MAX_RETRY_AFTER_SECONDS, delay.getSeconds()));
                    retryAfterNanos = seconds * 1_000_000_000L + Math.max(0, delay.getNanos());
                }
            } catch (InvalidProtocolBufferException unreadable) {
                // A detail nobody can read takes nothing away from the status.
                continue;
            }
        }
        return new CallFailure(status, reason, retryAfterNanos);
    }

    /** Whether trying again cannot help. */
    boolean permanent() {
        return switch (status.getCode()) {
            case FAILED_PRECONDITION,
                    INVALID_ARGUMENT,
                    NOT_FOUND,
                    PERMISSION_DENIED,
                    UNAUTHENTICATED,
                    UNIMPLEMENTED,
                    OUT_OF_RANGE -> true;
            case ABORTED -> reason.equals("PUBLISHER_FENCED");
            default -> false;
        };
    }

    boolean ok() {
        return status.isOk();
    }

    /** Code and description, for logs: the status itself would print the stack trace of its cause. */
    String inOneLine() {
        String description = status.getDescription();
        return description == null
                ? status.getCode().name()
                : status.getCode() + ": " + description.lines().collect(Collectors.joining(" "));
    }

    FrameBrokerException toException(String what) {
        String text = status.getDescription() == null ? status.getCode().name() : status.getDescription();
        return new FrameBrokerException(status.getCode(), reason, what + ": " + text + advice(), status.getCause());
    }

    private String advice() {
        if (reason.equals("PUBLISHER_FENCED")) {
            return " (a newer publisher with the same id has taken over; stop this one, or give it an id of its own)";
        }
        return switch (status.getCode()) {
            case UNIMPLEMENTED -> " (this broker does not serve that; check its version)";
            case PERMISSION_DENIED, UNAUTHENTICATED -> " (check the credentials)";
            case NOT_FOUND -> " (create it first, or let the broker create streams)";
            case FAILED_PRECONDITION -> " (make the settings agree, then open again)";
            default -> "";
        };
    }
}
