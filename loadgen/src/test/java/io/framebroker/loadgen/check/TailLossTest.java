package io.framebroker.loadgen.check;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A store that confirms before it keeps may lose the end of what it confirmed when it crashes, and nothing else. */
class TailLossTest {
    private final LogSet logs = LogSet.clean();

    @TempDir
    Path folder;

    /** The store crashes when epoch 2 has reached 40, and is back when it publishes 41. */
    @Test
    void theEndOfWhatWasConfirmedIsATail() {
        crash("redis-kill");
        lose(39, 40);

        Report report = logs.check(folder);
        assertThat(report.found()).as(report.toText()).containsExactly(Verdict.TAIL_LOST);
        assertThat(report.first(Verdict.TAIL_LOST))
                .containsExactly(LogSet.EPOCH_2 + "39 (group g0)", LogSet.EPOCH_2 + "40 (group g0)");
        assertThat(report.clean()).isFalse();
    }

    @Test
    void aTailIsCleanWhereTheTermsAllowIt() {
        crash("redis-kill");
        lose(40);
        logs.terms(terms -> terms.allowing(Verdict.TAIL_LOST));

        Report report = logs.check(folder);
        assertThat(report.clean()).isTrue();
        assertThat(report.toText()).containsPattern("TAIL_LOST +1 +allowed");
    }

    @Test
    void whatLiesBeforeASurvivorIsNoTail() {
        crash("redis-kill");
        lose(39);
        // 40 came through: it is delivered only now
        String line = logs.line(LogSet.C, "DELIVER 1 40 ");
        logs.remove(LogSet.C, "DELIVER 1 40 ")
                .insertBefore(LogSet.C, "DELIVER 1 41 ", line.replaceAll("\\d+$", Long.toString(logs.tick())));
        logs.terms(terms -> terms.allowing(Verdict.TAIL_LOST));

        Report report = logs.check(folder);
        assertThat(report.found()).as(report.toText()).containsExactly(Verdict.LOST);
        assertThat(report.first(Verdict.LOST)).containsExactly(LogSet.EPOCH_2 + "39 (group g0)");
        assertThat(report.clean()).isFalse();
    }

    @Test
    void whatWasConfirmedLongBeforeIsNoTail() {
        crash("redis-kill");
        logs.terms(terms -> terms.withTail("redis-kill", Duration.ofMillis(20)));
        lose(36, 37, 38, 39, 40);

        assertThat(logs.check(folder).found()).containsExactly(Verdict.LOST, Verdict.TAIL_LOST);
    }

    @Test
    void whatWasConfirmedAfterwardsIsNoTail() {
        crash("redis-kill");
        lose(41);

        assertThat(logs.check(folder).found()).containsExactly(Verdict.LOST);
    }

    @Test
    void whatWasConfirmedForGoodIsNoTail() {
        crash("redis-kill");
        lose(40);
        logs.change(LogSet.P2, "ACK 0 40 ", line -> line.replace("STORED", "FSYNC"));

        assertThat(logs.check(folder).found()).containsExactly(Verdict.LOST);
    }

    @Test
    void aCrashThatMustNotLoseAnythingExcusesNothing() {
        crash("broker-kill");
        lose(40);

        assertThat(logs.check(folder).found()).containsExactly(Verdict.LOST);
    }

    @Test
    void aConfirmedAckMayBeInTheTailToo() {
        crash("redis-kill");
        logs.add(LogSet.C, "DELIVER 1 40 2 1-140 ok " + logs.tick());

        Report report = logs.check(folder);
        assertThat(report.found()).as(report.toText()).containsExactly(Verdict.TAIL_LOST);
        assertThat(report.first(Verdict.TAIL_LOST)).singleElement().asString().startsWith(LogSet.EPOCH_2 + "40 (");
    }

    @Test
    void aConfirmedAckFromLongBeforeIsBroken() {
        crash("redis-kill");
        logs.add(LogSet.C, "DELIVER 0 10 2 1-10 ok " + logs.tick());
        logs.terms(terms -> terms.withTail("redis-kill", Duration.ofMillis(20)));

        assertThat(logs.check(folder).found()).containsExactly(Verdict.ACK_LOST);
    }

    @Test
    void aForgottenFrameMayBeStoredAgain() {
        crash("redis-kill");
        logs.add(LogSet.C, "DELIVER 1 40 1 2-1 ok " + logs.tick());

        Report report = logs.check(folder);
        assertThat(report.found()).as(report.toText()).containsExactly(Verdict.TAIL_LOST);
        assertThat(report.first(Verdict.TAIL_LOST)).containsExactly(LogSet.EPOCH_2 + "40 (as 1-140 and 2-1)");
    }

    @Test
    void aFrameFromLongBeforeMayNot() {
        crash("redis-kill");
        logs.add(LogSet.C, "DELIVER 0 10 1 2-1 ok " + logs.tick());
        logs.terms(terms -> terms.withTail("redis-kill", Duration.ofMillis(20)));

        assertThat(logs.check(folder).found()).containsExactly(Verdict.STORED_TWICE);
    }

    @Test
    void aLedgerMayHaveLostItsEndToo() {
        crash("redis-kill");
        logs.change(LogSet.LEDGER, "LEDGER", line -> line.replace("stored=150", "stored=148"));

        assertThat(logs.check(folder).found()).isEmpty();
    }

    private void crash(String kind) {
        long from = micros(logs.line(LogSet.B, "ACK_OK 1 40 ")) + 100;
        logs.add(LogSet.NEMESIS, "START fault=2 kind=" + kind + " target=redis pid=9 seed=42 wall=0 mono=" + from);
        logs.add(LogSet.NEMESIS, "EFFECT fault=2 what=gone mono=" + (from + 100));
        logs.add(LogSet.NEMESIS, "STOP fault=2 wall=0 mono=" + (from + 200));
        logs.terms(terms -> terms.withTail("redis-kill", Duration.ofSeconds(2)));
    }

    private void lose(int... sequences) {
        for (int sequence : sequences) {
            logs.remove(LogSet.C, "DELIVER 1 " + sequence + " ");
            // Ordinals of epoch 2 begin at 103, and 7 and 8 have none.
            logs.remove(sequence % 2 == 0 ? LogSet.B : LogSet.A, "DELIVER 1 " + sequence + " ");
        }
    }

    private static long micros(String line) {
        return Long.parseLong(line.substring(line.lastIndexOf(' ') + 1));
    }
}
