package io.framebroker.server;

import io.framebroker.v1.ConsumerState;
import io.framebroker.v1.GroupServiceGrpc;
import io.framebroker.v1.IdleReason;
import io.framebroker.v1.ListConsumersRequest;
import io.framebroker.v1.ListConsumersResponse;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

@Command(
        name = "consumers",
        description = "Lists the consumers of a group, by id: what they have in hand, how much they take, why nothing"
                + " comes, and, of those whose connection is lost, how long their frames wait for them.")
final class ConsumersCommand extends BrokerCommand {
    private static final String IDLE_REASON = "IDLE_REASON_";

    @Parameters(index = "0", paramLabel = "STREAM", description = "The stream")
    private String stream;

    @Parameters(index = "1", paramLabel = "GROUP", description = "The group")
    private String group;

    @Override
    int work() {
        TextTable table =
                new TextTable(1, "CONSUMER", "PENDING", "BYTES", "WINDOW", "WINDOW BYTES", "IDLE", "COMES BACK WITHIN");
        String token = "";
        do {
            ListConsumersResponse page = inTime(GroupServiceGrpc.newBlockingStub(channel()))
                    .listConsumers(ListConsumersRequest.newBuilder()
                            .setStream(stream)
                            .setGroup(group)
                            .setPageSize(PAGE)
                            .setPageToken(token)
                            .build());
            for (ConsumerState each : page.getConsumersList()) {
                if (json()) {
                    out().println(line(each));
                } else {
                    row(table, each);
                }
            }
            token = page.getNextPageToken();
        } while (!token.isEmpty());
        if (!json()) {
            out().print(table);
        }
        return DONE;
    }

    private static void row(TextTable table, ConsumerState each) {
        table.row(
                each.getConsumerId(),
                each.getPendingFrames(),
                each.getPendingBytes(),
                each.getWindow().getMaxFrames(),
                each.getWindow().getMaxBytes(),
                each.getIdle() == IdleReason.IDLE_REASON_UNSPECIFIED ? "-" : idle(each),
                each.hasGraceLeft() ? duration(each.getGraceLeft()) : "-");
    }

    private static String idle(ConsumerState each) {
        String name = each.getIdle().name();
        return name.startsWith(IDLE_REASON) ? name.substring(IDLE_REASON.length()) : "" + each.getIdleValue();
    }

    private JsonLine line(ConsumerState each) {
        JsonLine line = new JsonLine()
                .put("stream", stream)
                .put("group", group)
                .put("consumer_id", each.getConsumerId())
                .put("pending_frames", each.getPendingFrames())
                .put("pending_bytes", each.getPendingBytes())
                .put("max_frames", each.getWindow().getMaxFrames())
                .put("max_bytes", each.getWindow().getMaxBytes())
                .put("idle", idle(each));
        return each.hasGraceLeft()
                ? line.put("grace_left", duration(each.getGraceLeft()).toString())
                : line;
    }
}
