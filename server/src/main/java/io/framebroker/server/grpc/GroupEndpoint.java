package io.framebroker.server.grpc;

import io.framebroker.server.broker.Broker;
import io.framebroker.server.broker.BrokerException;
import io.framebroker.server.broker.GroupState;
import io.framebroker.v1.GetGroupRequest;
import io.framebroker.v1.GetGroupResponse;
import io.framebroker.v1.Group;
import io.framebroker.v1.GroupServiceGrpc;
import io.framebroker.v1.ListGroupsRequest;
import io.framebroker.v1.ListGroupsResponse;
import io.grpc.ServerMethodDefinition;
import io.grpc.ServerServiceDefinition;
import io.grpc.stub.ServerCalls;
import io.grpc.stub.StreamObserver;
import java.util.List;

/** The part of {@code GroupService} that looks. Groups are made by the consumers that name them. */
final class GroupEndpoint {
    private final Broker broker;

    GroupEndpoint(Broker broker) {
        this.broker = broker;
    }

    ServerServiceDefinition bindService() {
        return NotServedYet.service(
                GroupServiceGrpc.getServiceDescriptor(),
                "GetGroup and ListGroups are; a group is made by the first ConsumeFrames that names it",
                ServerMethodDefinition.create(
                        GroupServiceGrpc.getGetGroupMethod(), ServerCalls.asyncUnaryCall(this::getGroup)),
                ServerMethodDefinition.create(
                        GroupServiceGrpc.getListGroupsMethod(), ServerCalls.asyncUnaryCall(this::listGroups)));
    }

    private void getGroup(GetGroupRequest request, StreamObserver<GetGroupResponse> response) {
        Unary.answer(response, () -> {
            GroupState group = broker.groups(request.getStream()).stream()
                    .filter(each -> each.name().equals(request.getName()))
                    .findFirst()
                    .orElseThrow(() -> new BrokerException(
                            BrokerException.Kind.NOT_FOUND,
                            "GROUP_NOT_FOUND",
                            "stream " + request.getStream() + " has no group \"" + request.getName()
                                    + "\"; a group is made by the first ConsumeFrames that names it"));
            return GetGroupResponse.newBuilder().setGroup(group(group)).build();
        });
    }

    private void listGroups(ListGroupsRequest request, StreamObserver<ListGroupsResponse> response) {
        Unary.answer(response, () -> {
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

    private static Group group(GroupState group) {
        return Group.newBuilder()
                .setStream(group.lag().stream())
                .setName(group.name())
                .setSettings(ConsumeRequests.settings(group.settings()))
                .setLag(Conversions.lag(group.lag()))
                .setConsumers(group.consumers())
                .build();
    }
}
