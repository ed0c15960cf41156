package io.framebroker.server.grpc;

import static org.assertj.core.api.Assertions.assertThat;

import io.framebroker.server.broker.Frame;
import io.framebroker.server.broker.FrameContent;
import io.framebroker.server.broker.FrameMemory;
import io.framebroker.server.broker.PublisherKey;
import io.framebroker.server.broker.PublisherPort.FrameException;
import io.framebroker.server.broker.PublisherPort.Outcome;
import io.framebroker.v1.AckLevel;
import io.framebroker.v1.ConsumeFramesResponse;
import io.framebroker.v1.ConsumeOpened;
import io.framebroker.v1.Drain;
import io.framebroker.v1.Heartbeat;
import io.framebroker.v1.PublishFramesResponse;
import io.framebroker.v1.SettleResult;
import io.framebroker.v1.StreamsChanged;
import io.framebroker.wire.ConsumeMessage;
import io.framebroker.wire.WireFrame;
import io.grpc.Status;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** What goes out when, on a transport that is ready at odd moments. */
class RepliesTest {
    private final FakeCall<PublishFramesResponse> publishCall = new FakeCall<>();
    private final FakeCall<ConsumeMessage> consumeCall = new FakeCall<>();
    private final AtomicInteger askedAgain = new AtomicInteger();
    private final AtomicInteger ended = new AtomicInteger();
    private final ConsumeReplies consume = new ConsumeReplies(
            consumeCall,
            RepliesTest::body,
            message -> message,
            new OutboundRoom(new FrameMemory(1 << 30, 1 << 30), consumeCall),
            askedAgain::incrementAndGet,
            ended::incrementAndGet);

    private static WireFrame body(Frame frame) {
        FrameContent content = frame.content();
        return WireFrame.read(content.array(), content.offset(), content.length());
    }

    private PublishReplies openPublisher() {
        PublishReplies replies = new PublishReplies(publishCall, ended::incrementAndGet);
        replies.describe(AckLevel.ACK_LEVEL_MEMORY, 1000, 2000);
        replies.opened(0, List.of(), 0);
        replies.openedBy(new PublisherKey("camera", 1));
        replies.flush();
        publishCall.sent.clear();
        return replies;
    }

    private static void deliver(ConsumeReplies replies, long ordinal, int bytes) {
        byte[] frame = io.framebroker.v1.Frame.newBuilder()
                .setPayload(com.google.protobuf.ByteString.copyFrom(new byte[bytes]))
                .build()
                .toByteArray();
        FrameContent content = new FrameContent(frame, 0, frame.length, ordinal, true, null);
        replies.deliver(
                "gate", List.of(new Frame(content, 1, ordinal, ordinal, 1, new PublisherKey("camera", 1))), 1, 1000);
    }

    /** Used to close in between: the ack found the transport busy, the end found it ready. */
    @Test
    void theLastAckIsToldBeforeAGoodEnd() {
        PublishReplies replies = openPublisher();
        replies.stored(7);
        replies.end(null);
        publishCall.nextReady.addAll(List.of(false, true));

        replies.flush();

        assertThat(publishCall.closed).isNull();
        publishCall.nextReady.clear();
        replies.flush();
        assertThat(publishCall.sent)
                .singleElement()
                .satisfies(told -> assertThat(told.getAck().getStoredThrough()).isEqualTo(7));
        assertThat(publishCall.closed).isEqualTo(Status.OK);
        assertThat(ended).hasValue(1);
    }

    /** Used to read on after every wait for room, whatever was still untold. */
    @Test
    void aPublisherThatReadsNoAcksIsReadNoFurtherAlsoAfterAWait() {
        PublishReplies replies = openPublisher();
        publishCall.ready = false;
        for (int i = 1; i <= 5000; i++) {
            replies.exception(new FrameException(i, Outcome.REJECTED, "BAD", "bad"));
        }

        replies.more();
        replies.flush();
        assertThat(publishCall.requested).isZero();

        publishCall.ready = true;
        replies.flush();
        assertThat(publishCall.requested).isEqualTo(1);
        assertThat(publishCall.sent.stream().mapToInt(told -> told.getAck().getExceptionsCount()))
                .containsExactly(1024, 1024, 1024, 1024, 904);
    }

    @Test
    void nothingIsToldAConsumerBeforeOpened() {
        consume.gap("gate", "REPORTED", 1, false, null, null, "RING_FULL");
        consume.heartbeat(Heartbeat.getDefaultInstance());
        consume.drain(Drain.getDefaultInstance());
        consume.settled(SettleResult.getDefaultInstance());
        consume.flush();
        assertThat(consumeCall.sent).isEmpty();

        consume.opened(ConsumeOpened.getDefaultInstance());
        consume.flush();

        assertThat(consumeCall.sent)
                .extracting(told ->
                        ((ConsumeMessage.Control) told).response().getKindCase().name())
                .containsExactly("OPENED", "SETTLED", "GAP", "DRAIN", "HEARTBEAT");
    }

    /**
     * Used to stall for good: (1) a thread sends what waits, (2) a stream with frames asks meanwhile and is told that
     * too much is waiting, (3) all has been sent, the transport was ready all the time and so says nothing.
     */
    @Test
    void aStreamThatWasToldToWaitIsAskedAgainOnceAllIsSent() {
        consume.opened(ConsumeOpened.getDefaultInstance());
        consume.flush();
        deliver(consume, 1, 300_000);
        consumeCall.whileSending = () -> {
            consumeCall.whileSending = () -> {};
            for (int ordinal = 2; ordinal <= 5; ordinal++) {
                deliver(consume, ordinal, 300_000);
            }
            assertThat(consume.ready()).isFalse();
        };

        consume.flush();

        assertThat(consumeCall.sent).hasSize(6);
        assertThat(askedAgain).hasValue(1);
        assertThat(consume.ready()).isTrue();
    }

    @Test
    void whatAClientDoesNotReadDoesNotGrow() {
        consume.opened(ConsumeOpened.getDefaultInstance());
        consume.flush();
        consumeCall.sent.clear();
        consumeCall.ready = false;
        for (int i = 0; i < 10_000; i++) {
            consume.heartbeat(Heartbeat.getDefaultInstance());
            consume.gap("gate", "REPORTED", 1, false, null, null, "LOST_" + i);
        }
        consume.settled(SettleResult.newBuilder().setStream("x".repeat(2 << 20)).build());
        assertThat(consume.mayReadOn()).isFalse();

        consumeCall.ready = true;
        consume.flush();

        assertThat(consumeCall.sent).hasSizeLessThan(270);
        long lost = 0;
        for (ConsumeMessage told : consumeCall.sent) {
            lost += ((ConsumeMessage.Control) told).response().getGap().getCount();
        }
        assertThat(lost).isEqualTo(10_000);
        assertThat(consume.mayReadOn()).isTrue();
    }

    /** Used to be kept by the names of all there had ever been. */
    @Test
    void aStreamThatCameAndWentBeforeTheClientWasToldIsNotTold() {
        consume.opened(ConsumeOpened.newBuilder().addStreams("gate").build());
        consume.flush();
        consumeCall.sent.clear();
        consumeCall.ready = false;
        for (int i = 0; i < 10_000; i++) {
            consume.added("cam-" + i);
            consume.removed("cam-" + i);
            consume.added("yard");
            consume.removed("gate");
            consume.added("gate");
        }
        consume.removed("gate");

        consumeCall.ready = true;
        consume.flush();

        assertThat(changes())
                .containsExactly(StreamsChanged.newBuilder()
                        .addAdded("yard")
                        .addRemoved("gate")
                        .build());
    }

    @Test
    void aStreamThatOpenedTellsIsToldToBeGoneWheneverItWent() {
        consume.added("gate");
        consume.added("yard");
        consume.removed("yard");
        consume.opened(
                ConsumeOpened.newBuilder().addStreams("gate").addStreams("yard").build());
        consume.removed("gate");

        consume.flush();

        assertThat(changes())
                .containsExactly(StreamsChanged.newBuilder()
                        .addRemoved("yard")
                        .addRemoved("gate")
                        .build());
    }

    private List<StreamsChanged> changes() {
        return consumeCall.sent.stream()
                .map(told -> ((ConsumeMessage.Control) told).response())
                .filter(ConsumeFramesResponse::hasStreamsChanged)
                .map(ConsumeFramesResponse::getStreamsChanged)
                .toList();
    }

    /** Used to come in one message, however many there were. */
    @Test
    void manyResultsComeInSeveralMessages() {
        consume.opened(ConsumeOpened.getDefaultInstance());
        consume.flush();
        consumeCall.sent.clear();
        for (int i = 0; i < 3000; i++) {
            consume.settled(SettleResult.getDefaultInstance());
        }

        consume.flush();

        assertThat(consumeCall.sent)
                .extracting(told ->
                        ((ConsumeMessage.Control) told).response().getSettled().getResultsCount())
                .containsExactly(1024, 1024, 952);
    }

    /** Used to be lost when the call ended well. */
    @Test
    void aGapIsToldBeforeAGoodEnd() {
        consume.opened(ConsumeOpened.getDefaultInstance());
        consume.flush();
        consume.gap("gate", "PURGED", 3, false, null, null, "");
        consume.end(null);
        consumeCall.nextReady.addAll(List.of(false));

        consume.flush();
        assertThat(consumeCall.closed).isNull();
        consume.flush();

        assertThat(consumeCall.sent).hasSize(2);
        assertThat(consumeCall.closed).isEqualTo(Status.OK);
    }

    @Test
    void manyThreadsSendOneAtATimeAndNothingAfterTheEnd() throws InterruptedException {
        for (int round = 0; round < 200; round++) {
            FakeCall<PublishFramesResponse> call = new FakeCall<>();
            PublishReplies replies = new PublishReplies(call, () -> {});
            replies.describe(AckLevel.ACK_LEVEL_MEMORY, 1000, 2000);
            replies.opened(0, List.of(), 0);
            replies.openedBy(new PublisherKey("camera", 1));
            List<Throwable> failures = java.util.Collections.synchronizedList(new ArrayList<>());
            List<Thread> threads = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                int number = i;
                Thread thread = new Thread(() -> {
                    for (int k = 1; k <= 50; k++) {
                        replies.stored(k);
                        replies.flush();
                    }
                    if (number == 0) {
                        replies.end(null);
                    }
                    replies.flush();
                });
                thread.setUncaughtExceptionHandler((failed, e) -> failures.add(e));
                threads.add(thread);
            }
            threads.forEach(Thread::start);
            for (Thread thread : threads) {
                thread.join();
            }
            assertThat(failures).isEmpty();
            assertThat(call.closed).isEqualTo(Status.OK);
        }
    }
}
