package io.framebroker.server;

import io.framebroker.server.broker.Frame;
import io.framebroker.server.store.disk.Damage;
import io.framebroker.server.store.disk.DiskInspection;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.function.Consumer;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(
        name = "dump",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        exitCodeOnExecutionException = StoreCommand.UNREADABLE,
        description = {
            "Prints one line for each frame, in the order of its stream, and changes nothing in the folder.",
            "Exit code 0: all frames are there. 1: some are damaged and left out, as standard error says. 2: the folder"
                    + " cannot be read, or a file not be written."
        })
final class StoreDump implements Callable<Integer> {
    /** Of which stream; all that have a journal without it. */
    private static final class OneStream {
        @Option(
                names = "--stream",
                paramLabel = "NAME",
                description = "Only frames of this stream (default: all streams that have a journal)")
        private String name;

        @Option(
                names = "--stream-number",
                paramLabel = "N",
                description = "Frames of the stream with this number, which has lost its journal; `store verify` names"
                        + " it. With those that had been trimmed, as far as they are there")
        private Long number;
    }

    @Spec
    private CommandSpec spec;

    @Parameters(paramLabel = "FOLDER", description = "The folder that the broker has as --data-dir")
    private Path folder;

    @ArgGroup
    private OneStream only = new OneStream();

    @Option(
            names = "--from",
            paramLabel = "ORDINAL",
            defaultValue = "1",
            description = "First frame, by the ordinal in its id (default 1)")
    private long from;

    @Option(
            names = "--to",
            paramLabel = "ORDINAL",
            defaultValue = "9223372036854775807",
            description = "Last frame, likewise (default: the newest)")
    private long to;

    @Option(names = "--json", description = "Print one JSON object a line; its members are named as in the contract")
    private boolean json;

    @Option(
            names = "--payloads",
            paramLabel = "DIR",
            description =
                    "Write each payload to a file DIR/STREAM/ID.jpg (.png, .raw, .h264, .h265, .bin) too; no file is"
                            + " written over")
    private Path payloads;

    @Option(
            names = "--unpack",
            description = "Unpack packed payloads before they are written (default: as published, .raw.lz4)")
    private boolean unpack;

    private PayloadFiles files;
    private long unreadable;

    @Override
    public Integer call() throws IOException {
        check();
        files = payloads == null ? null : new PayloadFiles(payloads, unpack);
        List<Damage> damages = new ArrayList<>();
        try (DiskInspection inspection = new DiskInspection(folder)) {
            if (only.number != null) {
                damages.addAll(orphaned(inspection));
            } else {
                for (String name : names(inspection)) {
                    damages.addAll(inspection.frames(name, from, to, printer(name)));
                }
            }
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
        spec.commandLine().getOut().flush();
        PrintWriter err = spec.commandLine().getErr();
        damages.forEach(damage -> err.println("frame-broker: " + Printable.of(damage.place() + ": " + damage.what())));
        if (unreadable > 0) {
            err.println("frame-broker: " + unreadable + " frames are whole, and are no frames of this contract");
        }
        return damages.isEmpty() && unreadable == 0 ? StoreCommand.WHOLE : StoreCommand.DAMAGED;
    }

    private void check() throws IOException {
        if (from < 1 || to < from) {
            throw new ParameterException(
                    spec.commandLine(),
                    "--from " + from + " --to " + to + " is no range of ordinals, which begin at 1");
        }
        if (unpack && payloads == null) {
            throw new ParameterException(spec.commandLine(), "--unpack is for --payloads, which is not given");
        }
        if (payloads != null
                && Files.exists(folder)
                && isInside(payloads.toAbsolutePath().normalize())) {
            throw new ParameterException(
                    spec.commandLine(),
                    "--payloads " + payloads + " is inside " + folder + ", which is not written to; name another");
        }
    }

    private boolean isInside(Path wanted) throws IOException {
        Path existing = wanted;
        while (existing != null && !Files.exists(existing)) {
            existing = existing.getParent();
        }
        return existing != null && existing.toRealPath().startsWith(folder.toRealPath());
    }

    private List<String> names(DiskInspection inspection) {
        List<String> names = inspection.names();
        if (only.name == null) {
            return names;
        }
        if (!names.contains(only.name)) {
            throw noSuchStream("--stream " + only.name, inspection);
        }
        return List.of(only.name);
    }

    private List<Damage> orphaned(DiskInspection inspection) throws IOException {
        if (!inspection.orphans().contains(only.number)) {
            throw noSuchStream("--stream-number " + only.number, inspection);
        }
        return inspection.orphanedFrames(only.number, from, to, printer("number-" + only.number));
    }

    private IllegalArgumentException noSuchStream(String option, DiskInspection inspection) {
        return new IllegalArgumentException(option + ": there is none in " + folder + "; --stream may be one of "
                + inspection.names() + ", and --stream-number, of those that have lost their journal, one of "
                + inspection.orphans());
    }

    private Consumer<Frame> printer(String stream) {
        PrintWriter out = spec.commandLine().getOut();
        return frame -> {
            DumpedFrame dumped = DumpedFrame.of(stream, frame);
            String file = null;
            if (!dumped.isReadable()) {
                unreadable++;
            } else if (files != null) {
                try {
                    file = files.write(dumped).toString();
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            }
            out.println(json ? dumped.json(file) : dumped.text(file));
        };
    }
}
