package io.framebroker.server;

import io.framebroker.server.store.disk.OrphanedChunks;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(
        name = "free",
        mixinStandardHelpOptions = true,
        exitCodeOnExecutionException = StoreCommand.UNREADABLE,
        description = {
            "Gives back the room of frames whose journal is lost. They are gone then: dump them first.",
            "Exit code 0: it is free. 2: it was refused, or has failed, as standard error says."
        })
final class StoreFree implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Parameters(paramLabel = "FOLDER", description = "The folder that the broker has as --data-dir")
    private Path folder;

    @Option(
            names = "--stream-number",
            paramLabel = "N",
            required = true,
            description = "Number of the stream that has lost its journal; `store verify` names it")
    private long streamNumber;

    @Override
    public Integer call() throws IOException {
        OrphanedChunks.Freed freed = OrphanedChunks.free(folder, streamNumber);
        PrintWriter out = spec.commandLine().getOut();
        out.printf(
                "%s: stream number %d: %d chunks are free, %d bytes%n",
                folder.toAbsolutePath(), streamNumber, freed.chunks(), freed.bytes());
        out.flush();
        return StoreCommand.WHOLE;
    }
}
