package io.framebroker.server.http;

import com.google.gson.JsonObject;
import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.rpc.ErrorInfo;
import io.grpc.Status;
import io.grpc.protobuf.StatusProto;
import java.io.IOException;

/** A request to the gateway that is not done, with the status that says so, a stable reason and the reason in words. */
final class GatewayException extends RuntimeException {
    private static final long serialVersionUID = 1;
    private static final String RETRY_SECONDS = "1";

    private final int status;
    private final String reason;

    GatewayException(int status, String reason, String message) {
        super(message, null, false, false);
        this.status = status;
        this.reason = reason;
    }

    /** What a call to the broker ended with. */
    static GatewayException of(Throwable ended) {
        Status status = Status.fromThrowable(ended);
        int code = switch (status.getCode()) {
            case INVALID_ARGUMENT -> 400;
            case NOT_FOUND -> 404;
            case ALREADY_EXISTS, FAILED_PRECONDITION -> 409;
            case ABORTED, RESOURCE_EXHAUSTED, UNAVAILABLE, CANCELLED -> 503;
            case DEADLINE_EXCEEDED -> 504;
            case UNIMPLEMENTED -> 501;
            default -> 500;
        };
        String message = status.getDescription();
        return new GatewayException(
                code, reasonOf(ended, status), message == null ? "the broker said " + status.getCode() : message);
    }

    private static String reasonOf(Throwable ended, Status status) {
        com.google.rpc.Status told = StatusProto.fromThrowable(ended);
        for (Any detail : told == null ? java.util.List.<Any>of() : told.getDetailsList()) {
            if (detail.is(ErrorInfo.class)) {
                try {
                    return detail.unpack(ErrorInfo.class).getReason();
                } catch (InvalidProtocolBufferException e) {
                    break;
                }
            }
        }
        return status.getCode().name();
    }

    int status() {
        return status;
    }

    String reason() {
        return reason;
    }

    /** Answers the request with it. */
    void answer(Call call) throws IOException {
        if (status == 503) {
            call.answerHeader("Retry-After", RETRY_SECONDS);
        }
        call.send(status, json(reason, getMessage()));
    }

    static JsonObject json(String reason, String message) {
        JsonObject body = new JsonObject();
        body.addProperty("error", reason);
        body.addProperty("detail", message);
        return body;
    }
}
