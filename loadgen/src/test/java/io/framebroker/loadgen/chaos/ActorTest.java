package io.framebroker.loadgen.chaos;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.framebroker.client.FrameBrokerClient;
import io.framebroker.loadgen.role.Children;
import io.framebroker.v1.GetBrokerInfoRequest;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

@EnabledOnOs(OS.LINUX)
@Timeout(300)
class ActorTest {
    private static final Duration MOMENT = Duration.ofMillis(1);

    /** A process that waits for its input to end. */
    private static final class Waiter extends Actor {
        private Process process = Children.start(List.of("cat"));

        Waiter() {
            super("waiter-0");
        }

        @Override
        public ProcessHandle process() {
            return process.toHandle();
        }

        @Override
        public void restart() {
            process = Children.start(List.of("cat"));
        }

        @Override
        void end() {
            Children.end(process);
        }
    }

    @Test
    void aKilledOneIsGoneUntilItIsStartedAgain() throws InterruptedException {
        try (Waiter waiter = new Waiter()) {
            Fault fault = ActorFault.kill("waiter-kill", waiter, MOMENT);
            long pid = fault.pid();
            assertThat(fault.effect()).as("before it begins").isEmpty();

            fault.begin();
            assertThat(fault.effect()).isEqualTo("process " + pid + " is gone");
            fault.end();

            assertThat(waiter.isAlive()).isTrue();
            assertThat(waiter.process().pid()).isNotEqualTo(pid);
            assertThat(fault.target()).isEqualTo("waiter-0");
        }
    }

    @Test
    void aStoppedOneStaysAndGoesOnLater() throws InterruptedException {
        try (Waiter waiter = new Waiter()) {
            Fault fault = ActorFault.stop("waiter-stop", waiter, MOMENT);
            assertThat(fault.effect()).as("before it begins").isEmpty();

            fault.begin();
            awaitStopped(waiter, true);
            assertThat(fault.effect()).isEqualTo("process " + fault.pid() + " is stopped");
            fault.end();

            awaitStopped(waiter, false);
            assertThat(waiter.isAlive()).isTrue();
        }
    }

    @Test
    void aStoppedOneEndsWithTheRun() throws InterruptedException {
        Waiter waiter = new Waiter();
        waiter.stop();

        waiter.close();

        assertThat(waiter.isAlive()).isFalse();
    }

    @Test
    void aBrokerComesBackOnItsPort() throws InterruptedException {
        List<String> command = List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx64m",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                "io.framebroker.server.FrameBroker");
        try (BrokerActor broker = new BrokerActor("broker-0", command, List.of("--store=memory"))) {
            broker.kill();
            assertThat(broker.isAlive()).isFalse();
            broker.restart();

            try (FrameBrokerClient client = FrameBrokerClient.connect(broker.address())) {
                assertThat(client.diagnostics()
                                .withDeadlineAfter(60, TimeUnit.SECONDS)
                                .getBrokerInfo(GetBrokerInfoRequest.getDefaultInstance())
                                .getStore())
                        .isEqualTo("memory");
            }
        }
    }

    @Test
    void aRedisComesBackWithWhatItWrote(@TempDir Path folder) throws InterruptedException {
        assumeTrue(isOnPath("redis-server"), "no redis-server is installed");
        List<String> arguments = List.of("--appendonly", "yes", "--appendfsync", "always", "--save", "");
        try (RedisActor redis = new RedisActor("redis", "redis-server", folder, arguments)) {
            assertThat(redis.ask("SET frame 17")).isEqualTo("+OK");

            redis.kill();
            assertThat(redis.ask("PING")).isEmpty();
            redis.restart();

            assertThat(redis.ask("STRLEN frame")).isEqualTo(":2");
        }
    }

    private static void awaitStopped(Actor actor, boolean stopped) throws InterruptedException {
        while (actor.isStopped() != stopped) {
            LockSupport.parkNanos(1_000_000);
            if (Thread.interrupted()) {
                throw new InterruptedException(actor + " is not " + (stopped ? "stopped" : "going on"));
            }
        }
    }

    private static boolean isOnPath(String program) {
        return Arrays.stream(System.getenv("PATH").split(File.pathSeparator))
                .anyMatch(folder -> Files.isExecutable(Path.of(folder, program)));
    }
}
