package io.framebroker.server;

import io.framebroker.v1.GetStreamRequest;
import io.framebroker.v1.ListStreamsRequest;
import io.framebroker.v1.ListStreamsResponse;
import io.framebroker.v1.Stream;
import io.framebroker.v1.StreamServiceGrpc;
import io.framebroker.v1.StreamSettings;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

@Command(
        name = "streams",
        description = {
            "Lists the streams, by name: what they hold, how far their slowest group is behind, who publishes and what it"
                    + " waits for.",
            "With a name: that one, with its settings."
        })
final class StreamsCommand extends BrokerCommand {
    @Parameters(arity = "0..1", paramLabel = "NAME", description = "Only this stream (default: all)")
    private String name;

    @Override
    int work() {
        List<Stream> streams = name == null ? all(this) : List.of(one());
        if (json()) {
            streams.forEach(stream -> out().println(line(stream)));
        } else if (name == null) {
            out().print(table(streams));
        } else {
            out().print(details(streams.get(0)));
        }
        return DONE;
    }

    private Stream one() {
        return inTime(StreamServiceGrpc.newBlockingStub(channel()))
                .getStream(GetStreamRequest.newBuilder().setName(name).build())
                .getStream();
    }

    /** All streams there are, page by page. */
    static List<Stream> all(BrokerCommand command) {
        List<Stream> all = new ArrayList<>();
        String token = "";
        do {
            ListStreamsResponse page = command.inTime(StreamServiceGrpc.newBlockingStub(command.channel()))
                    .listStreams(ListStreamsRequest.newBuilder()
                            .setPageSize(PAGE)
                            .setPageToken(token)
                            .build());
            all.addAll(page.getStreamsList());
            token = page.getNextPageToken();
        } while (!token.isEmpty());
        return all;
    }

    private static TextTable table(List<Stream> streams) {
        TextTable table = new TextTable(
                1, "STREAM", "FRAMES", "BYTES", "BACKLOG", "GROUPS", "CONSUMERS", "WANTED", "PUBLISHER", "WAITS FOR");
        for (Stream each : streams) {
            if (!each.hasSettings()) {
                // Its owner does not answer: nothing but the name is known.
                table.row(each.getName(), "?", "?", "?", "?", "?", "?", "?", "?");
                continue;
            }
            table.row(
                    each.getName(),
                    each.getFrames(),
                    each.getBytes(),
                    each.getBacklogFrames(),
                    each.getGroups(),
                    each.getConsumers(),
                    wanted(each),
                    orDash(each.getPublisherId()),
                    orDash(each.getWaitReason()));
        }
        return table;
    }

    private static TextTable details(Stream stream) {
        StreamSettings settings = stream.getSettings();
        TextTable table = new TextTable(2, "STREAM", stream.getName());
        table.row("created", time(stream.getCreateTime()));
        table.row("frames", stream.getFrames() + ", " + stream.getBytes() + " bytes");
        table.row("first", stream.hasFirstId() ? id(stream.getFirstId()) : "-");
        table.row("last", stream.hasLastId() ? id(stream.getLastId()) : "-");
        table.row("backlog", stream.getBacklogFrames() + " frames, " + stream.getBacklogBytes() + " bytes");
        table.row(
                "backlog limit",
                stream.getBacklogLimitFrames() + " frames" + (settings.getMaxBacklogFrames() == 0 ? " for now, " : ", ")
                        + settings.getMaxBacklogBytes() + " bytes, " + policy(settings));
        table.row(
                "retention",
                settings.getRetentionFrames() + " frames, " + settings.getRetentionBytes() + " bytes"
                        + (settings.hasRetentionAge() ? ", " + duration(settings.getRetentionAge()) : ""));
        table.row("groups", stream.getGroups());
        table.row("consumers", stream.getConsumers());
        table.row("wanted", wanted(stream));
        table.row("publisher", orDash(stream.getPublisherId()));
        table.row("waits for", orDash(stream.getWaitReason()));
        return table;
    }

    /** How much of it, by those who are there now. */
    private static String wanted(Stream stream) {
        if (stream.getConsumers() == 0 && stream.getGroups() == 0) {
            return "-";
        }
        return stream.getWantedFps() == 0 ? "all" : fps(stream.getWantedFps()) + " fps";
    }

    private static String fps(double fps) {
        return BigDecimal.valueOf(fps).stripTrailingZeros().toPlainString();
    }

    private static String policy(StreamSettings settings) {
        return settings.getOverflowPolicy().name().replaceFirst("^OVERFLOW_POLICY_", "");
    }

    private static JsonLine line(Stream stream) {
        JsonLine line = new JsonLine().put("name", stream.getName());
        if (!stream.hasSettings()) {
            return line;
        }
        StreamSettings settings = stream.getSettings();
        line.put("max_backlog_frames", settings.getMaxBacklogFrames())
                .put("max_backlog_bytes", settings.getMaxBacklogBytes())
                .put("overflow_policy", policy(settings))
                .put("retention_frames", settings.getRetentionFrames())
                .put("retention_bytes", settings.getRetentionBytes());
        if (settings.hasRetentionAge()) {
            line.put("retention_age", duration(settings.getRetentionAge()).toString());
        }
        line.put("create_time", time(stream.getCreateTime()).toString());
        if (stream.hasFirstId()) {
            line.put("first_id", id(stream.getFirstId()));
        }
        if (stream.hasLastId()) {
            line.put("last_id", id(stream.getLastId()));
        }
        return line.put("frames", stream.getFrames())
                .put("bytes", stream.getBytes())
                .put("backlog_frames", stream.getBacklogFrames())
                .put("backlog_bytes", stream.getBacklogBytes())
                .put("backlog_limit_frames", stream.getBacklogLimitFrames())
                .put("publisher_id", stream.getPublisherId())
                .put("wait_reason", stream.getWaitReason())
                .put("groups", stream.getGroups())
                .put("consumers", stream.getConsumers())
                .put("wanted_fps", stream.getWantedFps());
    }
}
