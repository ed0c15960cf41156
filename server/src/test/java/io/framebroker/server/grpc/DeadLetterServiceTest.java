package io.framebroker.server.grpc;

import static org.assertj.core.api.Assertions.assertThat;

import io.framebroker.server.broker.AckLevel;
import io.framebroker.server.store.disk.DiskFrameStore;
import io.framebroker.server.store.disk.DiskSettings;
import io.framebroker.v1.Ack;
import io.framebroker.v1.ConsumeFramesRequest;
import io.framebroker.v1.ConsumeFramesResponse;
import io.framebroker.v1.DeadLetter;
import io.framebroker.v1.DeadLetterFilter;
import io.framebroker.v1.DeadLetterServiceGrpc;
import io.framebroker.v1.DeadLetterServiceGrpc.DeadLetterServiceBlockingStub;
import io.framebroker.v1.Delivery;
import io.framebroker.v1.FrameId;
import io.framebroker.v1.GetDeadLetterRequest;
import io.framebroker.v1.GetDeadLetterResponse;
import io.framebroker.v1.ListDeadLettersRequest;
import io.framebroker.v1.ListDeadLettersResponse;
import io.framebroker.v1.Nack;
import io.framebroker.v1.NackVerb;
import io.framebroker.v1.PurgeDeadLettersRequest;
import io.framebroker.v1.ReplayDeadLettersRequest;
import io.framebroker.v1.SettleOutcome;
import io.framebroker.v1.Settlement;
import io.grpc.Channel;
import io.grpc.Status.Code;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.assertj.core.api.Assertions;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Dead letters, as their readers see them. */
@Timeout(300)
class DeadLetterServiceTest {
    private static DeadLetterServiceBlockingStub letters(Channel channel) {
        return DeadLetterServiceGrpc.newBlockingStub(channel);
    }

    private static void publish(EdgeBroker broker, String stream, long first, long last) {
        var camera = broker.publish(Say.open(stream));
        camera.say(Say.frames(first, last));
        camera.halfClose();
        camera.endsWell();
    }

    /** A consumer takes frames of the stream and gives them up. */
    private static void giveUp(EdgeBroker broker, String stream, String group, int frames) {
        Talk<ConsumeFramesRequest, ConsumeFramesResponse> consumer = broker.consume(Say.consume(
                Say.consumer(stream, group, frames).setConsumerId("worker").setLimit(frames)));
        for (int taken = 0; taken < frames; ) {
            ConsumeFramesResponse deliveries = consumer.next(ConsumeFramesResponse::hasDeliveries);
            for (var each : deliveries.getDeliveries().getDeliveriesList()) {
                consumer.say(Say.settle(Settlement.newBuilder()
                        .setStream(stream)
                        .setToken(each.getToken())
                        .setNack(Nack.newBuilder()
                                .setVerb(NackVerb.NACK_VERB_DEAD_LETTER)
                                .setReason("no picture in " + each.getToken().getOrdinal()))));
                assertThat(consumer.next(ConsumeFramesResponse::hasSettled)
                                .getSettled()
                                .getResults(0)
                                .getOutcome())
                        .isEqualTo(SettleOutcome.SETTLE_OUTCOME_OK);
                taken++;
            }
        }
        consumer.endsWell();
    }

    private static List<Delivery> take(Talk<ConsumeFramesRequest, ConsumeFramesResponse> consumer, int frames) {
        List<Delivery> taken = new ArrayList<>();
        while (taken.size() < frames) {
            taken.addAll(consumer.next(ConsumeFramesResponse::hasDeliveries)
                    .getDeliveries()
                    .getDeliveriesList());
        }
        return taken;
    }

    private static ListDeadLettersRequest list(DeadLetterFilter.Builder filter) {
        return ListDeadLettersRequest.newBuilder().setFilter(filter).build();
    }

    private static ReplayDeadLettersRequest replay(DeadLetterFilter.Builder filter, int limit) {
        return ReplayDeadLettersRequest.newBuilder()
                .setFilter(filter)
                .setLimit(limit)
                .build();
    }

    private static DeadLetterFilter.Builder of(String stream) {
        return DeadLetterFilter.newBuilder().setStream(stream);
    }

    private static void refused(ThrowingCallable call, Code code, String... words) {
        Assertions.assertThatThrownBy(call)
                .isInstanceOfSatisfying(
                        StatusRuntimeException.class,
                        e -> assertThat(e.getStatus().getCode()).isEqualTo(code))
                .hasMessageContainingAll(words);
    }

    @Test
    void aDeadLetterIsListedWithItsHeaderAndReadWithItsPicture() {
        try (EdgeBroker broker = EdgeBroker.inProcess()) {
            publish(broker, "gate", 1, 1);
            giveUp(broker, "gate", "detectors", 1);

            DeadLetter listed =
                    letters(broker.channel()).listDeadLetters(list(of("gate"))).getDeadLetters(0);
            GetDeadLetterResponse read = letters(broker.channel())
                    .getDeadLetter(GetDeadLetterRequest.newBuilder()
                            .setStream("gate")
                            .setGroup("detectors")
                            .setId(listed.getId())
                            .build());

            assertThat(listed.getStream()).isEqualTo("gate");
            assertThat(listed.getGroup()).isEqualTo("detectors");
            assertThat(listed.getId())
                    .isEqualTo(
                            FrameId.newBuilder().setGeneration(1).setOrdinal(1).build());
            assertThat(listed.getHeader()).isEqualTo(Say.frame(1).getHeader());
            assertThat(listed.getReason()).isEqualTo("NACK_DEAD_LETTER");
            assertThat(listed.getAttempts()).isEqualTo(1);
            assertThat(listed.getLastError()).isEqualTo("no picture in 1");
            assertThat(listed.getLastConsumerId()).isEqualTo("worker");
            assertThat(listed.getDeadTime().getSeconds()).isPositive();
            assertThat(read.getDeadLetter()).isEqualTo(listed);
            assertThat(read.getFrame()).isEqualTo(Say.frame(1));
            assertThat(broker.core().ledger("gate").groups().get(0).deadLettered())
                    .isEqualTo(1);
        }
    }

    @Test
    void aFrameThatFailsThreeTimesIsADeadLetter() {
        try (EdgeBroker broker = EdgeBroker.inProcess()) {
            publish(broker, "gate", 1, 1);
            var consumer = broker.consume(Say.consume(Say.consumer("gate", "detectors", 10)));
            assertThat(broker.core().groups("gate").get(0).settings().maxAttempts())
                    .isEqualTo(3);
            for (int attempt = 1; attempt <= 3; attempt++) {
                var delivery = consumer.next(ConsumeFramesResponse::hasDeliveries)
                        .getDeliveries()
                        .getDeliveries(0);
                assertThat(delivery.getToken().getAttempt()).isEqualTo(attempt);
                consumer.say(Say.settle(Settlement.newBuilder()
                        .setStream("gate")
                        .setToken(delivery.getToken())
                        .setNack(Nack.newBuilder()
                                .setVerb(NackVerb.NACK_VERB_RETRY)
                                .setReason("failure " + attempt)
                                .setRetryAfter(com.google.protobuf.Duration.getDefaultInstance()))));
                consumer.next(ConsumeFramesResponse::hasSettled);
            }

            assertThat(letters(broker.channel())
                            .listDeadLetters(list(of("gate").setReason("MAX_ATTEMPTS")))
                            .getDeadLettersList())
                    .singleElement()
                    .satisfies(letter -> {
                        assertThat(letter.getAttempts()).isEqualTo(3);
                        assertThat(letter.getLastError()).isEqualTo("failure 3");
                    });
        }
    }

    @Test
    void theyAreListedPageByPageOldestFirst() {
        try (EdgeBroker broker = EdgeBroker.inProcess()) {
            publish(broker, "gate", 1, 25);
            giveUp(broker, "gate", "detectors", 25);
            giveUp(broker, "gate", "archive", 5);

            List<String> all = new ArrayList<>();
            String token = "";
            do {
                ListDeadLettersResponse page = letters(broker.channel())
                        .listDeadLetters(ListDeadLettersRequest.newBuilder()
                                .setFilter(of("gate"))
                                .setPageSize(7)
                                .setPageToken(token)
                                .build());
                assertThat(page.getDeadLettersCount()).isBetween(1, 7);
                page.getDeadLettersList()
                        .forEach(each ->
                                all.add(each.getGroup() + " " + each.getId().getOrdinal()));
                token = page.getNextPageToken();
            } while (!token.isEmpty());

            assertThat(all).hasSize(30).doesNotHaveDuplicates();
            assertThat(all.subList(0, 25)).allMatch(each -> each.startsWith("detectors"));
            assertThat(letters(broker.channel())
                            .listDeadLetters(list(of("gate").setGroup("archive")))
                            .getDeadLettersCount())
                    .isEqualTo(5);
        }
    }

    @Test
    void purgingIsTriedFirstAndThenDone() {
        try (EdgeBroker broker = EdgeBroker.inProcess()) {
            publish(broker, "gate", 1, 3);
            giveUp(broker, "gate", "detectors", 3);
            giveUp(broker, "gate", "archive", 2);
            var request =
                    PurgeDeadLettersRequest.newBuilder().setFilter(of("gate").setGroup("detectors"));

            assertThat(letters(broker.channel())
                            .purgeDeadLetters(request.setValidateOnly(true).build())
                            .getPurged())
                    .isEqualTo(3);
            assertThat(letters(broker.channel())
                            .purgeDeadLetters(request.setValidateOnly(false).build())
                            .getPurged())
                    .isEqualTo(3);
            assertThat(letters(broker.channel())
                            .purgeDeadLetters(request.build())
                            .getPurged())
                    .isZero();

            assertThat(letters(broker.channel())
                            .listDeadLetters(list(of("gate")))
                            .getDeadLettersList())
                    .extracting(DeadLetter::getGroup)
                    .containsExactly("archive", "archive");
        }
    }

    @Test
    void aReplayedLetterIsDeliveredAsItWasPublishedAndGoneOnceItIsAcked() {
        try (EdgeBroker broker = EdgeBroker.inProcess()) {
            publish(broker, "gate", 1, 3);
            giveUp(broker, "gate", "detectors", 3);
            var here = letters(broker.channel());

            assertThat(here.replayDeadLetters(replay(of("gate"), -1).toBuilder()
                                    .setValidateOnly(true)
                                    .build())
                            .getReplayed())
                    .isEqualTo(3);
            assertThat(here.replayDeadLetters(replay(of("gate").setReason("MAX_ATTEMPTS"), 5))
                            .getReplayed())
                    .isZero();
            assertThat(here.replayDeadLetters(replay(of("gate"), 2)).getReplayed())
                    .isEqualTo(2);
            var consumer = broker.consume(Say.consume(Say.consumer("gate", "detectors", 10)));
            List<Delivery> taken = take(consumer, 2);
            for (Delivery each : taken) {
                consumer.say(Say.settle(Settlement.newBuilder()
                        .setStream("gate")
                        .setToken(each.getToken())
                        .setAck(Ack.getDefaultInstance())));
                assertThat(consumer.next(ConsumeFramesResponse::hasSettled)
                                .getSettled()
                                .getResults(0)
                                .getOutcome())
                        .isEqualTo(SettleOutcome.SETTLE_OUTCOME_OK);
            }

            assertThat(taken).extracting(Delivery::getFrame).containsExactly(Say.frame(1), Say.frame(2));
            assertThat(taken).extracting(each -> each.getToken().getAttempt()).containsExactly(2, 2);
            assertThat(here.listDeadLetters(list(of("gate"))).getDeadLettersList())
                    .extracting(letter -> letter.getId().getOrdinal())
                    .containsExactly(3L);
            assertThat(broker.core().ledger("gate").groups())
                    .singleElement()
                    .satisfies(group -> assertThat(group.acked()).isEqualTo(2));
        }
    }

    @Test
    void aReplayEndsWithItsBrokerAndLosesNothing(@TempDir Path folder) throws IOException {
        try (EdgeBroker broker = onDisk(folder)) {
            publish(broker, "gate", 1, 2);
            giveUp(broker, "gate", "detectors", 2);
            letters(broker.channel()).replayDeadLetters(replay(of("gate"), 1));
            broker.consume(Say.consume(Say.consumer("gate", "detectors", 10)))
                    .next(ConsumeFramesResponse::hasDeliveries);
        }

        try (EdgeBroker broker = onDisk(folder)) {
            var here = letters(broker.channel());
            assertThat(here.listDeadLetters(list(of("gate"))).getDeadLettersCount())
                    .isEqualTo(2);
            assertThat(here.replayDeadLetters(replay(of("gate"), 5)).getReplayed())
                    .isEqualTo(2);
            List<Delivery> taken = take(broker.consume(Say.consume(Say.consumer("gate", "detectors", 10))), 2);
            assertThat(taken).extracting(Delivery::getFrame).containsExactly(Say.frame(1), Say.frame(2));
            assertThat(taken).extracting(each -> each.getToken().getAttempt()).containsExactly(2, 2);
        }
    }

    private static EdgeBroker onDisk(Path folder) throws IOException {
        DiskSettings settings = new DiskSettings(
                folder, 64 << 20, 4 << 20, AckLevel.STORED, Duration.ofMillis(50), Duration.ofMillis(50));
        return EdgeBroker.setup().store(new DiskFrameStore(settings)).inProcess();
    }

    @Test
    void theyAreServedFromAnyBroker() {
        try (Brokers brokers = Brokers.start(2).own(1, "gate")) {
            publish(brokers.get(0), "gate", 1, 2);
            giveUp(brokers.get(0), "gate", "detectors", 2);
            var here = letters(brokers.get(0).channel());

            DeadLetter listed = here.listDeadLetters(list(of("gate"))).getDeadLetters(1);
            assertThat(here.getDeadLetter(GetDeadLetterRequest.newBuilder()
                                    .setStream("gate")
                                    .setGroup("detectors")
                                    .setId(listed.getId())
                                    .build())
                            .getFrame())
                    .isEqualTo(Say.frame(2));
            assertThat(here.replayDeadLetters(replay(of("gate"), 1)).getReplayed())
                    .isEqualTo(1);
            assertThat(here.purgeDeadLetters(PurgeDeadLettersRequest.newBuilder()
                                    .setFilter(of("gate"))
                                    .build())
                            .getPurged())
                    .isEqualTo(2);
            assertThat(brokers.get(0).core().streams()).isEmpty();
        }
    }

    @Test
    void whatCannotBeIsRefusedByName() {
        try (EdgeBroker broker = EdgeBroker.inProcess()) {
            publish(broker, "gate", 1, 1);
            giveUp(broker, "gate", "detectors", 1);
            var here = letters(broker.channel());

            refused(() -> here.listDeadLetters(list(of(""))), Code.INVALID_ARGUMENT, "stream by stream");
            refused(() -> here.listDeadLetters(list(of("yard"))), Code.NOT_FOUND, "yard");
            refused(() -> here.listDeadLetters(list(of("gate").setGroup("x"))), Code.NOT_FOUND, "gate", "\"x\"");
            refused(
                    () -> here.listDeadLetters(
                            list(of("gate")).toBuilder().setPageToken("7").build()),
                    Code.INVALID_ARGUMENT,
                    "page_token");
            refused(
                    () -> here.getDeadLetter(GetDeadLetterRequest.newBuilder()
                            .setStream("gate")
                            .setGroup("detectors")
                            .setId(FrameId.newBuilder().setGeneration(2).setOrdinal(1))
                            .build()),
                    Code.NOT_FOUND,
                    "2-1",
                    "detectors");
            refused(() -> here.replayDeadLetters(replay(of(""), 1)), Code.INVALID_ARGUMENT, "stream by stream");
            refused(() -> here.replayDeadLetters(replay(of("gate"), 0)), Code.INVALID_ARGUMENT, "limit");
            refused(() -> here.replayDeadLetters(replay(of("gate").setGroup("x"), 1)), Code.NOT_FOUND, "gate", "\"x\"");
        }
    }
}
