package io.framebroker.server;

import io.framebroker.v1.GetGroupRequest;
import io.framebroker.v1.Group;
import io.framebroker.v1.GroupServiceGrpc;
import io.framebroker.v1.ListGroupsRequest;
import io.framebroker.v1.ListGroupsResponse;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

@Command(
        name = "groups",
        description = "Lists the groups of a stream, by name: how far they are behind, who consumes, whether they are"
                + " paused. A name that begins with ~ is that of one call alone.")
final class GroupsCommand extends BrokerCommand {
    @Parameters(index = "0", paramLabel = "STREAM", description = "The stream")
    private String stream;

    @Parameters(index = "1", arity = "0..1", paramLabel = "GROUP", description = "Only this group (default: all)")
    private String name;

    @Override
    int work() {
        print(this, name == null ? all() : List.of(one()));
        return DONE;
    }

    private Group one() {
        return inTime(GroupServiceGrpc.newBlockingStub(channel()))
                .getGroup(GetGroupRequest.newBuilder()
                        .setStream(stream)
                        .setName(name)
                        .build())
                .getGroup();
    }

    private List<Group> all() {
        List<Group> all = new ArrayList<>();
        String token = "";
        do {
            ListGroupsResponse page = inTime(GroupServiceGrpc.newBlockingStub(channel()))
                    .listGroups(ListGroupsRequest.newBuilder()
                            .setStream(stream)
                            .setPageSize(PAGE)
                            .setPageToken(token)
                            .build());
            all.addAll(page.getGroupsList());
            token = page.getNextPageToken();
        } while (!token.isEmpty());
        return all;
    }

    /** Prints groups as a command was asked to. */
    static void print(BrokerCommand command, List<Group> groups) {
        if (command.json()) {
            groups.forEach(group -> command.out().println(line(group)));
            return;
        }
        TextTable table =
                new TextTable(2, "STREAM", "GROUP", "WAITING", "PENDING", "AGE", "CONSUMERS", "LEASE", "STATE");
        for (Group each : groups) {
            table.row(
                    each.getStream(),
                    each.getName(),
                    each.getLag().getWaiting(),
                    each.getLag().getPending(),
                    duration(each.getLag().getAge()),
                    each.getConsumers(),
                    duration(each.getSettings().getLease()),
                    each.getPaused() ? "paused" : "-");
        }
        command.out().print(table);
    }

    static JsonLine line(Group group) {
        return new JsonLine()
                .put("stream", group.getStream())
                .put("name", group.getName())
                .put("lease", duration(group.getSettings().getLease()).toString())
                .put("waiting", group.getLag().getWaiting())
                .put("pending", group.getLag().getPending())
                .put("age", duration(group.getLag().getAge()).toString())
                .put("consumers", group.getConsumers())
                .put("paused", group.getPaused());
    }
}
