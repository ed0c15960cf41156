package io.framebroker.server.grpc;

import com.google.protobuf.MessageLite;
import io.framebroker.server.broker.BrokerException;
import io.framebroker.v1.Drain;
import io.grpc.Attributes;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The client's side of a call that other brokers answer. Reads the client's next message only when the owners take one,
 * and asks the owners for replies only when the client takes them: so each end holds back the other, and next to nothing
 * is kept in between. Sends by one thread at a time.
 */
abstract class ForwardedCall extends ServerCall.Listener<InputStream> implements DrainableCall {
    private static final Logger log = LoggerFactory.getLogger(ForwardedCall.class);

    private record End(Status status, Metadata trailers) {}

    protected final ServerCall<InputStream, InputStream> client;
    private final Room room;
    private final Function<Drain, MessageLite> drainMessage;
    private final SingleDrain sending = new SingleDrain(this::send, this::failed);
    /** The client's next message is to be read as soon as the owners take it. */
    private final AtomicBoolean readOwed = new AtomicBoolean();

    private volatile Runnable onOver = () -> {};
    /** Used by whoever sends. */
    private boolean headersSent;

    private boolean replied;
    /** What the client is to be told of this broker's end; guarded by this, as are those below. */
    private InputStream notice;

    private boolean drains;

    private End end;
    private boolean over;

    /**
     * @param begun what the client has said
     * @param drainMessage wraps the notice that this broker ends; null where there is no such message
     */
    ForwardedCall(ForwardableCall<?, ?> begun, Room room, Function<Drain, MessageLite> drainMessage) {
        this.client = begun.client();
        this.headersSent = begun.headersSent();
        this.room = room;
        this.drainMessage = drainMessage;
        begun.inbound().onExceeded(this::refuse);
    }

    /** Begins. What the client does may be told before; its messages are read from now on. */
    abstract void start();

    /** The next reply to send; null when there is none, or the client does not take it now. */
    protected abstract InputStream nextReply();

    /** Asks the owners for what the client takes now. By whoever sends. */
    protected abstract void askOwners();

    protected abstract boolean ownersReady();

    /** Breaks off the calls to the owners, as if the client's connection were lost. */
    protected abstract void cancelOwners(String why);

    /** Ends the calls to the owners in good order: nobody waits for this client there. */
    protected abstract void leaveOwners();

    /** Whether replies are waiting that the client has to be told before a good end. */
    protected abstract boolean owesReplies();

    /** Lets go of replies that nobody will be told. */
    protected abstract void dropReplies();

    /** What is done once the call is over; at once where it is over already. */
    final void whenOver(Runnable action) {
        onOver = action;
        if (isOver()) {
            action.run();
        }
    }

    // ---- the client

    /** To be called when a message of the client has been passed on: the next one may come. */
    protected final void readOn() {
        readOwed.set(true);
        readIfOwed();
    }

    protected final void readIfOwed() {
        // The owed one is set before readiness is asked, and asked again when that is told: one of the two finds both.
        if (readOwed.get() && ownersReady() && readOwed.compareAndSet(true, false)) {
            client.request(1);
        }
    }

    @Override
    public void onReady() {
        flush();
    }

    @Override
    public void onCancel() {
        synchronized (this) {
            over = true;
        }
        cancelOwners("the client is gone");
        release();
    }

    @Override
    public void onComplete() {
        synchronized (this) {
            over = true;
        }
        release();
    }

    private void release() {
        room.close();
        dropReplies();
        onOver.run();
    }

    // ---- the end

    /** Ends the call as the owner ended it. The first end counts. */
    protected final void end(Status status, Metadata trailers) {
        synchronized (this) {
            if (end != null) {
                return;
            }
            end = new End(status, Headers.passable(trailers));
        }
        if (!status.isOk()) {
            log.info("{} ends: {}", this, status.getDescription());
        }
        flush();
    }

    /** Ends the call by this broker's own word. */
    final void refuse(BrokerException why) {
        leaveOwners();
        endBy(why);
    }

    private void endBy(BrokerException why) {
        StatusRuntimeException status = Refusals.toStatus(why);
        end(status.getStatus(), status.getTrailers());
    }

    /** Reserves memory for a reply of this size; false when there is none and the call ends. */
    protected final boolean fits(int replyBytes) {
        try {
            room.fit(replyBytes);
            return true;
        } catch (BrokerException noMemory) {
            refuse(noMemory);
            return false;
        }
    }

    @Override
    public Attributes connection() {
        return client.getAttributes();
    }

    @Override
    public void drain(Drain drain) {
        if (drainMessage != null) {
            synchronized (this) {
                if (drains) {
                    return;
                }
                drains = true;
                notice = new ByteArrayInputStream(drainMessage.apply(drain).toByteArray());
            }
            flush();
        }
    }

    @Override
    public final void breakOff(BrokerException why) {
        cancelOwners(why.getMessage());
        endBy(why);
    }

    /** Whether nothing that is told matters any more. */
    protected final synchronized boolean isOver() {
        return over || end != null && !end.status.isOk();
    }

    /** Whether it has ended, or is about to. */
    protected final synchronized boolean hasEnded() {
        return over || end != null;
    }

    // ---- sending

    protected final void flush() {
        sending.run();
    }

    private void send() {
        for (InputStream next = next(); next != null; next = next()) {
            if (!headersSent) {
                headersSent = true;
                client.sendHeaders(new Metadata());
            }
            client.sendMessage(next);
        }
        End closing = null;
        synchronized (this) {
            // A refusal is told at once; a good end waits until the rest has room.
            if (end != null && !over && (!end.status.isOk() || !owesReplies())) {
                closing = end;
                over = true;
            }
        }
        if (closing == null) {
            askOwners();
        } else {
            client.close(closing.status, closing.trailers);
            release();
        }
    }

    private InputStream next() {
        synchronized (this) {
            if (over) {
                return null;
            }
        }
        InputStream next = nextReply();
        if (next != null) {
            replied = true;
            return next;
        }
        // Nothing is told before `opened`.
        return replied && client.isReady() ? takeNotice() : null;
    }

    private synchronized InputStream takeNotice() {
        InputStream next = notice;
        notice = null;
        return next;
    }

    /** Sending failed, for instance for want of memory. */
    private void failed(Throwable cause) {
        synchronized (this) {
            over = true;
        }
        cancelOwners("the broker could not send");
        Refusals.fail(client, cause);
        release();
    }
}
