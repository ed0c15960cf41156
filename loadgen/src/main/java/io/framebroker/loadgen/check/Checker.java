package io.framebroker.loadgen.check;

import io.framebroker.loadgen.log.ConsumerLog;
import io.framebroker.loadgen.log.EventLog;
import io.framebroker.loadgen.log.LogException;
import io.framebroker.loadgen.log.LogFile;
import io.framebroker.loadgen.log.PublisherLog;
import io.framebroker.loadgen.log.Verb;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

/**
 * Reads the logs of a checked run and says what they show. Sequences are kept as bits, so that ten million frames take a few
 * megabytes; the logs of consumers are read a second time only for frames that were delivered more than once, and all logs only
 * when frames are lost, or stored twice, and a fault may excuse it. Used once, by one thread.
 */
public final class Checker {
    public static final String NEMESIS_ROLE = "nemesis";
    public static final String TERMS_ROLE = "terms";
    public static final String LEDGER_ROLE = "ledger";

    /** Attempts after which groups give up poison, in runs that have any. */
    public static final int POISON_ATTEMPTS = 3;
    /** And why. */
    static final String POISON_REASON = "MAX_ATTEMPTS";

    private interface Reading {
        void read(LogFile log) throws IOException;
    }

    private final RunAccount run = new RunAccount();
    private final Faults faults = new Faults();
    private final Ledgers ledgers = new Ledgers(run);

    /** Files by role. */
    private final Map<String, List<Path>> files = new LinkedHashMap<>();

    private Terms terms = Terms.DEFAULT;

    private Checker() {}

    /**
     * Checks all logs in a folder.
     *
     * @param adjust changes the terms that the logs bring, or {@link Terms#DEFAULT} where they bring none
     */
    public static Report check(Path folder, UnaryOperator<Terms> adjust) throws IOException {
        long startNanos = System.nanoTime();
        Checker checker = new Checker();
        try {
            checker.sort(folder);
            checker.read(adjust);
        } catch (LogException e) {
            checker.run.offences.add(Verdict.VOID, e.getMessage());
        }
        return new Report(checker.terms, checker.run, checker.faults.started(), System.nanoTime() - startNanos);
    }

    private void sort(Path folder) throws IOException {
        List<Path> logs;
        try (Stream<Path> all = Files.list(folder)) {
            logs = all.filter(path -> path.toString().endsWith(EventLog.SUFFIX))
                    .sorted(Comparator.comparing(Path::toString))
                    .toList();
        }
        for (Path path : logs) {
            try (LogFile log = LogFile.open(path)) {
                if (log != null) {
                    run.counts.bytes += Files.size(path);
                    files.computeIfAbsent(log.about().get("role"), fresh -> new ArrayList<>())
                            .add(path);
                }
            }
        }
    }

    private void read(UnaryOperator<Terms> adjust) throws IOException {
        each(TERMS_ROLE, this::readTerms);
        terms = adjust.apply(terms);
        each(NEMESIS_ROLE, faults::read);
        each(LEDGER_ROLE, ledgers::read);
        each(PublisherLog.ROLE, log -> new PublisherReading(run, faults, terms).read(log));
        // What a group that waits for the store gets is stored, so by that a frame's id is known.
        each(ConsumerLog.ROLE, log -> readConsumer(log, false));
        each(ConsumerLog.ROLE, log -> readConsumer(log, true));
        List<Faults.Crash> crashes = faults.crashes(terms);
        judgeStoredTwice(crashes);
        judgeRedeliveries(crashes);
        judgeLosses(crashes);
        if (terms.poisonEvery() > 0) {
            run.groups.values().forEach(this::judgePoison);
        }
        judgeWorth();
    }

    private void readConsumer(LogFile log, boolean early) throws IOException {
        if (ConsumerReading.isEarly(log) == early) {
            new ConsumerReading(run, faults, terms).read(log);
        }
    }

    private void readTerms(LogFile log) throws IOException {
        while (log.next()) {
            if (log.verb() != Verb.TERMS) {
                throw log.unreadable("has no place among terms");
            }
            terms = Terms.of(log.line());
        }
    }

    private void judgeStoredTwice(List<Faults.Crash> crashes) throws IOException {
        if (run.sources.values().stream().anyMatch(source -> source.storedTwice.next(0) >= 0)) {
            StoredTwiceReading reading = new StoredTwiceReading(run, crashes, faults.backMicros(terms.forgetsEarly()));
            each(ConsumerLog.ROLE, reading::readConsumer);
            each(PublisherLog.ROLE, reading::readPublisher);
            reading.judge();
        }
    }

    private void judgeRedeliveries(List<Faults.Crash> crashes) throws IOException {
        Map<String, RedeliveryReading> readings = new LinkedHashMap<>();
        for (GroupAccount group : run.groups.values()) {
            if (run.sources.values().stream()
                    .anyMatch(source -> group.of(source).again.next(0) >= 0)) {
                readings.put(group.name, new RedeliveryReading(run, group, crashes, terms));
            }
        }
        if (readings.isEmpty()) {
            return;
        }
        each(ConsumerLog.ROLE, log -> {
            RedeliveryReading reading = readings.get(log.about().get("group"));
            if (reading != null) {
                reading.read(log);
            }
        });
        readings.values().forEach(RedeliveryReading::judge);
    }

    private void judgeLosses(List<Faults.Crash> crashes) throws IOException {
        Losses losses = new Losses(run, ledgers);
        losses.find();
        TailReading tails = new TailReading(run, crashes, losses.lost());
        if (!crashes.isEmpty() && !losses.lost().isEmpty()) {
            each(ConsumerLog.ROLE, tails::readConsumer);
            each(PublisherLog.ROLE, tails::readPublisher);
        }
        losses.judge(tails);
        ledgers.compare(losses.lost(), !crashes.isEmpty());
    }

    private void judgePoison(GroupAccount group) {
        for (SourceAccount source : run.sources.values()) {
            if (!group.streams.contains(source.source.stream())) {
                continue;
            }
            Deliveries deliveries = group.of(source);
            Bits stored = source.acked.copy().plus(source.storedIds.known()).minus(source.refused);
            for (int sequence = stored.next(0); sequence >= 0; sequence = stored.next(sequence + 1)) {
                judge(group, source, sequence, deliveries);
            }
        }
        for (String stream : group.streams) {
            long left = ledgers.dead(stream, group.name);
            if (left > 0) {
                run.offences.add(
                        Verdict.DEAD_MISMATCH,
                        stream + " group " + group.name + ": " + left + " are dead letters still");
            }
        }
    }

    private void judge(GroupAccount group, SourceAccount source, int sequence, Deliveries deliveries) {
        boolean poison = sequence % terms.poisonEvery() == 0;
        boolean dead = deliveries.deadLettered.has(sequence);
        run.counts.poison += poison ? 1 : 0;
        if (poison != dead) {
            run.offences.add(
                    Verdict.DEAD_MISMATCH,
                    source,
                    sequence,
                    "group " + group.name + (dead ? ", given up and no poison" : ", poison and not given up"));
        } else if (poison && !deliveries.confirmed.has(sequence)) {
            run.offences.add(
                    Verdict.DEAD_MISMATCH, source, sequence, "group " + group.name + ", replayed and not settled");
        }
    }

    private void judgeWorth() {
        Counts counts = run.counts;
        for (SourceAccount source : run.sources.values()) {
            counts.unknown += source.open().count();
        }
        atLeast("acks", counts.acked, terms.minAcks());
        atLeast("frames of unknown outcome", counts.unknown, terms.minUnknown());
        atLeast("redeliveries", counts.redelivered, terms.minRedelivered());
        if (!terms.forgetsEarly().isEmpty()) {
            atLeast("frames that were given out and never stored", counts.forgottenEarly, 1);
        }
        if (counts.failed > terms.promises().mostFailed()) {
            run.offences.add(
                    Verdict.UNAVAILABLE,
                    counts.failed + " frames were refused or dropped, "
                            + terms.promises().mostFailed() + " may be");
        }
        if (run.groups.isEmpty()) {
            worthless("no log of a consumer");
        }
        if (terms.ledger()) {
            for (StreamAccount stream : run.streams.values()) {
                if (!ledgers.has(stream.name)) {
                    worthless("no ledger of stream " + stream.name);
                }
            }
        }
        faults.missed().forEach(this::worthless);
    }

    private void atLeast(String what, long count, long least) {
        if (count < least) {
            worthless(count + " " + what + ", " + least + " are needed");
        }
    }

    private void worthless(String why) {
        run.offences.add(Verdict.VOID, why);
    }

    private void each(String role, Reading reading) throws IOException {
        for (Path path : files.getOrDefault(role, List.of())) {
            try (LogFile log = LogFile.open(path)) {
                reading.read(log);
            } catch (IllegalArgumentException e) {
                throw new LogException(path.getFileName() + ": " + e.getMessage());
            }
        }
    }
}
