package io.framebroker.server.grpc;

import com.google.protobuf.MessageLite;
import io.framebroker.server.broker.BrokerException;
import io.framebroker.server.broker.FrameMemory;
import io.framebroker.server.broker.Globs;
import io.framebroker.v1.ConsumeFramesRequest;
import io.framebroker.v1.ConsumeFramesResponse;
import io.framebroker.v1.ConsumeMode;
import io.framebroker.v1.ConsumeOpen;
import io.framebroker.v1.Drain;
import io.framebroker.v1.PublishFramesResponse;
import io.framebroker.v1.PublishOpen;
import io.framebroker.wire.PublishMessage;
import io.grpc.MethodDescriptor;
import io.grpc.ServerMethodDefinition;
import io.grpc.ServerServiceDefinition;
import io.grpc.ServiceDescriptor;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Passes calls about streams of other brokers on to their owners, and knows those that are open. Thread-safe. */
final class Forwarding {
    private static final Logger log = LoggerFactory.getLogger(Forwarding.class);

    private final FrameMemory memory;
    private final EdgeSettings settings;
    private final Owners owners;
    private final Consumer<StreamWatch.Watcher> watch;
    private final Set<ForwardedCall> open = ConcurrentHashMap.newKeySet();

    /** @param watch has streams found that are to come to a call */
    Forwarding(FrameMemory memory, EdgeSettings settings, Owners owners, Consumer<StreamWatch.Watcher> watch) {
        this.watch = watch;
        this.memory = memory;
        this.settings = settings;
        this.owners = owners;
    }

    /** The same service, whose calls are passed on when they end because streams are elsewhere. */
    ServerServiceDefinition forwardable(ServerServiceDefinition service) {
        ServiceDescriptor contract = service.getServiceDescriptor();
        ServiceDescriptor.Builder raw =
                ServiceDescriptor.newBuilder(contract.getName()).setSchemaDescriptor(contract.getSchemaDescriptor());
        Set<ServerMethodDefinition<InputStream, InputStream>> methods = new HashSet<>();
        for (ServerMethodDefinition<?, ?> method : service.getMethods()) {
            ServerMethodDefinition<InputStream, InputStream> forwardable = forwardable(method);
            methods.add(forwardable);
            raw.addMethod(forwardable.getMethodDescriptor());
        }
        ServerServiceDefinition.Builder definition = ServerServiceDefinition.builder(raw.build());
        methods.forEach(definition::addMethod);
        return definition.build();
    }

    private <A, B> ServerMethodDefinition<InputStream, InputStream> forwardable(ServerMethodDefinition<A, B> method) {
        MethodDescriptor<A, B> descriptor = method.getMethodDescriptor();
        return ServerMethodDefinition.create(
                Bytes.raw(descriptor),
                (client, headers) ->
                        ForwardableCall.start(client, descriptor, headers, method.getServerCallHandler(), this));
    }

    /**
     * The call that is to take the place of one that was begun here; to be started.
     *
     * @param addresses of the owners, by stream; streams of this broker are left out, or {@link Owners#SELF} where the
     *     stream matches a glob
     */
    ForwardedCall passOn(ForwardableCall<?, ?> begun, Map<String, String> addresses) {
        if (begun.headers().containsKey(Owners.FORWARDED)) {
            throw Refusals.moving(addresses);
        }
        ForwardedCall call = forwarded(begun, addresses);
        if (begun.getMethodDescriptor().getType() == MethodDescriptor.MethodType.BIDI_STREAMING) {
            log.info("{} begins", call);
            open.add(call);
            call.whenOver(() -> open.remove(call));
        }
        return call;
    }

    private ForwardedCall forwarded(ForwardableCall<?, ?> begun, Map<String, String> addresses) {
        Object first = begun.first();
        if (first instanceof PublishMessage.Control control) {
            return publish(begun, control.request().getOpen(), addresses);
        }
        if (first instanceof ConsumeFramesRequest request) {
            return consume(begun, request.getOpen(), addresses);
        }
        return relay(begun, addresses, Room.NONE, null, false);
    }

    /** Room for a message that comes in, and for what may be on its way to the owner before it is read. */
    private ForwardedCall publish(ForwardableCall<?, ?> begun, PublishOpen publisher, Map<String, String> addresses) {
        int messageBytes = EdgeSettings.messageBytes((int) settings.frameBytes(publisher.getMaxFrameBytes()));
        return relay(
                begun,
                addresses,
                Room.inbound(memory, (long) messageBytes + OwnerCall.READY_BYTES),
                drain -> PublishFramesResponse.newBuilder().setDrain(drain).build(),
                true);
    }

    private ForwardedCall consume(ForwardableCall<?, ?> begun, ConsumeOpen consumer, Map<String, String> addresses) {
        Map<String, List<String>> streamsByAddress = new LinkedHashMap<>();
        boolean hasGlobs = ConsumeRequests.hasGlobs(consumer);
        Stream.concat(
                        consumer.getStreamsList().stream(),
                        hasGlobs ? addresses.keySet().stream().sorted() : Stream.of())
                .filter(stream -> !Globs.isGlob(stream))
                .distinct()
                .forEach(stream -> streamsByAddress
                        .computeIfAbsent(addresses.getOrDefault(stream, Owners.SELF), address -> new ArrayList<>())
                        .add(stream));
        boolean takesNew = hasGlobs && (consumer.getMode() != ConsumeMode.CONSUME_MODE_REPLAY || consumer.getFollow());
        if (takesNew) {
            streamsByAddress.computeIfAbsent(Owners.SELF, address -> new ArrayList<>());
        }
        boolean isSpread = takesNew || streamsByAddress.size() > 1;
        if (isSpread && consumer.getLimit() != 0) {
            throw Refusals.unimplemented(
                    "LIMIT_NOT_SERVED",
                    "open.limit " + consumer.getLimit()
                            + (takesNew ? " with globs over several" : " over streams of " + streamsByAddress.size())
                            + " brokers is not served yet; leave it out, or open a call for each stream");
        }
        if (isSpread && consumer.getMode() == ConsumeMode.CONSUME_MODE_REPLAY && !consumer.getFollow()) {
            throw Refusals.unimplemented(
                    "REPLAY_NOT_SERVED",
                    "open.mode REPLAY over streams of " + streamsByAddress.size()
                            + " brokers is not served yet without open.follow; open a call for each stream");
        }
        OutboundRoom room = new OutboundRoom(memory, begun.client(), streamsByAddress.size());
        room.fit(ConsumeReplies.MESSAGE_BYTES);
        if (!isSpread) {
            boolean endsWithHalfClose = !consumer.getAutoAck() && consumer.getLimit() == 0;
            return relay(
                    begun,
                    addresses,
                    room,
                    drain -> ConsumeFramesResponse.newBuilder().setDrain(drain).build(),
                    endsWithHalfClose);
        }
        return inRoom(room, () -> {
            SpreadCall spread = new SpreadCall(
                    begun,
                    consumer,
                    streamsByAddress,
                    room,
                    (stream, address, listener) -> call(begun, stream, address, listener));
            if (takesNew) {
                watch.accept(spread);
            }
            return spread;
        });
    }

    private ForwardedCall relay(
            ForwardableCall<?, ?> begun,
            Map<String, String> addresses,
            Room room,
            Function<Drain, MessageLite> drainMessage,
            boolean endsWithHalfClose) {
        Map.Entry<String, String> any = addresses.entrySet().iterator().next();
        return inRoom(
                room,
                () -> new Relay(
                        begun,
                        room,
                        drainMessage,
                        endsWithHalfClose,
                        listener -> call(begun, any.getKey(), any.getValue(), listener)));
    }

    /** A call that holds room from now on; one that does not come about gives it back. */
    private static ForwardedCall inRoom(Room room, Supplier<ForwardedCall> call) {
        try {
            return call.get();
        } catch (BrokerException e) {
            room.close();
            throw e;
        }
    }

    /** A call like the client's, to the owner of a stream. */
    private OwnerCall call(ForwardableCall<?, ?> begun, String stream, String address, OwnerCall.Listener listener) {
        try {
            return new OwnerCall(
                    owners.to(address),
                    begun.getMethodDescriptor(),
                    begun.headers(),
                    begun.deadline(),
                    stream,
                    address,
                    listener);
        } catch (IllegalArgumentException | IllegalStateException e) {
            throw Refusals.unreachable(stream, address, e.toString());
        }
    }

    /** Streaming calls that are passed on. */
    void eachCall(Consumer<DrainableCall> action) {
        open.forEach(action);
    }

    int openCalls() {
        return open.size();
    }
}
