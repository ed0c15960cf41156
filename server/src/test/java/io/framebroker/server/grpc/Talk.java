package io.framebroker.server.grpc;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;

/** A client's side of one streaming call: says things, and waits for what it is told. One thread uses it. */
class Talk<Q, A> {
    static final int PATIENCE_SECONDS = 60;

    private record End(Status status, Metadata trailers) {}

    private final ClientCall<Q, A> call;
    private final LinkedBlockingQueue<Object> heard = new LinkedBlockingQueue<>();
    private final boolean reads;
    private End end;

    Talk(Channel channel, MethodDescriptor<Q, A> method) {
        this(channel, method, CallOptions.DEFAULT, true);
    }

    /** @param reads whether it takes what it is told; one that does not leaves all of it in the transport */
    Talk(Channel channel, MethodDescriptor<Q, A> method, CallOptions options, boolean reads) {
        this.reads = reads;
        this.call = channel.newCall(method, options);
        call.start(new Listener(), new Metadata());
        if (reads) {
            call.request(1);
        }
    }

    private final class Listener extends ClientCall.Listener<A> {
        @Override
        public void onMessage(A message) {
            heard.add(message);
            if (reads) {
                call.request(1);
            }
        }

        @Override
        public void onClose(Status status, Metadata trailers) {
            heard.add(new End(status, trailers));
        }
    }

    void say(Q message) {
        call.sendMessage(message);
    }

    /** Takes this many more messages, where it does not read by itself. */
    void read(int messages) {
        call.request(messages);
    }

    boolean isReady() {
        return call.isReady();
    }

    void compress() {
        call.setMessageCompression(true);
    }

    void halfClose() {
        call.halfClose();
    }

    void cancel() {
        call.cancel("the client has had enough", null);
    }

    /** The next thing it is told; fails when the call ends, or nothing comes. */
    A next() {
        Object next = poll();
        if (next instanceof End ended) {
            end = ended;
            throw new AssertionError("the call has ended: " + ended.status);
        }
        @SuppressWarnings("unchecked")
        A answer = (A) next;
        return answer;
    }

    /** The next thing of a kind; what comes before it is passed over. */
    A next(Predicate<A> kind) {
        A next = next();
        while (!kind.test(next)) {
            next = next();
        }
        return next;
    }

    /** Whether nothing at all was told that has not been taken. Says nothing of what is on its way. */
    boolean heardNothing() {
        return heard.isEmpty();
    }

    /** Whether it is told something more before the call ends; takes it. */
    boolean nextIfAny() {
        Object next = poll();
        if (next instanceof End ended) {
            end = ended;
            return false;
        }
        return true;
    }

    /** The next thing it is told within a moment; null when there is none, or the call has ended. */
    A poll(long millis) {
        try {
            Object next = end == null ? heard.poll(millis, TimeUnit.MILLISECONDS) : null;
            if (next instanceof End ended) {
                end = ended;
                return null;
            }
            @SuppressWarnings("unchecked")
            A answer = (A) next;
            return answer;
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    boolean hasEnded() {
        return end != null;
    }

    private Object poll() {
        try {
            Object next = heard.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
            assertThat(next).as("told within %d s", PATIENCE_SECONDS).isNotNull();
            return next;
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    /** All that is told until the call ends. */
    List<A> rest() {
        List<A> rest = new ArrayList<>();
        while (end == null) {
            Object next = poll();
            if (next instanceof End ended) {
                end = ended;
            } else {
                @SuppressWarnings("unchecked")
                A answer = (A) next;
                rest.add(answer);
            }
        }
        return rest;
    }

    /** How the call ends. */
    Status end() {
        rest();
        return end.status;
    }

    /** How the call ends, when that is a refusal. */
    Refusal refusal() {
        rest();
        return Refusal.of(new StatusRuntimeException(end.status, end.trailers));
    }

    void endsWell() {
        assertThat(end()).extracting(Status::getCode, Status::getDescription).containsExactly(Status.Code.OK, null);
    }
}
