package io.framebroker.loadgen.chaos;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.framebroker.loadgen.check.Report;
import io.framebroker.loadgen.check.Terms;
import io.framebroker.loadgen.check.Verdict;
import io.framebroker.loadgen.role.Jvm;
import io.framebroker.loadgen.role.RunFailure;
import io.framebroker.server.BrokerServer;
import io.framebroker.server.broker.BrokerSettings;
import io.framebroker.server.broker.FrameMemory;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Short runs with a broker, publishers and consumers in processes of their own. */
@Timeout(300)
class ChaosRunTest {
    /** No test of speed: what takes a broker or a frame a while is of the machine, which others use too. */
    private static final Terms TERMS = Terms.DEFAULT
            .withMinimums(500, 0, 0)
            .withBounds(Duration.ofSeconds(60), Duration.ofSeconds(60))
            .withPromises(Terms.Promises.NONE.withMostComeback(Duration.ofSeconds(60)));

    private static final String SMALL = "-Xmx96m -XX:+UseSerialGC -XX:TieredStopAtLevel=1";

    /** A fault that the nemesis says it made, and did not. */
    private record Pretended() implements Fault {
        @Override
        public String kind() {
            return "pretended";
        }

        @Override
        public String target() {
            return "nobody";
        }

        @Override
        public long pid() {
            return 0;
        }

        @Override
        public Duration lasts() {
            return Duration.ZERO;
        }

        @Override
        public void begin() {}

        @Override
        public String effect() {
            return "";
        }

        @Override
        public void end() {}
    }

    /** A scenario whose broker gets an argument from what is on the stage. */
    private record Furnished(Scenario scenario) implements Scenario {
        @Override
        public String name() {
            return scenario.name();
        }

        @Override
        public String description() {
            return scenario.description();
        }

        @Override
        public void furnish(Stage stage) {
            stage.let("most-streams", 7);
        }

        @Override
        public Terms terms(Terms usual) {
            return scenario.terms(usual);
        }

        @Override
        public Fault draw(Stage stage, Random random) {
            return scenario.draw(stage, random);
        }
    }

    /** A broker that is always killed once more while it starts. */
    private record KilledAgain(Scenario scenario) implements Scenario {
        @Override
        public String name() {
            return scenario.name();
        }

        @Override
        public String description() {
            return scenario.description();
        }

        @Override
        public StageSetup setting(StageSetup asked) throws InterruptedException {
            return scenario.setting(asked);
        }

        @Override
        public Terms terms(Terms usual) {
            return scenario.terms(usual);
        }

        @Override
        public Fault draw(Stage stage, Random random) {
            Path folder = Scenarios.diskFolder(stage.setup());
            return new DiskKill(name(), stage, folder, Duration.ofMillis(20), Duration.ofMillis(20));
        }
    }

    private static final Scenario PRETENDING = new Scenario() {
        @Override
        public String name() {
            return "pretending";
        }

        @Override
        public String description() {
            return "Nothing happens.";
        }

        @Override
        public Terms terms(Terms usual) {
            return usual;
        }

        @Override
        public Fault draw(Stage stage, Random random) {
            assertThatThrownBy(stage::redis).isInstanceOf(RunFailure.class).hasMessage("the scenario takes no Redis");
            return new Pretended();
        }
    };

    @TempDir
    Path folder;

    @Test
    void aPublisherThatIsKilledLosesNothingThatWasAcked() throws Exception {
        Report report = run(Scenarios.named("publisher-kill"), 1, ownBroker());

        assertThat(report.found()).as(report.toText()).isEmpty();
        assertThat(report.events("acked")).isGreaterThanOrEqualTo(500);
        assertThat(report.events("unknown")).isPositive();
        assertThat(files()).contains("terms.log", "nemesis.log", "ledger.log");
        assertThat(files())
                .filteredOn(name -> name.startsWith("publisher-"))
                .as("two starts")
                .hasSize(2);
        assertThat(Files.readString(folder.resolve("nemesis.log")))
                .containsSubsequence("PLAN fault=1", "START fault=1", "EFFECT fault=1", "STOP fault=1");
    }

    @Test
    void aBrokerOnItsDiskThatIsKilledTwiceLosesNothingThatWasAcked() throws Exception {
        Report report = run(new KilledAgain(Scenarios.named("disk-kill")), 1, ownBroker());

        assertThat(report.found()).as(report.toText()).isEmpty();
        assertThat(report.events("acked")).isGreaterThanOrEqualTo(500);
        assertThat(report.events("redelivered")).isPositive();
        assertThat(report.events("comebacks")).isEqualTo(1);
        assertThat(Files.readString(folder.resolve("nemesis.log")))
                .containsPattern(
                        "EFFECT fault=1 .*is\\+gone%2C\\+and\\+process\\+[0-9]+%2C\\+20\\+ms\\+after\\+it\\+had\\+taken")
                .containsSubsequence("EFFECT fault=1", "BACK fault=1", "STOP fault=1");
    }

    @Test
    void poisonIsGivenUpAndTakenWhenItIsReplayed() throws Exception {
        Report report = run(Scenarios.named("poison"), 1, ownBroker());

        assertThat(report.found()).as(report.toText()).isEmpty();
        assertThat(report.events("poison")).isPositive();
        assertThat(report.events("nacked"))
                .as("of three attempts the one kill ends at most one without a nack")
                .isGreaterThanOrEqualTo(2 * report.events("poison"));
    }

    @Test
    void aFaultWithoutEffectMakesTheRunVoid() throws Exception {
        Report report;
        try (BrokerServer broker = BrokerServer.start(
                NettyServerBuilder.forPort(0), BrokerSettings.DEFAULT, new FrameMemory(64L << 20, 64L << 20))) {
            report = run(PRETENDING, 2, new StageSetup.BrokerSetup(null, null, 0, "127.0.0.1:" + broker.port()));
        }

        assertThat(report.found()).as(report.toText()).containsExactly(Verdict.VOID);
        assertThat(report.first(Verdict.VOID))
                .containsExactly(
                        "fault 1, pretended of nobody, showed no effect",
                        "fault 2, pretended of nobody, showed no effect");
    }

    @Test
    void aPlaceholderForWhatIsNotOnTheStageIsNamed() {
        StageSetup.BrokerSetup broker =
                new StageSetup.BrokerSetup(List.of("true"), List.of("--redis={redis-port}"), 1, null);

        assertThatThrownBy(() -> run(PRETENDING, 1, broker))
                .isInstanceOf(RunFailure.class)
                .hasMessage(
                        "--broker-arg --redis={redis-port}: there is no redis-port on this stage; there is nothing");
    }

    private static StageSetup.BrokerSetup ownBroker() {
        List<String> command = List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx128m",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                "io.framebroker.server.FrameBroker");
        return new StageSetup.BrokerSetup(command, List.of(), 1, null);
    }

    private Report run(Scenario scenario, int rounds, StageSetup.BrokerSetup broker)
            throws IOException, InterruptedException {
        StageSetup setup = new StageSetup(
                "r",
                42,
                folder,
                new StageSetup.Load(1, 1, 2, 2_000, 1_000),
                StageSetup.Habits.DEFAULT,
                broker,
                null,
                false,
                Jvm.of(SMALL));
        return new ChaosRun(
                        scenario,
                        setup,
                        rounds,
                        TERMS,
                        Duration.ofMillis(100),
                        Duration.ofMillis(200),
                        new PrintStream(PrintStream.nullOutputStream()))
                .execute();
    }

    private List<String> files() throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(file -> file.getFileName().toString()).toList();
        }
    }
}
