package io.framebroker.server.grpc;

import io.framebroker.server.broker.BrokerException;
import io.grpc.Context;
import io.grpc.ForwardingServerCall;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.ServerStreamTracer;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;

/**
 * Holds each call to the message size it may send, while the message is still coming in. The transport's own limit is
 * one for all calls, the size of the largest frame there may be; without this, every call could make the broker buffer
 * that much whatever it had declared.
 */
final class InboundLimits extends ServerStreamTracer.Factory implements ServerInterceptor {
    private static final long UNTIL_ALLOWED_BYTES = 64 * 1024;
    private static final Context.Key<Limit> LIMIT = Context.key("inbound-limit");

    @Override
    public ServerStreamTracer newServerStreamTracer(String fullMethodName, Metadata headers) {
        return new Limit();
    }

    @Override
    public <A, B> ServerCall.Listener<A> interceptCall(
            ServerCall<A, B> call, Metadata headers, ServerCallHandler<A, B> next) {
        OnceClosed<A, B> guarded = new OnceClosed<>(call);
        ofCurrentCall().onExceeded(why -> {
            StatusRuntimeException status = Refusals.toStatus(why);
            guarded.close(status.getStatus(), status.getTrailers());
        });
        return next.startCall(guarded, headers);
    }

    /** A call that this class may close behind the back of the service that answers it. */
    private static final class OnceClosed<A, B> extends ForwardingServerCall.SimpleForwardingServerCall<A, B> {
        private final AtomicBoolean closed = new AtomicBoolean();

        OnceClosed(ServerCall<A, B> call) {
            super(call);
        }

        @Override
        public void close(Status status, Metadata trailers) {
            if (closed.compareAndSet(false, true)) {
                super.close(status, trailers);
            }
        }
    }

    /** The limit of the call that is being started; one that holds nothing where no transport reports to it. */
    static Limit ofCurrentCall() {
        Limit limit = LIMIT.get();
        return limit == null ? new Limit() : limit;
    }

    /** One call's limit. The transport reports on the call's event loop, where the call sets it as well. */
    static final class Limit extends ServerStreamTracer {
        private volatile Consumer<BrokerException> onExceeded = why -> {};
        private long allowedBytes = UNTIL_ALLOWED_BYTES;
        private long messageBytes;
        private long unpackedBytes;
        private boolean exceeded;

        /** Messages may have up to this many bytes from now on. */
        void allow(long bytes) {
            allowedBytes = bytes;
        }

        /** What ends the call. */
        void onExceeded(Consumer<BrokerException> action) {
            onExceeded = action;
        }

        @Override
        public Context filterContext(Context context) {
            return context.withValue(LIMIT, this);
        }

        @Override
        public void inboundMessage(int sequence) {
            messageBytes = 0;
            unpackedBytes = 0;
        }

        @Override
        public void inboundWireSize(long bytes) {
            messageBytes += bytes;
            requireAllowed(messageBytes);
        }

        /** Told while the message is being unpacked, which has to stop here: little on the wire may become a lot. */
        @Override
        public void inboundUncompressedSize(long bytes) {
            unpackedBytes += bytes;
            BrokerException why = requireAllowed(unpackedBytes);
            if (why != null) {
                throw Refusals.toStatus(why);
            }
        }

        /** Why the call ends; null while it does not. */
        private BrokerException requireAllowed(long bytes) {
            if (bytes <= allowedBytes) {
                return null;
            }
            BrokerException why = new BrokerException(
                    BrokerException.Kind.EXHAUSTED,
                    "MESSAGE_TOO_LARGE",
                    "message larger than the " + allowedBytes
                            + " bytes this call may send; a publisher declares its largest frame in"
                            + " open.max_frame_bytes, before it sends frames");
            if (!exceeded) {
                exceeded = true;
                onExceeded.accept(why);
            }
            return why;
        }
    }
}
