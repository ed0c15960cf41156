package io.framebroker.server;

import io.framebroker.v1.DiagnosticsServiceGrpc;
import io.framebroker.v1.ExplainFrameRequest;
import io.framebroker.v1.FrameEvent;
import io.framebroker.v1.FrameId;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

@Command(
        name = "explain",
        description = {
            "Tells the life of one frame, step by step: when it came and from whom; each delivery with its consumer, how"
                    + " long it took and how it ended; and how it stands now with the stream and with each group.",
            "What happened is known since the broker opened the stream, and as far as there is room: DIARY_BEGINS says"
                    + " when that is."
        })
final class ExplainCommand extends BrokerCommand {
    @Parameters(index = "0", paramLabel = "STREAM", description = "The stream")
    private String stream;

    @Parameters(
            index = "1",
            paramLabel = "ID",
            description = "The frame's id, GENERATION-ORDINAL, such as 1-250; `tail` prints ids")
    private String frame;

    @Override
    int work() {
        FrameId id = id(frame);
        if (id == null) {
            throw misused(frame + " is no frame's id such as 1-250");
        }
        List<FrameEvent> life = inTime(DiagnosticsServiceGrpc.newBlockingStub(channel()))
                .explainFrame(ExplainFrameRequest.newBuilder()
                        .setStream(stream)
                        .setId(id)
                        .build())
                .getEventsList();
        if (json()) {
            life.forEach(event -> out().println(line(event)));
        } else {
            out().print(table(life));
        }
        return DONE;
    }

    private static TextTable table(List<FrameEvent> life) {
        TextTable table = new TextTable(6, "TIME", "EVENT", "GROUP", "CONSUMER", "ATTEMPT", "DETAIL");
        for (FrameEvent event : life) {
            table.row(
                    orDash(timeOf(event)),
                    event.getEvent(),
                    orDash(event.getGroup()),
                    orDash(event.getConsumerId()),
                    event.getAttempt() == 0 ? "-" : Integer.toUnsignedString(event.getAttempt()),
                    orDash(event.getDetail()));
        }
        return table;
    }

    private JsonLine line(FrameEvent event) {
        return new JsonLine()
                .put("stream", stream)
                .put("id", frame)
                .put("event_time", timeOf(event))
                .put("event", event.getEvent())
                .put("group", event.getGroup())
                .put("consumer_id", event.getConsumerId())
                .put("attempt", Integer.toUnsignedLong(event.getAttempt()))
                .put("detail", event.getDetail());
    }

    /** Empty when it is not known. */
    private static String timeOf(FrameEvent event) {
        return event.hasEventTime() ? time(event.getEventTime()).toString() : "";
    }
}
