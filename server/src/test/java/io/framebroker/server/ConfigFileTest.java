package io.framebroker.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

class ConfigFileTest {
    @TempDir
    Path folder;

    @Command
    private static final class Holder {
        @Mixin
        private ServerConfig config;
    }

    private Path file(String... lines) throws IOException {
        return Files.write(folder.resolve("broker.properties"), java.util.List.of(lines));
    }

    private static ServerConfig parse(Path file, Map<String, String> environment, String... arguments) {
        CommandLine command = TimeText.readBy(new CommandLine(new Holder()));
        var spec = command.getCommandSpec();
        spec.defaultValueProvider(ConfigFile.read(file, spec, environment::get));
        command.parseArgs(arguments);
        return command.<Holder>getCommand().config;
    }

    @Test
    void whatNothingElseGivesIsTheFiles() throws IOException {
        ServerConfig config = parse(
                file("# a comment", "grpc-port = 7 ", "redis-host=redis", "exit-with-stdin=true", "backlog-bytes: 3M"),
                Map.of());

        assertThat(config.grpcPort).isEqualTo(7);
        assertThat(config.redis.host).isEqualTo("redis");
        assertThat(config.exitWithStdin).isTrue();
        assertThat(config.backlogBytes).isEqualTo(3 << 20);
        assertThat(config.grpcHost).isEqualTo("127.0.0.1");
    }

    @Test
    void aFlagWinsOverTheFile() throws IOException {
        assertThat(parse(file("grpc-port=7"), Map.of(), "--grpc-port=8").grpcPort)
                .isEqualTo(8);
    }

    @Test
    void aVariableWinsOverTheFile() throws IOException {
        ConfigFile file = ConfigFile.read(
                file("grpc-port=7", "http-port=9"),
                FrameBroker.commandLine().getCommandSpec(),
                Map.of("GRPC_PORT", "8")::get);
        var command = FrameBroker.commandLine().getCommandSpec();

        // What it does not give, the variable gives.
        assertThat(file.defaultValue(command.findOption("--grpc-port"))).isNull();
        assertThat(file.defaultValue(command.findOption("--http-port"))).isEqualTo("9");
    }

    @Test
    void everythingThatIsNoSettingIsNamed() {
        assertThatThrownBy(() -> parse(
                        file(
                                "grpc-prot=7",
                                "REDIS_HOST=redis",
                                "--store=disk",
                                "help=true",
                                "config=other",
                                "http-port=1",
                                "http-port=2"),
                        Map.of()))
                .hasMessageContainingAll(
                        "broker.properties",
                        "grpc-prot is no setting",
                        "REDIS_HOST is no setting; write redis-host",
                        "--store is no setting; write store",
                        "help is no setting",
                        "config is no setting",
                        "http-port stands there twice");
    }

    @Test
    void aFileThatIsNotThereIsRefused() {
        assertThatThrownBy(() -> parse(folder.resolve("none"), Map.of()))
                .hasMessageContainingAll(folder.resolve("none").toString(), "cannot be read");
    }

    @Test
    void allThatCannotBeReadIsSaidAtOnceWithWhereItStands() throws IOException {
        Path file = file("http-port=many", "grpc-host=::1", "overflow-policy=NONE", "max-calls=few");
        CommandLine broker = FrameBroker.commandLine();
        StringWriter said = new StringWriter();
        broker.setErr(new PrintWriter(said));
        String[] arguments = {"--config", file.toString(), "--grpc-port=x", "--drain-time", "soon", "--nonsense"};
        FrameBroker.readFile(broker, arguments);

        assertThat(broker.execute(arguments)).isEqualTo(2);

        assertThat(said.toString().lines().filter(line -> line.startsWith("frame-broker: ")))
                .anyMatch(line -> line.contains("--grpc-port': 'x'"))
                .anyMatch(line -> line.contains("--http-port': 'many'") && line.endsWith(", in " + file))
                .anyMatch(line -> line.contains("--overflow-policy': ") && line.endsWith(", in " + file))
                .anyMatch(line -> line.contains("--max-calls': 'few'") && line.endsWith(", in " + file))
                .anyMatch(line -> line.contains("'soon' is no duration"))
                .anyMatch(line -> line.contains("--nonsense"))
                .hasSize(6);
    }

    @Test
    void aSubcommandTakesNoFile() {
        CommandLine broker = FrameBroker.commandLine();

        FrameBroker.readFile(broker, "--config=" + folder.resolve("none"), "streams");

        assertThat(broker.getCommandSpec().defaultValueProvider()).isNull();
    }
}
