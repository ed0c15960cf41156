package io.framebroker.server.grpc;

import io.framebroker.server.broker.BrokerException;
import io.grpc.Attributes;
import io.grpc.Context;
import io.grpc.Deadline;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.SecurityLevel;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.Status;
import java.io.InputStream;
import java.util.Map;

/**
 * A call that is answered here until that turns out to be another broker's to do. This is what the service that answers
 * here sees of it: when it ends the call because streams are elsewhere, nothing goes out, and the call is passed on with
 * the message it has read.
 */
final class ForwardableCall<A, B> extends ServerCall<A, B> {
    private final ServerCall<InputStream, InputStream> client;
    private final MethodDescriptor<A, B> method;
    private final Metadata headers;
    private final Forwarding forwarding;
    private final InboundLimits.Limit inbound = InboundLimits.ofCurrentCall();
    private final Deadline deadline = Context.current().getDeadline();

    /** What answers the call; replaced once, when it is passed on. */
    private volatile ServerCall.Listener<InputStream> answering;

    /** The first message, until somebody answers; set by the client's event loop. */
    private volatile A first;

    private volatile boolean headersSent;
    private volatile boolean halfClosed;
    private volatile boolean cancelled;
    private volatile boolean passedOn;

    private ForwardableCall(
            ServerCall<InputStream, InputStream> client,
            MethodDescriptor<A, B> method,
            Metadata headers,
            Forwarding forwarding) {
        this.client = client;
        this.method = method;
        this.headers = headers;
        this.forwarding = forwarding;
    }

    static <A, B> ServerCall.Listener<InputStream> start(
            ServerCall<InputStream, InputStream> client,
            MethodDescriptor<A, B> method,
            Metadata headers,
            ServerCallHandler<A, B> handler,
            Forwarding forwarding) {
        ForwardableCall<A, B> call = new ForwardableCall<>(client, method, headers, forwarding);
        call.answering = call.new Here(handler.startCall(call, headers));
        return call.new Events();
    }

    /** What the client says and does, told to whoever answers. */
    private final class Events extends ServerCall.Listener<InputStream> {
        @Override
        public void onMessage(InputStream message) {
            answering.onMessage(message);
        }

        @Override
        public void onHalfClose() {
            // Noted first: whoever takes over meanwhile either hears it here or finds it noted, or both.
            halfClosed = true;
            answering.onHalfClose();
        }

        @Override
        public void onCancel() {
            cancelled = true;
            answering.onCancel();
        }

        @Override
        public void onComplete() {
            answering.onComplete();
        }

        @Override
        public void onReady() {
            answering.onReady();
        }
    }

    /** The service that answers here. */
    private final class Here extends ServerCall.Listener<InputStream> {
        private final ServerCall.Listener<A> service;
        private boolean anyRead;

        Here(ServerCall.Listener<A> service) {
            this.service = service;
        }

        @Override
        public void onMessage(InputStream message) {
            A read = method.parseRequest(message);
            if (!anyRead) {
                anyRead = true;
                first = read;
            }
            service.onMessage(read);
        }

        @Override
        public void onHalfClose() {
            service.onHalfClose();
        }

        @Override
        public void onCancel() {
            service.onCancel();
        }

        @Override
        public void onComplete() {
            service.onComplete();
        }

        @Override
        public void onReady() {
            service.onReady();
        }
    }

    // ---- what the service does

    @Override
    public void request(int messages) {
        if (!passedOn) {
            client.request(messages);
        }
    }

    @Override
    public void sendHeaders(Metadata answerHeaders) {
        headersSent = true;
        client.sendHeaders(answerHeaders);
    }

    @Override
    public void sendMessage(B message) {
        if (first != null) {
            first = null;
        }
        client.sendMessage(method.streamResponse(message));
    }

    @Override
    public void close(Status status, Metadata trailers) {
        if (passedOn) {
            return;
        }
        Map<String, String> addresses = Refusals.elsewhere(status).orElse(null);
        if (addresses == null) {
            client.close(status, trailers);
        } else {
            passOn(addresses);
        }
    }

    private void passOn(Map<String, String> addresses) {
        passedOn = true;
        // The service gives back what it holds.
        answering.onComplete();
        if (cancelled) {
            return;
        }
        ForwardedCall there;
        try {
            there = forwarding.passOn(this, addresses);
        } catch (BrokerException why) {
            Refusals.end(client, Refusals.toStatus(why));
            return;
        } catch (RuntimeException | Error e) {
            // The service cannot end the call any more.
            Refusals.fail(client, e);
            return;
        }
        // Before it starts: once it has, the client's next message may come on another thread.
        answering = there;
        there.start();
        if (halfClosed) {
            there.onHalfClose();
        }
        if (cancelled) {
            there.onCancel();
        }
    }

    @Override
    public boolean isReady() {
        return !passedOn && client.isReady();
    }

    @Override
    public boolean isCancelled() {
        return client.isCancelled();
    }

    @Override
    public void setMessageCompression(boolean enabled) {
        client.setMessageCompression(enabled);
    }

    @Override
    public void setCompression(String compressor) {
        client.setCompression(compressor);
    }

    @Override
    public void setOnReadyThreshold(int bytes) {
        if (!passedOn) {
            client.setOnReadyThreshold(bytes);
        }
    }

    @Override
    public SecurityLevel getSecurityLevel() {
        return client.getSecurityLevel();
    }

    @Override
    public Attributes getAttributes() {
        return client.getAttributes();
    }

    @Override
    public String getAuthority() {
        return client.getAuthority();
    }

    @Override
    public MethodDescriptor<A, B> getMethodDescriptor() {
        return method;
    }

    // ---- what is needed to pass it on

    ServerCall<InputStream, InputStream> client() {
        return client;
    }

    /** The client's headers. */
    Metadata headers() {
        return headers;
    }

    /** The message that made the service look for the stream. */
    A first() {
        return first;
    }

    InputStream firstBytes() {
        return method.streamRequest(first);
    }

    boolean headersSent() {
        return headersSent;
    }

    InboundLimits.Limit inbound() {
        return inbound;
    }

    /** The client's deadline; null for none. */
    Deadline deadline() {
        return deadline;
    }
}
