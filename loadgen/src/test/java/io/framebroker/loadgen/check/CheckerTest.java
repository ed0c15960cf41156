package io.framebroker.loadgen.check;

import static org.assertj.core.api.Assertions.assertThat;

import io.framebroker.loadgen.report.Json;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Every defect planted once into a clean run must be named, alone, and by its frame. */
class CheckerTest {
    private final LogSet logs = LogSet.clean();

    @TempDir
    Path folder;

    @Test
    void aCleanRunIsClean() {
        Report report = logs.check(folder);

        assertThat(report.found()).as(report.toText()).isEmpty();
        assertThat(report.clean()).isTrue();
        assertThat(report.events("acked")).isEqualTo(148);
        assertThat(report.events("unknown")).as("101, 102 and 103").isEqualTo(3);
        assertThat(report.events("redelivered")).isEqualTo(2);
        assertThat(report.events("late")).isEqualTo(1);
        assertThat(report.events("calls")).isEqualTo(3);
        assertThat(report.events("calls_broken")).isEqualTo(1);
        assertThat(report.toText()).endsWith("clean\n").contains("faults", "MB of logs");
        assertThat(Json.of(report.toJson())).contains("\"clean\": true", "\"LOST\"", "\"acked\": 148");
    }

    @Test
    void aDeliveryTakenAwayIsLost() {
        logs.remove(LogSet.C, "DELIVER 0 10 ");

        assertOnly(Verdict.LOST, LogSet.EPOCH_1 + "10 (group g1)");
    }

    @Test
    void aFrameThatNobodyGotIsLostOnce() {
        logs.remove(LogSet.C, "DELIVER 1 50 ").remove(LogSet.B, "DELIVER 1 50 ");

        assertOnly(Verdict.LOST, LogSet.EPOCH_2 + "50 (group g0)");
    }

    @Test
    void aFrameOfWhichNobodyKnowsIsNotLost() {
        logs.remove(LogSet.C, "DELIVER 0 101 ");

        assertThat(logs.check(folder).found()).isEmpty();
    }

    @Test
    void aDeadLetterIsNotLost() {
        logs.remove(LogSet.C, "DELIVER 0 10 ").add(LogSet.LEDGER, "DEAD group=g1 frame=" + LogSet.EPOCH_1 + "10");

        assertThat(logs.check(folder).found()).isEmpty();
    }

    private void everyFiftiethIsPoison() {
        logs.terms(terms -> terms.withPoison(50));
        for (String group : List.of("g0", "g1")) {
            for (String frame : List.of(LogSet.EPOCH_1 + 50, LogSet.EPOCH_1 + 100, LogSet.EPOCH_2 + 50)) {
                logs.add(LogSet.LEDGER, dead(group, frame, "MAX_ATTEMPTS", 3));
            }
        }
    }

    private static String dead(String group, String frame, String reason, int attempts) {
        return "DEAD group=" + group + " frame=" + frame + " reason=" + reason + " attempts=" + attempts;
    }

    @Test
    void poisonThatWasGivenUpAndReplayedIsClean() {
        everyFiftiethIsPoison();

        Report report = logs.check(folder);

        assertThat(report.found()).as(report.toText()).isEmpty();
        assertThat(report.events("poison")).isEqualTo(6);
    }

    @Test
    void poisonThatIsNoDeadLetterIsNamed() {
        everyFiftiethIsPoison();
        logs.remove(LogSet.LEDGER, dead("g1", LogSet.EPOCH_1 + 50, "MAX_ATTEMPTS", 3));

        assertOnly(Verdict.DEAD_MISMATCH, LogSet.EPOCH_1 + "50 (group g1, poison and not given up)");
    }

    @Test
    void aDeadLetterThatIsNoPoisonIsNamed() {
        everyFiftiethIsPoison();
        logs.add(LogSet.LEDGER, dead("g0", LogSet.EPOCH_1 + 51, "MAX_ATTEMPTS", 3));

        assertOnly(Verdict.DEAD_MISMATCH, LogSet.EPOCH_1 + "51 (group g0, given up and no poison)");
    }

    @Test
    void aDeadLetterThatIsThereTwiceIsNamed() {
        everyFiftiethIsPoison();
        logs.add(LogSet.LEDGER, dead("g0", LogSet.EPOCH_1 + 50, "MAX_ATTEMPTS", 3));

        assertOnly(Verdict.DEAD_MISMATCH, LogSet.EPOCH_1 + "50 (group g0, there twice)");
    }

    @Test
    void aDeadLetterOfOtherAttemptsIsNamed() {
        everyFiftiethIsPoison();
        logs.change(
                LogSet.LEDGER,
                dead("g0", LogSet.EPOCH_2 + 50, "MAX_ATTEMPTS", 3),
                line -> line.replace("attempts=3", "attempts=4"));

        assertOnly(Verdict.DEAD_MISMATCH, LogSet.EPOCH_2 + "50 (group g0, MAX_ATTEMPTS after 4 attempts)");
    }

    @Test
    void aReplayThatIsNotSettledIsNamed() {
        everyFiftiethIsPoison();
        logs.remove(LogSet.C, "ACK_OK 0 50 ");

        assertOnly(Verdict.DEAD_MISMATCH, LogSet.EPOCH_1 + "50 (group g1, replayed and not settled)");
    }

    @Test
    void deadLettersThatAreLeftAreNamed() {
        everyFiftiethIsPoison();
        logs.change(LogSet.LEDGER, "GROUP stream=cam group=g1 ", line -> line + " dead=2");

        assertOnly(Verdict.DEAD_MISMATCH, "cam group g1: 2 are dead letters still");
    }

    @Test
    void aFrameUnderASecondIdIsStoredTwice() {
        logs.add(LogSet.C, "DELIVER 0 10 1 1-999 ok " + logs.tick());
        logs.add(LogSet.C, "ACK_OK 0 10 1 " + logs.tick());

        assertOnly(Verdict.STORED_TWICE, LogSet.EPOCH_1 + "10 (as 1-10 and 1-999)");
    }

    @Test
    void aSecondIdOfAnotherGenerationIsStoredTwiceToo() {
        logs.change(LogSet.C, "DELIVER 0 10 ", line -> line.replace(" 1-10 ", " 2-10 "));

        assertOnly(Verdict.STORED_TWICE, LogSet.EPOCH_1 + "10 (as 2-10 and 1-10)");
    }

    @Test
    void aFrameThatNobodyPublishedIsAGhost() {
        logs.add(LogSet.C, "DELIVER 1 90 1 1-777 ok " + logs.tick());

        assertOnly(Verdict.GHOST, LogSet.EPOCH_2 + "90 (1-777 in group g1)");
    }

    @ParameterizedTest
    @ValueSource(strings = {"0", "9000000000000"})
    void aGhostMayHaveAnySequence(String sequence) {
        logs.add(LogSet.C, "DELIVER 1 " + sequence + " 1 1-777 ok " + logs.tick());

        assertOnly(Verdict.GHOST, LogSet.EPOCH_2 + sequence + " (1-777 in group g1)");
    }

    @Test
    void aFrameOfAPublisherWithoutALogIsAGhost() {
        logs.add(LogSet.C, "SOURCE 2 other cam p9 5").add(LogSet.C, "DELIVER 2 1 1 1-777 ok " + logs.tick());

        assertOnly(Verdict.GHOST, "other/cam/p9/5/1 (1-777 in group g1)");
    }

    @ParameterizedTest
    @ValueSource(strings = {"crc", "bytes", "label"})
    void aFrameThatIsNotWhatWasPublishedIsCorrupt(String content) {
        logs.change(LogSet.C, "DELIVER 0 10 ", line -> line.replace(" ok ", " " + content + " "));

        Report report = logs.check(folder);
        assertThat(report.found()).containsExactly(Verdict.CORRUPT);
        assertThat(report.first(Verdict.CORRUPT)).singleElement().asString().startsWith(LogSet.EPOCH_1 + "10 (");
    }

    @Test
    void firstDeliveriesInAnotherOrderAreReordered() {
        logs.swap(LogSet.C, "DELIVER 0 10 ", "DELIVER 0 11 ");

        assertOnly(Verdict.REORDER, LogSet.EPOCH_1 + "10 (group g1, behind 1/11 at one consumer)");
    }

    @Test
    void whatMayHaveBeenGivenBackIsExcusedWhileThatMayBe() {
        logs.terms(terms -> terms.withGivingBack("publisher-kill"));
        logs.swap(LogSet.C, "DELIVER 1 1 ", "DELIVER 1 2 ");

        Report report = logs.check(folder);
        assertThat(report.found()).as(report.toText()).isEmpty();
        assertThat(report.events("given_back")).isEqualTo(1);
    }

    @Test
    void beforeThatItIsReordered() {
        logs.terms(terms -> terms.withGivingBack("publisher-kill"));
        logs.swap(LogSet.C, "DELIVER 0 10 ", "DELIVER 0 11 ");

        assertOnly(Verdict.REORDER, LogSet.EPOCH_1 + "10 (group g1, behind 1/11 at one consumer)");
    }

    @Test
    void anEpochBehindALaterOneIsReordered() {
        logs.swap(LogSet.C, "DELIVER 0 102 ", "DELIVER 1 1 ");

        assertOnly(Verdict.REORDER, LogSet.EPOCH_1 + "102 (group g1, behind 2/1 at one consumer)");
    }

    @Test
    void aSecondDeliveryThatCallsItselfTheFirstIsReordered() {
        logs.change(LogSet.B, "DELIVER 0 21 2 ", line -> line.replace("DELIVER 0 21 2", "DELIVER 0 21 1"))
                .remove(LogSet.B, "ACK_SENT 0 21 2")
                .remove(LogSet.B, "ACK_OK 0 21 2");

        assertOnly(Verdict.REORDER, LogSet.EPOCH_1 + "21 (group g0, attempt 1 twice)");
    }

    @Test
    void aRedeliveryMayComeInAnyOrder() {
        logs.add(LogSet.A, "DELIVER 0 21 3 1-21 ok " + logs.tick()).remove(LogSet.B, "ACK_OK 0 21 2");

        assertThat(logs.check(folder).found()).isEmpty();
    }

    @Test
    void aRedeliveryBehindAConfirmedAckBreaksTheAck() {
        logs.add(LogSet.C, "DELIVER 0 10 2 1-10 ok " + logs.tick());

        Report report = logs.check(folder);
        assertThat(report.found()).containsExactly(Verdict.ACK_LOST);
        assertThat(report.first(Verdict.ACK_LOST))
                .singleElement()
                .asString()
                .matches(LogSet.EPOCH_1 + "10 \\(group g1, attempt 2 \\d+ us after attempt 1 was acked\\)");
    }

    @Test
    void alsoWhenItGoesToAnotherConsumerAndHidesItsAttempt() {
        logs.add(LogSet.A, "DELIVER 0 21 1 1-21 ok " + logs.tick());

        Report report = logs.check(folder);
        assertThat(report.found()).containsExactly(Verdict.ACK_LOST);
        assertThat(report.first(Verdict.ACK_LOST)).singleElement().asString().startsWith(LogSet.EPOCH_1 + "21 (");
    }

    @Test
    void clocksOfSeveralMachinesAreGivenSlack() {
        logs.add(LogSet.C, "DELIVER 0 10 2 1-10 ok " + logs.tick())
                .terms(terms -> terms.withSlack(Duration.ofHours(1)));

        assertThat(logs.check(folder).found()).isEmpty();
    }

    @Test
    void anAckThatWasNotConfirmedPromisesNothing() {
        logs.remove(LogSet.C, "ACK_OK 0 10 1").add(LogSet.C, "DELIVER 0 10 2 1-10 ok " + logs.tick());

        assertThat(logs.check(folder).found()).isEmpty();
    }

    @Test
    void aForgedAckOfAFrameThatWasNeverStoredIsALoss() {
        logs.add(LogSet.P1, "ACK 0 103 STORED " + logs.tick());

        assertOnly(Verdict.LOST, LogSet.EPOCH_1 + "103 (group g0)");
    }

    @Test
    void aForgedAckOfAFrameThatWasNeverPublishedIsAGhost() {
        logs.add(LogSet.P1, "ACK 0 200 STORED " + logs.tick());

        assertOnly(Verdict.GHOST, LogSet.EPOCH_1 + "200 (acked, but never published)");
    }

    @Test
    void aRefusedFrameThatIsDeliveredWasStored() {
        logs.insertBefore(LogSet.C, "DELIVER 1 9 ", "DELIVER 1 7 1 1-500 ok " + logs.tick());

        assertOnly(Verdict.FAIL_BUT_STORED, LogSet.EPOCH_2 + "7 (group g1)");
    }

    @Test
    void aFrameDroppedBeforeItWasSentAndDeliveredWasStored() {
        logs.insertBefore(LogSet.C, "DELIVER 1 9 ", "DELIVER 1 8 1 1-500 ok " + logs.tick());

        assertOnly(Verdict.FAIL_BUT_STORED, LogSet.EPOCH_2 + "8 (group g1)");
    }

    @ParameterizedTest
    @ValueSource(strings = {"reported.RING_FULL=0", "reported.RING_FULL=3", "reported.TOO_LATE=9"})
    void aCounterOfReportedFramesThatIsOffIsAMismatch(String counter) {
        logs.change(LogSet.LEDGER, "LEDGER", line -> line.replace("reported.RING_FULL=1", counter))
                // Then nobody was killed, and nothing is open.
                .removeFile(LogSet.P1)
                .change(LogSet.LEDGER, "LEDGER", line -> line.replace("stored=150", "stored=48"));
        withoutEpoch1();

        Report report = logs.check(folder);
        assertThat(report.found()).as(report.toText()).containsExactly(Verdict.DROP_MISMATCH);
        assertThat(report.first(Verdict.DROP_MISMATCH)).first().asString().startsWith("cam reported ");
    }

    @Test
    void aCounterOfDroppedFramesThatIsOffByOneIsAMismatch() {
        logs.change(LogSet.LEDGER, "LEDGER", line -> line.replace("CRC_MISMATCH=1", "CRC_MISMATCH=0"));

        assertOnly(Verdict.DROP_MISMATCH, "cam dropped CRC_MISMATCH: the ledger says 0, the logs allow 1 to 2");
    }

    @Test
    void aCounterOfStoredFramesThatIsOffByOneIsAMismatch() {
        logs.change(LogSet.LEDGER, "LEDGER", line -> line.replace("stored=150", "stored=149"));

        assertOnly(Verdict.DROP_MISMATCH, "cam stored: the ledger says 149, the logs allow 150 to 151");
    }

    @Test
    void aFrameThatWasKilledWithItsPublisherMayBeCountedEitherWay() {
        logs.change(LogSet.LEDGER, "LEDGER", line -> line.replace("stored=150", "stored=151"));

        assertThat(logs.check(folder).found()).isEmpty();
    }

    @Test
    void aCounterOfSkippedFramesExcusesSoManyAndNoMore() {
        logs.remove(LogSet.C, "DELIVER 0 10 ")
                .remove(LogSet.C, "DELIVER 0 11 ")
                .change(LogSet.LEDGER, "GROUP stream=cam group=g1", line -> line + " skipped.MAX_AGE=1");

        assertOnly(Verdict.LOST, LogSet.EPOCH_1 + "10 (group g1)");
    }

    @Test
    void aCounterOfSkippedFramesThatAreAllThereIsAMismatch() {
        logs.change(LogSet.LEDGER, "GROUP stream=cam group=g1", line -> line + " skipped.MAX_AGE=2");

        assertOnly(Verdict.DROP_MISMATCH, "cam group g1: the ledger says 2 skipped, the logs miss 0");
    }

    @ParameterizedTest
    @ValueSource(strings = {"LEDGER", "GROUP stream=cam group=g0"})
    void aLedgerThatDoesNotBalanceIsAMismatch(String ledger) {
        logs.change(LogSet.LEDGER, ledger, line -> line.replace("imbalance=0", "imbalance=-1"));

        Report report = logs.check(folder);
        assertThat(report.found()).containsExactly(Verdict.DROP_MISMATCH);
        assertThat(report.first(Verdict.DROP_MISMATCH))
                .singleElement()
                .asString()
                .endsWith("imbalance -1");
    }

    @Test
    void aGroupThatHasNotFinishedIsUndrained() {
        logs.change(LogSet.LEDGER, "GROUP stream=cam group=g1", line -> line.replace("waiting=0", "waiting=1"))
                .remove(LogSet.C, "DELIVER 1 50 ");

        assertOnly(
                Verdict.UNDRAINED,
                "cam group g1: 1 frames not taken or not settled, " + LogSet.EPOCH_2 + "50 and others not delivered");
    }

    @Test
    void framesThatWaitTooLongForAnAckFindTheBrokerUnavailable() {
        logs.remove(LogSet.P2, "END");
        logs.add(LogSet.P2, "INVOKE 0 51 " + logs.tick());
        logs.pass(20_000);
        logs.add(LogSet.P2, "ACK 0 51 STORED " + logs.tick());
        logs.add(LogSet.C, "DELIVER 1 51 1 1-151 ok " + logs.tick());
        logs.add(LogSet.B, "DELIVER 1 51 1 1-151 ok " + logs.tick());
        logs.add(LogSet.P2, "END 0 " + logs.tick());
        logs.change(LogSet.LEDGER, "LEDGER", line -> line.replace("stored=150", "stored=151"));

        Report report = logs.check(folder);
        assertThat(report.found()).as(report.toText()).containsExactly(Verdict.UNAVAILABLE);
        assertThat(report.first(Verdict.UNAVAILABLE))
                .singleElement()
                .asString()
                .startsWith(LogSet.EPOCH_2 + "51 (no ack for ")
                .contains(" ms without a fault");
    }

    @Test
    void framesThatNeverGetAnAckFindTheBrokerUnavailableToo() {
        logs.remove(LogSet.P2, "END");
        logs.add(LogSet.P2, "INVOKE 0 51 " + logs.tick());
        logs.pass(30_000);
        logs.add(LogSet.P2, "UNKNOWN 0 51 CLOSED " + logs.tick());

        Report report = logs.check(folder);
        assertThat(report.found()).containsExactly(Verdict.UNAVAILABLE);
        assertThat(report.first(Verdict.UNAVAILABLE)).singleElement().asString().startsWith(LogSet.EPOCH_2 + "51 (");
    }

    @Test
    void aFaultAndTheRecoveryBehindItExcuseSilence() {
        logs.remove(LogSet.P2, "END");
        logs.add(LogSet.P2, "INVOKE 0 51 " + logs.tick());
        logs.add(LogSet.NEMESIS, "START fault=2 kind=redis-stop target=redis pid=9 seed=42 wall=0 mono=" + logs.tick());
        logs.add(LogSet.NEMESIS, "EFFECT fault=2 what=T mono=" + logs.tick());
        logs.pass(60_000);
        logs.add(LogSet.NEMESIS, "STOP fault=2 wall=0 mono=" + logs.tick());
        logs.pass(14_000);
        logs.add(LogSet.P2, "UNKNOWN 0 51 CLOSED " + logs.tick());

        assertThat(logs.check(folder).found()).isEmpty();
    }

    @Test
    void anAttemptThatComesTwiceIsReorderedWhereAttemptsAreKept() {
        logs.insertBefore(LogSet.B, "DELIVER 0 21 2 ", logs.line(LogSet.B, "DELIVER 0 21 2 "));
        assertThat(logs.check(folder).found()).isEmpty();

        logs.terms(terms -> terms.withPromises(new Terms.Promises(1, Duration.ofDays(1), true)));

        assertOnly(Verdict.REORDER, LogSet.EPOCH_1 + "21 (group g0, attempt 2 twice)");
    }

    @Test
    void framesThatAreRefusedWhereTheyAreToWaitFindTheBrokerUnavailable() {
        logs.terms(terms -> terms.withPromises(new Terms.Promises(0, Duration.ofDays(1), false)));

        assertOnly(Verdict.UNAVAILABLE, "1 frames were refused or dropped, 0 may be");
    }

    @Test
    void acksThatComeBackLateFindTheBrokerUnavailable() {
        comeBackAfter(6_000);
        Report usual = logs.check(folder);
        assertThat(usual.found()).as(usual.toText()).isEmpty();
        assertThat(usual.events("comebacks")).isEqualTo(1);
        assertThat(usual.events("longest_comeback_ms")).isBetween(6_000L, 6_010L);

        logs.terms(terms -> terms.withPromises(new Terms.Promises(1, Duration.ofSeconds(5), false)));

        Report report = logs.check(folder);
        assertThat(report.found()).as(report.toText()).containsExactly(Verdict.UNAVAILABLE);
        assertThat(report.first(Verdict.UNAVAILABLE))
                .singleElement()
                .asString()
                .startsWith(LogSet.EPOCH_2 + "52 (acks came back 600");
    }

    @Test
    void acksThatComeBackInTimeDoNot() {
        comeBackAfter(4_000);
        logs.terms(terms -> terms.withPromises(new Terms.Promises(1, Duration.ofSeconds(5), false)));

        assertThat(logs.check(folder).found()).isEmpty();
    }

    /** A broker is killed and started again; an ack of before is heard late, then the next call has one. */
    private void comeBackAfter(long millis) {
        logs.remove(LogSet.P2, "END");
        logs.add(LogSet.P2, "INVOKE 0 51 " + logs.tick());
        logs.add(LogSet.P2, "INVOKE 0 52 " + logs.tick());
        logs.add(
                LogSet.NEMESIS,
                "START fault=2 kind=disk-kill target=broker-0 pid=9 seed=42 wall=0 mono=" + logs.tick());
        logs.add(LogSet.NEMESIS, "EFFECT fault=2 what=gone mono=" + logs.tick());
        logs.add(LogSet.NEMESIS, "BACK fault=2 wall=0 mono=" + logs.tick());
        logs.add(LogSet.P2, "ACK 0 51 STORED " + logs.tick());
        logs.add(LogSet.NEMESIS, "STOP fault=2 wall=0 mono=" + logs.tick());
        logs.pass(millis);
        logs.add(LogSet.P2, "CALL " + logs.tick());
        logs.add(LogSet.P2, "ACK 0 52 STORED " + logs.tick());
        for (int sequence = 51; sequence <= 52; sequence++) {
            logs.add(LogSet.C, "DELIVER 1 " + sequence + " 1 1-" + (100 + sequence) + " ok " + logs.tick());
            logs.add(LogSet.B, "DELIVER 1 " + sequence + " 1 1-" + (100 + sequence) + " ok " + logs.tick());
        }
        logs.add(LogSet.P2, "END 0 " + logs.tick());
        logs.change(LogSet.LEDGER, "LEDGER", line -> line.replace("stored=150", "stored=152"));
    }

    @Test
    void aRunIsVoidThatHadTooLittle() {
        logs.terms(terms -> terms.withMinimums(149, 4, 3));

        Report report = logs.check(folder);
        assertThat(report.found()).containsExactly(Verdict.VOID);
        assertThat(report.first(Verdict.VOID))
                .containsExactly(
                        "148 acks, 149 are needed",
                        "3 frames of unknown outcome, 4 are needed",
                        "2 redeliveries, 3 are needed");
    }

    @Test
    void aRunIsVoidWhosePlannedFaultDidNotBegin() {
        logs.add(LogSet.NEMESIS, "PLAN fault=2 kind=redis-kill target=redis");

        assertOnly(Verdict.VOID, "fault 2, redis-kill of redis, was planned and did not begin");
    }

    @Test
    void aRunIsVoidWhoseFaultShowedNoEffect() {
        logs.remove(LogSet.NEMESIS, "EFFECT");

        assertOnly(Verdict.VOID, "fault 1, publisher-kill of p0, showed no effect");
    }

    @Test
    void aRunIsVoidWithoutConsumers() {
        logs.removeFile(LogSet.A).removeFile(LogSet.B).removeFile(LogSet.C).terms(terms -> terms.withMinimums(1, 0, 0));

        assertOnly(Verdict.VOID, "no log of a consumer");
    }

    @Test
    void aRunIsVoidWithoutTheLedgerItPromised() {
        logs.removeFile(LogSet.LEDGER);

        assertOnly(Verdict.VOID, "no ledger of stream cam");
    }

    @Test
    void aRunIsVoidWhoseLogsCannotBeRead() {
        logs.insertBefore(LogSet.C, "DELIVER 0 10 ", "DELIVER 0 10 eins 1-10 ok 5");

        Report report = logs.check(folder);
        assertThat(report.found()).contains(Verdict.VOID);
        assertThat(report.first(Verdict.VOID))
                .singleElement()
                .asString()
                .startsWith(LogSet.C + " line ")
                .endsWith("has no number where one is due: DELIVER 0 10 eins 1-10 ok 5");
    }

    @ParameterizedTest
    @ValueSource(strings = {"D", "DELIVER 0 1", "ACK 0 103 STORED 7", "END 0 99", "DELIVER 0 10 2 1-10 ok 99999999"})
    void aTornLastLineIsNoDefect(String torn) {
        logs.tear(torn);

        assertThat(logs.check(folder).found()).isEmpty();
    }

    @Test
    void onlyTheFirstTwentyAreNamed() {
        logs.cut(LogSet.C, "DELIVER 1 11 ");

        Report report = logs.check(folder);
        assertThat(report.count(Verdict.LOST)).isEqualTo(40);
        assertThat(report.first(Verdict.LOST)).hasSize(20).startsWith(LogSet.EPOCH_2 + "11 (group g1)");
        assertThat(report.toText()).contains("and 20 more").endsWith("NOT CLEAN: [LOST]\n");
    }

    private void withoutEpoch1() {
        for (String file : List.of(LogSet.A, LogSet.B, LogSet.C)) {
            logs.dropAll(file, " 0 ");
        }
        logs.terms(terms -> terms.withMinimums(1, 0, 0));
    }

    private void assertOnly(Verdict verdict, String what) {
        Report report = logs.check(folder);

        assertThat(report.found()).as(report.toText()).containsExactly(verdict);
        assertThat(report.first(verdict)).containsExactly(what);
        assertThat(report.count(verdict)).isOne();
        assertThat(report.clean()).isFalse();
    }
}
