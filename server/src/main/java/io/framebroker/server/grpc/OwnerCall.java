package io.framebroker.server.grpc;

import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.Context;
import io.grpc.Deadline;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.io.InputStream;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;

/**
 * One call to the broker that owns streams, with messages as bytes. What is said goes out in order, by one thread at a
 * time; any thread may say it.
 */
final class OwnerCall {
    /** Where one hears from the owner: one call at a time, on the connection's event loop. */
    interface Listener {
        /** A reply, to be sent on or dropped. The next one comes when it is asked for. */
        void told(InputStream reply);

        /** The owner takes another message. */
        void ownerReady();

        /** Nothing more comes. */
        void ended(Status status, Metadata trailers);
    }

    /** What the transport may hold before it takes no more, in bytes. */
    static final int READY_BYTES = 1 << 20;

    private final ClientCall<InputStream, InputStream> call;
    private final Metadata headers;
    private final String stream;
    private final String address;
    private final Listener listener;

    private final Queue<Runnable> toSay = new ConcurrentLinkedQueue<>();
    private final SingleDrain saying = new SingleDrain(this::sayAll, this::failed);
    /** What is said first; null until the call is to begin. */
    private volatile InputStream first;

    private volatile boolean started;
    /** Nothing more can be said. Used by whoever says things. */
    private boolean mute;
    /** Nobody listens any more. */
    private volatile boolean deaf;

    /**
     * @param headers of the client
     * @param deadline of the client; null for none
     * @param stream one of those the call is about, for people
     * @param address of the owner, or {@link Owners#SELF}
     */
    OwnerCall(
            Channel channel,
            MethodDescriptor<?, ?> method,
            Metadata headers,
            Deadline deadline,
            String stream,
            String address,
            Listener listener) {
        this.headers = Headers.passable(headers);
        this.stream = stream;
        this.address = address;
        this.listener = listener;
        CallOptions options = CallOptions.DEFAULT.withDeadline(deadline).withOnReadyThreshold(READY_BYTES);
        // Not in the context of the client's call, which ends before a call that is left in good order.
        Context before = Context.ROOT.attach();
        try {
            this.call = channel.newCall(Bytes.raw(method), options);
        } finally {
            Context.ROOT.detach(before);
        }
    }

    /** Begins, and asks for the first reply. What was said before that comes behind the first message. */
    void start(InputStream firstMessage) {
        first = firstMessage;
        saying.run();
    }

    private final class Heard extends ClientCall.Listener<InputStream> {
        @Override
        public void onMessage(InputStream reply) {
            if (!deaf) {
                listener.told(Bytes.kept(reply));
            }
        }

        @Override
        public void onReady() {
            if (!deaf) {
                listener.ownerReady();
            }
        }

        @Override
        public void onClose(Status status, Metadata trailers) {
            if (deaf) {
                return;
            }
            deaf = true;
            if (Refusals.isFromTransport(status, trailers)) {
                StatusRuntimeException why = Refusals.toStatus(
                        Refusals.unreachable(stream, address, status.getCode() + " " + status.getDescription()));
                listener.ended(why.getStatus(), why.getTrailers());
            } else {
                listener.ended(status, trailers);
            }
        }
    }

    /** Whether the transport takes a message now. */
    boolean isReady() {
        return started && call.isReady();
    }

    void say(InputStream message) {
        then(() -> {
            if (mute) {
                Bytes.drop(message);
            } else {
                call.sendMessage(message);
            }
        });
    }

    /** Asks for one more reply. */
    void read() {
        call.request(1);
    }

    /** Says that nothing more will be said. */
    void halfClose() {
        then(() -> {
            if (!mute) {
                mute = true;
                call.halfClose();
            }
        });
    }

    /** Goes in good order, without listening to what is still told. For calls that end with what the client says. */
    void leave() {
        deaf = true;
        halfClose();
        then(() -> call.request(Integer.MAX_VALUE));
    }

    /** Breaks off, as a client does whose connection is lost. */
    void cancel(String why) {
        deaf = true;
        then(() -> {
            mute = true;
            call.cancel(why, null);
        });
    }

    private void then(Runnable said) {
        toSay.add(said);
        saying.run();
    }

    private void sayAll() {
        if (first == null) {
            return;
        }
        if (!started) {
            call.start(new Heard(), headers);
            call.request(1);
            call.sendMessage(first);
            started = true;
        }
        for (Runnable next = toSay.poll(); next != null; next = toSay.poll()) {
            next.run();
        }
    }

    /** It could not be said, for instance for want of memory. */
    private void failed(Throwable cause) {
        if (!deaf) {
            cancel("the broker could not send");
            StatusRuntimeException why = Refusals.toStatus(Refusals.unreachable(stream, address, cause.toString()));
            listener.ended(why.getStatus(), why.getTrailers());
        }
    }

    @Override
    public String toString() {
        return "stream " + stream + " at " + (address.equals(Owners.SELF) ? "this broker" : address);
    }
}
