package io.framebroker.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;
import picocli.CommandLine.Model.OptionSpec;

/** The README says what the programs say. */
class ReadmeTest {

    private static final String JAR = "java -jar client-sdk/examples/target/frame-broker-examples.jar ";
    private static final Pattern ROW = Pattern.compile("\\| `(--[a-z-]+)` \\| (?:`([^`]*)`)?.*");
    private static final Pattern ENVIRONMENT = Pattern.compile("\\$\\{env:([A-Z_]+)(?::-(.*))?}");

    @ParameterizedTest
    @ValueSource(strings = {"demo", "rtsp-capture", "sample-processor"})
    void everyOptionHasARowWithItsDefaultAndItsVariable(String program) throws Exception {
        Map<String, String> rows = new LinkedHashMap<>();
        Map<String, String> defaults = new LinkedHashMap<>();
        for (String line : section(program).split("\n")) {
            Matcher row = ROW.matcher(line);
            if (row.matches()) {
                rows.put(row.group(1), line);
                defaults.put(row.group(1), row.group(2));
            }
        }
        CommandLine command = Examples.commandLine().getSubcommands().get(program);
        List<OptionSpec> options = command.getCommandSpec().options().stream()
                .filter(option -> !option.hidden() && !option.usageHelp() && !option.versionHelp())
                .toList();

        assertThat(rows.keySet())
                .containsExactlyInAnyOrderElementsOf(
                        options.stream().map(OptionSpec::longestName).toList());
        for (OptionSpec option : options) {
            if (option.defaultValue() == null || option.arity().max() == 0) {
                continue;
            }
            Matcher variable = ENVIRONMENT.matcher(option.defaultValue());
            boolean named = variable.matches();
            assertThat(defaults.get(option.longestName()))
                    .as(option.longestName())
                    .isEqualTo(named ? variable.group(2) : option.defaultValue());
            if (named) {
                assertThat(rows.get(option.longestName())).contains("(`" + variable.group(1) + "`)");
            }
        }
    }

    @Test
    void everyCommandIsUnderstood() throws Exception {
        List<String> commands = readme().lines()
                .filter(line -> line.startsWith(JAR))
                .map(line -> line.substring(JAR.length()).replaceAll(" (> .*)?&$", ""))
                .toList();

        assertThat(commands).hasSizeGreaterThanOrEqualTo(5);
        for (String command : commands) {
            assertThat(Examples.commandLine().parseArgs(command.split(" ")).errors())
                    .as(command)
                    .isEmpty();
        }
    }

    private static String section(String program) throws IOException {
        String text = readme();
        int start = text.indexOf("\n## " + program + "\n");
        assertThat(start).as("a section about %s", program).isPositive();
        int end = text.indexOf("\n## ", start + 1);
        return text.substring(start, end < 0 ? text.length() : end);
    }

    private static String readme() throws IOException {
        return Files.readString(Path.of("README.md"));
    }
}
