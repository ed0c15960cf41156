package io.framebroker.loadgen;

import io.framebroker.loadgen.check.Checker;
import io.framebroker.loadgen.check.Report;
import io.framebroker.loadgen.check.Terms;
import io.framebroker.loadgen.check.Verdict;
import io.framebroker.loadgen.report.Json;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

@Command(
        name = "check",
        description = "Reads the logs of a checked run and says what they show to be wrong.",
        mixinStandardHelpOptions = true,
        sortOptions = false)
final class CheckCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Option(names = "--logs", paramLabel = "DIR", required = true, description = "Folder of the logs.")
    private Path logs;

    @Option(
            names = "--min-acks",
            paramLabel = "N",
            description = "Fewer acks make the run void (default: what the logs say, else 1).")
    private Long minAcks;

    @Option(
            names = "--min-unknown",
            paramLabel = "N",
            description = "Fewer frames of unknown outcome make it void (default: what the logs say, else 0).")
    private Long minUnknown;

    @Option(
            names = "--min-redelivered",
            paramLabel = "N",
            description = "Fewer redeliveries make it void (default: what the logs say, else 0).")
    private Long minRedelivered;

    @Option(
            names = "--most-wait",
            paramLabel = "TIME",
            converter = Durations.class,
            description =
                    "How long a frame may wait for an ack while no fault is on (default: what the logs say, else 5s).")
    private Duration mostWait;

    @Option(
            names = "--recovery",
            paramLabel = "TIME",
            converter = Durations.class,
            description = "How long after its end a fault excuses that (default: what the logs say, else 15s).")
    private Duration recovery;

    @Option(
            names = "--most-comeback",
            paramLabel = "TIME",
            converter = Durations.class,
            description =
                    "How long publishers may be without acks once a broker is started again (default: what the logs say).")
    private Duration mostComeback;

    @Option(
            names = "--slack",
            paramLabel = "TIME",
            converter = Durations.class,
            description = "By how much the clocks of several machines may differ (default: what the logs say, else 0).")
    private Duration slack;

    @Option(
            names = "--allow",
            paramLabel = "VERDICT",
            split = ",",
            description = "A verdict that does not spoil the run, for instance TAIL_LOST. Repeat for more.")
    private List<Verdict> allowed = List.of();

    @Option(names = "--json", paramLabel = "FILE", description = "Write the report there too.")
    private Path json;

    @Override
    public Integer call() throws IOException {
        if (!Files.isDirectory(logs)) {
            throw new ParameterException(spec.commandLine(), "--logs is '" + logs + "', which is no folder");
        }
        Report report = Checker.check(logs, this::adjust);
        PrintWriter out = spec.commandLine().getOut();
        out.print(report.toText());
        out.flush();
        if (json != null) {
            Files.writeString(json, Json.of(report.toJson()));
        }
        return report.clean() ? 0 : 1;
    }

    private Terms adjust(Terms given) {
        Terms terms = given.withMinimums(
                        or(minAcks, given.minAcks()),
                        or(minUnknown, given.minUnknown()),
                        or(minRedelivered, given.minRedelivered()))
                .withBounds(
                        mostWait == null ? given.mostWait() : mostWait, recovery == null ? given.recovery() : recovery)
                .withPromises(promises(given.promises()))
                .withSlack(slack == null ? given.slack() : slack);
        for (Verdict verdict : allowed) {
            terms = terms.allowing(verdict);
        }
        return terms;
    }

    private Terms.Promises promises(Terms.Promises given) {
        return mostComeback == null ? given : given.withMostComeback(mostComeback);
    }

    private static long or(Long given, long other) {
        return given == null ? other : given;
    }
}
