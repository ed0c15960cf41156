package io.framebroker.loadgen.worker;

import static org.assertj.core.api.Assertions.assertThat;

import io.framebroker.client.WhenFull;
import io.framebroker.loadgen.check.Checker;
import io.framebroker.loadgen.check.Report;
import io.framebroker.loadgen.check.Terms;
import io.framebroker.loadgen.check.Verdict;
import io.framebroker.loadgen.log.EventLog;
import io.framebroker.loadgen.log.FrameSource;
import io.framebroker.loadgen.role.Line;
import io.framebroker.loadgen.role.Role;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Workers in this JVM against a broker on a real socket; what they write down goes to the checker. */
@Timeout(300)
class CheckedWorkersTest {
    private static final FrameSource SOURCE = new FrameSource("r", "site/cam", "p0", 1);
    private static final int FRAMES = 400;
    /** No test of speed: what makes a frame wait is of the machine, which others use too. */
    private static final Terms TERMS = Terms.DEFAULT.withBounds(Duration.ofSeconds(60), Duration.ofSeconds(60));

    @TempDir
    Path logs;

    @Test
    void anHonestBrokerIsClean() throws Exception {
        Report report = run(BrokenBroker.Defect.NONE);

        assertThat(report.found()).as(report.toText()).isEmpty();
        assertThat(report.events("acked")).isGreaterThanOrEqualTo(FRAMES);
        assertThat(report.events("delivered")).isGreaterThan(2L * FRAMES);
        assertThat(report.events("acks_confirmed")).isGreaterThanOrEqualTo(2L * FRAMES);
        assertThat(report.events("nacked")).isPositive();
        assertThat(report.events("redelivered")).isEqualTo(report.events("nacked"));
    }

    @Test
    void aBrokerThatForgetsWhatItHasAckedIsFound() throws Exception {
        Report report = run(BrokenBroker.Defect.FORGETS);

        assertThat(report.found()).as(report.toText()).containsExactly(Verdict.LOST);
        assertThat(report.first(Verdict.LOST))
                .startsWith("r/site/cam/p0/1/50 (group g0)", "r/site/cam/p0/1/150 (group g0)");
        assertThat(report.clean()).isFalse();
    }

    @Test
    void aBrokerThatDamagesFramesIsFound() throws Exception {
        Report report = run(BrokenBroker.Defect.DAMAGES);

        assertThat(report.found()).as(report.toText()).containsExactly(Verdict.CORRUPT);
        assertThat(report.first(Verdict.CORRUPT))
                .first()
                .asString()
                .matches("r/site/cam/p0/1/\\d*50 \\(group g\\d, checksum does not fit\\)");
    }

    @Test
    void aBrokerThatDeliversTwiceIsFound() throws Exception {
        Report report = run(BrokenBroker.Defect.REPEATS);

        // The second time it comes its ack may have been confirmed already.
        assertThat(report.found())
                .as(report.toText())
                .isSubsetOf(Verdict.REORDER, Verdict.ACK_LOST)
                .isNotEmpty();
    }

    private Report run(BrokenBroker.Defect defect) throws IOException, InterruptedException {
        writeTerms();
        try (BrokenBroker broker = new BrokenBroker(defect);
                CheckedConsumerRole one = consumer(broker, "g0");
                CheckedConsumerRole other = consumer(broker, "g1");
                CheckedPublisherRole publisher = new CheckedPublisherRole()) {
            PublisherSetup setup =
                    new PublisherSetup(broker.address(), SOURCE, 42, 2_000, 2_000, WhenFull.BLOCK, 64, logs);
            publisher.ask(new Line("open", setup.fields()));
            publisher.ask(Line.of("start"));
            await(publisher, "acked", FRAMES);
            publisher.ask(Line.of("stop").with("patience_ms", 60_000));
            long acked = number(publisher, "acked");
            publisher.ask(Line.of("close"));

            long forgotten = defect == BrokenBroker.Defect.FORGETS ? (acked + 50) / 100 : 0;
            await(one, "confirmed", acked - forgotten);
            await(other, "confirmed", acked - forgotten);
            // What comes twice may be confirmed twice: so many confirmations are not those of so many frames.
            awaitDrained(broker);
        }
        return Checker.check(logs, UnaryOperator.identity());
    }

    private void writeTerms() {
        try (EventLog log = EventLog.create(
                logs.resolve(Checker.TERMS_ROLE + EventLog.SUFFIX),
                Checker.TERMS_ROLE,
                Line.of("about").with("run", "r"))) {
            log.append(TERMS.toLine());
        }
    }

    private CheckedConsumerRole consumer(BrokenBroker broker, String group) throws InterruptedException {
        CheckedConsumerRole consumer = new CheckedConsumerRole();
        ConsumerSetup setup = new ConsumerSetup(
                broker.address(),
                "r",
                group,
                group + "-c0",
                List.of("site/cam"),
                42,
                2_000,
                64,
                Duration.ofSeconds(30),
                Duration.ZERO,
                97,
                0,
                false,
                logs);
        consumer.ask(new Line("open", setup.fields()));
        return consumer;
    }

    private static void await(Role role, String what, long least) throws InterruptedException {
        while (number(role, what) < least) {
            LockSupport.parkNanos(1_000_000);
            if (Thread.interrupted()) {
                throw new InterruptedException(what + " is " + number(role, what) + ", not " + least);
            }
        }
    }

    private static void awaitDrained(BrokenBroker broker) throws InterruptedException {
        while (!broker.isDrained(SOURCE.stream())) {
            TimeUnit.MILLISECONDS.sleep(1);
        }
    }

    private static long number(Role role, String what) throws InterruptedException {
        Line stats = role.ask(Line.of("stats"));
        assertThat(stats.get("failure")).isEmpty();
        return stats.number(what);
    }
}
