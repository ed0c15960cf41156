package io.framebroker.loadgen.check;

import static org.assertj.core.api.Assertions.assertThat;

import io.framebroker.loadgen.role.Line;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;

/**
 * The logs of a run, as lines to be doctored.
 *
 * <p>In the clean run, publisher p0 of stream cam is killed at sequence 103 of epoch 1: 101 and 102 are stored though nobody told,
 * 103 is not. In epoch 2 it publishes 1 to 50, of which the broker refuses 7, and 8 is dropped before it is sent. Group g0 has
 * consumers a (odd ordinals) and b (even ones), group g1 has c. In g0 frame 21 of epoch 1 comes again because a was killed with it,
 * and a comes late to frame 31, which b has finished as attempt 2. Each event is a millisecond after the one before.
 */
final class LogSet {
    static final String P1 = "publisher-cam-p0-1.log";
    static final String P2 = "publisher-cam-p0-2.log";
    static final String A = "consumer-g0-a.log";
    static final String B = "consumer-g0-b.log";
    static final String C = "consumer-g1-c.log";
    static final String NEMESIS = "nemesis.log";
    static final String LEDGER = "ledger.log";
    static final String TERMS = "terms.log";

    static final String EPOCH_1 = "r/cam/p0/1/";
    static final String EPOCH_2 = "r/cam/p0/2/";

    private final Map<String, List<String>> files = new LinkedHashMap<>();
    private String torn = "";
    private long micros = 1_000_000;
    private long ordinal;

    static LogSet clean() {
        LogSet logs = new LogSet();
        logs.begin();
        for (int sequence = 1; sequence <= 102; sequence++) {
            logs.publish(P1, sequence);
            if (sequence <= 100) {
                logs.ack(P1, sequence);
            }
            logs.deliver(0, sequence);
        }
        logs.publish(P1, 103);
        logs.fault();
        for (int sequence = 1; sequence <= 50; sequence++) {
            logs.publish(P2, sequence);
            if (sequence == 7) {
                logs.add(P2, "FAIL 0 7 CRC_MISMATCH " + logs.tick());
            } else if (sequence == 8) {
                logs.add(P2, "REPORTED 0 8 RING_FULL " + logs.tick());
            } else {
                logs.ack(P2, sequence);
                logs.deliver(1, sequence);
            }
        }
        logs.add(P2, "CALL_END UNAVAILABLE " + logs.tick());
        logs.add(P2, "CALL " + logs.tick());
        logs.add(P2, "CALL_END OK " + logs.tick());
        for (String file : List.of(P2, A, B, C)) {
            logs.add(file, "END 0 " + logs.tick());
        }
        logs.settleAccounts();
        return logs;
    }

    /** As long a run as wanted, with one stream and one group. */
    static LogSet large(int frames) {
        LogSet logs = new LogSet();
        logs.files.put(P1, new ArrayList<>(List.of(head("publisher", ""), "SOURCE 0 r cam p0 1")));
        logs.files.put(C, new ArrayList<>(List.of(head("consumer", "group=g1 streams=cam"), "SOURCE 0 r cam p0 1")));
        for (int sequence = 1; sequence <= frames; sequence++) {
            logs.publish(P1, sequence);
            logs.ack(P1, sequence);
            logs.ordinal++;
            logs.deliver(C, 0, sequence, 1, 1);
        }
        return logs;
    }

    private void begin() {
        files.put(P1, lines(head("publisher", ""), "SOURCE 0 r cam p0 1", "CALL " + tick()));
        files.put(P2, lines(head("publisher", ""), "SOURCE 0 r cam p0 2", "CALL " + tick()));
        for (String file : List.of(A, B, C)) {
            String group = file.equals(C) ? "g1" : "g0";
            files.put(
                    file,
                    lines(
                            head("consumer", "group=" + group + " streams=cam"),
                            "SOURCE 0 r cam p0 1",
                            "SOURCE 1 r cam p0 2"));
        }
        files.put(NEMESIS, lines(head("nemesis", "")));
        files.put(LEDGER, lines(head("ledger", "")));
        Terms terms = Terms.DEFAULT.withMinimums(100, 1, 1).withLedger();
        files.put(TERMS, lines(head("terms", ""), terms.toLine().toString()));
    }

    private void publish(String file, int sequence) {
        add(file, "INVOKE 0 " + sequence + " " + tick());
    }

    private void ack(String file, int sequence) {
        add(file, "ACK 0 " + sequence + " STORED " + tick());
    }

    private void deliver(int source, int sequence) {
        ordinal++;
        deliver(C, source, sequence, 1, 1);
        String mine = ordinal % 2 == 1 ? A : B;
        if (source == 0 && sequence == 21) {
            // The killed consumer's work is another's.
            deliver(mine, source, sequence, 1, 0);
            deliver(B, source, sequence, 2, 2);
        } else if (source == 0 && sequence == 31) {
            deliver(B, source, sequence, 2, 2);
            deliver(mine, source, sequence, 1, 0);
            add(mine, "ACK_SENT 0 31 1 " + tick());
            add(mine, "REFUSED 0 31 1 STALE " + tick());
        } else {
            deliver(mine, source, sequence, 1, 1);
        }
    }

    /** @param acked attempt that is acknowledged; 0 for none */
    private void deliver(String file, int source, int sequence, int attempt, int acked) {
        String frame = " " + source + " " + sequence + " " + attempt + " ";
        add(file, "DELIVER" + frame + "1-" + ordinal + " ok " + tick());
        if (acked > 0) {
            add(file, "ACK_SENT" + frame + tick());
            add(file, "ACK_OK" + frame + tick());
        }
    }

    private void fault() {
        add(NEMESIS, "PLAN fault=1 kind=publisher-kill target=p0");
        add(NEMESIS, "START fault=1 kind=publisher-kill target=p0 pid=7 seed=42 wall=0 mono=" + tick());
        add(NEMESIS, "EFFECT fault=1 what=gone mono=" + tick());
        add(NEMESIS, "STOP fault=1 wall=0 mono=" + tick());
    }

    private void settleAccounts() {
        add(LEDGER, "LEDGER stream=cam stored=150 imbalance=0 dropped.CRC_MISMATCH=1 reported.RING_FULL=1");
        add(LEDGER, "GROUP stream=cam group=g0 waiting=0 pending=0 imbalance=0");
        add(LEDGER, "GROUP stream=cam group=g1 waiting=0 pending=0 imbalance=0");
    }

    private static String head(String role, String about) {
        return "LOG version=1 role=" + role + " " + about + (about.isEmpty() ? "" : " ") + "run=r pid=7 wall=0 mono=0";
    }

    private static List<String> lines(String... lines) {
        return new ArrayList<>(List.of(lines));
    }

    /** Microseconds of the next event. */
    long tick() {
        return micros += 1_000;
    }

    void pass(long millis) {
        micros += millis * 1_000;
    }

    LogSet add(String file, String line) {
        files.computeIfAbsent(file, fresh -> new ArrayList<>()).add(line);
        return this;
    }

    LogSet insertBefore(String file, String beginning, String line) {
        files.get(file).add(index(file, beginning), line);
        return this;
    }

    /** Takes out the one line that begins so. */
    LogSet remove(String file, String beginning) {
        files.get(file).remove(index(file, beginning));
        return this;
    }

    /** Takes out every event whose verb is followed by this. */
    LogSet dropAll(String file, String behindVerb) {
        files.get(file).removeIf(line -> line.matches("[A-Z_]+" + behindVerb + ".*") && !line.startsWith("SOURCE"));
        return this;
    }

    LogSet removeFile(String file) {
        assertThat(files.remove(file)).isNotNull();
        return this;
    }

    /** Changes the one line that begins so. */
    LogSet change(String file, String beginning, UnaryOperator<String> doctor) {
        List<String> lines = files.get(file);
        int index = index(file, beginning);
        String changed = doctor.apply(lines.get(index));
        assertThat(changed).isNotEqualTo(lines.get(index));
        lines.set(index, changed);
        return this;
    }

    LogSet swap(String file, String one, String other) {
        List<String> lines = files.get(file);
        java.util.Collections.swap(lines, index(file, one), index(file, other));
        return this;
    }

    /** Drops what begins so, and everything behind it. */
    LogSet cut(String file, String beginning) {
        List<String> lines = files.get(file);
        lines.subList(index(file, beginning), lines.size()).clear();
        return this;
    }

    /** Every file gets this as the beginning of a last line. */
    LogSet tear(String beginning) {
        torn = beginning;
        return this;
    }

    String line(String file, String beginning) {
        return files.get(file).get(index(file, beginning));
    }

    LogSet terms(UnaryOperator<Terms> change) {
        Terms now = Terms.of(Line.parse(files.get(TERMS).get(1)));
        files.get(TERMS).set(1, change.apply(now).toLine().toString());
        return this;
    }

    private int index(String file, String beginning) {
        List<String> lines = files.get(file);
        int found = -1;
        for (int i = 0; i < lines.size(); i++) {
            if (lines.get(i).startsWith(beginning)) {
                assertThat(found).as("a second line '" + beginning + "'").isEqualTo(-1);
                found = i;
            }
        }
        assertThat(found).as("a line '" + beginning + "' in " + file).isNotEqualTo(-1);
        return found;
    }

    Report check(Path folder) {
        try {
            for (Map.Entry<String, List<String>> file : files.entrySet()) {
                Files.writeString(folder.resolve(file.getKey()), String.join("\n", file.getValue()) + "\n" + torn);
            }
            return Checker.check(folder, UnaryOperator.identity());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
