package io.framebroker.loadgen;

import io.framebroker.loadgen.report.Results;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(
        name = "summary",
        description = "Says of comparisons that 'compare --json' has written which of their goals are met.",
        mixinStandardHelpOptions = true,
        sortOptions = false)
final class SummaryCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Parameters(arity = "1..*", paramLabel = "FILE.json", description = "What 'compare --json' has written.")
    private List<Path> files;

    @Override
    public Integer call() throws IOException {
        List<Results> all = ResultFiles.read(spec, files);
        PrintWriter out = spec.commandLine().getOut();
        out.print(Results.goals(all));
        out.flush();
        return 0;
    }
}
