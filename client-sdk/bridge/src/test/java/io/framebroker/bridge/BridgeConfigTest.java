package io.framebroker.bridge;

import static org.assertj.core.api.Assertions.assertThat;

import io.framebroker.bridge.mapping.CaptureTime;
import io.framebroker.bridge.mapping.FieldNames;
import io.framebroker.bridge.mapping.Format;
import io.framebroker.bridge.mapping.PayloadForm;
import io.framebroker.bridge.source.RedisAddress;
import io.framebroker.bridge.source.RedisSource;
import io.framebroker.v1.AckLevel;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;
import picocli.CommandLine.Model.OptionSpec;

class BridgeConfigTest {
    private static final Pattern VARIABLE = Pattern.compile("\\$\\{env:([A-Z_]+):-([^}]*)}");

    @Test
    void withoutArgumentsItReadsWhatTheOldServicesWrite() {
        BridgeConfig config = Rig.config("--consumer", "one");

        config.check();
        assertThat(config.redis.address()).isEqualTo(new RedisAddress("localhost", 6379, 0, "", "", false, null));
        assertThat(config.sourceSettings())
                .isEqualTo(
                        new RedisSource.Settings("frames:metadata", "frame-broker", "one", 10_000, 1, false, 10_000));
        assertThat(config.targetSettings())
                .isEqualTo(new Target.Settings(
                        "redis/frames:metadata/frame-broker",
                        1,
                        AckLevel.ACK_LEVEL_UNSPECIFIED,
                        4 << 20,
                        2_048,
                        Duration.ofSeconds(1)));
        assertThat(config.pumpSettings())
                .isEqualTo(new Pump.Settings(
                        true,
                        1_024,
                        64 << 20,
                        256,
                        256,
                        "frames:metadata",
                        Duration.ofSeconds(10),
                        Duration.ofSeconds(10),
                        Duration.ofSeconds(3)));
        assertThat(config.mappingSettings().stream()).hasToString("{camera_id}");
        assertThat(config.mappingSettings().fields())
                .isEqualTo(new FieldNames(
                        "data", "format", "width", "height", "timestamp", "frame_id", "keyframe", "traceparent"));
        assertThat(config.mappingSettings().payloadForm()).isEqualTo(PayloadForm.RAW);
        assertThat(config.mappingSettings().payloadRequired()).isFalse();
        assertThat(config.mappingSettings().format()).isNull();
        assertThat(config.mappingSettings().time()).isEqualTo(CaptureTime.AUTO);
        assertThat(config.broker).isEqualTo("localhost:50051");
    }

    @Test
    void everyFlagReachesItsSetting() {
        BridgeConfig config = Rig.config(
                ("--redis-host=h --redis-port=1 --redis-db=2 --redis-username=u --redis-password=p --redis-tls=true"
                                + " --redis-ca-file=ca.pem --source=s --group=g --consumer=c --from=new --lease=PT3S --in-flight=4"
                                + " --in-flight-bytes=5K --batch=6 --delete-acked=true --unreadable-limit=7 --broker=b:8"
                                + " --ack-level=fsync --publisher-id=id --epoch=9 --max-streams=10 --losses-to=l"
                                + " --stream=x/{y} --rename=a=b --payload-field=f1 --payload-form=key --payload-required=true"
                                + " --max-payload-bytes=11K --format-field=f2 --format=nv12 --width-field=f3 --height-field=f4"
                                + " --time-field=f5 --time-form=millis --frame-id-field=f6 --keyframe-field=f7"
                                + " --traceparent-field=f8 --status-interval=PT12S --drain-time=PT13S --exit-with-stdin")
                        .split(" "));

        assertThat(config.redis.address()).isEqualTo(new RedisAddress("h", 1, 2, "u", "p", true, Path.of("ca.pem")));
        assertThat(config.sourceSettings()).isEqualTo(new RedisSource.Settings("s", "g", "c", 3_000, 9, true, 7));
        assertThat(config.targetSettings())
                .isEqualTo(new Target.Settings("id", 9, AckLevel.ACK_LEVEL_FSYNC, 11 << 10, 8, Duration.ofSeconds(1)));
        assertThat(config.pumpSettings())
                .isEqualTo(new Pump.Settings(
                        false,
                        4,
                        5 << 10,
                        6,
                        10,
                        "l",
                        Duration.ofSeconds(3),
                        Duration.ofSeconds(12),
                        Duration.ofSeconds(13)));
        assertThat(config.mappingSettings().stream()).hasToString("x/{y}");
        assertThat(config.mapping.renamed).containsEntry("a", "b");
        assertThat(config.mappingSettings().fields())
                .isEqualTo(new FieldNames("f1", "f2", "f3", "f4", "f5", "f6", "f7", "f8"));
        assertThat(config.mappingSettings().payloadForm()).isEqualTo(PayloadForm.KEY);
        assertThat(config.mappingSettings().payloadRequired()).isTrue();
        assertThat(config.mappingSettings().maxPayloadBytes()).isEqualTo(11 << 10);
        assertThat(config.mappingSettings().format()).isEqualTo(Format.NV12);
        assertThat(config.mappingSettings().time()).isEqualTo(CaptureTime.MILLIS);
        assertThat(config.broker).isEqualTo("b:8");
        assertThat(config.exitWithStdin).isTrue();
    }

    @Test
    void aUrlStandsForAllThatIsSaidOfRedis() {
        BridgeConfig config = Rig.config("--redis-url", "rediss://u:p@h:1/2", "--redis-host", "other");

        assertThat(config.redis.address()).isEqualTo(new RedisAddress("h", 1, 2, "u", "p", true, null));
    }

    @Test
    void withOneStreamForAllLossesAreItsOwn() {
        assertThat(Rig.config("--stream", "north").lossesTo()).isEqualTo("north");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '"', textBlock = """
            --redis-url http://h       | redis://[user[:password]@]host[:port][/db]
            --redis-port 0             | --redis-port 0 is outside 1..65535
            --redis-db -1              | --redis-db -1 is below 0
            --source=                  | --source is empty
            --source a,b               | losses have no stream
            --group=                   | --group
            --lease PT0.5S             | --lease PT0.5S is outside
            --in-flight 0              | --in-flight 0 is outside 1..100000
            --in-flight-bytes 0        | --in-flight-bytes is below 1
            --batch 0                  | --batch 0 is outside 1..10000
            --unreadable-limit -1      | --unreadable-limit -1 is below 0
            --ack-level disk           | --ack-level
            --epoch 0                  | --epoch 0 is below 1
            --max-streams 0            | --max-streams 0 is outside
            --losses-to /x             | losses have no stream
            --stream /x                | --stream '/x' gives no stream names
            --payload-form hex         | --payload-form
            --max-payload-bytes 33M    | --max-payload-bytes 34603008 is outside 1K..32M
            --max-payload-bytes much   | 'much' is no size such as 64M
            --format gif               | --format gif is none of jpeg
            --time-form days           | --time-form
            --status-interval PT-1S    | --status-interval PT-1S is negative
            --drain-time PT2M          | --drain-time PT2M is outside
            --what                     | --what
            """)
    void wrongArgumentsAreNamedAndEndWithCodeTwo(String arguments, String message) {
        CommandLine line = Bridge.commandLine();
        StringWriter err = new StringWriter();
        line.setErr(new PrintWriter(err));

        int code = line.execute(arguments.split(" "));

        assertThat(code).isEqualTo(2);
        assertThat(err.toString()).contains(message);
    }

    @Test
    void thePageListsEveryOptionWithItsVariableAndItsDefault() throws IOException {
        String page = Files.readString(Path.of("README.md"));
        List<OptionSpec> options = Bridge.commandLine().getCommandSpec().options().stream()
                .filter(option -> !option.hidden() && !option.usageHelp() && !option.versionHelp())
                .toList();

        assertThat(options).hasSizeGreaterThan(35);
        assertThat(page.lines().filter(line -> line.startsWith("| `--"))).hasSize(options.size());
        for (OptionSpec option : options) {
            String row = row(page, option.longestName());
            Matcher declared = VARIABLE.matcher(option.defaultValue() == null ? "" : option.defaultValue());
            if (declared.matches()) {
                assertThat(row).contains("`" + declared.group(1) + "`");
                assertThat(option.description()[0]).contains(declared.group(1));
                if (!declared.group(2).isEmpty()) {
                    assertThat(row).contains("| `" + declared.group(2) + "` |");
                    assertThat(option.description()[0]).contains("default " + declared.group(2));
                }
            }
        }
    }

    private static String row(String page, String flag) {
        return page.lines()
                .filter(line -> line.startsWith("| `" + flag + "`"))
                .findFirst()
                .orElseThrow(() -> new AssertionError(flag + " is not in README.md"));
    }
}
