package io.framebroker.loadgen;

import io.framebroker.loadgen.picture.Bars;
import io.framebroker.loadgen.report.Results;
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
        description = "Draws the seconds that 'run --samples' has written, and says whether they are flat; or what"
                + " 'compare --json' has written, several files as panels of one picture.",
        mixinStandardHelpOptions = true,
        sortOptions = false)
final class PlotCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Parameters(
            arity = "1..*",
            paramLabel = "FILE",
            description = "One .csv of 'run --samples', or any number of .json of 'compare --json'.")
    private List<Path> files;

    @Option(
            names = "--out",
            paramLabel = "FILE",
            required = true,
            converter = Pictures.class,
            description = "The picture; .svg or .png.")
    private Path picture;

    @Option(
            names = "--title",
            paramLabel = "TEXT",
            description = "Above the picture (default: the name of the .csv; none above comparisons).")
    private String title;

    @Option(
            names = "--columns",
            paramLabel = "N",
            defaultValue = "2",
            description = "Comparisons side by side (default: ${DEFAULT-VALUE}).")
    private int columns;

    @Mixin
    private FlatOptions flat;

    @Override
    public Integer call() throws IOException {
        long comparisons =
                files.stream().filter(file -> file.toString().endsWith(".json")).count();
        if (comparisons == 0 && files.size() == 1) {
            drawSeconds(files.get(0));
        } else if (comparisons == files.size() && !flat.required()) {
            drawComparisons();
        } else {
            throw wrong(new IllegalArgumentException(
                    "name one .csv of a run, which can be flat, or .json of comparisons, which cannot"));
        }
        return 0;
    }

    private void drawSeconds(Path samples) throws IOException {
        List<Second> seconds = read(samples);
        new Picture(title == null ? samples.getFileName().toString() : title, seconds).write(picture);
        Flatness flatness = flat.judge(seconds);
        PrintWriter out = spec.commandLine().getOut();
        out.print(flatness);
        out.flush();
        flat.check(flatness);
    }

    private void drawComparisons() throws IOException {
        List<Results> all = ResultFiles.read(spec, files);
        try {
            new Bars(title == null ? "" : title, all, columns).write(picture);
        } catch (IllegalArgumentException e) {
            throw wrong(e);
        }
    }

    private List<Second> read(Path samples) throws IOException {
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
            throw wrong(e);
        }
    }

    private ParameterException wrong(IllegalArgumentException cause) {
        return new ParameterException(spec.commandLine(), cause.getMessage(), cause);
    }
}
