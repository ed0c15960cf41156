package io.framebroker.loadgen.chaos;

import io.framebroker.loadgen.check.Checker;
import io.framebroker.loadgen.load.Stamp;
import io.framebroker.loadgen.log.EventLog;
import io.framebroker.loadgen.log.Verb;
import io.framebroker.loadgen.role.Line;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Carries out faults and writes down what it does: all of them beforehand, then each as it begins, shows, is put right, and ends. */
final class Nemesis implements AutoCloseable {
    private final EventLog log;
    private final long seed;
    private final List<Fault> faults = new ArrayList<>();

    Nemesis(Path folder, String run, long seed) {
        this.seed = seed;
        this.log = EventLog.create(
                folder.resolve(Checker.NEMESIS_ROLE + EventLog.SUFFIX),
                Checker.NEMESIS_ROLE,
                Line.of("about").with("run", run).with("seed", seed));
    }

    void plan(Fault fault) {
        faults.add(fault);
        log.append(line(Verb.PLAN, faults.size()).with("kind", fault.kind()).with("target", fault.target()));
    }

    /** @param number of the fault, from 1 */
    void strike(int number) throws InterruptedException {
        Fault fault = faults.get(number - 1);
        fault.await();
        log.append(timed(Verb.START, number)
                .with("kind", fault.kind())
                .with("target", fault.target())
                .with("pid", fault.pid())
                .with("seed", seed));
        try {
            fault.begin();
            TimeUnit.MILLISECONDS.sleep(fault.lasts().toMillis());
            String effect = fault.effect();
            if (!effect.isEmpty()) {
                log.append(timed(Verb.EFFECT, number).with("what", effect));
            }
        } finally {
            log.append(timed(Verb.BACK, number));
            fault.end();
        }
        log.append(timed(Verb.STOP, number));
    }

    @Override
    public void close() {
        log.close();
    }

    private static Line timed(Verb verb, int number) {
        return line(verb, number).with("wall", Stamp.nowMicros()).with("mono", EventLog.monoMicros());
    }

    private static Line line(Verb verb, int number) {
        return Line.of(verb.name()).with("fault", number);
    }
}
