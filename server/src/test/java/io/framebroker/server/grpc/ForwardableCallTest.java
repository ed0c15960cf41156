package io.framebroker.server.grpc;

import static org.assertj.core.api.Assertions.assertThat;

import io.framebroker.server.broker.BrokerException;
import io.framebroker.server.broker.FrameMemory;
import io.framebroker.v1.PublishFramesRequest;
import io.framebroker.v1.PublishFramesResponse;
import io.framebroker.wire.FrameBrokerMethods;
import io.framebroker.wire.PublishMessage;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.ServerCall;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import org.junit.jupiter.api.Test;

class ForwardableCallTest {
    private final EdgeBroker owner = EdgeBroker.inProcess();
    private final Forwarding forwarding = new Forwarding(
            new FrameMemory(64 << 20, 64 << 20), EdgeSettings.DEFAULT, new Owners(owner::channel), watcher -> {});
    private final Client client = new Client();
    /** Does the least a service may do: reads a message, and ends the call because the stream is elsewhere. */
    private final ServerCall.Listener<InputStream> call = ForwardableCall.start(
            client,
            FrameBrokerMethods.PUBLISH_FRAMES,
            new Metadata(),
            (begun, headers) -> {
                begun.sendHeaders(new Metadata());
                return new ServerCall.Listener<>() {
                    @Override
                    public void onMessage(PublishMessage open) {
                        StatusRuntimeException end = Refusals.toStatus(Refusals.elsewhere(Map.of("gate", Owners.SELF)));
                        client.whileItEnds.run();
                        begun.close(end.getStatus(), end.getTrailers());
                    }
                };
            },
            forwarding);

    /** A client that has everything ready to say, and says it the moment it is read. */
    private final class Client extends ServerCall<InputStream, InputStream> {
        private final Queue<PublishFramesRequest> toSay = new ArrayDeque<>();
        private final List<PublishFramesResponse> heard = new ArrayList<>();
        private Runnable whileItEnds = () -> {};
        private Status end;

        @Override
        public void request(int messages) {
            for (int i = 0; i < messages && !toSay.isEmpty(); i++) {
                call.onMessage(new ByteArrayInputStream(toSay.poll().toByteArray()));
                if (toSay.isEmpty()) {
                    call.onHalfClose();
                }
            }
        }

        @Override
        public void sendHeaders(Metadata headers) {}

        @Override
        public void sendMessage(InputStream message) {
            try {
                heard.add(PublishFramesResponse.parseFrom(message));
            } catch (IOException e) {
                throw new AssertionError(e);
            }
        }

        @Override
        public void close(Status status, Metadata trailers) {
            end = status;
        }

        @Override
        public boolean isReady() {
            return true;
        }

        @Override
        public boolean isCancelled() {
            return false;
        }

        @Override
        public MethodDescriptor<InputStream, InputStream> getMethodDescriptor() {
            return Bytes.raw(FrameBrokerMethods.PUBLISH_FRAMES);
        }
    }

    /** The message that came before the call had been handed over used to go to the service that had ended. */
    @Test
    void aMessageThatIsReadAtOnceIsNotLost() {
        client.toSay.addAll(List.of(Say.open("gate"), Say.frames(1, 1), Say.frames(2, 3)));

        client.request(1);

        EdgeBroker.await("the end", () -> client.end != null);
        assertThat(client.end.isOk()).as("%s", client.end).isTrue();
        assertThat(client.heard.get(client.heard.size() - 1).getAck().getStoredThrough())
                .isEqualTo(3);
        assertThat(forwarding.openCalls()).isZero();
        owner.close();
    }

    @Test
    void aHalfCloseWhileTheCallIsHandedOverIsNotLost() {
        client.whileItEnds = () -> call.onHalfClose();

        call.onMessage(new ByteArrayInputStream(Say.open("gate").toByteArray()));

        EdgeBroker.await("the end", () -> client.end != null);
        assertThat(client.end.isOk()).as("%s", client.end).isTrue();
        assertThat(client.heard).anyMatch(PublishFramesResponse::hasOpened);
        owner.close();
    }

    @Test
    void aCallThatIsBrokenOffIsOverAtItsOwnerToo() {
        call.onMessage(new ByteArrayInputStream(Say.open("gate").toByteArray()));
        EdgeBroker.await("opened", () -> client.heard.stream().anyMatch(PublishFramesResponse::hasOpened));

        forwarding.eachCall(passedOn -> passedOn.breakOff(
                new BrokerException(BrokerException.Kind.UNAVAILABLE, "CONNECTION_TOO_OLD", "too old")));

        assertThat(client.end.getCode()).isEqualTo(Status.Code.UNAVAILABLE);
        assertThat(client.end.getDescription()).isEqualTo("too old");
        assertThat(forwarding.openCalls()).isZero();
        owner.assertDeserted();
        owner.close();
    }

    @Test
    void aClientThatVanishesWhileTheCallIsHandedOverLeavesNothingBehind() {
        client.whileItEnds = () -> call.onCancel();

        call.onMessage(new ByteArrayInputStream(Say.open("gate").toByteArray()));

        assertThat(client.end).isNull();
        assertThat(forwarding.openCalls()).isZero();
        owner.assertDeserted();
        owner.close();
    }
}
