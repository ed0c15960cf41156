package io.framebroker.server.grpc;

import static org.assertj.core.api.Assertions.assertThat;

import io.framebroker.v1.ConsumeFramesRequest;
import io.framebroker.v1.ConsumeFramesResponse;
import io.framebroker.v1.ConsumerState;
import io.framebroker.v1.DeleteGroupRequest;
import io.framebroker.v1.DeleteGroupResponse;
import io.framebroker.v1.FrameId;
import io.framebroker.v1.GetGroupRequest;
import io.framebroker.v1.Group;
import io.framebroker.v1.GroupServiceGrpc;
import io.framebroker.v1.IdleReason;
import io.framebroker.v1.ListConsumersRequest;
import io.framebroker.v1.ListConsumersResponse;
import io.framebroker.v1.PauseGroupRequest;
import io.framebroker.v1.ResumeGroupRequest;
import io.framebroker.v1.SeekGroupRequest;
import io.framebroker.v1.StartEdge;
import io.framebroker.v1.StartPosition;
import io.grpc.Channel;
import io.grpc.Status.Code;
import io.grpc.StatusRuntimeException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What operators do to groups while consumers are at work. */
class GroupServiceTest {

    private static GroupServiceGrpc.GroupServiceBlockingStub groups(Channel channel) {
        return GroupServiceGrpc.newBlockingStub(channel);
    }

    private static Group pause(Channel channel) {
        return groups(channel)
                .pauseGroup(PauseGroupRequest.newBuilder()
                        .setStream("gate")
                        .setName("detector")
                        .build())
                .getGroup();
    }

    private static Group resume(Channel channel) {
        return groups(channel)
                .resumeGroup(ResumeGroupRequest.newBuilder()
                        .setStream("gate")
                        .setName("detector")
                        .build())
                .getGroup();
    }

    private static Group seek(Channel channel, StartPosition position) {
        return groups(channel)
                .seekGroup(SeekGroupRequest.newBuilder()
                        .setStream("gate")
                        .setName("detector")
                        .setPosition(position)
                        .build())
                .getGroup();
    }

    private static DeleteGroupResponse delete(Channel channel, boolean force) {
        return groups(channel)
                .deleteGroup(DeleteGroupRequest.newBuilder()
                        .setStream("gate")
                        .setName("detector")
                        .setForce(force)
                        .build());
    }

    private static StartPosition at(long ordinal) {
        return StartPosition.newBuilder()
                .setId(FrameId.newBuilder().setGeneration(1).setOrdinal(ordinal))
                .build();
    }

    private static Refusal refusal(Runnable call) {
        try {
            call.run();
        } catch (StatusRuntimeException e) {
            return Refusal.of(e);
        }
        throw new AssertionError("not refused");
    }

    private static ConsumeFramesRequest detector(String id, int window) {
        return Say.consume(Say.consumer("gate", "detector", window).setConsumerId(id));
    }

    private static List<Long> ordinals(ConsumeFramesResponse told) {
        return told.getDeliveries().getDeliveriesList().stream()
                .map(each -> each.getToken().getOrdinal())
                .toList();
    }

    @Test
    void aPausedGroupSaysSoAndItsConsumersHearWhy() {
        try (EdgeBroker broker = EdgeBroker.setup().heartbeatMillis(20).inProcess()) {
            var consumer = broker.consume(detector("d1", 10));

            Group paused = pause(broker.channel());
            var camera = broker.publish(Say.open("gate"));
            camera.say(Say.frames(1, 2));
            consumer.next(told -> told.hasHeartbeat()
                    && told.getHeartbeat().getIdle() == IdleReason.IDLE_REASON_PAUSED
                    && told.getHeartbeat().getLags(0).getWaiting() == 2);
            Group again = pause(broker.channel());
            Group resumed = resume(broker.channel());

            assertThat(paused.getPaused()).isTrue();
            assertThat(paused.getConsumers()).isEqualTo(1);
            assertThat(again.getPaused()).isTrue();
            assertThat(resumed.getPaused()).isFalse();
            assertThat(ordinals(consumer.next(ConsumeFramesResponse::hasDeliveries)))
                    .containsExactly(1L, 2L);
        }
    }

    @Test
    void aMoveEndsTheCallsAndTheyGoOnAtTheNewPlace() {
        try (EdgeBroker broker = EdgeBroker.inProcess()) {
            var camera = broker.publish(Say.open("gate"));
            camera.say(Say.frames(1, 4));
            var consumer = broker.consume(detector("d1", 10));
            consumer.say(Say.ackAll(consumer.next()));
            consumer.next(ConsumeFramesResponse::hasSettled);

            Group moved = seek(broker.channel(), at(3));
            Refusal why = consumer.refusal();
            var again = broker.consume(detector("d1", 10));

            assertThat(moved.getLag().getWaiting()).isEqualTo(2);
            assertThat(moved.getSettings().getLease().getSeconds()).isEqualTo(30);
            assertThat(why.code()).isEqualTo(Code.UNAVAILABLE);
            assertThat(why.reason()).isEqualTo("GROUP_MOVED");
            assertThat(why.retry()).isTrue();
            assertThat(ordinals(again.next())).containsExactly(3L, 4L);
            assertThat(broker.core().ledger("gate").groups().get(0).base()).isEqualTo(2);
        }
    }

    @Test
    void aMoveWithoutAPlaceIsRefused() {
        try (EdgeBroker broker = EdgeBroker.inProcess()) {
            broker.consume(detector("d1", 10));

            Refusal refusal = refusal(() -> seek(broker.channel(), StartPosition.getDefaultInstance()));

            assertThat(refusal.code()).isEqualTo(Code.INVALID_ARGUMENT);
            assertThat(refusal.fields()).containsExactly("position");
        }
    }

    @Test
    void aGroupInUseIsDeletedByForceAlone() {
        try (EdgeBroker broker = EdgeBroker.inProcess()) {
            var consumer = broker.consume(detector("d1", 1));
            var camera = broker.publish(Say.open("gate"));
            camera.say(Say.frames(1, 3));
            consumer.next();

            Refusal kept = refusal(() -> delete(broker.channel(), false));
            DeleteGroupResponse deleted = delete(broker.channel(), true);
            Refusal ended = consumer.refusal();

            assertThat(kept.code()).isEqualTo(Code.FAILED_PRECONDITION);
            assertThat(kept.reason()).isEqualTo("GROUP_IN_USE");
            assertThat(kept.message()).contains("\"d1\"");
            assertThat(deleted.getUnsettledFrames()).isEqualTo(3);
            assertThat(ended.code()).isEqualTo(Code.NOT_FOUND);
            assertThat(ended.reason()).isEqualTo("GROUP_DELETED");
            assertThat(refusal(() -> delete(broker.channel(), true)).reason()).isEqualTo("GROUP_NOT_FOUND");
        }
    }

    @Test
    void consumersAreListedPageByPage() {
        try (EdgeBroker broker = EdgeBroker.setup().graceMillis(60_000).inProcess()) {
            var camera = broker.publish(Say.open("gate"));
            camera.say(Say.frames(1, 3));
            var away = broker.consume(detector("d2", 2));
            away.next(ConsumeFramesResponse::hasDeliveries);
            away.cancel();
            EdgeBroker.await("the consumer is away", () -> broker.server().openCalls() == 1);
            broker.consume(detector("d3", 5));
            broker.consume(detector("d1", 7));

            List<ConsumerState> all = new ArrayList<>();
            String token = "";
            do {
                ListConsumersResponse page = groups(broker.channel())
                        .listConsumers(ListConsumersRequest.newBuilder()
                                .setStream("gate")
                                .setGroup("detector")
                                .setPageSize(2)
                                .setPageToken(token)
                                .build());
                all.addAll(page.getConsumersList());
                token = page.getNextPageToken();
            } while (!token.isEmpty());

            assertThat(all).extracting(ConsumerState::getConsumerId).containsExactly("d1", "d2", "d3");
            assertThat(all)
                    .extracting(state -> state.getWindow().getMaxFrames())
                    .containsExactly(7, 2, 5);
            assertThat(all).extracting(ConsumerState::getPendingFrames).containsExactly(0L, 2L, 1L);
            assertThat(all.get(1).getPendingBytes()).isPositive();
            assertThat(all.get(0).getIdle()).isEqualTo(IdleReason.IDLE_REASON_NO_FRAMES);
            assertThat(all.get(0).hasGraceLeft()).isFalse();
            assertThat(all.get(1).getIdle()).isEqualTo(IdleReason.IDLE_REASON_UNSPECIFIED);
            assertThat(all.get(1).getGraceLeft().getSeconds()).isBetween(1L, 60L);
        }
    }

    @Test
    void groupsAreAdministeredFromAnywhere() {
        try (Brokers brokers = Brokers.start(2).own(1, "gate")) {
            Channel here = brokers.get(0).channel();
            var camera = brokers.get(0).publish(Say.open("gate"));
            camera.say(Say.frames(1, 3));
            var consumer = brokers.get(0).consume(detector("d1", 10));
            consumer.next(ConsumeFramesResponse::hasDeliveries);

            assertThat(pause(here).getPaused()).isTrue();
            assertThat(brokers.owner("gate").group("gate", "detector").paused()).isTrue();
            assertThat(resume(here).getPaused()).isFalse();
            assertThat(groups(here)
                            .listConsumers(ListConsumersRequest.newBuilder()
                                    .setStream("gate")
                                    .setGroup("detector")
                                    .build())
                            .getConsumersList())
                    .extracting(ConsumerState::getConsumerId)
                    .containsExactly("d1");
            Group moved = seek(
                    here,
                    StartPosition.newBuilder()
                            .setEdge(StartEdge.START_EDGE_EARLIEST)
                            .build());
            assertThat(moved.getLag().getWaiting()).isEqualTo(3);
            assertThat(consumer.refusal().reason()).isEqualTo("GROUP_MOVED");
            assertThat(delete(here, false).getUnsettledFrames()).isEqualTo(3);
            Refusal gone = refusal(() -> groups(here)
                    .getGroup(GetGroupRequest.newBuilder()
                            .setStream("gate")
                            .setName("detector")
                            .build()));
            assertThat(gone.reason()).isEqualTo("GROUP_NOT_FOUND");
        }
    }
}
