package io.framebroker.server.grpc;

import com.google.protobuf.Any;
import com.google.protobuf.Duration;
import com.google.rpc.BadRequest;
import com.google.rpc.ErrorInfo;
import com.google.rpc.RetryInfo;
import com.google.rpc.Status;
import io.framebroker.server.broker.BrokerException;
import io.framebroker.server.broker.BrokerException.Kind;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.Status.Code;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The one place where the core's refusals become gRPC statuses with {@code google.rpc} details. */
final class Refusals {
    private static final Logger log = LoggerFactory.getLogger(Refusals.class);
    private static final String DOMAIN = "framebroker.io";
    private static final Duration RETRY_AFTER =
            Duration.newBuilder().setSeconds(1).build();

    private static final String ELSEWHERE = "STREAM_ELSEWHERE";
    private static final Metadata.Key<byte[]> DETAILS =
            Metadata.Key.of("grpc-status-details-bin", Metadata.BINARY_BYTE_MARSHALLER);

    private record Mapping(Code code, boolean retry) {}

    private static final Map<Kind, Mapping> TABLE = Map.of(
            Kind.INVALID, new Mapping(Code.INVALID_ARGUMENT, false),
            Kind.NOT_FOUND, new Mapping(Code.NOT_FOUND, false),
            Kind.ALREADY_EXISTS, new Mapping(Code.ALREADY_EXISTS, true),
            Kind.FAILED_PRECONDITION, new Mapping(Code.FAILED_PRECONDITION, false),
            Kind.ABORTED, new Mapping(Code.ABORTED, false),
            Kind.EXHAUSTED, new Mapping(Code.RESOURCE_EXHAUSTED, true),
            Kind.UNAVAILABLE, new Mapping(Code.UNAVAILABLE, true),
            Kind.UNIMPLEMENTED, new Mapping(Code.UNIMPLEMENTED, false));

    /** Refusals of kinds that time may lift, which it will not lift. */
    private static final Set<String> FOR_GOOD = Set.of("MESSAGE_TOO_LARGE", "STREAM_EXISTS");

    private Refusals() {}

    static StatusRuntimeException toStatus(BrokerException refusal) {
        Mapping mapping = TABLE.get(refusal.kind());
        Status.Builder status = Status.newBuilder()
                .setCode(mapping.code().value())
                .setMessage(refusal.getMessage())
                .addDetails(Any.pack(ErrorInfo.newBuilder()
                        .setReason(refusal.reason())
                        .setDomain(DOMAIN)
                        .putAllMetadata(refusal.details())
                        .build()));
        if (mapping.retry() && !FOR_GOOD.contains(refusal.reason())) {
            status.addDetails(
                    Any.pack(RetryInfo.newBuilder().setRetryDelay(RETRY_AFTER).build()));
        }
        Optional.ofNullable(refusal.details().get("field"))
                .ifPresent(field -> status.addDetails(Any.pack(BadRequest.newBuilder()
                        .addFieldViolations(BadRequest.FieldViolation.newBuilder()
                                .setField(field)
                                .setReason(refusal.reason())
                                .setDescription(refusal.getMessage()))
                        .build())));
        StatusRuntimeException thrown = StatusProto.toStatusRuntimeException(status.build());
        // The cause stays here: it tells whoever passes calls on that this is one to pass on.
        return thrown.getStatus().withCause(refusal).asRuntimeException(thrown.getTrailers());
    }

    /** Ends a call; null for a good end. */
    static void end(ServerCall<?, ?> call, StatusRuntimeException status) {
        Metadata trailers = status == null ? null : status.getTrailers();
        call.close(
                status == null ? io.grpc.Status.OK : status.getStatus(), trailers == null ? new Metadata() : trailers);
    }

    /** Ends a call that could not send what it was told, for instance for want of memory. */
    static void fail(ServerCall<?, ?> call, Throwable cause) {
        log.error("a call could not send what it was told and ends", cause);
        try {
            call.close(io.grpc.Status.INTERNAL.withDescription("the broker could not send: " + cause), new Metadata());
        } catch (RuntimeException e) {
            log.debug("it had ended already", e);
        }
    }

    /** What ends a call here so that it can be passed on. */
    static BrokerException elsewhere(Map<String, String> addresses) {
        return new BrokerException(
                Kind.UNAVAILABLE,
                ELSEWHERE,
                "served by another broker: " + some(addresses) + "; try again there",
                addresses);
    }

    /** Addresses by stream when a call ends because streams are elsewhere; otherwise nothing. */
    static Optional<Map<String, String>> elsewhere(io.grpc.Status status) {
        return status.getCause() instanceof BrokerException why && why.reason().equals(ELSEWHERE)
                ? Optional.of(why.details())
                : Optional.empty();
    }

    /** Two brokers each take the other for the owner, for a moment. */
    static BrokerException moving(Map<String, String> addresses) {
        return new BrokerException(
                Kind.UNAVAILABLE,
                "STREAM_MOVING",
                "changing its broker, now on its way to another one: " + some(addresses) + "; try again");
    }

    static BrokerException unreachable(String stream, String address, String why) {
        return new BrokerException(
                Kind.UNAVAILABLE,
                "OWNER_UNREACHABLE",
                "stream " + stream + " is served by the broker at " + address + ", which does not answer: " + why
                        + ". What it had not answered is done or not, which is not known. Try again",
                Map.of("stream", stream, "address", address));
    }

    private static String some(Map<String, String> addresses) {
        if (addresses.isEmpty()) {
            return "streams to come";
        }
        Map.Entry<String, String> first = addresses.entrySet().iterator().next();
        String one = "stream " + first.getKey() + " at " + first.getValue();
        return addresses.size() == 1 ? one : one + " and " + (addresses.size() - 1) + " more";
    }

    /** Whether a call was ended by the connection, or the lack of one: a broker that refuses says why. */
    static boolean isFromTransport(io.grpc.Status status, Metadata trailers) {
        boolean broken = status.getCode() == Code.UNAVAILABLE || status.getCode() == Code.CANCELLED;
        return broken && (trailers == null || !trailers.containsKey(DETAILS));
    }

    static BrokerException unimplemented(String reason, String message) {
        return new BrokerException(Kind.UNIMPLEMENTED, reason, message);
    }

    static BrokerException protocol(String reason, String message) {
        return new BrokerException(Kind.INVALID, reason, message);
    }
}
