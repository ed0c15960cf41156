package io.framebroker.server.grpc;

import io.framebroker.server.broker.Broker;
import io.framebroker.server.broker.BrokerException;
import io.framebroker.server.broker.ConsumerState;
import io.framebroker.server.broker.GroupState;
import io.framebroker.v1.DeleteGroupRequest;
import io.framebroker.v1.DeleteGroupResponse;
import io.framebroker.v1.GetGroupRequest;
import io.framebroker.v1.GetGroupResponse;
import io.framebroker.v1.Group;
import io.framebroker.v1.GroupServiceGrpc;
import io.framebroker.v1.ListConsumersRequest;
import io.framebroker.v1.ListConsumersResponse;
import io.framebroker.v1.ListGroupsRequest;
import io.framebroker.v1.ListGroupsResponse;
import io.framebroker.v1.PauseGroupRequest;
import io.framebroker.v1.PauseGroupResponse;
import io.framebroker.v1.ResumeGroupRequest;
import io.framebroker.v1.ResumeGroupResponse;
import io.framebroker.v1.SeekGroupRequest;
import io.framebroker.v1.SeekGroupResponse;
import io.framebroker.v1.StartPosition.PositionCase;
import io.framebroker.v1.Window;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Function;

/** {@code GroupService}. Groups are made by the consumers that name them. */
final class GroupEndpoint extends GroupServiceGrpc.GroupServiceImplBase {
    private final Broker broker;

    GroupEndpoint(Broker broker) {
        this.broker = broker;
    }

    @Override
    public void getGroup(GetGroupRequest request, StreamObserver<GetGroupResponse> response) {
        Unary.about(
                broker,
                request.getStream(),
                response,
                () -> GetGroupResponse.newBuilder()
                        .setGroup(group(broker.group(request.getStream(), request.getName())))
                        .build());
    }

    @Override
    public void listGroups(ListGroupsRequest request, StreamObserver<ListGroupsResponse> response) {
        Unary.about(broker, request.getStream(), response, () -> {
            int pageSize = Pages.size(request.getPageSize());
            List<GroupState> rest = broker.groups(request.getStream()).stream()
                    .filter(group -> group.name().compareTo(request.getPageToken()) > 0)
                    .toList();
            ListGroupsResponse.Builder page = ListGroupsResponse.newBuilder();
            rest.stream().limit(pageSize).map(GroupEndpoint::group).forEach(page::addGroups);
            if (rest.size() > pageSize) {
                page.setNextPageToken(rest.get(pageSize - 1).name());
            }
            return page.build();
        });
    }

    @Override
    public void pauseGroup(PauseGroupRequest request, StreamObserver<PauseGroupResponse> response) {
        change(
                request.getStream(),
                response,
                changed -> broker.pauseGroup(request.getStream(), request.getName(), true, changed),
                group -> PauseGroupResponse.newBuilder().setGroup(group).build());
    }

    @Override
    public void resumeGroup(ResumeGroupRequest request, StreamObserver<ResumeGroupResponse> response) {
        change(
                request.getStream(),
                response,
                changed -> broker.pauseGroup(request.getStream(), request.getName(), false, changed),
                group -> ResumeGroupResponse.newBuilder().setGroup(group).build());
    }

    @Override
    public void seekGroup(SeekGroupRequest request, StreamObserver<SeekGroupResponse> response) {
        change(
                request.getStream(),
                response,
                changed -> {
                    if (request.getPosition().getPositionCase() == PositionCase.POSITION_NOT_SET) {
                        throw BrokerException.invalid("position", "none; say an edge, a time or an id");
                    }
                    broker.seekGroup(
                            request.getStream(),
                            request.getName(),
                            ConsumeRequests.position(request.getPosition()),
                            changed);
                },
                group -> SeekGroupResponse.newBuilder().setGroup(group).build());
    }

    private <T> void change(
            String stream,
            StreamObserver<T> response,
            Consumer<Broker.GroupChanged> change,
            Function<Group, T> answer) {
        maybeLater(response);
        Unary.whenOpen(
                broker,
                stream,
                response,
                () -> change.accept(new Broker.GroupChanged() {
                    @Override
                    public void changed(GroupState state) {
                        response.onNext(answer.apply(group(state)));
                        response.onCompleted();
                    }

                    @Override
                    public void failed(BrokerException why) {
                        response.onError(Refusals.toStatus(why));
                    }
                }));
    }

    @Override
    public void deleteGroup(DeleteGroupRequest request, StreamObserver<DeleteGroupResponse> response) {
        maybeLater(response);
        Broker.Deleted deleted = Unary.whenDeleted(
                response,
                frames -> DeleteGroupResponse.newBuilder()
                        .setUnsettledFrames(frames)
                        .build());
        Unary.whenOpen(
                broker,
                request.getStream(),
                response,
                () -> broker.deleteGroup(request.getStream(), request.getName(), request.getForce(), deleted));
    }

    /** It may be answered when the store has; a client that has gone by then is no error. */
    private static void maybeLater(StreamObserver<?> response) {
        ((ServerCallStreamObserver<?>) response).setOnCancelHandler(() -> {});
    }

    @Override
    public void listConsumers(ListConsumersRequest request, StreamObserver<ListConsumersResponse> response) {
        Unary.about(broker, request.getStream(), response, () -> {
            int pageSize = Pages.size(request.getPageSize());
            List<ConsumerState> rest = broker.consumers(request.getStream(), request.getGroup()).stream()
                    .filter(consumer -> consumer.id().compareTo(request.getPageToken()) > 0)
                    .toList();
            ListConsumersResponse.Builder page = ListConsumersResponse.newBuilder();
            rest.stream().limit(pageSize).map(GroupEndpoint::consumer).forEach(page::addConsumers);
            if (rest.size() > pageSize) {
                page.setNextPageToken(rest.get(pageSize - 1).id());
            }
            return page.build();
        });
    }

    private static Group group(GroupState group) {
        return Group.newBuilder()
                .setStream(group.lag().stream())
                .setName(group.name())
                .setSettings(ConsumeRequests.settings(group.settings()))
                .setLag(Conversions.lag(group.lag()))
                .setConsumers(group.consumers())
                .setPaused(group.paused())
                .build();
    }

    private static io.framebroker.v1.ConsumerState consumer(ConsumerState state) {
        io.framebroker.v1.ConsumerState.Builder consumer = io.framebroker.v1.ConsumerState.newBuilder()
                .setConsumerId(state.id())
                .setWindow(Window.newBuilder().setMaxFrames(state.maxFrames()).setMaxBytes(state.maxBytes()))
                .setPendingFrames(state.pendingFrames())
                .setPendingBytes(state.pendingBytes());
        if (state.isAway()) {
            return consumer.setGraceLeft(Conversions.duration(state.graceNanos() / 1_000_000))
                    .build();
        }
        return consumer.setIdle(ConsumeCall.idle(state.idle())).build();
    }
}
