package io.framebroker.loadgen.check;

import io.framebroker.loadgen.log.LogFile;
import io.framebroker.loadgen.log.Verb;
import io.framebroker.loadgen.role.Line;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What the nemesis did, by its own log. Times are those of the logs. */
final class Faults {
    private static final long NEVER = Long.MAX_VALUE;

    private static final class Fault {
        private final String number;
        private String kind = "";
        private String target = "";
        private boolean planned;
        private boolean inEffect;
        private long startMicros = NEVER;
        private long backMicros = NEVER;
        private long stopMicros = NEVER;

        Fault(String number) {
            this.number = number;
        }

        @Override
        public String toString() {
            return "fault " + number + ", " + kind + " of " + target;
        }
    }

    /** A crash of a store that keeps less than it confirms. What it confirmed between from and until may be gone. */
    record Crash(long fromMicros, long startMicros, long untilMicros) {
        boolean mayTake(long confirmedMicros) {
            return confirmedMicros >= fromMicros && confirmedMicros <= untilMicros;
        }
    }

    /** Something that was hurt is put right from backMicros on, and may come back until the next fault. */
    record Comeback(long startMicros, long backMicros, long nextStartMicros) {}

    private final Map<String, Fault> faults = new LinkedHashMap<>();

    void read(LogFile log) throws IOException {
        while (log.next()) {
            Verb verb = log.verb();
            Line line = log.line();
            Fault fault = faults.computeIfAbsent(line.get("fault"), Fault::new);
            switch (verb) {
                case PLAN -> {
                    fault.planned = true;
                    fault.kind = line.get("kind");
                    fault.target = line.get("target");
                }
                case START -> {
                    fault.kind = line.get("kind");
                    fault.target = line.get("target");
                    fault.startMicros = line.number("mono");
                }
                case EFFECT -> fault.inEffect = true;
                case BACK -> fault.backMicros = line.number("mono");
                case STOP -> fault.stopMicros = line.number("mono");
                default -> throw log.unreadable("has no place in the log of a nemesis");
            }
        }
    }

    long started() {
        return faults.values().stream()
                .filter(fault -> fault.startMicros != NEVER)
                .count();
    }

    /** Planned faults that did not begin, or showed no effect. */
    List<String> missed() {
        List<String> missed = new ArrayList<>();
        for (Fault fault : faults.values()) {
            if (fault.planned && fault.startMicros == NEVER) {
                missed.add(fault + ", was planned and did not begin");
            } else if (!fault.inEffect) {
                missed.add(fault + ", showed no effect");
            }
        }
        return missed;
    }

    /** Crashes of the kinds that the terms let lose the end of what was confirmed. */
    List<Crash> crashes(Terms terms) {
        List<Crash> crashes = new ArrayList<>();
        for (Fault fault : faults.values()) {
            Duration tail = terms.tails().get(fault.kind);
            if (tail != null && fault.startMicros != NEVER) {
                crashes.add(new Crash(fault.startMicros - micros(tail), fault.startMicros, fault.stopMicros));
            }
        }
        return crashes;
    }

    /** When what a kind of fault hurt began to be put right, in microseconds, in the order of time. */
    long[] backMicros(String kind) {
        return inOrder().stream()
                .filter(fault -> fault.kind.equals(kind))
                .mapToLong(fault -> Math.min(fault.backMicros, fault.stopMicros))
                .toArray();
    }

    /** Whether a fault of a kind was on at a time, or its recovery. */
    boolean isOn(String kind, long micros, Duration recovery) {
        return faults.values().stream()
                .anyMatch(fault -> fault.kind.equals(kind)
                        && fault.startMicros <= micros
                        && (fault.stopMicros == NEVER || micros <= fault.stopMicros + micros(recovery)));
    }

    /** In the order of time. */
    List<Comeback> comebacks() {
        List<Fault> inOrder = inOrder();
        List<Comeback> comebacks = new ArrayList<>();
        for (int i = 0; i < inOrder.size(); i++) {
            Fault fault = inOrder.get(i);
            long next = i + 1 < inOrder.size() ? inOrder.get(i + 1).startMicros : NEVER;
            if (fault.backMicros != NEVER) {
                comebacks.add(new Comeback(fault.startMicros, fault.backMicros, next));
            }
        }
        return comebacks;
    }

    private List<Fault> inOrder() {
        return faults.values().stream()
                .filter(fault -> fault.startMicros != NEVER)
                .sorted(Comparator.comparingLong(fault -> fault.startMicros))
                .toList();
    }

    /** The longest part of a time that lies outside of all faults and the recovery behind them, in microseconds. */
    long longestQuietMicros(long fromMicros, long toMicros, Duration recovery) {
        long longest = 0;
        long quietFrom = fromMicros;
        for (Fault fault : inOrder()) {
            long end = fault.stopMicros == NEVER ? NEVER : fault.stopMicros + micros(recovery);
            longest = Math.max(longest, Math.min(fault.startMicros, toMicros) - quietFrom);
            quietFrom = Math.max(quietFrom, end);
        }
        return Math.max(longest, toMicros - quietFrom);
    }

    private static long micros(Duration duration) {
        return duration.toNanos() / 1_000;
    }
}
