package io.framebroker.loadgen.chaos;

import io.framebroker.loadgen.check.Checker;
import io.framebroker.loadgen.check.Report;
import io.framebroker.loadgen.check.Terms;
import io.framebroker.loadgen.log.EventLog;
import io.framebroker.loadgen.role.Line;
import java.io.IOException;
import java.io.PrintStream;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;

/**
 * One run of a scenario: everybody starts, frames flow, faults come one after the other, then no more faults, no more frames, all
 * groups drain, and the checker reads what was written down.
 *
 * @param rounds faults
 * @param terms what the run must have had whatever the scenario
 * @param pause most time between two faults; as much is drawn
 * @param quiet time between the two looks that must find all groups drained
 * @param told hears how it goes
 */
public record ChaosRun(
        Scenario scenario,
        StageSetup asked,
        int rounds,
        Terms terms,
        Duration pause,
        Duration quiet,
        PrintStream told) {
    /** How long frames may take to get their outcome, and groups to drain, when all faults are over. */
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    /** How long frames flow beyond the last fault for the sake of enough acks. */
    private static final Duration MOST_EXTRA = Duration.ofMinutes(3);

    private static final long POLL_MILLIS = 50;
    private static final int FIRST_FRAMES = 20;

    public Report execute() throws InterruptedException, IOException {
        writeTerms();
        try (Stage stage = Stage.open(scenario, asked)) {
            stage.start();
            awaitFlow(stage);
            haunt(stage);
            awaitAcks(stage);
            conclude(stage);
        }
        return Checker.check(asked.logs(), UnaryOperator.identity());
    }

    private void writeTerms() {
        try (EventLog log = EventLog.create(
                asked.logs().resolve(Checker.TERMS_ROLE + EventLog.SUFFIX),
                Checker.TERMS_ROLE,
                Line.of("about")
                        .with("run", asked.run())
                        .with("scenario", scenario.name())
                        .with("seed", asked.seed())
                        .with("rounds", rounds))) {
            log.append(scenario.terms(terms).withLedger().toLine());
        }
    }

    /** A fault before the first frame would hit nothing. */
    private void awaitFlow(Stage stage) throws InterruptedException {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        for (PublisherActor publisher : stage.publishers()) {
            while (publisher.acked() < FIRST_FRAMES && System.nanoTime() - deadline < 0) {
                TimeUnit.MILLISECONDS.sleep(POLL_MILLIS);
            }
        }
    }

    private void haunt(Stage stage) throws InterruptedException {
        Random random = new Random(stage.setup().seed());
        try (Nemesis nemesis = new Nemesis(
                stage.setup().logs(), stage.setup().run(), stage.setup().seed())) {
            long[] pauseMillis = new long[rounds];
            for (int round = 0; round < rounds; round++) {
                Fault fault = scenario.draw(stage, random);
                pauseMillis[round] = random.nextLong(pause.toMillis() + 1);
                nemesis.plan(fault);
                told.println("round " + (round + 1) + ": " + fault);
            }
            for (int round = 0; round < rounds; round++) {
                TimeUnit.MILLISECONDS.sleep(pauseMillis[round]);
                nemesis.strike(round + 1);
                told.println("round " + (round + 1) + " is over");
            }
        }
    }

    /** Short runs are made long enough to be worth something. */
    private void awaitAcks(Stage stage) throws InterruptedException {
        long deadline = System.nanoTime() + MOST_EXTRA.toNanos();
        long least = scenario.terms(terms).minAcks();
        while (System.nanoTime() - deadline < 0) {
            long acked = 0;
            for (PublisherActor publisher : stage.publishers()) {
                acked += publisher.acked();
            }
            if (acked >= least) {
                return;
            }
            TimeUnit.MILLISECONDS.sleep(POLL_MILLIS);
        }
    }

    private void conclude(Stage stage) throws InterruptedException {
        StageSetup setup = stage.setup();
        for (PublisherActor publisher : stage.publishers()) {
            publisher.finish(PATIENCE);
        }
        List<String> streams = IntStream.range(0, setup.load().streams())
                .mapToObj(setup::stream)
                .toList();
        LedgerLog ledgers = new LedgerLog(stage.client(), streams);
        if (!ledgers.awaitDrained(quiet, PATIENCE)) {
            told.println("the groups did not drain within " + PATIENCE.toSeconds() + " s");
        }
        if (setup.habits().poisonEvery() > 0) {
            replay(stage, ledgers);
        }
        ledgers.write(setup.logs(), setup.run());
        for (ConsumerActor consumer : stage.consumers()) {
            consumer.finish();
        }
    }

    private void replay(Stage stage, LedgerLog ledgers) throws InterruptedException {
        ledgers.writeDeadLetters(stage.setup().logs(), stage.setup().run());
        for (ConsumerActor consumer : stage.consumers()) {
            consumer.cure();
        }
        told.println(ledgers.replayDeadLetters() + " dead letters are replayed");
        if (!ledgers.awaitNoneDead(PATIENCE)) {
            told.println("not all of them were settled within " + PATIENCE.toSeconds() + " s");
        }
    }
}
