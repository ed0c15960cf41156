package io.framebroker.server.grpc;

import io.grpc.ForwardingServerCallListener;
import io.grpc.ServerCall;
import java.util.Set;

/** A call's listener that keeps the call in a set until all it held is given back. */
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
        try {
            super.onCancel();
        } finally {
            open.remove(call);
        }
    }

    @Override
    public void onComplete() {
        try {
            super.onComplete();
        } finally {
            open.remove(call);
        }
    }
}
