package io.framebroker.server.grpc;

import io.framebroker.server.broker.BrokerException;
import io.grpc.Context;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.ServerStreamTracer;
import io.grpc.StatusRuntimeException;
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
        ofCurrentCall().onExceeded(why -> {
            StatusRuntimeException status = Refusals.toStatus(why);
            call.close(status.getStatus(), status.getTrailers());
        });
        return next.startCall(call, headers);
    }

    /** The limit of the call that is being started; one that holds nothing where no transport reports to it. */
    static Limit ofCurrentCall() {
        Limit limit = LIMIT.get();
        return limit == null ? new Limit() : limit;
    }

    /** One call's limit. The transport reports on the call's event loop, where the call sets it as well. */
    static final class Limit extends ServerStreamTracer {
        private Consumer<BrokerException> onExceeded = why -> {};
        private long allowedBytes = UNTIL_ALLOWED_BYTES;
        private long messageBytes;
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
        public void inboundWireSize(long bytes) {
            messageBytes += bytes;
            if (messageBytes > allowedBytes && !exceeded) {
                exceeded = true;
                onExceeded.accept(new BrokerException(
                        BrokerException.Kind.EXHAUSTED,
                        "MESSAGE_TOO_LARGE",
                        "message larger than the " + allowedBytes
                                + " bytes this call may send; a publisher declares its"
                                + " largest frame in open.max_frame_bytes, before it sends frames"));
            }
        }

        @Override
        public void inboundMessageRead(int sequence, long wireBytes, long uncompressedBytes) {
            messageBytes = 0;
        }
    }
}
