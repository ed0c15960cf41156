package io.framebroker.server;

import io.framebroker.v1.DeadLetter;
import io.framebroker.v1.DeadLetterFilter;
import io.framebroker.v1.DeadLetterServiceGrpc;
import io.framebroker.v1.DeadLetterServiceGrpc.DeadLetterServiceBlockingStub;
import io.framebroker.v1.FrameHeader;
import io.framebroker.v1.GetDeadLetterRequest;
import io.framebroker.v1.GetDeadLetterResponse;
import io.framebroker.v1.ListDeadLettersRequest;
import io.framebroker.v1.ListDeadLettersResponse;
import io.framebroker.v1.PurgeDeadLettersRequest;
import io.framebroker.v1.ReplayDeadLettersRequest;
import io.framebroker.wire.UnreadablePayloadException;
import io.framebroker.wire.WireFrame;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** What can be done with the dead letters of a running broker. */
@Command(
        name = "dlq",
        mixinStandardHelpOptions = true,
        description = "Lists dead letters, the frames that a group has given up; writes the picture of one to a file;"
                + " has them tried again; purges them.",
        subcommands = {DlqCommand.List.class, DlqCommand.Get.class, DlqCommand.Replay.class, DlqCommand.Purge.class})
final class DlqCommand implements Runnable {
    @Spec
    private CommandSpec spec;

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "say what to do: list, get, replay or purge");
    }

    private static DeadLetterServiceBlockingStub letters(BrokerCommand of) {
        return of.inTime(DeadLetterServiceGrpc.newBlockingStub(of.channel()));
    }

    /** Which ones are meant. */
    static final class Filter {
        @Parameters(index = "0", paramLabel = "STREAM", description = "The stream")
        private String stream;

        @Option(names = "--group", paramLabel = "GROUP", description = "Only those of this group (default: of all)")
        private String group = "";

        @Option(
                names = "--reason",
                paramLabel = "REASON",
                converter = DeadLetterReason.class,
                description = "Only those given up for this reason: MAX_ATTEMPTS, NACK_DEAD_LETTER (default: any)")
        private String reason = "";

        @Option(
                names = "--since",
                paramLabel = "TIME",
                description = "Only those given up at or after this time, such as 2026-01-31T12:00:00Z")
        private Instant since;

        @Option(names = "--until", paramLabel = "TIME", description = "Only those given up before this time")
        private Instant until;

        private DeadLetterFilter.Builder said() {
            DeadLetterFilter.Builder filter = DeadLetterFilter.newBuilder()
                    .setStream(stream)
                    .setGroup(group)
                    .setReason(reason);
            if (since != null) {
                filter.getFromTimeBuilder().setSeconds(since.getEpochSecond()).setNanos(since.getNano());
            }
            if (until != null) {
                filter.getUntilTimeBuilder().setSeconds(until.getEpochSecond()).setNanos(until.getNano());
            }
            return filter;
        }
    }

    @Command(
            name = "list",
            description = "Lists dead letters, oldest first: why they were given up, after how many attempts, who"
                    + " had them last, and what was said.")
    static final class List extends BrokerCommand {
        @Mixin
        private Filter filter;

        @Option(names = "--limit", paramLabel = "N", description = "At most so many, 1 or more (default: all)")
        private Integer limit;

        @Override
        int work() {
            if (limit != null && limit < 1) {
                throw misused("--limit " + limit + " is below 1");
            }
            TextTable table = new TextTable(
                    7, "GROUP", "FRAME", "REASON", "DEAD SINCE", "LAST CONSUMER", "ATTEMPTS", "LAST ERROR");
            int left = limit == null ? Integer.MAX_VALUE : limit;
            String token = "";
            do {
                ListDeadLettersResponse page = letters(this)
                        .listDeadLetters(ListDeadLettersRequest.newBuilder()
                                .setFilter(filter.said())
                                .setPageSize(Math.min(PAGE, left))
                                .setPageToken(token)
                                .build());
                page.getDeadLettersList().forEach(each -> print(table, each));
                left -= page.getDeadLettersCount();
                token = page.getNextPageToken();
            } while (!token.isEmpty() && left > 0);
            if (!json()) {
                out().print(table);
            }
            return DONE;
        }

        private void print(TextTable table, DeadLetter letter) {
            if (json()) {
                out().println(line(letter));
                return;
            }
            table.row(
                    letter.getGroup(),
                    id(letter.getId()),
                    letter.getReason(),
                    time(letter.getDeadTime()),
                    orDash(letter.getLastConsumerId()),
                    Integer.toUnsignedString(letter.getAttempts()),
                    orDash(letter.getLastError()));
        }
    }

    @Command(
            name = "get",
            description = "Writes the payload of one dead letter to a file, unpacked: a picture where the camera sends"
                    + " JPEG or PNG. The file is there whole or not at all; one of that name is replaced.")
    static final class Get extends BrokerCommand {
        private static final int MOST_BYTES = 1 << 30;

        @Parameters(index = "0", paramLabel = "STREAM", description = "The stream")
        private String stream;

        @Parameters(index = "1", paramLabel = "GROUP", description = "The group that gave it up")
        private String group;

        @Parameters(index = "2", paramLabel = "FRAME", description = "The frame's id, such as 1-250; `list` tells them")
        private String frame;

        @Option(
                names = {"-o", "--output"},
                required = true,
                paramLabel = "FILE",
                description = "The file")
        private Path file;

        @Override
        int work() throws IOException {
            GetDeadLetterResponse found = letters(this)
                    .getDeadLetter(GetDeadLetterRequest.newBuilder()
                            .setStream(stream)
                            .setGroup(group)
                            .setId(frameId())
                            .build());
            byte[] payload = payload(found);
            write(file, payload);
            DeadLetter letter = found.getDeadLetter();
            if (json()) {
                out().println(line(letter).put("payload_bytes", payload.length).put("file", file.toString()));
            } else {
                say(file + ": frame " + id(letter.getId()) + " of " + stream + ", given up by " + group
                        + " as "
                        + letter.getReason() + " at " + time(letter.getDeadTime()) + ", "
                        + codec(letter).replace("CODEC_", "") + ", " + payload.length + " bytes");
            }
            return DONE;
        }

        private io.framebroker.v1.FrameId frameId() {
            io.framebroker.v1.FrameId id = id(frame);
            if (id == null) {
                throw misused(frame + " is no frame's id such as 1-250; `dlq list` tells them");
            }
            return id;
        }

        private byte[] payload(GetDeadLetterResponse found) throws IOException {
            byte[] bytes = found.getFrame().toByteArray();
            WireFrame wire = WireFrame.read(bytes, 0, bytes.length);
            if (!wire.isPacked()) {
                return wire.payloadCopy();
            }
            try {
                return wire.unpack(MOST_BYTES);
            } catch (UnreadablePayloadException e) {
                throw new IOException(
                        "frame " + frame + " of " + stream + " cannot be unpacked, which may be why it was given up: "
                                + e.getMessage(),
                        e);
            }
        }
    }

    @Command(
            name = "replay",
            description = "Has dead letters tried again, the oldest first: they wait in line for the consumers of their"
                    + " group, and stay dead letters until one of those has settled them. Says how many; with"
                    + " --dry-run, how many it would be. Those that are being tried again already are left out.")
    static final class Replay extends BrokerCommand {
        @Mixin
        private Filter filter;

        @Option(names = "--limit", paramLabel = "N", description = "At most so many, 1 or more (default: all)")
        private int limit = Integer.MAX_VALUE;

        @Option(names = "--dry-run", description = "Only count them")
        private boolean dryRun;

        @Override
        int work() {
            if (limit < 1) {
                throw misused("--limit " + limit + " is below 1");
            }
            long replayed = letters(this)
                    .replayDeadLetters(ReplayDeadLettersRequest.newBuilder()
                            .setFilter(filter.said())
                            .setLimit(limit)
                            .setValidateOnly(dryRun)
                            .build())
                    .getReplayed();
            out().println(
                            json()
                                    ? new JsonLine()
                                            .put("stream", filter.stream)
                                            .put("replayed", replayed)
                                            .put("validate_only", dryRun)
                                    : replayed + " dead letters of " + filter.stream
                                            + (dryRun ? " would be tried again" : " are to be tried again"));
            return DONE;
        }
    }

    @Command(
            name = "purge",
            description = "Removes dead letters for good. Says how many; with --dry-run, how many it would be.")
    static final class Purge extends BrokerCommand {
        @Mixin
        private Filter filter;

        @Option(names = "--dry-run", description = "Only count them")
        private boolean dryRun;

        @Override
        int work() {
            long purged = letters(this)
                    .purgeDeadLetters(PurgeDeadLettersRequest.newBuilder()
                            .setFilter(filter.said())
                            .setValidateOnly(dryRun)
                            .build())
                    .getPurged();
            out().println(
                            json()
                                    ? new JsonLine()
                                            .put("stream", filter.stream)
                                            .put("purged", purged)
                                            .put("validate_only", dryRun)
                                    : purged + " dead letters of " + filter.stream
                                            + (dryRun ? " would be purged" : " are purged"));
            return DONE;
        }
    }

    private static JsonLine line(DeadLetter letter) {
        FrameHeader header = letter.getHeader();
        return new JsonLine()
                .put("stream", letter.getStream())
                .put("group", letter.getGroup())
                .put("id", BrokerCommand.id(letter.getId()))
                .put("reason", letter.getReason())
                .put("attempts", Integer.toUnsignedLong(letter.getAttempts()))
                .put("last_error", letter.getLastError())
                .put("last_consumer_id", letter.getLastConsumerId())
                .put("dead_time", BrokerCommand.time(letter.getDeadTime()).toString())
                .putUnsigned("sequence", header.getSequence())
                .put("codec", codec(letter))
                .put("width", Integer.toUnsignedLong(header.getWidth()))
                .put("height", Integer.toUnsignedLong(header.getHeight()));
    }

    private static String codec(DeadLetter letter) {
        return letter.getHeader().getCodec().name();
    }
}
