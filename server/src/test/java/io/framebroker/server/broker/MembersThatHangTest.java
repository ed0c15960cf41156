package io.framebroker.server.broker;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

/** What is for one member of a group does not wait for it for ever while others are there. */
class MembersThatHangTest {
    private final Conversation talk =
            new Conversation(new BrokerSettings(true, 100, 0, Conversation.backlog(1_000, 1 << 30)), 1 << 30);
    private final Camera camera = talk.camera();

    private Worker.Opening detector(String id) {
        return talk.worker(id).of("detectors").lease(1_000);
    }

    private Worker.Opening strict(String id) {
        return talk.worker(id).of("tracker").asks(new AskedSettings(1_000L, null, 3, GroupSettings.Order.STRICT));
    }

    @Test
    void videoOfAMemberThatDoesNotReadGoesToAnotherOnceItsLeaseIsOver() {
        Worker deaf = detector("d1").joins();
        Worker other = detector("d2").joins();
        camera.publishes(1);
        deaf.receives(1);
        deaf.isReady(false);
        camera.publishes(Frames.delta(2));
        camera.publishes(3);
        camera.publishes(Frames.delta(4));

        talk.passes(Duration.ofSeconds(1));
        other.receives(2, 3, 4);
        other.acks(2, 3, 4);
        talk.passes(Duration.ofSeconds(1));
        other.receivesAgain(2, 1);
    }

    /** "cam" is w2's; w1 is idle and settles whatever it gets. */
    @Test
    void aStreamInStrictOrderLeavesAMemberThatHangs() {
        Worker well = strict("w1").window(1).joins();
        Worker hangs = strict("w2").window(1).joins();
        camera.publishes(1, 2, 3, 4, 5);

        for (int second = 0; second < 60; second++) {
            talk.passes(Duration.ofSeconds(1));
            while (well.takesStock() > 0) {
                well.acksNext();
            }
        }

        assertThat(talk.ledger("tracker").deadLettered()).isZero();
    }

    @Test
    void aStreamInStrictOrderLeavesAMemberThatDoesNotRead() {
        Worker idle = strict("w1").window(1).joins();
        Worker deaf = strict("w2").window(1).joins();
        camera.publishes(1);
        assertThat(deaf.takesStock()).isEqualTo(1);
        deaf.acks(1);
        deaf.isReady(false);
        camera.publishes(2, 3, 4);
        talk.passes(Duration.ofMinutes(10));
        idle.receives(2);
    }

    /** d1 reads, and settles nothing; d2 settles at once. */
    @Test
    void videoOfAMemberThatHangsGoesToAnotherOnceItsLeaseIsOver() {
        Worker hangs = detector("d1").window(2).joins();
        Worker well = detector("d2").window(100).joins();
        for (int i = 1; i <= 300; i++) {
            if (i % 100 == 1) {
                camera.publishes(i);
            } else {
                camera.publishes(Frames.delta(i));
            }
        }
        int settled = 0;
        for (int second = 0; second < 60; second++) {
            talk.passes(Duration.ofSeconds(1));
            for (int n = well.takesStock(); n > 0; n = well.takesStock()) {
                for (int i = 0; i < n; i++) {
                    well.acksNext();
                    settled++;
                }
            }
        }
        assertThat(settled).as("settled of 300 in 60 leases").isGreaterThan(250);
    }

    @Test
    void videoIsForOthersWhenTheLimitIsReachedElsewhere() {
        Camera dock = talk.camera("dock");
        Worker first = detector("d1").takes("cam", "dock").window(5).limit(2).joins();
        Worker second = detector("d2").joins();
        camera.publishes(1);
        first.receives(1);
        first.isReady(false);
        dock.publishes(1);
        camera.publishes(Frames.delta(2));
        first.isReady(true);
        first.receivesOn("dock", 1);

        second.receives(2);
    }

    @Test
    void strictIsForOthersWhenTheLimitIsReachedElsewhere() {
        Camera dock = talk.camera("dock");
        Worker first = strict("w2").takes("cam", "dock").window(5).limit(2).joins();
        Worker second = strict("w1").joins();
        camera.publishes(1);
        first.receives(1);
        first.acks(1);
        first.isReady(false);
        dock.publishes(1);
        camera.publishes(2);
        first.isReady(true);
        second.receives(2);
    }

    @Test
    void aSuspectBehindAnotherStreamsIsNotForgotten() {
        Camera dock = talk.camera("dock");
        Worker victim = talk.worker("victim")
                .of("detectors")
                .lease(60_000)
                .takes("cam", "dock")
                .window(2)
                .joins();
        camera.publishes(1);
        dock.publishes(1);
        assertThat(victim.takesStock()).isEqualTo(2);
        Worker busy =
                talk.worker("w1").of("detectors").takes("cam", "dock").window(2).joins();
        for (int i = 2; i < 500; i++) {
            camera.publishes(i);
        }
        busy.receives(2, 3);
        victim.losesItsConnection();

        int tenths = 0;
        while (busy.bytesOf("dock") == 0 && tenths < 300) {
            talk.passes(Duration.ofMillis(100));
            busy.acksNext();
            tenths++;
        }
        assertThat(tenths)
                .as("tenths of a second until the suspect of dock went out")
                .isLessThan(20);
    }

    /** Of two busy members one has frames that take a minute; the other settles ten a second. */
    @Test
    void whoRunsDrySoonestIsAsked() {
        Worker victim =
                talk.worker("victim").of("detectors").lease(60_000).window(1).joins();
        camera.publishes(1);
        victim.receives(1);
        Worker quick = talk.worker("w1").of("detectors").window(2).joins();
        camera.publishes(2, 3);
        quick.receives(2, 3);
        Worker slow = talk.worker("w2").of("detectors").window(2).joins();
        for (int i = 4; i < 700; i++) {
            camera.publishes(i);
        }
        slow.receives(4, 5);
        victim.losesItsConnection();

        int tenths = 0;
        while (tenths < 500 && !isOut(quick, slow)) {
            talk.passes(Duration.ofMillis(100));
            quick.acksNext();
            tenths++;
        }
        assertThat(tenths)
                .as("tenths of a second until the suspect went out, slow "
                        + slow.call().window())
                .isLessThan(20);
    }

    private static boolean isOut(Worker... workers) {
        for (Worker worker : workers) {
            if (worker.call().window().toString().contains("alone")) {
                return true;
            }
        }
        return false;
    }
}
