package io.framebroker.server.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.Duration;
import com.google.protobuf.FieldMask;
import io.framebroker.v1.AckLevel;
import io.framebroker.v1.CreateStreamRequest;
import io.framebroker.v1.DeleteStreamRequest;
import io.framebroker.v1.DiagnosticsServiceGrpc;
import io.framebroker.v1.FrameBrokerServiceGrpc;
import io.framebroker.v1.GetBrokerInfoRequest;
import io.framebroker.v1.GetGroupRequest;
import io.framebroker.v1.GetLatestFrameRequest;
import io.framebroker.v1.GetLedgerRequest;
import io.framebroker.v1.GetStreamRequest;
import io.framebroker.v1.GroupServiceGrpc;
import io.framebroker.v1.ListGroupsRequest;
import io.framebroker.v1.ListStreamsRequest;
import io.framebroker.v1.ListStreamsResponse;
import io.framebroker.v1.OverflowPolicy;
import io.framebroker.v1.PayloadMode;
import io.framebroker.v1.PublishFramesResponse;
import io.framebroker.v1.PurgeStreamRequest;
import io.framebroker.v1.Stream;
import io.framebroker.v1.StreamServiceGrpc;
import io.framebroker.v1.StreamSettings;
import io.framebroker.v1.UpdateStreamRequest;
import io.grpc.channelz.v1.ChannelzGrpc;
import io.grpc.channelz.v1.GetServersRequest;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The calls that take one message and give one. */
class ServicesTest {
    private EdgeBroker broker;
    private StreamServiceGrpc.StreamServiceBlockingStub streams;

    @BeforeEach
    void start() {
        broker = EdgeBroker.inProcess();
        streams = StreamServiceGrpc.newBlockingStub(broker.channel());
    }

    @AfterEach
    void stop() {
        broker.close();
    }

    private Stream create(String name) {
        return streams.createStream(
                        CreateStreamRequest.newBuilder().setName(name).build())
                .getStream();
    }

    private void publish(String stream, long first, long last) {
        var camera = broker.publish(Say.open(stream));
        camera.say(Say.frames(first, last));
        camera.halfClose();
        camera.endsWell();
    }

    @Test
    void aStreamIsCreatedWithDefaultsAndWhatWasAsked() {
        Stream plain = create("gate");
        Stream chosen = streams.createStream(CreateStreamRequest.newBuilder()
                        .setName("yard")
                        .setSettings(StreamSettings.newBuilder()
                                .setMaxBacklogFrames(5)
                                .setRetentionAge(Duration.newBuilder().setSeconds(9)))
                        .build())
                .getStream();

        assertThat(plain.getSettings().getMaxBacklogFrames()).isEqualTo(1000);
        assertThat(plain.getBacklogLimitFrames()).isEqualTo(1000);
        assertThat(plain.getSettings().getOverflowPolicy()).isEqualTo(OverflowPolicy.OVERFLOW_POLICY_BLOCK);
        assertThat(chosen.getBacklogLimitFrames()).isEqualTo(5);
        assertThat(plain.getSettings().hasRetentionAge()).isFalse();
        assertThat(plain.getCreateTime().getSeconds()).isPositive();
        assertThat(plain.hasFirstId()).isFalse();
        assertThat(chosen.getSettings().getMaxBacklogFrames()).isEqualTo(5);
        assertThat(chosen.getSettings().getMaxBacklogBytes()).isEqualTo(256 << 20);
        assertThat(chosen.getSettings().getRetentionAge().getSeconds()).isEqualTo(9);
    }

    @Test
    void aStreamTellsWhatItHolds() {
        var consumer = broker.consume(Say.consume(Say.consumer("gate", "detector", 1)));
        publish("gate", 1, 3);
        consumer.next();

        Stream stream = streams.getStream(
                        GetStreamRequest.newBuilder().setName("gate").build())
                .getStream();

        assertThat(stream.getFrames()).isEqualTo(3);
        assertThat(stream.getBacklogFrames()).isEqualTo(3);
        assertThat(stream.getFirstId().getOrdinal()).isEqualTo(1);
        assertThat(stream.getLastId().getOrdinal()).isEqualTo(3);
        assertThat(stream.getGroups()).isEqualTo(1);
        assertThat(stream.getConsumers()).isEqualTo(1);
        assertThat(stream.getPublisherId()).isEmpty();
    }

    @Test
    void streamsAreListedPageByPage() {
        for (int i = 10; i < 35; i++) {
            create("cam" + i);
        }

        List<String> names = new ArrayList<>();
        List<Integer> sizes = new ArrayList<>();
        String token = "";
        do {
            ListStreamsResponse page = streams.listStreams(ListStreamsRequest.newBuilder()
                    .setPageSize(10)
                    .setPageToken(token)
                    .build());
            page.getStreamsList().forEach(stream -> names.add(stream.getName()));
            sizes.add(page.getStreamsCount());
            token = page.getNextPageToken();
        } while (!token.isEmpty());

        assertThat(sizes).containsExactly(10, 10, 5);
        assertThat(names).hasSize(25).isSorted().doesNotHaveDuplicates();
        assertThat(streams.listStreams(ListStreamsRequest.getDefaultInstance()).getStreamsCount())
                .isEqualTo(25);
    }

    @ParameterizedTest
    @EnumSource(
            mode = EnumSource.Mode.EXCLUDE,
            names = {"OVERFLOW_POLICY_UNSPECIFIED", "UNRECOGNIZED"})
    void anOverflowPolicyIsWhatWasAskedUntilItIsChanged(OverflowPolicy policy) {
        StreamSettings asked =
                StreamSettings.newBuilder().setOverflowPolicy(policy).build();
        Stream created = streams.createStream(CreateStreamRequest.newBuilder()
                        .setName("gate")
                        .setSettings(asked)
                        .build())
                .getStream();
        UpdateStreamRequest.Builder update = UpdateStreamRequest.newBuilder().setName("gate");

        assertThat(created.getSettings().getOverflowPolicy()).isEqualTo(policy);
        streams.updateStream(update.setSettings(StreamSettings.newBuilder().setMaxBacklogFrames(7))
                .build());
        Stream changed = streams.getStream(
                        GetStreamRequest.newBuilder().setName("gate").build())
                .getStream();
        assertThat(changed.getSettings().getOverflowPolicy()).isEqualTo(policy);
        assertThat(changed.getBacklogLimitFrames()).isEqualTo(7);
        Stream back = streams.updateStream(update.setSettings(StreamSettings.getDefaultInstance())
                        .setUpdateMask(FieldMask.newBuilder()
                                .addPaths("overflow_policy")
                                .addPaths("max_backlog_frames"))
                        .build())
                .getStream();
        assertThat(back.getSettings().getOverflowPolicy()).isEqualTo(OverflowPolicy.OVERFLOW_POLICY_BLOCK);
        assertThat(back.getSettings().getMaxBacklogFrames()).isZero();
        assertThat(back.getBacklogLimitFrames()).isEqualTo(100);
    }

    @Test
    void anUpdateChangesWhatTheMaskNames() {
        create("gate");

        var settings = streams.updateStream(UpdateStreamRequest.newBuilder()
                        .setName("gate")
                        .setSettings(StreamSettings.newBuilder()
                                .setMaxBacklogFrames(7)
                                .setMaxBacklogBytes(9))
                        .setUpdateMask(FieldMask.newBuilder()
                                .addPaths("settings.max_backlog_frames")
                                .addPaths("retention_frames"))
                        .build())
                .getStream()
                .getSettings();

        assertThat(settings.getMaxBacklogFrames()).isEqualTo(7);
        assertThat(settings.getMaxBacklogBytes()).isEqualTo(256 << 20);
        assertThat(settings.getRetentionFrames()).isZero();
    }

    @Test
    void anUpdateWithoutMaskChangesWhatIsSet() {
        create("gate");

        var settings = streams.updateStream(UpdateStreamRequest.newBuilder()
                        .setName("gate")
                        .setSettings(StreamSettings.newBuilder().setRetentionBytes(9))
                        .build())
                .getStream()
                .getSettings();

        assertThat(settings.getRetentionBytes()).isEqualTo(9);
        assertThat(settings.getRetentionFrames()).isEqualTo(100);
    }

    @Test
    void purgingSkipsWhatWaitsAndDeletingEndsEverybody() {
        var consumer = broker.consume(Say.consume(Say.consumer("gate", "detector", 1)));
        var camera = broker.publish(Say.open("gate"));
        camera.say(Say.frames(1, 5));
        camera.next(PublishFramesResponse::hasAck);
        consumer.next();

        streams.purgeStream(PurgeStreamRequest.newBuilder().setName("gate").build());
        assertThat(broker.core().ledger("gate").groups().get(0).skipped()).containsEntry("PURGED", 4L);
        assertThat(consumer.next(told -> told.hasGap()).getGap().getCount()).isEqualTo(4);
        streams.deleteStream(
                DeleteStreamRequest.newBuilder().setName("gate").setForce(true).build());

        assertThat(camera.refusal().reason()).isEqualTo("STREAM_DELETED");
        assertThat(consumer.refusal().reason()).isEqualTo("STREAM_DELETED");
        assertThat(streams.listStreams(ListStreamsRequest.getDefaultInstance()).getStreamsCount())
                .isZero();
    }

    @Test
    void theLatestFrameIsGivenWithOrWithoutItsPixels() {
        publish("gate", 1, 3);
        var frames = FrameBrokerServiceGrpc.newBlockingStub(broker.channel());

        var whole = frames.getLatestFrame(
                GetLatestFrameRequest.newBuilder().setStream("gate").build());
        var header = frames.getLatestFrame(GetLatestFrameRequest.newBuilder()
                .setStream("gate")
                .setPayload(PayloadMode.PAYLOAD_MODE_METADATA_ONLY)
                .build());

        assertThat(whole.getFrame()).isEqualTo(Say.frame(3));
        assertThat(whole.getSequence()).isEqualTo(3);
        assertThat(whole.getId().getOrdinal()).isEqualTo(3);
        assertThat(header.getFrame())
                .isEqualTo(Say.frame(3).toBuilder().clearPayload().build());
    }

    @Test
    void theLedgerNamesEveryFrame() {
        var consumer = broker.consume(Say.consume(Say.consumer("gate", "detector", 2)));
        var camera = broker.publish(Say.open("gate"));
        camera.say(Say.frames(1, 5));
        camera.say(Say.report(1, "RING_FULL", 3));
        camera.next(told -> told.getAck().getReportedThrough() == 1);
        consumer.next(told -> told.hasDeliveries());

        var ledger = DiagnosticsServiceGrpc.newBlockingStub(broker.channel())
                .getLedger(GetLedgerRequest.newBuilder().setStream("gate").build());

        assertThat(ledger.getStream().getOffered()).isEqualTo(8);
        assertThat(ledger.getStream().getStored()).isEqualTo(5);
        assertThat(ledger.getStream().getReportedMap()).containsEntry("RING_FULL", 3L);
        assertThat(ledger.getStream().getImbalance()).isZero();
        assertThat(ledger.getGroups(0).getWaiting()).isEqualTo(3);
        assertThat(ledger.getGroups(0).getPending()).isEqualTo(2);
        assertThat(ledger.getGroups(0).getImbalance()).isZero();
    }

    @Test
    void aGroupTellsHowFarItIsBehind() {
        var consumer = broker.consume(Say.consume(Say.consumer("gate", "detector", 2)));
        broker.consume(Say.consume(Say.consumer("gate", "recorder")));
        var camera = broker.publish(Say.open("gate"));
        camera.say(Say.frames(1, 5));
        consumer.next(told -> told.hasDeliveries());
        var groups = GroupServiceGrpc.newBlockingStub(broker.channel());

        var group = groups.getGroup(GetGroupRequest.newBuilder()
                        .setStream("gate")
                        .setName("detector")
                        .build())
                .getGroup();
        var first = groups.listGroups(
                ListGroupsRequest.newBuilder().setStream("gate").setPageSize(1).build());
        var second = groups.listGroups(ListGroupsRequest.newBuilder()
                .setStream("gate")
                .setPageSize(1)
                .setPageToken(first.getNextPageToken())
                .build());

        assertThat(group.getLag().getWaiting()).isEqualTo(3);
        assertThat(group.getLag().getPending()).isEqualTo(2);
        assertThat(group.getConsumers()).isEqualTo(1);
        assertThat(first.getGroups(0).getName()).isEqualTo("detector");
        assertThat(second.getGroups(0).getName()).isEqualTo("recorder");
        assertThat(second.getNextPageToken()).isEmpty();
        assertThatThrownBy(() -> groups.getGroup(GetGroupRequest.newBuilder()
                        .setStream("gate")
                        .setName("nobody")
                        .build()))
                .hasMessageContaining("no group \"nobody\"");
    }

    @Test
    void theBrokerTellsWhatItIsAndPromises() {
        var info = DiagnosticsServiceGrpc.newBlockingStub(broker.channel())
                .getBrokerInfo(GetBrokerInfoRequest.getDefaultInstance());

        assertThat(info.getStore()).isEqualTo("memory");
        assertThat(info.getAckLevel()).isEqualTo(AckLevel.ACK_LEVEL_MEMORY);
        assertThat(info.getMaxFrameBytes()).isEqualTo((32 << 20) + (64 << 10));
        assertThat(info.getInboundLimitBytes()).isEqualTo(512 << 20);
        assertThat(info.getAutoCreateStreams()).isTrue();
        assertThat(info.getDurability()).isNotBlank();
    }

    /** It used to be in the log alone that somebody else works on the store. */
    @Test
    void theBrokerTellsHowOftenItsStoreWasChangedByOthers() {
        FadingStore store = new FadingStore(io.framebroker.server.broker.AckLevel.STORED);
        try (EdgeBroker other = EdgeBroker.setup().store(store).inProcess()) {
            var diagnostics = DiagnosticsServiceGrpc.newBlockingStub(other.channel());
            assertThat(diagnostics
                            .getBrokerInfo(GetBrokerInfoRequest.getDefaultInstance())
                            .getIntrusions())
                    .isZero();

            store.isIntruded(3);

            assertThat(diagnostics
                            .getBrokerInfo(GetBrokerInfoRequest.getDefaultInstance())
                            .getIntrusions())
                    .isEqualTo(3);
        }
    }

    @Test
    void healthIsToldPerServiceAndEndsWithTheBroker() {
        var health = HealthGrpc.newBlockingStub(broker.channel());

        for (String service : List.of(
                "",
                "framebroker.v1.FrameBrokerService",
                "framebroker.v1.StreamService",
                "framebroker.v1.DiagnosticsService")) {
            assertThat(health.check(HealthCheckRequest.newBuilder()
                                    .setService(service)
                                    .build())
                            .getStatus())
                    .as(service)
                    .isEqualTo(ServingStatus.SERVING);
        }
    }

    @Test
    void reflectionAnswersInBothVersions() {
        var v1 = new Talk<>(
                broker.channel(), io.grpc.reflection.v1.ServerReflectionGrpc.getServerReflectionInfoMethod());
        v1.say(io.grpc.reflection.v1.ServerReflectionRequest.newBuilder()
                .setListServices("")
                .build());
        assertThat(v1.next().getListServicesResponse().getServiceList())
                .extracting(io.grpc.reflection.v1.ServiceResponse::getName)
                .contains("framebroker.v1.FrameBrokerService", "framebroker.v1.GroupService");
        v1.say(io.grpc.reflection.v1.ServerReflectionRequest.newBuilder()
                .setFileContainingSymbol("framebroker.v1.FrameBrokerService.PublishFrames")
                .build());
        assertThat(v1.next().getFileDescriptorResponse().getFileDescriptorProtoCount())
                .isPositive();
        v1.halfClose();
        v1.endsWell();

        var alpha = new Talk<>(
                broker.channel(), io.grpc.reflection.v1alpha.ServerReflectionGrpc.getServerReflectionInfoMethod());
        alpha.say(io.grpc.reflection.v1alpha.ServerReflectionRequest.newBuilder()
                .setFileContainingSymbol("framebroker.v1.FrameBrokerService")
                .build());
        assertThat(alpha.next().getFileDescriptorResponse().getFileDescriptorProtoCount())
                .isPositive();
        alpha.halfClose();
        alpha.endsWell();
    }

    @Test
    void channelzAnswers() {
        var servers = ChannelzGrpc.newBlockingStub(broker.channel()).getServers(GetServersRequest.getDefaultInstance());

        assertThat(servers.getServerCount()).isPositive();
    }
}
