package io.framebroker.server.grpc;

import io.grpc.ForwardingServerCallListener;
import io.grpc.ServerCall;
import java.util.Set;

/** A call's listener that keeps the call in a set for as long as it is open. */
final class Registered<C, M> extends ForwardingServerCallListener<M> {
    private final ServerCall.Listener<M> listener;
    private final Set<C> open;
    private final C call;

    Registered(ServerCall.Listener<M> listener, Set<C> open, C call) {
        this.listener = listener;
        this.open = open;
        this.call = call;
        open.add(call);
    }

    @Override
    protected ServerCall.Listener<M> delegate() {
        return listener;
    }

    @Override
    public void onCancel() {
        open.remove(call);
        super.onCancel();
    }

    @Override
    public void onComplete() {
        open.remove(call);
        super.onComplete();
    }
}
