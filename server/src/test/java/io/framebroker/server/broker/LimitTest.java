package io.framebroker.server.broker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Calls that want so many frames, and calls that acknowledge by themselves. */
class LimitTest {
    private final Conversation talk = new Conversation();
    private final Camera camera = talk.camera();

    @AfterEach
    void comesOutEven() {
        talk.comesOutEven();
    }

    @Test
    void aLimitedCallEndsWhenAllItAskedForIsSettled() {
        Worker sampler = talk.worker("w1").of("samplers").limit(3).joins();
        camera.publishesTogether(1, 2, 3, 4, 5);
        sampler.receives(1, 2, 3);

        sampler.acks(1, 2);
        sampler.hears("1-1/1 OK", "1-2/1 OK");
        sampler.acks(3);

        sampler.hears("1-3/1 OK", "finished");
        assertThat(talk.ledger("samplers").waiting()).isEqualTo(2);
    }

    @Test
    void aLimitedCallThatSaysNothingMoreEndsAtItsLastDelivery() {
        Worker sampler = talk.worker("w1").of("samplers").limit(2).joins();
        sampler.call().saysNothingMore();
        camera.publishes(1);
        sampler.hearsNothing();
        camera.publishes(2);

        sampler.receives(1, 2);
        sampler.hears("finished");
    }

    /** Such a call used to stay open until it settled, which it had said it would not. */
    @Test
    void aLimitedCallThatHasAllAndThenSaysNothingMoreEndsAtOnce() {
        Worker sampler = talk.worker("w1").of("samplers").limit(1).joins();
        camera.publishes(1);
        sampler.receives(1);
        sampler.hearsNothing();

        sampler.call().saysNothingMore();

        sampler.hears("finished");
    }

    @Test
    void theEndIsToldOnce() {
        Worker sampler = talk.worker("w1").of("samplers").limit(2).joins();
        camera.publishes(1, 2);
        sampler.receives(1, 2);

        sampler.settlesRun("cam", sampler.token(1), 2, Verdict.ACK);
        sampler.call().saysNothingMore();

        sampler.hears("1-1/1 through 2 OK", "finished");
    }

    @Test
    void theLimitCountsOverAllStreams() {
        Camera dock = talk.camera("dock");
        Worker sampler = talk.worker("w1")
                .of("samplers")
                .takes("cam", "dock")
                .limit(2)
                .autoAck()
                .joins();
        camera.publishes(1);
        dock.publishes(1);
        camera.publishes(2);

        assertThat(sampler.takesStock()).isEqualTo(2);
        sampler.hears("finished");
    }

    @Test
    void autoAckSettlesWhatIsHandedOut() {
        Worker viewer = talk.worker("w1").of("viewers").autoAck().window(1).joins();

        camera.publishesTogether(1, 2, 3);

        viewer.receives(1, 2, 3);
        viewer.hearsNothing();
        viewer.hasOutstanding(0);
        assertThat(talk.ledger("viewers").acked()).isEqualTo(3);
    }

    @Test
    void autoAckWaitsForTheTransport() {
        Worker viewer = talk.worker("w1").of("viewers").autoAck().joins();
        viewer.isReady(false);
        camera.publishes(1);
        viewer.receivesNothing();

        viewer.isReady(true);

        viewer.receives(1);
    }

    /** A limit above 2^63 used to mean nothing at all. */
    @Test
    void aLimitBelowZeroIsRefused() {
        assertThatThrownBy(() -> talk.worker("w1").of("samplers").limit(-1).joins())
                .isInstanceOf(BrokerException.class)
                .hasMessageContaining("limit");
    }

    /** The call used to end before the store had confirmed, and its client never learned of its last acks. */
    @Test
    void aLimitedCallEndsBehindItsLastResult() {
        Worker sampler = talk.worker("w1").of("samplers").limit(1).joins();
        camera.publishes(1);
        talk.store().defer();

        sampler.acks(1);
        sampler.hearsNothing();
        talk.store().releaseAll();

        sampler.hears("1-1/1 OK", "finished");
    }
}
