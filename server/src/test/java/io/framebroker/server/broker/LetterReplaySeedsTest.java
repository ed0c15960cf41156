package io.framebroker.server.broker;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Consumers that come, go, fail and settle as it happens, while dead letters are tried again. */
class LetterReplaySeedsTest {
    private static final int SEEDS = 300;
    private static final int STEPS = 250;
    private static final DeadLetterFilter ALL = new DeadLetterFilter("", "", Long.MIN_VALUE, Long.MAX_VALUE);

    private final Conversation talk = new Conversation(Conversation.retention(1, 1 << 30, 0));
    private final Camera camera = talk.camera();
    private final Map<String, Worker> workers = new TreeMap<>();
    /** Tokens that consumers of before had. */
    private final Map<String, List<Token>> had = new TreeMap<>();

    private final Set<Long> done = new HashSet<>();
    private long published;
    private static int lettersDone;

    @AfterAll
    static void someWereDoneOnTheWay() {
        assertThat(lettersDone).isGreaterThan(SEEDS);
    }

    static LongStream seeds() {
        return LongStream.rangeClosed(1, SEEDS);
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void whatIsDoneNeverComesAgainAndRoomComesOutEven(long seed) {
        Random random = new Random(seed);
        for (int step = 0; step < STEPS; step++) {
            step(random);
            check();
        }

        talk.store().stream("cam").lettersAreReadAtOnce();
        for (Worker worker : List.copyOf(workers.values())) {
            worker.leaves();
        }
        talk.broker().pauseGroup("cam", "detectors", false, new Changed());
        Worker last = talk.worker("last").of("detectors").joins();
        for (int i = 0; i < 10; i++) {
            talk.broker().replayDeadLetters("cam", ALL, Long.MAX_VALUE, false);
            while (last.call().window().outstandingFrames() > 0) {
                for (long ordinal : last.takesOrdinalsOfAllAttempts()) {
                    assertThat(done).doesNotContain(ordinal);
                    last.acks(ordinal);
                }
            }
            // What others left behind, or wait for.
            talk.passes(Duration.ofMillis(900));
        }
        Ledger.OfGroup ledger = talk.ledger("detectors");
        assertThat(ledger.deadLettered()).isZero();
        assertThat(ledger.pending() + ledger.waiting()).isZero();
        last.hasOutstanding(0);
    }

    private void step(Random random) {
        String id = "w" + random.nextInt(3);
        Worker worker = workers.get(id);
        int what = random.nextInt(100);
        if (worker == null) {
            joins(id, random);
        } else if (what < 6) {
            camera.publishes(++published);
        } else if (what < 60) {
            settles(worker, random);
        } else if (what < 70) {
            talk.broker().replayDeadLetters("cam", ALL, 1 + random.nextInt(5), random.nextInt(8) == 0);
        } else if (what < 80) {
            talk.passes(Duration.ofMillis(random.nextInt(600)));
        } else if (what < 86) {
            had.put(id, random.nextBoolean() ? tokens(worker) : List.of());
            workers.remove(id).losesItsConnection();
        } else if (what < 90) {
            workers.remove(id).leaves();
        } else if (what < 93) {
            talk.broker().pauseGroup("cam", "detectors", random.nextInt(8) == 0, new Changed());
        } else if (what < 94) {
            talk.store().stream("cam").holdLetters();
        } else if (what < 99) {
            talk.store().stream("cam").releaseLetters();
        } else {
            talk.broker().purgeDeadLetters("cam", ALL, new Broker.LettersPurged() {
                @Override
                public void purged(long letters) {
                    // Counted in the ledger.
                }

                @Override
                public void failed(BrokerException why) {
                    throw why;
                }
            });
        }
    }

    private void joins(String id, Random random) {
        List<Token> held = had.getOrDefault(id, List.of());
        had.remove(id);
        workers.put(
                id,
                talk.worker(id)
                        .of("detectors")
                        .lease(1_000)
                        .attempts(2)
                        .window(1 + random.nextInt(4))
                        .holds(held.stream()
                                .map(token -> new Consumer.Held("cam", token, 1))
                                .toArray(Consumer.Held[]::new))
                        .joins());
    }

    private static List<Token> tokens(Worker worker) {
        return new ArrayList<>(worker.tokens("cam"));
    }

    private void settles(Worker worker, Random random) {
        List<Token> tokens = tokens(worker);
        if (tokens.isEmpty()) {
            return;
        }
        List<Token> open =
                tokens.stream().filter(each -> !done.contains(each.ordinal())).toList();
        List<Token> some = open.isEmpty() || random.nextInt(8) == 0 ? tokens : open;
        Token token = some.get(random.nextInt(some.size()));
        Verdict verdict = List.of(
                        Verdict.ACK,
                        new Verdict.Skip("NOT_WANTED"),
                        new Verdict.Retry(random.nextInt(2_000), "torn"),
                        new Verdict.GiveUp("hopeless"),
                        new Verdict.GiveUp("hopeless"),
                        new Verdict.Release())
                .get(random.nextInt(6));
        worker.forgetsWhatItHeard();
        if (random.nextInt(8) == 0) {
            worker.call().extend("cam", token, 1);
            return;
        }
        long letters = talk.ledger("detectors").deadLettered();
        worker.settlesRun("cam", token, 1, verdict);
        List<String> heard = worker.takesHeard();
        assertThat(heard).hasSize(1);
        if (heard.get(0).endsWith(" OK") && (verdict instanceof Verdict.Ack || verdict instanceof Verdict.Skip)) {
            assertThat(done.add(token.ordinal())).as("settled once: " + token).isTrue();
            lettersDone += talk.ledger("detectors").deadLettered() < letters ? 1 : 0;
        }
    }

    private void check() {
        talk.comesOutEven();
        workers.forEach((id, worker) -> {
            assertThat(worker.takesOrdinalsOfAllAttempts()).noneMatch(done::contains);
            assertThat(talk.broker().consumers("cam", "detectors"))
                    .filteredOn(state -> state.id().equals(id))
                    .singleElement()
                    .satisfies(state -> worker.hasOutstanding((int) state.pendingFrames()));
        });
    }
}
