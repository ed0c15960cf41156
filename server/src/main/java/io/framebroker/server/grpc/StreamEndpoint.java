package io.framebroker.server.grpc;

import io.framebroker.server.broker.Broker;
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

/** {@code StreamService}. */
final class StreamEndpoint extends StreamServiceGrpc.StreamServiceImplBase {
    private final Broker broker;

    StreamEndpoint(Broker broker) {
        this.broker = broker;
    }

    @Override
    public void createStream(CreateStreamRequest request, StreamObserver<CreateStreamResponse> response) {
        Unary.answer(response, () -> {
            var settings =
                    StreamRequests.settings(broker.settings().streamDefaults(), request.getSettings(), List.of());
            StreamState created = broker.createStream(request.getName(), settings);
            return CreateStreamResponse.newBuilder()
                    .setStream(StreamRequests.stream(created))
                    .build();
        });
    }

    @Override
    public void getStream(GetStreamRequest request, StreamObserver<GetStreamResponse> response) {
        Unary.answer(
                response,
                () -> GetStreamResponse.newBuilder()
                        .setStream(StreamRequests.stream(broker.stream(request.getName())))
                        .build());
    }

    @Override
    public void listStreams(ListStreamsRequest request, StreamObserver<ListStreamsResponse> response) {
        Unary.answer(response, () -> {
            int pageSize = Pages.size(request.getPageSize());
            // The token is the name of the last stream of the page before.
            List<StreamState> rest = broker.streams().stream()
                    .filter(stream -> stream.name().compareTo(request.getPageToken()) > 0)
                    .toList();
            ListStreamsResponse.Builder page = ListStreamsResponse.newBuilder();
            rest.stream().limit(pageSize).map(StreamRequests::stream).forEach(page::addStreams);
            if (rest.size() > pageSize) {
                page.setNextPageToken(rest.get(pageSize - 1).name());
            }
            return page.build();
        });
    }

    @Override
    public void updateStream(UpdateStreamRequest request, StreamObserver<UpdateStreamResponse> response) {
        Unary.answer(response, () -> {
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
        Unary.answer(
                response,
                () -> DeleteStreamResponse.newBuilder()
                        .setDeletedFrames(broker.deleteStream(request.getName(), request.getForce()))
                        .build());
    }

    @Override
    public void purgeStream(PurgeStreamRequest request, StreamObserver<PurgeStreamResponse> response) {
        Unary.answer(
                response,
                () -> PurgeStreamResponse.newBuilder()
                        .setPurgedFrames(broker.purgeStream(request.getName()))
                        .build());
    }
}
