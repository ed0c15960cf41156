package io.framebroker.loadgen.chaos;

import io.framebroker.client.WhenFull;
import io.framebroker.loadgen.check.Terms;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.function.BiFunction;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;

/** The scenarios there are. */
public final class Scenarios {
    private static final Duration SHORT_LEASE = Duration.ofSeconds(1);
    /** What a consumer takes for a frame, where frames are to be in its hands at any time. */
    private static final Duration HANDLING = Duration.ofNanos(500_000);

    private static final int POISON_EVERY = 97;
    private static final Duration MOST_COMEBACK = Duration.ofSeconds(5);

    /** A scenario whose parts are short enough to be written down in a line each. */
    private record Simple(
            String name,
            String description,
            UnaryOperator<StageSetup> change,
            UnaryOperator<Terms> demands,
            BiFunction<Stage, Random, Fault> fault)
            implements Scenario {
        @Override
        public StageSetup setting(StageSetup asked) {
            return change.apply(asked);
        }

        @Override
        public Terms terms(Terms usual) {
            return demands.apply(usual);
        }

        @Override
        public Fault draw(Stage stage, Random random) {
            return fault.apply(stage, random);
        }
    }

    private static final List<Scenario> ALL = List.of(
            new Simple(
                    "publisher-kill",
                    "A publisher is killed with frames on their way, and comes back with a larger epoch.",
                    UnaryOperator.identity(),
                    terms -> terms.withMinimums(terms.minAcks(), 1, 0),
                    (stage, random) -> new PublisherKill(
                            "publisher-kill", stage, one(stage.publishers(), random), between(random, 0, 1_000))),
            new Simple(
                    "consumer-kill",
                    "A consumer is killed with frames in its hands, and comes back under its name.",
                    stage -> stage.withHabits(
                            stage.habits().withLease(SHORT_LEASE).withWork(HANDLING)),
                    terms -> terms.withMinimums(terms.minAcks(), 0, 1),
                    (stage, random) -> ActorFault.kill(
                            "consumer-kill", one(stage.consumers(), random), between(random, 0, 1_000))),
            new Simple(
                    "consumer-stop",
                    "A consumer is stopped for longer than its leases run, and then goes on with what it believes to have.",
                    stage -> stage.withHabits(
                            stage.habits().withLease(SHORT_LEASE).withWork(HANDLING)),
                    terms -> terms.withMinimums(terms.minAcks(), 0, 1),
                    (stage, random) -> ActorFault.stop(
                            "consumer-stop", one(stage.consumers(), random), between(random, 1_500, 4_000))),
            new Simple(
                    "reconnect",
                    "Connections are cut at any byte, stall, and are slow; publishers drop what does not fit in their ring.",
                    stage -> stage.withProxy().withHabits(stage.habits().withRing(WhenFull.DROP_OLDEST, 256)),
                    UnaryOperator.identity(),
                    (stage, random) -> ProxyFault.draw(stage.proxy(), random)),
            new Simple(
                    "broker-kill",
                    "A broker on Redis is killed and comes back.",
                    stage -> onRedis(stage, "everysec"),
                    terms -> terms.withMinimums(terms.minAcks(), 0, 1),
                    (stage, random) ->
                            ActorFault.kill("broker-kill", one(stage.brokers(), random), between(random, 0, 1_000))),
            new Simple(
                    "owner-kill",
                    "One of two brokers on a Redis is killed; the other takes its streams over.",
                    stage -> onRedis(stage, "everysec").withBrokers(2),
                    UnaryOperator.identity(),
                    (stage, random) ->
                            ActorFault.kill("owner-kill", one(stage.brokers(), random), between(random, 0, 5_000))),
            new Simple(
                    "owner-stop",
                    "One of two brokers on a Redis is stopped for longer than its leases run, then goes on.",
                    stage -> onRedis(stage, "everysec").withBrokers(2),
                    UnaryOperator.identity(),
                    (stage, random) ->
                            ActorFault.stop("owner-stop", one(stage.brokers(), random), between(random, 2_500, 6_000))),
            new Simple(
                    "rolling-restart",
                    "Two brokers on a Redis are stopped in order and started again, one after the other.",
                    stage -> onRedis(stage, "everysec").withBrokers(2),
                    terms -> terms.withGivingBack("rolling-restart"),
                    (stage, random) ->
                            new RollingRestart("rolling-restart", stage.brokers(), between(random, 0, 3_000))),
            new Simple(
                    "redis-kill",
                    "Redis with appendfsync everysec is killed and comes back; the broker has what Redis lost.",
                    stage -> onRedis(stage, "everysec"),
                    UnaryOperator.identity(),
                    (stage, random) -> ActorFault.kill("redis-kill", stage.redis(), between(random, 0, 1_000))),
            new Simple(
                    "redis-kill-always",
                    "Redis with appendfsync always is killed and comes back.",
                    stage -> onRedis(stage, "always"),
                    UnaryOperator.identity(),
                    (stage, random) -> ActorFault.kill("redis-kill-always", stage.redis(), between(random, 0, 1_000))),
            new Simple(
                    "all-kill-always",
                    "Redis with appendfsync always and the broker are killed together.",
                    stage -> onRedis(stage, "always"),
                    UnaryOperator.identity(),
                    (stage, random) ->
                            new AllKilled("all-kill-always", redisAndBroker(stage), between(random, 0, 1_000))),
            new Simple(
                    "all-kill",
                    "Redis with appendfsync everysec and the broker are killed together: what was confirmed last may go.",
                    stage -> onRedis(stage, "everysec"),
                    terms -> terms.withTail("all-kill", Duration.ofSeconds(4)),
                    (stage, random) -> new AllKilled("all-kill", redisAndBroker(stage), between(random, 0, 1_000))),
            new Simple(
                    "redis-stop",
                    "Redis hangs for a while, with its connections open.",
                    stage -> onRedis(stage, "everysec"),
                    UnaryOperator.identity(),
                    (stage, random) -> ActorFault.stop("redis-stop", stage.redis(), between(random, 500, 30_000))),
            new Simple(
                    "redis-oom",
                    "Redis has no memory left and refuses frames.",
                    stage -> onRedis(stage, "everysec"),
                    UnaryOperator.identity(),
                    (stage, random) -> new RedisFull(stage.redis(), between(random, 1_000, 5_000))),
            new Simple(
                    "early-kill",
                    "Redis hangs, groups that do not wait for it go on, and the broker is killed with frames in their hands"
                            + " that were never stored.",
                    stage -> withAGroupThatWaits(onRedis(stage, "everysec"))
                            // Consumers are to go on before the next round.
                            .withBrokerArguments(List.of("--resume-grace=PT1S"))
                            .withHabits(stage.habits().withEarly()),
                    terms -> terms.withMinimums(terms.minAcks(), 0, 1).withForgettingEarly("early-kill"),
                    (stage, random) -> new KilledBehindHung(
                            "early-kill",
                            stage.redis(),
                            one(stage.brokers(), random),
                            between(random, 1_500, 3_000),
                            between(random, 0, 1_000))),
            new Simple(
                    "disk-kill",
                    "A broker on its disk store is killed, at times once more while it starts, and comes back.",
                    stage -> onDisk(stage, "STORED"),
                    Scenarios::comingBack,
                    (stage, random) -> diskKill("disk-kill", stage, random)),
            new Simple(
                    "disk-kill-fsync",
                    "The same with frames that are acknowledged when they have been forced to the disk.",
                    stage -> onDisk(stage, "FSYNC"),
                    Scenarios::comingBack,
                    (stage, random) -> diskKill("disk-kill-fsync", stage, random)),
            new Simple(
                    "poison",
                    "Every 97th frame fails at each attempt, and a broker on its disk store is killed meanwhile; then the"
                            + " dead letters are replayed to consumers that can handle them.",
                    stage -> onDisk(stage, "STORED").withHabits(stage.habits().givingBack(0, POISON_EVERY)),
                    terms -> comingBack(terms).withPoison(POISON_EVERY),
                    (stage, random) ->
                            ActorFault.kill("poison", one(stage.brokers(), random), between(random, 0, 1_000))),
            new DiskRefusing(
                    "disk-full",
                    "The disk is full when the store needs another segment, and has room again later.",
                    DiskRefusal.Why.FULL),
            new DiskRefusing(
                    "disk-read-only",
                    "The store's folder is read-only when the store needs another segment, and writable again later.",
                    DiskRefusal.Why.READ_ONLY));

    private Scenarios() {}

    public static List<Scenario> all() {
        return ALL;
    }

    public static Scenario named(String name) {
        return ALL.stream()
                .filter(scenario -> scenario.name().equals(name))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("scenario '" + name + "' is not known; there are "
                        + ALL.stream().map(Scenario::name).collect(Collectors.joining(", "))));
    }

    private static List<Actor> redisAndBroker(Stage stage) {
        return List.of(stage.redis(), stage.brokers().get(0));
    }

    /** With a Redis of the run's own, unless the user gave one, and brokers that keep their frames there. */
    private static StageSetup onRedis(StageSetup asked, String appendfsync) {
        StageSetup.RedisSetup redis = asked.redis() == null
                ? new StageSetup.RedisSetup(
                        "redis-server", List.of("--appendonly", "yes", "--appendfsync", appendfsync, "--save", ""))
                : asked.redis();
        return asked.withRedis(redis)
                .withBrokerArguments(List.of("--redis-url=redis://127.0.0.1:{redis-port}", "--redis-lease=PT2S"));
    }

    /** By whose deliveries it is known which frames were stored. */
    private static StageSetup withAGroupThatWaits(StageSetup asked) {
        StageSetup.Load load = asked.load();
        return asked.withLoad(new StageSetup.Load(
                load.streams(),
                Math.max(2, load.groups()),
                load.consumers(),
                load.frameBytes(),
                load.framesPerSecond()));
    }

    private static StageSetup onDisk(StageSetup asked, String level) {
        // Frames are in consumers' hands at any time, and some are given back, so that attempts have something to
        // count.
        return asked.withHabits(asked.habits().withWork(HANDLING).givingBack(97, 0))
                .withBrokerArguments(List.of(
                        "--store=disk",
                        "--data-dir=" + diskFolder(asked),
                        "--disk-limit=1G",
                        "--backlog-frames=20000",
                        "--resume-grace=PT1S",
                        "--disk-ack-level=" + level));
    }

    static Path diskFolder(StageSetup setup) {
        return setup.logs().toAbsolutePath().resolve("disk");
    }

    private static Terms comingBack(Terms terms) {
        Duration most = terms.promises().boundsComeback() ? terms.promises().mostComeback() : MOST_COMEBACK;
        return terms.withMinimums(terms.minAcks(), 0, 1).withPromises(new Terms.Promises(0, most, true));
    }

    private static Fault diskKill(String kind, Stage stage, Random random) {
        Duration lasts = between(random, 0, 1_000);
        boolean twice = random.nextInt(3) == 0;
        Duration later = between(random, 0, 600);
        return new DiskKill(kind, stage, diskFolder(stage.setup()), twice ? later : null, lasts);
    }

    static <T> T one(List<T> all, Random random) {
        return all.get(random.nextInt(all.size()));
    }

    static Duration between(Random random, int fromMillis, int toMillis) {
        return Duration.ofMillis(fromMillis + random.nextInt(toMillis - fromMillis + 1));
    }
}
