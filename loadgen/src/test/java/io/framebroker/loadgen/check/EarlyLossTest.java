package io.framebroker.loadgen.check;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A group that does not wait for the store may have had a frame that no store ever had, and gets it again under another id. That is
 * so of frame 103, which g1 gets right before the fault, and g0, which waits, only behind it.
 */
class EarlyLossTest {
    private static final String NEVER_STORED = "0 103 1 1-103 ok ";
    private static final String STORED = "0 103 1 2-103 ok ";

    private final LogSet logs = LogSet.clean();
    private final String beforeFault = time(LogSet.P1, "INVOKE 0 103 ");

    @TempDir
    Path folder;

    @BeforeEach
    void givenOutEarly() {
        logs.change(LogSet.C, "LOG ", head -> head + " early=true");
        logs.change(LogSet.LEDGER, "LEDGER ", line -> line.replace("stored=150", "stored=151"));
        logs.terms(terms -> terms.withForgettingEarly("publisher-kill"));
        logs.insertBefore(LogSet.C, "DELIVER 1 1 ", "DELIVER " + NEVER_STORED + beforeFault);
        logs.insertBefore(LogSet.C, "DELIVER 1 1 ", "DELIVER " + STORED + logs.tick());
        logs.insertBefore(LogSet.A, "DELIVER 1 1 ", "DELIVER " + STORED + logs.tick());
    }

    @Test
    void isCleanWhereAFaultTookIt() {
        Report report = logs.check(folder);

        assertThat(report.found()).as(report.toText()).isEmpty();
        assertThat(report.events("forgotten_early")).isEqualTo(1);
    }

    @Test
    void isStoredTwiceWhereItsAckWasConfirmedBefore() {
        logs.insertBefore(LogSet.C, "DELIVER 1 1 ", "ACK_OK 0 103 1 " + beforeFault);

        assertStoredTwice();
    }

    @Test
    void isStoredTwiceWhereItsPublisherWasToldBefore() {
        logs.add(LogSet.P1, "ACK 0 103 STORED " + beforeFault);

        assertStoredTwice();
    }

    @Test
    void isStoredTwiceWhereAGroupThatWaitsHadItToo() {
        logs.insertBefore(LogSet.A, "DELIVER 1 1 ", "DELIVER " + NEVER_STORED + beforeFault);

        assertThat(logs.check(folder).found()).contains(Verdict.STORED_TWICE);
    }

    @Test
    void isStoredTwiceWhereNoFaultLiesBetween() {
        String afterwards = Long.toString(logs.tick());
        logs.change(LogSet.C, "DELIVER " + NEVER_STORED, line -> "DELIVER " + NEVER_STORED + afterwards);

        assertStoredTwice();
    }

    @Test
    void isStoredTwiceWhereTheFaultTakesNothing() {
        logs.terms(terms -> terms.withForgettingEarly("redis-kill"));

        assertStoredTwice();
    }

    /** g0 is the early one now, and its log a is read first: a has 104 as it never was, b 103 as it is stored. */
    @Test
    void doesNotCountForTheOrderInWhichFramesCome() {
        LogSet others = LogSet.clean();
        String before = others.line(LogSet.P1, "INVOKE 0 103 ").replaceAll(".* ", "");
        others.add(LogSet.P1, "INVOKE 0 104 " + before);
        others.change(LogSet.LEDGER, "LEDGER ", line -> line.replace("stored=150", "stored=152"));
        others.terms(terms -> terms.withForgettingEarly("publisher-kill"));
        for (String early : List.of(LogSet.A, LogSet.B)) {
            others.change(early, "LOG ", head -> head + " early=true");
        }
        others.insertBefore(LogSet.A, "DELIVER 1 1 ", "DELIVER 0 104 1 1-104 ok " + before);
        others.insertBefore(LogSet.B, "DELIVER 1 2 ", "DELIVER " + NEVER_STORED + before);
        others.insertBefore(LogSet.A, "DELIVER 1 1 ", "DELIVER " + STORED + others.tick());
        others.insertBefore(LogSet.A, "DELIVER 1 1 ", "DELIVER 0 104 1 2-104 ok " + others.tick());
        others.insertBefore(LogSet.C, "DELIVER 1 1 ", "DELIVER " + STORED + others.tick());
        others.insertBefore(LogSet.C, "DELIVER 1 1 ", "DELIVER 0 104 1 2-104 ok " + others.tick());

        Report report = others.check(folder);
        assertThat(report.found()).as(report.toText()).isEmpty();
        assertThat(report.events("forgotten_early")).isEqualTo(2);
    }

    /** The early group had it, and does not get what is stored. */
    @Test
    void isLostWhereItDoesNotComeAgain() {
        logs.add(LogSet.P1, "ACK 0 103 STORED " + logs.tick());
        logs.remove(LogSet.C, "DELIVER " + STORED);
        logs.insertBefore(LogSet.B, "DELIVER 1 2 ", "DELIVER 0 103 2 2-103 ok " + logs.tick());

        assertThat(logs.check(folder).found()).contains(Verdict.LOST);
    }

    private void assertStoredTwice() {
        Report report = logs.check(folder);
        assertThat(report.found()).as(report.toText()).containsExactly(Verdict.STORED_TWICE, Verdict.VOID);
        assertThat(report.first(Verdict.STORED_TWICE)).hasSize(1);
        assertThat(report.events("forgotten_early")).isZero();
    }

    private String time(String file, String beginning) {
        String line = logs.line(file, beginning);
        return line.substring(line.lastIndexOf(' ') + 1);
    }
}
