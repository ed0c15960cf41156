package io.framebroker.loadgen.chaos;

import io.framebroker.client.FrameBrokerClient;
import io.framebroker.loadgen.load.Stamp;
import io.framebroker.loadgen.log.FrameSource;
import io.framebroker.loadgen.role.RunFailure;
import io.framebroker.loadgen.worker.Brokers;
import io.framebroker.loadgen.worker.ConsumerSetup;
import io.framebroker.loadgen.worker.PublisherSetup;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** Everything that takes part in a run, all of it running. Used by one thread. */
public final class Stage implements AutoCloseable {
    private static final Pattern PLACEHOLDER = Pattern.compile("\\{([a-z0-9-]+)}");

    private final StageSetup setup;
    private final List<BrokerActor> brokers = new ArrayList<>();
    private final List<PublisherActor> publishers = new ArrayList<>();
    private final List<ConsumerActor> consumers = new ArrayList<>();
    private final List<AutoCloseable> others = new ArrayList<>();

    /** What placeholders in brokers' arguments stand for. */
    private final Map<String, String> values = new HashMap<>();

    private RedisActor redis;
    private FaultProxy proxy;
    private FrameBrokerClient client;

    private Stage(StageSetup setup) {
        this.setup = setup;
    }

    /** Starts everybody. Groups exist when this returns; frames flow with {@link #start}. */
    static Stage open(Scenario scenario, StageSetup asked) throws InterruptedException, IOException {
        Stage stage = new Stage(scenario.setting(asked));
        try {
            stage.open(scenario);
            return stage;
        } catch (RuntimeException | InterruptedException | IOException e) {
            stage.close();
            throw e;
        }
    }

    public StageSetup setup() {
        return setup;
    }

    public List<BrokerActor> brokers() {
        return brokers;
    }

    public List<PublisherActor> publishers() {
        return publishers;
    }

    public List<ConsumerActor> consumers() {
        return consumers;
    }

    /** @throws RunFailure when the scenario did not ask for one */
    public RedisActor redis() {
        return there(redis, "Redis");
    }

    /** @throws RunFailure when the scenario did not ask for one */
    public FaultProxy proxy() {
        return there(proxy, "proxy");
    }

    private static <T> T there(T part, String what) {
        if (part == null) {
            throw new RunFailure("the scenario takes no " + what);
        }
        return part;
    }

    /** Something that ends with the run, after the brokers. */
    public <T extends AutoCloseable> T add(T other) {
        others.add(other);
        return other;
    }

    /** From here on {@code {name}} in the arguments of brokers stands for this. */
    public void let(String name, Object value) {
        values.put(name, value.toString());
    }

    /** A client that no fault stands before. */
    FrameBrokerClient client() {
        return client;
    }

    void start() throws InterruptedException {
        for (PublisherActor publisher : publishers) {
            publisher.start();
        }
    }

    @Override
    public void close() {
        List<AutoCloseable> parts = new ArrayList<>(publishers);
        parts.addAll(consumers);
        parts.add(client);
        parts.add(proxy);
        parts.addAll(brokers);
        parts.addAll(others);
        parts.add(redis);
        for (AutoCloseable part : parts) {
            try {
                if (part != null) {
                    part.close();
                }
            } catch (Exception e) {
                System.err.println("closing " + part + ": " + e);
            }
        }
    }

    private void open(Scenario scenario) throws InterruptedException, IOException {
        if (setup.redis() != null) {
            redis = new RedisActor(
                    "redis",
                    setup.redis().program(),
                    setup.logs().resolve("redis"),
                    setup.redis().arguments());
            let("redis-port", redis.port());
        }
        scenario.furnish(this);
        String addresses = openBrokers();
        client = Brokers.connect(addresses);
        if (setup.proxied()) {
            String first = addresses.split(",")[0];
            int colon = first.lastIndexOf(':');
            proxy = new FaultProxy(first.substring(0, colon), Integer.parseInt(first.substring(colon + 1)));
            addresses = proxy.address();
        }
        // All JVMs start side by side, then each is opened: consumers first, so that their groups get every frame.
        for (int group = 0; group < setup.load().groups(); group++) {
            for (int member = 0; member < setup.load().consumers(); member++) {
                consumers.add(consumer(addresses, group, member));
            }
        }
        for (int stream = 0; stream < setup.load().streams(); stream++) {
            publishers.add(publisher(addresses, stream));
        }
        for (ConsumerActor consumer : consumers) {
            consumer.open();
        }
        for (PublisherActor publisher : publishers) {
            publisher.open();
        }
    }

    private String openBrokers() throws InterruptedException {
        if (setup.broker().address() != null) {
            return setup.broker().address();
        }
        List<String> arguments = new ArrayList<>(
                setup.broker().arguments().stream().map(this::filledIn).toList());
        if (arguments.stream().noneMatch(each -> each.startsWith("--store") || each.startsWith("--redis"))) {
            // Where nothing is said a broker keeps frames in a folder, which the next run would find.
            arguments.add("--store=memory");
        }
        for (int number = 0; number < setup.broker().count(); number++) {
            brokers.add(new BrokerActor("broker-" + number, setup.broker().command(), arguments));
        }
        return brokers.stream().map(BrokerActor::address).collect(Collectors.joining(","));
    }

    private String filledIn(String argument) {
        return PLACEHOLDER.matcher(argument).replaceAll(found -> {
            String value = values.get(found.group(1));
            if (value == null) {
                throw new RunFailure("--broker-arg " + argument + ": there is no " + found.group(1)
                        + " on this stage; there is " + (values.isEmpty() ? "nothing" : values.keySet()));
            }
            return Matcher.quoteReplacement(value);
        });
    }

    private PublisherActor publisher(String addresses, int number) {
        FrameSource source = new FrameSource(setup.run(), setup.stream(number), "p" + number, Stamp.nowMicros());
        return new PublisherActor(
                "publisher-" + number,
                setup.workerJvm(),
                new PublisherSetup(
                        addresses,
                        source,
                        setup.seed(),
                        setup.load().frameBytes(),
                        setup.load().framesPerSecond(),
                        setup.habits().whenFull(),
                        setup.habits().ring(),
                        setup.logs()));
    }

    private ConsumerActor consumer(String addresses, int group, int member) {
        List<String> streams = IntStream.range(0, setup.load().streams())
                .mapToObj(setup::stream)
                .toList();
        String name = "g" + group + "-c" + member;
        return new ConsumerActor(
                "consumer-" + name,
                setup.workerJvm(),
                new ConsumerSetup(
                        addresses,
                        setup.run(),
                        "g" + group,
                        name,
                        streams,
                        setup.seed(),
                        setup.load().frameBytes(),
                        setup.habits().window(),
                        setup.habits().lease(),
                        setup.habits().work(),
                        setup.habits().nackEvery(),
                        setup.habits().poisonEvery(),
                        setup.habits().early() && group % 2 == 0,
                        setup.logs()));
    }
}
