package io.framebroker.server.grpc;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import com.google.protobuf.Duration;
import io.framebroker.server.broker.Ledger;
import io.framebroker.v1.ConsumeFramesRequest;
import io.framebroker.v1.ConsumeFramesResponse;
import io.framebroker.v1.Delivery;
import io.framebroker.v1.DeliveryToken;
import io.framebroker.v1.Nack;
import io.framebroker.v1.PublishFramesRequest;
import io.framebroker.v1.PublishFramesResponse;
import io.framebroker.v1.SettleOutcome;
import io.framebroker.v1.SettleResult;
import io.grpc.Channel;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorCompletionService;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.junit.jupiter.api.Test;

/** Many calls at once that break off and come back as they please: in the end every frame was settled once a group. */
class ManyCallsTest {
    private static final int CAMERAS = 4;
    private static final int CONSUMERS = 8;
    private static final int FRAMES = 400;

    private List<Channel> channels;
    private Function<String, Ledger> ledgers;
    private final Set<String> confirmed = ConcurrentHashMap.newKeySet();
    private final Set<String> nacked = ConcurrentHashMap.newKeySet();

    @Test
    void everyFrameIsSettledOnceInEveryGroupWhateverBreaksOff() throws Exception {
        try (EdgeBroker broker =
                EdgeBroker.setup().backlogFrames(20).graceMillis(50).netty()) {
            channels = List.of(broker.newChannel(), broker.newChannel(), broker.newChannel());
            ledgers = broker.core()::ledger;
            play();
        }
    }

    @Test
    void itIsSoWhicheverBrokersTheyTalkTo() throws Exception {
        try (Brokers brokers = Brokers.start(3, setup -> setup.backlogFrames(20).graceMillis(50))) {
            for (int i = 0; i < CAMERAS; i++) {
                brokers.own(i % 3, "cam" + i);
            }
            channels = List.of(
                    brokers.get(0).newChannel(),
                    brokers.get(1).newChannel(),
                    brokers.get(2).newChannel());
            ledgers = stream -> brokers.owner(stream).ledger(stream);
            play();
        }
    }

    private void play() throws Exception {
        long seed = System.nanoTime();
        System.out.println("ManyCallsTest seed " + seed);
        ExecutorService threads = Executors.newFixedThreadPool(CAMERAS + CONSUMERS);
        try {
            // The groups are there before the first frame, so that each gets all of them.
            for (String group : List.of("a", "b")) {
                var first = EdgeBroker.consume(channels.get(0));
                first.say(Say.consume(everyStream(group)));
                assertThat(first.next().hasOpened()).isTrue();
                first.halfClose();
                first.endsWell();
            }
            var running = new ExecutorCompletionService<Boolean>(threads);
            for (int i = 0; i < CAMERAS; i++) {
                int camera = i;
                running.submit(named(seed + i, random -> publishAll("cam" + camera, random)));
            }
            for (int i = 0; i < CONSUMERS; i++) {
                int consumer = i;
                running.submit(named(
                        seed + 100 + i, random -> consumeAll(consumer % 2 == 0 ? "a" : "b", "c" + consumer, random)));
            }
            for (int i = 0; i < CAMERAS + CONSUMERS; i++) {
                Future<Boolean> ended = running.poll(2L * Talk.PATIENCE_SECONDS, TimeUnit.SECONDS);
                assertThat(ended).as("one more that ends; seed %d", seed).isNotNull();
                assertThat(ended.get()).isTrue();
            }

            for (int i = 0; i < CAMERAS; i++) {
                var ledger = ledgers.apply("cam" + i);
                assertThat(ledger.balances()).as("seed %d: %s", seed, ledger).isTrue();
                assertThat(ledger.stream().stored())
                        .as("seed %d: %s", seed, ledger)
                        .isEqualTo(FRAMES);
                assertThat(ledger.groups())
                        .hasSize(2)
                        .allSatisfy(group -> assertThat(group.acked())
                                .as("seed %d: %s", seed, ledger)
                                .isEqualTo(FRAMES));
            }
        } finally {
            threads.shutdownNow();
        }
    }

    private Channel anyChannel(Random random) {
        return channels.get(random.nextInt(channels.size()));
    }

    private interface Part {
        void play(Random random);
    }

    private static Callable<Boolean> named(long seed, Part part) {
        return () -> {
            part.play(new Random(seed));
            return true;
        };
    }

    private static io.framebroker.v1.ConsumeOpen.Builder everyStream(String group) {
        var open = Say.consumer("cam0", group, 5);
        // Every frame is to be acked in the end, however often calls break off.
        open.getSettingsBuilder().setMaxAttempts(0);
        for (int i = 1; i < CAMERAS; i++) {
            open.addStreams("cam" + i);
        }
        return open;
    }

    private void publishAll(String stream, Random random) {
        long stored = 0;
        while (stored < FRAMES) {
            Talk<PublishFramesRequest, PublishFramesResponse> talk = EdgeBroker.publish(anyChannel(random));
            talk.say(Say.open(stream));
            long sent = talk.next().getOpened().getLastSequence();
            stored = sent;
            boolean cancelled = false;
            while (stored < FRAMES && !cancelled) {
                while (sent < FRAMES && sent < stored + 30) {
                    sent++;
                    talk.say(Say.frames(Say.frame(sent, ByteString.copyFrom(new byte[random.nextInt(20_000)]))));
                }
                var told = talk.next();
                if (told.hasAck()) {
                    stored = told.getAck().getStoredThrough();
                    assertThat(told.getAck().getExceptionsList()).isEmpty();
                }
                cancelled = random.nextInt(40) == 0;
            }
            if (cancelled) {
                talk.cancel();
            } else {
                talk.halfClose();
            }
            talk.end();
        }
    }

    private void consumeAll(String group, String id, Random random) {
        while (!allSettled(group)) {
            Talk<ConsumeFramesRequest, ConsumeFramesResponse> talk = EdgeBroker.consume(anyChannel(random));
            talk.say(Say.consume(everyStream(group).setConsumerId(id)));
            boolean leaves = false;
            while (!leaves && !allSettled(group)) {
                ConsumeFramesResponse told = talk.poll(20);
                assertThat(talk.hasEnded()).isFalse();
                if (told == null) {
                    continue;
                }
                settle(talk, told, group, random);
                leaves = told.hasDeliveries() && random.nextInt(30) == 0;
            }
            if (random.nextBoolean()) {
                talk.cancel();
            } else {
                talk.halfClose();
            }
            talk.rest().forEach(told -> confirm(told, group));
        }
    }

    private void settle(
            Talk<ConsumeFramesRequest, ConsumeFramesResponse> talk,
            ConsumeFramesResponse told,
            String group,
            Random random) {
        confirm(told, group);
        for (Delivery delivery : told.getDeliveries().getDeliveriesList()) {
            var settlement = Say.ackOf(told.getDeliveries().getStream(), delivery.getToken(), 1);
            if (random.nextInt(20) == 0) {
                nacked.add(key(group, settlement.getStream(), settlement.getToken()));
                settlement.setNack(Nack.newBuilder().setRetryAfter(Duration.getDefaultInstance()));
            }
            talk.say(Say.settle(settlement));
        }
    }

    private void confirm(ConsumeFramesResponse told, String group) {
        for (SettleResult result : told.getSettled().getResultsList()) {
            boolean ack = !nacked.contains(key(group, result.getStream(), result.getToken()));
            if (ack && result.getOutcome() == SettleOutcome.SETTLE_OUTCOME_OK) {
                String frame = group + "/" + result.getStream() + "/"
                        + result.getToken().getOrdinal();
                assertThat(confirmed.add(frame)).as("%s is settled once", frame).isTrue();
            }
        }
    }

    private static String key(String group, String stream, DeliveryToken token) {
        return group + "/" + stream + "/" + token.getOrdinal() + "/" + token.getAttempt();
    }

    private boolean allSettled(String group) {
        for (int i = 0; i < CAMERAS; i++) {
            boolean all = ledgers.apply("cam" + i).groups().stream()
                    .anyMatch(each -> each.group().equals(group) && each.acked() == FRAMES);
            if (!all) {
                return false;
            }
        }
        return true;
    }
}
