package io.framebroker.loadgen.role;

import io.framebroker.loadgen.check.Defects;
import io.framebroker.loadgen.load.StreamLimits;
import io.framebroker.loadgen.targets.Side;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;

/**
 * A target with its publishers and consumers, ready to be measured again and again. The order that makes loss provable:
 * publishers open, consumers open, then the first frame; frames end, the publisher's account goes to the consumer, which
 * waits for what is due and gives its verdict. Used by one thread.
 */
public final class Rig implements AutoCloseable {
    private static final long PROGRESS_NANOS = TimeUnit.SECONDS.toNanos(1);

    private final Setup setup;
    private StoreServer server;
    private DataFolder folder;
    private BrokerProcess broker;
    private Role relay;
    private Role publisher;
    private Role consumer;

    /** Where clients find what stands in between. */
    private String address;

    private Rig(Setup setup) {
        this.setup = setup;
    }

    /** Starts what the setup asks for, and opens every publisher and consumer. */
    public static Rig open(Setup setup) throws InterruptedException {
        Rig rig = new Rig(setup);
        try {
            rig.open();
            return rig;
        } catch (RuntimeException | InterruptedException e) {
            rig.close();
            throw e;
        }
    }

    private void open() throws InterruptedException {
        // All processes start at once: a JVM that touches its heap takes a while.
        server = StoreServer.open(setup);
        if (setup.address() == null && setup.target().isBroker()) {
            openBroker();
        } else if (setup.address() == null && server == null) {
            // In the broker's place, with the broker's memory.
            relay = role(RelayRole.command(setup.target()), new RelayRole(setup.target()), setup.brokerJvm());
        }
        publisher = role("publisher", new PublisherRole(), setup.jvm());
        consumer = role("consumer", new ConsumerRole(), setup.jvm());
        address = findAddress();

        StreamLimits limits = setup.limits() == null ? StreamLimits.DEFAULT : setup.limits();
        Line open = Line.of("open")
                .with(setup.workload().fields())
                .with(limits.fields())
                .with("target", setup.target())
                .with("address", address);
        publisher.ask(open);
        consumer.ask(open);
    }

    private void openBroker() {
        List<String> command = BrokerProcess.command(setup.brokerJar(), setup.brokerJvm());
        if (setup.target().isBrokerOnDisk()) {
            folder = DataFolder.make(setup.stores().folder(), setup.side().label());
        }
        broker = BrokerProcess.start(
                command,
                0,
                setup.brokerArguments(server == null ? null : server.url(), folder == null ? null : folder.path()));
        if (folder != null) {
            folder.isOf(broker.process());
        }
    }

    private Role role(String name, Role here, Jvm jvm) {
        return setup.separateProcesses() ? ChildRole.start(name, jvm) : here;
    }

    private String findAddress() throws InterruptedException {
        if (broker != null) {
            return broker.address();
        }
        if (server != null) {
            return server.url();
        }
        if (relay == null) {
            return setup.address();
        }
        Line listen = Line.of("listen")
                .with("port", 0)
                .with(
                        "message-bytes",
                        setup.workload().frameBytes() * setup.workload().batch());
        return relay.ask(listen).get("address");
    }

    public Side side() {
        return setup.side();
    }

    /** Where clients find what stands between publishers and consumers, for whoever wants to be one beside them. */
    public String address() {
        return address;
    }

    /** What decides how durable a frame is kept; empty where it is kept in memory, or a broker that runs has it. */
    public Map<String, Object> storeFacts() {
        if (server != null) {
            return server.facts();
        }
        return folder == null ? Map.of() : folder.facts();
    }

    /**
     * Lets frames flow at a rate of its own, unmeasured, and settles their account: what is new to its JVM is compiled
     * before frames come seldom.
     *
     * @param framesPerSecond of one camera
     */
    public void warmUp(Duration time, double framesPerSecond) throws InterruptedException {
        publisher.ask(Line.of("start").with("rate", framesPerSecond));
        pass(time, sample(), (before, now) -> {});
        settle();
    }

    /**
     * Lets frames flow: first for {@code lead}, unmeasured, then for {@code duration}, measured; then ends them and
     * settles the account of every frame since the rig was opened.
     *
     * @param progress told about once a second: the sample before and the sample now
     */
    public Measurement measure(Duration lead, Duration duration, BiConsumer<Sample, Sample> progress)
            throws InterruptedException {
        publisher.ask(Line.of("start"));
        pass(lead, sample(), progress);
        consumer.ask(Line.of("mark"));
        Sample from = sample();
        pass(duration, from, progress);
        Sample to = sample();
        Line histogram = consumer.ask(Line.of("latencies"));
        Line verdict = settle();
        return new Measurement(
                setup.side(),
                setup.workload(),
                from,
                to,
                Latencies.read(histogram.get("histogram")),
                defects(verdict),
                verdict.number("redelivered"),
                verdict.number("left_out"));
    }

    @Override
    public void close() {
        for (AutoCloseable part : new AutoCloseable[] {publisher, consumer, relay, broker, folder, server}) {
            try {
                if (part != null) {
                    part.close();
                }
            } catch (Exception e) {
                System.err.println("closing " + part + ": " + e);
            }
        }
    }

    /** Ends the frames; the verdict is about all since the rig was opened. */
    private Line settle() throws InterruptedException {
        Line account = publisher.ask(Line.of("stop"));
        Line verdict = consumer.ask(new Line("settle", account.fields()));
        if (server != null) {
            server.compact();
        }
        return verdict;
    }

    private void pass(Duration time, Sample start, BiConsumer<Sample, Sample> progress) throws InterruptedException {
        long end = System.nanoTime() + time.toNanos();
        Sample before = start;
        long left;
        while ((left = end - System.nanoTime()) > 0) {
            TimeUnit.NANOSECONDS.sleep(Math.min(left, PROGRESS_NANOS));
            if (end - System.nanoTime() > 0 || left >= PROGRESS_NANOS) {
                Sample now = sample();
                progress.accept(before, now);
                before = now;
            }
        }
    }

    private Sample sample() throws InterruptedException {
        if (broker != null) {
            broker.checkAlive();
        }
        if (folder != null) {
            folder.check();
        }
        if (server != null) {
            server.check();
        }
        Line sent = publisher.ask(Line.of("stats"));
        Line taken = consumer.ask(Line.of("stats"));
        return new Sample(
                sent.number("nanos"),
                sent.number("sent"),
                sent.number("confirmed"),
                taken.number("nanos"),
                taken.number("frames"),
                taken.number("settled"),
                taken.number("missing"),
                new Sample.Latency(taken.number("p50"), taken.number("p99"), taken.number("max")),
                new Sample.Costs(cpu(), Machine.used(), peakBytes(), server == null ? 0 : server.aofBytes()));
    }

    /** Where a broker that we have started keeps its frames; null when it does not keep them on disk. */
    public Path dataFolder() {
        return folder == null ? null : folder.path();
    }

    /** By the name their processor time is filed under; not a server beside the broker, which a shell holds. */
    public Map<String, ProcessHandle> processes() {
        Map<String, ProcessHandle> processes = new LinkedHashMap<>();
        if (setup.separateProcesses()) {
            processes.put("publisher", publisher.process());
            processes.put("consumer", consumer.process());
        } else {
            processes.put("loadgen", ProcessHandle.current());
        }
        if (broker != null) {
            processes.put(setup.target().label(), broker.process());
        } else if (relay != null && setup.separateProcesses()) {
            processes.put(setup.target().label(), relay.process());
        }
        return processes;
    }

    private Map<String, Duration> cpu() {
        Map<String, Duration> cpu = new LinkedHashMap<>();
        processes()
                .forEach((name, process) ->
                        cpu.put(name, process.info().totalCpuDuration().orElse(Duration.ZERO)));
        Duration used = server == null ? null : server.cpu();
        if (used != null) {
            cpu.put(setup.target().server(), used);
        }
        return cpu;
    }

    private Map<String, Long> peakBytes() {
        Map<String, ProcessHandle> all = processes();
        if (server != null && server.process() != null) {
            all.put(setup.target().server(), server.process());
        }
        Map<String, Long> peaks = new LinkedHashMap<>();
        all.forEach((name, process) -> {
            long bytes = Memory.of(process).peakBytes();
            if (bytes > 0) {
                peaks.put(name, bytes);
            }
        });
        return peaks;
    }

    private static Defects defects(Line verdict) {
        String examples = verdict.get("examples");
        return new Defects(
                verdict.number("lost"),
                verdict.number("duplicates"),
                verdict.number("reordered"),
                verdict.number("damaged"),
                verdict.number("ghosts"),
                examples.isEmpty() ? List.of() : List.of(examples.split("\n")));
    }
}
