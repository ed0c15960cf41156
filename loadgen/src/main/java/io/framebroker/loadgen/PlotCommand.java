package io.framebroker.loadgen;

import io.framebroker.loadgen.soak.Flatness;
import io.framebroker.loadgen.soak.Picture;
import io.framebroker.loadgen.soak.Second;
import io.framebroker.loadgen.soak.SecondsFile;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(
        name = "plot",
        description = "Draws the seconds that 'run --samples' has written, and says whether they are flat.",
        mixinStandardHelpOptions = true,
        sortOptions = false)
final class PlotCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Parameters(index = "0", paramLabel = "FILE.csv", description = "What 'run --samples' has written.")
    private Path samples;

    @Option(names = "--out", paramLabel = "FILE.svg", required = true, description = "The picture.")
    private Path picture;

    @Option(names = "--title", paramLabel = "TEXT", description = "Above the picture (default: the name of the file).")
    private String title;

    @Mixin
    private FlatOptions flat;

    @Override
    public Integer call() throws IOException {
        List<Second> seconds = read();
        new Picture(title == null ? samples.getFileName().toString() : title, seconds).write(picture);
        Flatness flatness = flat.judge(seconds);
        PrintWriter out = spec.commandLine().getOut();
        out.print(flatness);
        out.flush();
        flat.check(flatness);
        return 0;
    }

    private List<Second> read() throws IOException {
        if (!Files.isRegularFile(samples)) {
            throw new ParameterException(spec.commandLine(), samples + " is no file");
        }
        try {
            List<Second> seconds = SecondsFile.read(samples);
            if (seconds.isEmpty()) {
                throw new IllegalArgumentException(samples + " has no second");
            }
            return seconds;
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), e.getMessage(), e);
        }
    }
}
