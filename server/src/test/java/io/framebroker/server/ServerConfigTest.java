package io.framebroker.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.framebroker.server.broker.OverflowPolicy;
import io.framebroker.server.broker.StreamSettings;
import io.framebroker.server.http.HttpSettings;
import java.io.IOException;
import java.lang.reflect.AnnotatedElement;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Option;

class ServerConfigTest {
    private static final Pattern VARIABLE = Pattern.compile("\\$\\{env:([A-Z_]+):-([^}]*)}");

    @Command
    private static final class Holder {
        @Mixin
        private ServerConfig config;
    }

    private static ServerConfig parse(String... arguments) {
        Holder holder = new Holder();
        new CommandLine(holder).parseArgs(arguments);
        return holder.config;
    }

    @Test
    void withoutArgumentsAllHasItsDefault() {
        ServerConfig config = parse();

        assertThat(config.grpcHost).isEqualTo("127.0.0.1");
        assertThat(config.grpcPort).isEqualTo(50051);
        assertThat(config.broker().autoCreateStreams()).isTrue();
        assertThat(config.broker().maxStreams()).isEqualTo(10_000);
        assertThat(config.broker().resumeGraceMillis()).isEqualTo(5_000);
        assertThat(config.broker().openWaitMillis()).isEqualTo(30_000);
        assertThat(config.broker().groupTtlMillis()).isEqualTo(3_600_000);
        assertThat(config.broker().letterRetryMillis()).isZero();
        assertThat(config.broker().streamDefaults()).isEqualTo(StreamSettings.DEFAULT);
        assertThat(config.edge().maxFrameBytes()).isEqualTo((32 << 20) + (64 << 10));
        assertThat(config.memory().keptLimit()).isEqualTo(Runtime.getRuntime().maxMemory() / 4);
        assertThat(config.memory().inboundLimit())
                .isEqualTo(Runtime.getRuntime().maxMemory() / 4);
        assertThat(config.keepAliveTime).isEqualTo(Duration.ofSeconds(20));
        assertThat(config.keepAliveTimeout).isEqualTo(Duration.ofSeconds(10));
        assertThat(config.drainTime).isEqualTo(Duration.ofSeconds(5));
        assertThat(config.edge().maxCalls()).isEqualTo(2_000);
        assertThat(config.exitWithStdin).isFalse();
        assertThat(config.http()).isEqualTo(new HttpSettings("127.0.0.1", 8002, false));
    }

    @Test
    void everyFlagReachesItsSetting() {
        ServerConfig config =
                parse(("--grpc-host=::1 --grpc-port=1 --auto-create-streams=false --max-streams=2 --backlog-frames=3"
                                + " --backlog-bytes=4K --overflow-policy=THIN --retention-frames=5 --retention-bytes=6M --resume-grace=PT7S --open-wait=PT8S --group-ttl=PT9S --dead-letter-retry=PT16S --http-host=::2 --http-port=17"
                                + " --max-frame-bytes=8M --memory-limit=9G --inbound-limit=10 --keepalive-time=PT11S"
                                + " --keepalive-timeout=PT12S --drain-time=PT13S --max-calls=14 --outbound-limit=15 --exit-with-stdin")
                        .split(" "));

        assertThat(config.grpcHost).isEqualTo("::1");
        assertThat(config.grpcPort).isEqualTo(1);
        assertThat(config.http()).isEqualTo(new HttpSettings("::2", 17, true));
        assertThat(config.broker().autoCreateStreams()).isFalse();
        assertThat(config.broker().maxStreams()).isEqualTo(2);
        assertThat(config.broker().resumeGraceMillis()).isEqualTo(7_000);
        assertThat(config.broker().openWaitMillis()).isEqualTo(8_000);
        assertThat(config.broker().groupTtlMillis()).isEqualTo(9_000);
        assertThat(config.broker().letterRetryMillis()).isEqualTo(16_000);
        assertThat(config.broker().streamDefaults())
                .isEqualTo(new StreamSettings(3, 4 << 10, OverflowPolicy.THIN, 5, 6 << 20, 0));
        assertThat(config.edge().maxFrameBytes()).isEqualTo(8 << 20);
        assertThat(config.memory().keptLimit()).isEqualTo(9L << 30);
        assertThat(config.memory().inboundLimit()).isEqualTo(10);
        assertThat(config.keepAliveTime).isEqualTo(Duration.ofSeconds(11));
        assertThat(config.keepAliveTimeout).isEqualTo(Duration.ofSeconds(12));
        assertThat(config.drainTime).isEqualTo(Duration.ofSeconds(13));
        assertThat(config.memory().outboundLimit()).isEqualTo(15);
        assertThat(config.edge().maxCalls()).isEqualTo(14);
        assertThat(config.exitWithStdin).isTrue();
    }

    @Test
    void allThatIsOutsideItsRangeIsSaidAtOnce() {
        assertThatThrownBy(() -> parse(("--store=memory --grpc-port=65536 --http-port=65537 --otlp-endpoint=jaeger:4318"
                                        + " --max-streams=0 --backlog-frames=-1 --backlog-bytes=0 --retention-frames=-2"
                                        + " --resume-grace=PT-1S --max-calls=0 --keepalive-timeout=PT0S --drain-time=PT-2S")
                                .split(" "))
                        .check())
                .hasMessageContainingAll(
                        "--grpc-port 65536",
                        "--http-port 65537",
                        "--otlp-endpoint jaeger:4318",
                        "--max-streams 0",
                        "--backlog-frames -1",
                        "--backlog-bytes 0",
                        "--retention-frames -2",
                        "--resume-grace PT-1S",
                        "--max-calls 0",
                        "--keepalive-timeout PT0S",
                        "--drain-time PT-2S");
    }

    @Test
    void anEndpointMayEndWithASlash() {
        assertThat(parse("--store=memory", "--otlp-endpoint=http://jaeger:4318/")
                        .traces()
                        .endpoint())
                .isEqualTo("http://jaeger:4318");
    }

    /** The endpoint is in the log when it does not answer. */
    @Test
    void anEndpointWithAPasswordIsRefusedAndNotRepeated() {
        assertThatThrownBy(() -> parse("--store=memory", "--otlp-endpoint=http://user:secret@jaeger:4318")
                        .check())
                .hasMessageContaining("http://***@jaeger:4318")
                .hasMessageNotContaining("secret");
    }

    @ParameterizedTest
    @CsvSource({"0,0", "17,17", "2k,2048", "3M,3145728", "1G,1073741824"})
    void sizesTakeUnits(String text, long bytes) {
        assertThat(new ByteSize().convert(text)).isEqualTo(bytes);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "M", "-1", "1.5M", "12T", "9999999999999"})
    void whatIsNoSizeIsRefusedWithTheForm(String text) {
        assertThatThrownBy(() -> new ByteSize().convert(text)).hasMessageContaining("such as 64M");
    }

    @Test
    void thePageListsEverySettingWithVariableAndDefault() throws IOException {
        String page = Files.readString(Path.of("README.md"));

        for (OptionSpec option : new CommandLine(new Holder()).getCommandSpec().options()) {
            String row = row(page, option.longestName());
            Matcher declared = VARIABLE.matcher(declaredDefault(option));
            if (declared.matches()) {
                assertThat(row).contains("`" + declared.group(1) + "`");
                if (!declared.group(2).isEmpty() && !declared.group(2).equals("0")) {
                    assertThat(row).contains("`" + declared.group(2) + "`");
                }
            } else {
                assertThat(option.longestName()).isEqualTo("--exit-with-stdin");
            }
        }
    }

    /** As it is written; {@code OptionSpec.defaultValue()} is what the environment of the test makes of that. */
    private static String declaredDefault(OptionSpec option) {
        return ((AnnotatedElement) option.userObject())
                .getAnnotation(Option.class)
                .defaultValue();
    }

    @Test
    void allThatIsWrongIsSaidAtOnce() {
        ServerConfig config = parse(
                "--http-port=70000",
                "--open-wait=PT0S",
                "--group-ttl=PT-1S",
                "--max-calls=0",
                "--disk-limit=1M",
                "--disk-sync=PT2M",
                "--store=disk");

        assertThatThrownBy(config::check)
                .hasMessageContainingAll(
                        "--http-port 70000 is outside -1..65535; ",
                        "--open-wait PT0S",
                        "--group-ttl PT-1S",
                        "--max-calls 0",
                        "--disk-limit 1048576 is less than 129M",
                        "--disk-sync PT2M");
    }

    @Test
    void whatIsNotUsedIsNotLookedAt() {
        parse("--store=memory", "--disk-limit=1M", "--redis-username=somebody").check();
    }

    private static String row(String page, String flag) {
        return page.lines()
                .filter(line -> line.startsWith("| `" + flag + "`"))
                .findFirst()
                .orElseThrow(() -> new AssertionError(flag + " is not in README.md"));
    }
}
