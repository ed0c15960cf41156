package io.framebroker.loadgen.worker;

import io.framebroker.server.BrokerServer;
import io.framebroker.server.broker.BrokerSettings;
import io.framebroker.server.broker.FrameMemory;
import io.framebroker.wire.ConsumeMessage;
import io.framebroker.wire.FrameBody;
import io.framebroker.wire.FrameBrokerMethods;
import io.framebroker.wire.PublishMessage;
import io.framebroker.wire.WireDelivery;
import io.framebroker.wire.WireFrame;
import io.grpc.ForwardingServerCall.SimpleForwardingServerCall;
import io.grpc.ForwardingServerCallListener.SimpleForwardingServerCallListener;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;

/** A broker on a port of its own that may have a defect, which strikes every hundredth frame of a publisher. */
final class BrokenBroker implements ServerInterceptor, AutoCloseable {
    enum Defect {
        NONE,
        /** Acks frames that it throws away. */
        FORGETS,
        /** Delivers a payload with a bit flipped. */
        DAMAGES,
        /** Delivers frames twice as the first attempt. */
        REPEATS
    }

    private static final int EVERY = 100;
    private static final int STRUCK = 50;

    private final Defect defect;
    private final BrokerServer server;

    BrokenBroker(Defect defect) throws IOException {
        this.defect = defect;
        this.server = BrokerServer.start(
                NettyServerBuilder.forPort(0).intercept(this),
                BrokerSettings.DEFAULT,
                new FrameMemory(256L << 20, 256L << 20));
    }

    String address() {
        return "127.0.0.1:" + server.port();
    }

    /** Whether every group has settled all that is stored. */
    boolean isDrained(String stream) {
        return server.broker().ledger(stream).groups().stream()
                .allMatch(group -> group.waiting() == 0 && group.pending() == 0);
    }

    @Override
    public void close() {
        server.close();
    }

    @Override
    public <Q, A> ServerCall.Listener<Q> interceptCall(
            ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
        MethodDescriptor<?, ?> method = call.getMethodDescriptor();
        ServerCall<Q, A> changing = new SimpleForwardingServerCall<Q, A>(call) {
            @Override
            public void sendMessage(A message) {
                super.sendMessage(is(method, FrameBrokerMethods.CONSUME_FRAMES) ? sent(message) : message);
            }
        };
        return new SimpleForwardingServerCallListener<Q>(next.startCall(changing, headers)) {
            @Override
            public void onMessage(Q message) {
                super.onMessage(is(method, FrameBrokerMethods.PUBLISH_FRAMES) ? received(message) : message);
            }
        };
    }

    private static boolean is(MethodDescriptor<?, ?> method, MethodDescriptor<?, ?> other) {
        return method.getFullMethodName().equals(other.getFullMethodName());
    }

    /** Messages are streams here: the broker may have to pass them on as they are. */
    @SuppressWarnings("unchecked")
    private <Q> Q received(Q message) {
        if (defect != Defect.FORGETS) {
            return message;
        }
        var marshaller = FrameBrokerMethods.PUBLISH_FRAMES.getRequestMarshaller();
        PublishMessage read = marshaller.parse((InputStream) message);
        if (!(read instanceof PublishMessage.Frames frames)) {
            return (Q) marshaller.stream(read);
        }
        List<FrameBody> kept = new ArrayList<>();
        for (WireFrame frame : frames.frames()) {
            if (!struck(frame.sequence())) {
                kept.add(frame);
            }
        }
        return (Q) new PublishMessage.NewFrames(kept).toStream();
    }

    @SuppressWarnings("unchecked")
    private <A> A sent(A message) {
        if (defect == Defect.NONE) {
            return message;
        }
        var marshaller = FrameBrokerMethods.CONSUME_FRAMES.getResponseMarshaller();
        ConsumeMessage read = marshaller.parse((InputStream) message);
        if (!(read instanceof ConsumeMessage.Deliveries deliveries)) {
            return (A) marshaller.stream(read);
        }
        List<WireDelivery> changed = new ArrayList<>();
        for (WireDelivery delivery : deliveries.deliveries()) {
            boolean struck = struck(delivery.sequence());
            changed.add(struck && defect == Defect.DAMAGES ? damaged(delivery) : delivery);
            if (struck && defect == Defect.REPEATS) {
                changed.add(delivery);
            }
        }
        return (A) marshaller.stream(new ConsumeMessage.Deliveries(
                deliveries.stream(), deliveries.publisherId(), deliveries.epoch(), deliveries.leaseMillis(), changed));
    }

    private static WireDelivery damaged(WireDelivery delivery) {
        java.io.ByteArrayOutputStream out = new java.io.ByteArrayOutputStream();
        try (java.io.InputStream in = new PublishMessage.NewFrames(List.of(delivery.frame())).toStream()) {
            in.transferTo(out);
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
        byte[] message = out.toByteArray();
        // The payload lies at the end of the frame, and the frame at the end of the message.
        message[message.length - 1] ^= 1;
        int bytes = delivery.frame().serializedBytes();
        return new WireDelivery(
                delivery.generation(),
                delivery.ordinal(),
                delivery.attempt(),
                delivery.sequence(),
                delivery.receivedMicros(),
                WireFrame.read(message, message.length - bytes, bytes));
    }

    private static boolean struck(long sequence) {
        return sequence % EVERY == STRUCK;
    }
}
