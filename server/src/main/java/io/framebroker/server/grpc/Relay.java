package io.framebroker.server.grpc;

import com.google.protobuf.MessageLite;
import io.framebroker.v1.Drain;
import io.grpc.Metadata;
import io.grpc.Status;
import java.io.InputStream;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;

/** A call passed on to one other broker: every message goes on as the bytes that came, both ways. */
final class Relay extends ForwardedCall implements OwnerCall.Listener {
    private final boolean endsWithHalfClose;
    private final InputStream first;
    private final OwnerCall owner;

    /** There is never a second one: the next is asked for when this one is sent. */
    private final AtomicReference<InputStream> reply = new AtomicReference<>();
    /** Used by whoever sends. */
    private boolean askOwed;

    /** @param endsWithHalfClose whether a client that says nothing more is done */
    Relay(
            ForwardableCall<?, ?> begun,
            Room room,
            Function<Drain, MessageLite> drainMessage,
            boolean endsWithHalfClose,
            Function<OwnerCall.Listener, OwnerCall> owner) {
        super(begun, room, drainMessage);
        this.endsWithHalfClose = endsWithHalfClose;
        this.first = begun.firstBytes();
        this.owner = owner.apply(this);
    }

    @Override
    void start() {
        owner.start(first);
        readOn();
    }

    // ---- the client

    @Override
    public void onMessage(InputStream message) {
        owner.say(Bytes.kept(message));
        readOn();
    }

    @Override
    public void onHalfClose() {
        owner.halfClose();
    }

    @Override
    protected boolean ownersReady() {
        return owner.isReady();
    }

    @Override
    protected void cancelOwners(String why) {
        owner.cancel(why);
    }

    @Override
    protected void leaveOwners() {
        if (endsWithHalfClose) {
            owner.leave();
        } else {
            owner.cancel("the call has ended");
        }
    }

    // ---- the owner

    @Override
    public void told(InputStream told) {
        if (fits(Bytes.length(told))) {
            reply.set(told);
            flush();
        } else {
            Bytes.drop(told);
        }
        if (isOver()) {
            dropReplies();
        }
    }

    @Override
    public void ownerReady() {
        readIfOwed();
    }

    @Override
    public void ended(Status status, Metadata trailers) {
        end(status, trailers);
    }

    // ---- sending

    @Override
    protected InputStream nextReply() {
        InputStream next = reply.getAndSet(null);
        askOwed |= next != null;
        return next;
    }

    @Override
    protected void askOwners() {
        if (askOwed && client.isReady()) {
            askOwed = false;
            owner.read();
        }
    }

    @Override
    protected boolean owesReplies() {
        return reply.get() != null;
    }

    @Override
    protected void dropReplies() {
        InputStream dropped = reply.getAndSet(null);
        if (dropped != null) {
            Bytes.drop(dropped);
        }
    }

    @Override
    public String toString() {
        return "call passed on to " + owner;
    }
}
