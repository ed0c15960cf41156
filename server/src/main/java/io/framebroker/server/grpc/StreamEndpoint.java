package io.framebroker.server.grpc;

import io.framebroker.server.broker.Broker;
import io.framebroker.server.broker.BrokerException;
import io.framebroker.server.broker.StreamState;
import io.framebroker.v1.CreateStreamRequest;
import io.framebroker.v1.CreateStreamResponse;
import io.framebroker.v1.DeleteStreamRequest;
import io.framebroker.v1.DeleteStreamResponse;
import io.framebroker.v1.GetStreamRequest;
import io.framebroker.v1.GetStreamResponse;
import io.framebroker.v1.ListStreamsRequest;
import io.framebroker.v1.ListStreamsResponse;
import io.framebroker.v1.PurgeStreamRequest;
import io.framebroker.v1.PurgeStreamResponse;
import io.framebroker.v1.StreamServiceGrpc;
import io.framebroker.v1.UpdateStreamRequest;
import io.framebroker.v1.UpdateStreamResponse;
import io.grpc.stub.StreamObserver;
import java.util.List;
import java.util.Map;

/** {@code StreamService}. */
final class StreamEndpoint extends StreamServiceGrpc.StreamServiceImplBase {
    private final Broker broker;
    private final Owners owners;

    StreamEndpoint(Broker broker, Owners owners) {
        this.broker = broker;
        this.owners = owners;
    }

    @Override
    public void createStream(CreateStreamRequest request, StreamObserver<CreateStreamResponse> response) {
        Broker.Created created = new Broker.Created() {
            @Override
            public void created(StreamState state) {
                response.onNext(CreateStreamResponse.newBuilder()
                        .setStream(StreamRequests.stream(state))
                        .build());
                response.onCompleted();
            }

            @Override
            public void elsewhere(String address) {
                failed(Refusals.elsewhere(Map.of(request.getName(), address)));
            }

            @Override
            public void failed(BrokerException why) {
                response.onError(Refusals.toStatus(why));
            }
        };
        try {
            var settings =
                    StreamRequests.settings(broker.settings().streamDefaults(), request.getSettings(), List.of());
            broker.createStream(request.getName(), settings, created);
        } catch (BrokerException e) {
            created.failed(e);
        }
    }

    @Override
    public void getStream(GetStreamRequest request, StreamObserver<GetStreamResponse> response) {
        Unary.about(
                broker,
                request.getName(),
                response,
                () -> GetStreamResponse.newBuilder()
                        .setStream(StreamRequests.stream(broker.stream(request.getName())))
                        .build());
    }

    @Override
    public void listStreams(ListStreamsRequest request, StreamObserver<ListStreamsResponse> response) {
        StreamPage.answer(broker, owners, request, response);
    }

    @Override
    public void updateStream(UpdateStreamRequest request, StreamObserver<UpdateStreamResponse> response) {
        Unary.about(broker, request.getName(), response, () -> {
            var current = broker.stream(request.getName()).settings();
            var changed = StreamRequests.settings(
                    current, request.getSettings(), request.getUpdateMask().getPathsList());
            return UpdateStreamResponse.newBuilder()
                    .setStream(StreamRequests.stream(broker.updateStream(request.getName(), changed)))
                    .build();
        });
    }

    @Override
    public void deleteStream(DeleteStreamRequest request, StreamObserver<DeleteStreamResponse> response) {
        Broker.Deleted deleted = Unary.whenDeleted(
                response,
                frames -> DeleteStreamResponse.newBuilder()
                        .setDeletedFrames(frames)
                        .build());
        Unary.whenOpen(
                broker,
                request.getName(),
                response,
                () -> broker.deleteStream(request.getName(), request.getForce(), deleted));
    }

    @Override
    public void purgeStream(PurgeStreamRequest request, StreamObserver<PurgeStreamResponse> response) {
        Unary.about(
                broker,
                request.getName(),
                response,
                () -> PurgeStreamResponse.newBuilder()
                        .setPurgedFrames(broker.purgeStream(request.getName()))
                        .build());
    }
}
