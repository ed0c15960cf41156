package io.framebroker.server;

import io.framebroker.server.broker.GroupRecord;
import io.framebroker.server.store.disk.Damage;
import io.framebroker.server.store.disk.DiskInspection;
import io.framebroker.server.store.disk.FolderReport;
import io.framebroker.server.store.disk.FolderReport.Frames;
import io.framebroker.server.store.disk.FolderReport.OfGroup;
import io.framebroker.server.store.disk.FolderReport.OfOrphan;
import io.framebroker.server.store.disk.FolderReport.OfStream;
import io.framebroker.server.store.disk.FolderReport.Space;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(
        name = "verify",
        mixinStandardHelpOptions = true,
        exitCodeOnExecutionException = StoreCommand.UNREADABLE,
        description = {
            "Reads all that is in a folder, with all checksums, and changes nothing.",
            "Exit code 0: everything is whole. 1: something is damaged. 2: the folder cannot be read."
        })
final class StoreVerify implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Parameters(paramLabel = "FOLDER", description = "The folder that the broker has as --data-dir")
    private Path folder;

    @Override
    public Integer call() throws IOException {
        FolderReport report;
        try (DiskInspection inspection = new DiskInspection(folder)) {
            report = inspection.report();
        }
        PrintWriter out = spec.commandLine().getOut();
        out.printf(
                "%s: format version %d, %d starts, segments of %d bytes%n",
                report.folder(), report.version(), report.starts(), report.segmentBytes());
        out.print(section(space(report.space())));
        if (!report.streams().isEmpty()) {
            out.print(section(streams(report.streams())));
        }
        if (report.streams().stream().anyMatch(each -> !each.groups().isEmpty())) {
            out.print(section(groups(report.streams())));
        }
        if (!report.orphans().isEmpty()) {
            out.print(section(orphans(report.orphans())));
        }
        if (!report.notes().isEmpty()) {
            out.println();
            out.println("Left by a crash or by the last broker, and no damage:");
            report.notes().forEach(note -> out.println(Printable.of("- " + note)));
        }
        if (!report.damages().isEmpty()) {
            out.println();
            out.println("Damaged:");
            report.damages().forEach(damage -> print(damage, out));
        }
        out.println();
        int places = report.damages().size();
        out.println(
                places == 0
                        ? "Everything is whole."
                        : places + (places == 1 ? " place is damaged." : " places are damaged."));
        out.flush();
        return report.isWhole() ? StoreCommand.WHOLE : StoreCommand.DAMAGED;
    }

    static void print(Damage damage, PrintWriter out) {
        out.println(Printable.of("- " + damage.place() + ": " + damage.what()));
        out.println(Printable.of("  At the next start: " + damage.meaning()));
    }

    private static String section(TextTable table) {
        return System.lineSeparator() + table;
    }

    private static TextTable space(List<Space> space) {
        TextTable table = new TextTable(1, "SEGMENTS OF", "SEGMENTS", "TAKEN BYTES", "FREE BYTES");
        for (Space each : space) {
            table.row(each.use(), each.segments(), each.takenBytes(), each.freeBytes());
        }
        return table;
    }

    private static TextTable streams(List<OfStream> streams) {
        TextTable table = new TextTable(1, "STREAM", "FRAMES", "BYTES", "FIRST", "LAST", "OLDEST", "NEWEST", "LOST");
        for (OfStream each : streams) {
            Frames frames = each.frames();
            table.row(
                    each.name(),
                    frames.frames(),
                    frames.bytes(),
                    ordinal(frames.first()),
                    ordinal(frames.last()),
                    time(frames.oldestMicros()),
                    time(frames.newestMicros()),
                    each.lost());
        }
        return table;
    }

    private static TextTable groups(List<OfStream> streams) {
        TextTable table =
                new TextTable(2, "STREAM", "GROUP", "BASE", "CURSOR", "PENDING", "ACKED", "DEAD-LETTERED", "SKIPPED");
        for (OfStream stream : streams) {
            for (OfGroup each : stream.groups()) {
                GroupRecord counts = each.counts();
                table.row(
                        stream.name(),
                        each.name(),
                        counts.base(),
                        counts.cursor(),
                        counts.pending(),
                        counts.acked(),
                        counts.deadLettered(),
                        skipped(counts));
            }
        }
        return table;
    }

    private static String skipped(GroupRecord counts) {
        return counts.skipped().isEmpty()
                ? "0"
                : counts.skipped().entrySet().stream()
                        .sorted(Map.Entry.comparingByKey())
                        .map(each -> each.getKey() + " " + each.getValue())
                        .collect(Collectors.joining(", "));
    }

    private static TextTable orphans(List<OfOrphan> orphans) {
        TextTable table = new TextTable(
                1,
                "STREAM NUMBER, JOURNAL LOST",
                "FRAMES",
                "BYTES",
                "FIRST",
                "LAST",
                "OLDEST",
                "NEWEST",
                "CHUNKS",
                "CHUNK BYTES");
        for (OfOrphan each : orphans) {
            Frames frames = each.frames();
            table.row(
                    each.number(),
                    frames.frames(),
                    frames.bytes(),
                    ordinal(frames.first()),
                    ordinal(frames.last()),
                    time(frames.oldestMicros()),
                    time(frames.newestMicros()),
                    each.chunks(),
                    each.bytes());
        }
        return table;
    }

    private static String ordinal(long ordinal) {
        return ordinal == 0 ? "-" : Long.toString(ordinal);
    }

    private static String time(long micros) {
        return micros == 0 ? "-" : StoreCommand.time(micros).toString();
    }
}
