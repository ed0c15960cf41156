package io.framebroker.loadgen;

import io.framebroker.loadgen.report.Results;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;

/** Files of comparisons among the arguments of a command. */
final class ResultFiles {
    private ResultFiles() {}

    /** Reads them; one that is not there or something else is a wrong argument. */
    static List<Results> read(CommandSpec spec, List<Path> files) throws IOException {
        List<Results> all = new ArrayList<>();
        for (Path file : files) {
            if (!Files.isRegularFile(file)) {
                throw new ParameterException(spec.commandLine(), file + " is no file");
            }
            try {
                all.add(Results.read(file));
            } catch (IllegalArgumentException e) {
                throw new ParameterException(spec.commandLine(), e.getMessage(), e);
            }
        }
        return all;
    }
}
