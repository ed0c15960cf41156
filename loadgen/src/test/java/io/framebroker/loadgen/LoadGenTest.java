package io.framebroker.loadgen;

import static org.assertj.core.api.Assertions.assertThat;

import io.framebroker.loadgen.log.ConsumerLog;
import io.framebroker.loadgen.log.Content;
import io.framebroker.loadgen.log.FrameSource;
import io.framebroker.loadgen.log.PublisherLog;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;

class LoadGenTest {
    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '"',
            value = {
                "run --target kafka | target 'kafka' is not known; use one of broker, relay, raw, polling, redis, redis-noaof, redis-batch, broker-redis, broker-redis-early, broker-redis-latest, broker-disk, broker-disk-fsync, nats, rabbitmq",
                "run --target relay --consumers 2 | the relay target has no groups to share frames in",
                "run --target broker-redis-latest --consumers 2 | target has no groups to share frames in",
                "run --target relay --frame-bytes 8 | --frame-bytes is 8; it must be 32 to 33554432",
                "run --target relay --address here | --address is 'here'; write it as host:port",
                "run --target relay --warmup 10 | '10' is no duration; write it as 500ms, 15s, 2m or 1h",
                "run --target relay --cameras many | Invalid value for option '--cameras'",
                "compare --targets relay | --targets is relay; name two or more, each once",
                "compare --targets raw,raw | --targets is raw,raw; name two or more, each once",
                "compare --rounds 0 | --rounds is 0; it must be 1 or more",
                "check --logs no/such | --logs is 'no/such', which is no folder",
                "check | Missing required option: '--logs=DIR'",
                "check --logs . --allow BAD | Invalid value for option '--allow'",
                "chaos | --scenario is missing; --list shows which there are",
                "chaos --scenario meteor | scenario 'meteor' is not known; there are publisher-kill, consumer-kill",
                "chaos --scenario reconnect --rounds -1 | --rounds is -1; it must be 0 or more",
                "chaos --scenario reconnect --streams 0 | --streams is 0; it must be 1 to 100",
                "chaos --scenario reconnect --rate 0 | --rate is 0.0; it must be above 0",
                "chaos --scenario reconnect --broker-jar pom.xml --logs src | --logs is 'src', which is not empty",
                "compare --preset redis-1m | --preset is 'redis-1m'; use one of redis-100k, redis-100k-x4, redis-184,",
                "compare --targets redis,broker-redis --redis-url here | --redis-url is not a URL of Redis",
                "compare --targets redis,redis-batch | --batch is 1, with which redis-batch is redis",
                "compare --targets raw,relay --backlog-frames 0 | --backlog-frames is 0; it must be 1 to 1000000",
                "run --target redis-noaof --redis-url redis://localhost:6379 | redis-noaof is a server that is started",
                "run --target redis --address localhost:6379 | the redis target is found by --redis-url",
                "run --target broker-disk --address localhost:50051 | target is a broker that is started with its own folder",
                "run --target nats --address localhost:4222 | the nats target is found by --nats-url",
                "run --target nats --nats-url here | --nats-url is not a URL of NATS",
                "run --target rabbitmq --rabbitmq-url here | --rabbitmq-url is not a URL of RabbitMQ",
                "compare --targets raw,relay@many | target 'relay@many' is not known; write it as",
                "compare --targets raw,relay@0 | target 'relay@0' has no cameras",
                "compare --targets raw@4,raw@4 | --targets is raw@4,raw@4; name two or more, each once",
                "compare --targets raw,nats --nats-server no-such-server --require raw/redis=1 | --require names redis, which is not measured; measured are raw, nats",
                "compare --targets nats? --nats-server no-such-server | --targets is nats?; name two or more",
                "compare --goal relay>raw | --goal is 'relay>raw'; write it as broker/relay>=0.9",
                "compare --plot bars.gif | 'bars.gif' is no picture",
                "summary no-such.json | no-such.json is no file",
                "summary pom.xml | pom.xml has no comparison",
                "compare --require relay>raw | --require is 'relay>raw'; write it as relay/raw=0.35",
            })
    void wrongArgumentsAreNamedAndEndWithTwo(String arguments, String message) {
        assertThat(execute(arguments)).isEqualTo(2);
        assertThat(err.toString()).contains(message);
    }

    @Test
    void aRunThatHoldsEndsWithZeroAndWritesJson(@TempDir Path folder) throws IOException {
        Path json = folder.resolve("run.json");

        int code = executeUntilFramesFlow(
                "run --target relay --rate 500 --frame-bytes 1000 --warmup 500ms --json " + json, 2_000);

        assertThat(code).as(err.toString()).isZero();
        assertThat(out.toString()).contains("relay: published").contains("verified: lost 0");
        assertThat(Files.readString(json))
                .contains("\"target\": \"relay\"")
                .contains("\"delivered_fps\"")
                .contains("\"cores\"");
    }

    @Test
    void aRunThatFailsEndsWithOneAndSaysWhy() {
        assertThat(execute("run --target raw --address 127.0.0.1:1")).isEqualTo(1);
        assertThat(err.toString()).startsWith("failed: raw relay at ").contains("refused");
    }

    @Test
    void logsOfACleanRunEndWithZeroAndOthersWithOne(@TempDir Path folder) throws IOException {
        FrameSource source = new FrameSource("r", "cam", "p0", 1);
        try (PublisherLog publisher = PublisherLog.create(folder, source, 42);
                ConsumerLog consumer = ConsumerLog.create(folder, "r", "g0", "c0", List.of("cam"), false, 42)) {
            publisher.invoke(1);
            publisher.invoke(2);
            publisher.acked(new long[] {1}, 1, "STORED");
            consumer.deliver(source, 1, 1, 1, 1, Content.OK);
            Path json = folder.resolve("report.json");
            assertThat(execute("check --logs " + folder + " --json " + json))
                    .as(out.toString())
                    .isZero();
            assertThat(out.toString()).contains("clean");
            assertThat(Files.readString(json)).contains("\"clean\": true");

            publisher.acked(new long[] {2}, 1, "STORED");
            assertThat(execute("check --logs " + folder)).isEqualTo(1);
            assertThat(out.toString()).contains("r/cam/p0/1/2 (group g0)", "NOT CLEAN: [LOST]");
            assertThat(execute("check --allow LOST --logs " + folder)).isZero();
            assertThat(execute("check --allow LOST --min-acks 3 --logs " + folder))
                    .isEqualTo(1);
            assertThat(out.toString()).contains("2 acks, 3 are needed");
        }
    }

    @Test
    void scenariosAreListed() {
        assertThat(execute("chaos --list")).isZero();
        assertThat(out.toString()).contains("publisher-kill", "consumer-kill", "consumer-stop", "reconnect");
    }

    @Test
    void aRedisThatIsNotInstalledNamesTheWayOut(@TempDir Path folder) {
        int code = execute(
                "run --target redis --warmup 1s --duration 1s --redis-server no-such-server --redis-dir " + folder);

        assertThat(code).isEqualTo(1);
        assertThat(err.toString())
                .startsWith("failed: there is no no-such-server on the PATH")
                .contains("--redis-server FILE")
                .contains("--redis-url");
    }

    @ParameterizedTest
    @CsvSource({
        "nats, nats://HOST:PORT, nats-server",
        "rabbitmq, amqp://HOST:PORT, rabbitmq-server",
    })
    void aPeerThatIsNotInstalledNamesTheWayOut(String target, String url, String packaged, @TempDir Path folder) {
        int code = execute("run --target " + target + " --warmup 1s --duration 1s --" + packaged
                + " no-such-server --data-dir " + folder);

        assertThat(code).isEqualTo(1);
        assertThat(err.toString())
                .startsWith("failed: there is no no-such-server on the PATH")
                .contains("package " + packaged)
                .contains("--" + packaged + " FILE")
                .contains("--" + target + "-url " + url);
    }

    @Test
    void whatMayBeMissingIsLeftOutWithALine(@TempDir Path folder) {
        int code = executeUntilFramesFlow(
                "compare --targets raw,relay,nats?,rabbitmq? --nats-server no-such-server"
                        + " --rabbitmq-server /no/such/server --rounds 1 --warmup 100ms --lead 10ms"
                        + " --jvm -Xmx64m --frame-bytes 1000 --data-dir " + folder,
                500);

        assertThat(code).as(err.toString()).isZero();
        assertThat(err.toString())
                .contains("nats is left out: there is no no-such-server on the PATH, and no --nats-url")
                .contains("rabbitmq is left out: there is no /no/such/server, and no --rabbitmq-url");
        assertThat(out.toString()).contains("relay / raw").doesNotContain("nats");
    }

    @Test
    void whatWasComparedIsDrawnAndJudgedLaterAsAtOnce(@TempDir Path folder) throws IOException {
        Path json = folder.resolve("cell.json");
        Path now = folder.resolve("now.svg");
        Path later = folder.resolve("later.svg");

        int code = executeUntilFramesFlow(
                "compare --targets raw,relay,nats? --rounds 2 --warmup 100ms --lead 10ms --jvm -Xmx64m --frame-bytes 1000"
                        + " --nats-server no-such-server --goal raw/relay>=0.0001,fps(nats)>=1 --goal fps(raw)<1 --json "
                        + json + " --plot "
                        + now,
                500);

        assertThat(code).as(err.toString()).isZero();
        assertThat(out.toString()).contains("peak memory, MiB");
        String goals = out.toString().substring(out.toString().indexOf("cell "));
        assertThat(goals.split("\n"))
                .anyMatch(line -> line.matches("this +raw/relay>=0.0001 .* met"))
                .anyMatch(line -> line.matches("this +fps\\(nats\\)>=1 +- +not measured"))
                .anyMatch(line -> line.matches("this +fps\\(raw\\)<1 .* not met"));
        assertThat(execute("plot " + json + " --out " + later)).isZero();
        assertThat(Files.readString(now)).contains("1 kB, 1 camera, 1 group; 2 rounds");
        assertThat(texts(later)).isEqualTo(texts(now)).contains(">relay<");
        out.getBuffer().setLength(0);
        assertThat(execute("summary " + json)).isZero();
        assertThat(out.toString().replace("cell ", "this ")).contains("raw/relay>=0.0001", "not measured", "not met");
        assertThat(execute("plot " + json + " " + json + " --out " + folder.resolve("two.png") + " --columns 1"))
                .isZero();
        assertThat(folder.resolve("two.png")).isNotEmptyFile();
    }

    @Test
    void goalsOfTargetsThatAreNotMeasuredAreRefusedBeforeAnythingStarts() {
        assertThat(execute("compare --targets raw,relay --goal p99(nats)<3")).isEqualTo(2);
        assertThat(err.toString()).contains("--goal is 'p99(nats)<3'; nats is none of --targets raw,relay");
    }

    private static List<String> texts(Path svg) throws IOException {
        return Pattern.compile(">[^<]+</text>")
                .matcher(Files.readString(svg))
                .results()
                .map(MatchResult::group)
                .map(text -> text.replace("</text>", "<"))
                .toList();
    }

    @Test
    void moreAppendOnlyFileThanTheDiskHoldsIsRefusedBeforeAnythingStarts(@TempDir Path folder) {
        int code = execute("run --target redis --redis-server no-such-server --duration 10000h --redis-dir " + folder);

        assertThat(code).isEqualTo(1);
        assertThat(err.toString()).contains("GB are free where " + folder).contains("--data-dir DIR");
    }

    @Test
    void rolesAreHiddenFromUsers() {
        assertThat(execute("--help")).isZero();
        assertThat(out.toString()).contains("run", "compare", "check", "chaos").doesNotContain("raw-relay", "checked-");
    }

    /** For so long, or twice as long, and so on: what is new to its JVM, on a busy machine, may take longer than a short run. */
    private int executeUntilFramesFlow(String arguments, int millis) {
        int code = execute(arguments + " --duration " + millis + "ms");
        return code == 1 && err.toString().endsWith("none delivered\n") && millis < 20_000
                ? executeUntilFramesFlow(arguments, 2 * millis)
                : code;
    }

    private int execute(String arguments) {
        CommandLine commandLine = LoadGen.commandLine();
        commandLine.setOut(new PrintWriter(out, true)).setErr(new PrintWriter(err, true));
        return commandLine.execute(arguments.split(" "));
    }
}
