package io.framebroker.server.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import com.google.protobuf.Duration;
import com.google.protobuf.FieldMask;
import io.framebroker.v1.AckLevel;
import io.framebroker.v1.ConsumeFramesRequest;
import io.framebroker.v1.ConsumeMode;
import io.framebroker.v1.ConsumeOpen;
import io.framebroker.v1.CreateStreamRequest;
import io.framebroker.v1.DeadLetterFilter;
import io.framebroker.v1.DeadLetterServiceGrpc;
import io.framebroker.v1.DeleteStreamRequest;
import io.framebroker.v1.DiagnosticsServiceGrpc;
import io.framebroker.v1.ExplainFrameRequest;
import io.framebroker.v1.FrameBrokerServiceGrpc;
import io.framebroker.v1.FrameId;
import io.framebroker.v1.GetLatestFrameRequest;
import io.framebroker.v1.GetLedgerRequest;
import io.framebroker.v1.GetStreamRequest;
import io.framebroker.v1.GroupServiceGrpc;
import io.framebroker.v1.GroupSettings;
import io.framebroker.v1.HeldDeliveries;
import io.framebroker.v1.ListStreamsRequest;
import io.framebroker.v1.PauseGroupRequest;
import io.framebroker.v1.PublishFramesRequest;
import io.framebroker.v1.PublishOpen;
import io.framebroker.v1.ReplayDeadLettersRequest;
import io.framebroker.v1.StartPosition;
import io.framebroker.v1.StreamServiceGrpc;
import io.framebroker.v1.StreamServiceGrpc.StreamServiceBlockingStub;
import io.framebroker.v1.StreamSettings;
import io.framebroker.v1.UpdateStreamRequest;
import io.framebroker.v1.Window;
import io.grpc.Status.Code;
import io.grpc.StatusRuntimeException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Function;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** Every refusal: its code, its one reason, whether trying again is advised, its fields, and words that help. */
class RefusalTest {
    private record Case(
            String name,
            Function<EdgeBroker, Refusal> call,
            Code code,
            String reason,
            boolean retry,
            List<String> fields,
            List<String> words) {}

    private final List<Case> cases = new ArrayList<>();

    private void on(
            String name,
            Function<EdgeBroker, Refusal> call,
            Code code,
            String reason,
            boolean retry,
            String field,
            String... words) {
        cases.add(
                new Case(name, call, code, reason, retry, field == null ? List.of() : List.of(field), List.of(words)));
    }

    private void invalid(String name, Function<EdgeBroker, Refusal> call, String field, String... words) {
        on(name, call, Code.INVALID_ARGUMENT, "FIELD_INVALID", false, field, words);
    }

    private static Function<EdgeBroker, Refusal> publish(Consumer<PublishOpen.Builder> change) {
        return broker -> {
            PublishOpen.Builder open = Say.publisher("gate");
            change.accept(open);
            var talk = broker.publish();
            talk.say(Say.publish(open));
            return talk.refusal();
        };
    }

    private static Function<EdgeBroker, Refusal> consume(Consumer<ConsumeOpen.Builder> change) {
        return broker -> {
            ConsumeOpen.Builder open = Say.consumer("gate", "detector");
            change.accept(open);
            var talk = broker.consume();
            talk.say(Say.consume(open));
            return talk.refusal();
        };
    }

    private static Function<EdgeBroker, Refusal> live(PublishFramesRequest message) {
        return broker -> {
            var talk = broker.publish(Say.open("gate"));
            talk.say(message);
            return talk.refusal();
        };
    }

    private static Function<EdgeBroker, Refusal> live(ConsumeFramesRequest message) {
        return broker -> {
            var talk = broker.consume(Say.consume(Say.consumer("gate", "detector")));
            talk.say(message);
            return talk.refusal();
        };
    }

    private static Function<EdgeBroker, Refusal> unary(Consumer<EdgeBroker> call) {
        return broker -> {
            try {
                call.accept(broker);
            } catch (StatusRuntimeException e) {
                return Refusal.of(e);
            }
            throw new AssertionError("it was not refused");
        };
    }

    private static Function<EdgeBroker, Refusal> streams(Consumer<StreamServiceBlockingStub> call) {
        return unary(broker -> call.accept(StreamServiceGrpc.newBlockingStub(broker.channel())));
    }

    private static CreateStreamRequest create(String name, Consumer<StreamSettings.Builder> settings) {
        CreateStreamRequest.Builder request = CreateStreamRequest.newBuilder().setName(name);
        settings.accept(request.getSettingsBuilder());
        return request.build();
    }

    private void publishing() {
        invalid("stream name missing", publish(open -> open.setStream("")), "stream", "1..200");
        invalid("stream name odd", publish(open -> open.setStream(".x")), "stream", "\".x\"");
        invalid("stream name long", publish(open -> open.setStream("a".repeat(201))), "stream", "1..200");
        invalid(
                "publisher id long",
                publish(open -> open.setPublisherId("p".repeat(129))),
                "open.publisher_id",
                "at most 128");
        invalid("epoch missing", publish(open -> open.setEpoch(0)), "open.epoch", "0");
        invalid(
                "largest frame too large",
                publish(open -> open.setMaxFrameBytes(-1)),
                "open.max_frame_bytes",
                "4294967295",
                String.valueOf(EdgeSettings.DEFAULT.maxFrameBytes()));
        invalid("unknown ack level", publish(open -> open.setAckLevelValue(77)), "open.ack_level");
        on(
                "ack level not given",
                publish(open -> open.setAckLevel(AckLevel.ACK_LEVEL_FSYNC)),
                Code.FAILED_PRECONDITION,
                "ACK_LEVEL_NOT_GIVEN",
                false,
                null,
                "ACK_LEVEL_FSYNC",
                "ACK_LEVEL_MEMORY");
        on(
                "another publisher is there",
                broker -> {
                    broker.publish(Say.open("gate"));
                    return publish(open -> open.setPublisherId("other")).apply(broker);
                },
                Code.ALREADY_EXISTS,
                "STREAM_HAS_PUBLISHER",
                true,
                null,
                "camera",
                "other",
                "gate");
        on(
                "an older epoch",
                broker -> {
                    broker.publish(Say.publish(Say.publisher("gate").setEpoch(5)));
                    return publish(open -> {}).apply(broker);
                },
                Code.ABORTED,
                "PUBLISHER_FENCED",
                false,
                null,
                "gate",
                "larger epoch");
        on("open twice", live(Say.open("gate")), Code.INVALID_ARGUMENT, "OPEN_TWICE", false, null);
        on(
                "nothing meant",
                live(PublishFramesRequest.getDefaultInstance()),
                Code.INVALID_ARGUMENT,
                "KIND_MISSING",
                false,
                null);
        invalid("report without id", live(Say.report(0, "LOST", 1)), "report.report_id", "0");
        invalid("report without reason", live(Say.report(1, "", 1)), "report.lost.reason", "UPPER_SNAKE");
        invalid("report of nothing", live(Say.report(1, "LOST", 0)), "report.lost.count", "0");
        invalid("report of too many", live(Say.report(1, "LOST", -1)), "report.lost.count", "18446744073709551615");
    }

    private void consuming() {
        invalid("no streams", consume(ConsumeOpen.Builder::clearStreams), "open.streams", "0", "1000");
        invalid(
                "too many streams",
                consume(open -> {
                    for (int i = 0; i < 1000; i++) {
                        open.addStreams("s" + i);
                    }
                }),
                "open.streams",
                "1001",
                "1000");
        invalid(
                "too many held runs",
                consume(open -> {
                    for (int i = 0; i < 4097; i++) {
                        open.addHeldBuilder();
                    }
                }),
                "open.held",
                "4097",
                "4096");
        invalid("group name odd", consume(open -> open.setGroup("a b")), "group", "\"a b\"");
        invalid("consumer id odd", consume(open -> open.setConsumerId("a\nb")), "open.consumer_id", "a?b");
        invalid("unknown payload mode", consume(open -> open.setPayloadValue(9)), "open.payload", "9");
        invalid("limit too large", consume(open -> open.setLimit(-1)), "open.limit", "18446744073709551615");
        for (int frames : new int[] {0, -1, 100_001}) {
            invalid(
                    "window of " + frames,
                    consume(open -> open.setWindow(Window.newBuilder().setMaxFrames(frames))),
                    "window.max_frames",
                    String.valueOf(frames),
                    "1..100000");
            invalid("live window of " + frames, live(Say.window(frames, 0)), "window.max_frames", "" + frames);
        }
        invalid(
                "window of negative bytes",
                consume(open ->
                        open.setWindow(Window.newBuilder().setMaxFrames(1).setMaxBytes(-5))),
                "window.max_bytes",
                "-5");
        invalid(
                "held count too large",
                consume(open -> open.addHeld(HeldDeliveries.newBuilder().setCount(100_001))),
                "open.held.count",
                "100001",
                "100000");
        for (long seconds : new long[] {0, -1, 601}) {
            invalid(
                    "lease of " + seconds,
                    consume(open -> open.getSettingsBuilder()
                            .setLease(Duration.newBuilder().setSeconds(seconds))),
                    "settings.lease",
                    seconds * 1000 + " ms",
                    "1 s .. 10 min");
        }
        invalid(
                "max_age of 8 days",
                consume(open -> open.getSettingsBuilder()
                        .setMaxAge(Duration.newBuilder().setSeconds(8 * 86_400))),
                "settings.max_age",
                "691200000 ms",
                "7 days");
        invalid("unknown mode", consume(open -> open.setModeValue(9)), "open.mode", "9");
        invalid("max_fps with QUEUE", consume(open -> open.setMaxFps(1)), "open.max_fps", "LATEST and REPLAY");
        for (ConsumeMode mode : List.of(ConsumeMode.CONSUME_MODE_LATEST, ConsumeMode.CONSUME_MODE_REPLAY)) {
            invalid("group with " + mode, consume(open -> open.setMode(mode)), "open.group", "leave it out");
            invalid(
                    "early with " + mode,
                    consume(open ->
                            open.clearGroup().setMode(mode).getSettingsBuilder().setEarly(true)),
                    "open.settings.early",
                    "QUEUE");
            for (double fps : new double[] {-1, Double.NaN}) {
                invalid(
                        fps + " fps with " + mode,
                        consume(open -> open.clearGroup().setMode(mode).setMaxFps(fps)),
                        "open.max_fps",
                        "" + fps);
            }
        }
        invalid(
                "follow with LATEST",
                consume(open -> open.clearGroup()
                        .setMode(ConsumeMode.CONSUME_MODE_LATEST)
                        .setFollow(true)),
                "open.follow",
                "REPLAY");
        invalid(
                "until with QUEUE",
                consume(open -> open.setUntil(StartPosition.getDefaultInstance())),
                "open.until",
                "REPLAY");
        invalid(
                "until and follow",
                consume(open -> open.clearGroup()
                        .setMode(ConsumeMode.CONSUME_MODE_REPLAY)
                        .setUntil(StartPosition.getDefaultInstance())
                        .setFollow(true)),
                "open.until",
                "open.follow");
        invalid("a glob of other characters", consume(open -> open.addStreams("a b*")), "open.streams", "a b*");
        invalid(
                "too many attempts",
                consume(open -> open.getSettingsBuilder().setMaxAttempts(1001)),
                "settings.max_attempts",
                "1001",
                "1..1000");
        invalid("order", consume(open -> open.getSettingsBuilder().setOrderValue(9)), "open.settings.order", "9");
        on(
                "group settings differ",
                broker -> {
                    broker.consume(Say.consume(Say.consumer("gate", "detector")));
                    return consume(open -> open.setSettings(GroupSettings.newBuilder()
                                    .setLease(Duration.newBuilder().setSeconds(7))))
                            .apply(broker);
                },
                Code.FAILED_PRECONDITION,
                "GROUP_SETTINGS_DIFFER",
                false,
                null,
                "30000",
                "7000");
        on(
                "open twice by a consumer",
                live(Say.consume(Say.consumer("gate", "x"))),
                Code.INVALID_ARGUMENT,
                "OPEN_TWICE",
                false,
                null);
        on(
                "nothing meant by a consumer",
                live(ConsumeFramesRequest.getDefaultInstance()),
                Code.INVALID_ARGUMENT,
                "KIND_MISSING",
                false,
                null);
    }

    private void administration() {
        on(
                "unknown stream",
                streams(stub -> stub.getStream(
                        GetStreamRequest.newBuilder().setName("none").build())),
                Code.NOT_FOUND,
                "STREAM_NOT_FOUND",
                false,
                null,
                "none");
        on(
                "ledger of an unknown stream",
                unary(broker -> DiagnosticsServiceGrpc.newBlockingStub(broker.channel())
                        .getLedger(
                                GetLedgerRequest.newBuilder().setStream("none").build())),
                Code.NOT_FOUND,
                "STREAM_NOT_FOUND",
                false,
                null);
        on(
                "stream exists",
                streams(stub -> {
                    stub.createStream(create("gate", settings -> {}));
                    stub.createStream(create("gate", settings -> {}));
                }),
                Code.ALREADY_EXISTS,
                "STREAM_EXISTS",
                false,
                null,
                "gate");
        invalid("stream to create has no name", streams(stub -> stub.createStream(create("", all -> {}))), "stream");
        invalid(
                "backlog too large",
                streams(stub -> stub.createStream(create("gate", all -> all.setMaxBacklogFrames(1_000_001)))),
                "settings.max_backlog_frames",
                "1000001",
                "1000000");
        invalid(
                "backlog of 32 bits",
                streams(stub -> stub.createStream(create("gate", all -> all.setMaxBacklogFrames(-1)))),
                "settings.max_backlog_frames",
                "4294967295");
        invalid(
                "retention of 64 bits",
                streams(stub -> stub.createStream(create("gate", all -> all.setRetentionBytes(-1)))),
                "settings.retention_bytes",
                "18446744073709551615");
        invalid(
                "retention of negative age",
                streams(stub -> stub.createStream(create(
                        "gate", all -> all.setRetentionAge(Duration.newBuilder().setSeconds(-1))))),
                "settings.retention_age",
                "-1000");
        invalid(
                "policy that is none",
                streams(stub -> stub.createStream(create("gate", all -> all.setOverflowPolicyValue(77)))),
                "settings.overflow_policy",
                "77");
        invalid(
                "mask of an unknown field",
                streams(stub -> {
                    stub.createStream(create("gate", all -> {}));
                    stub.updateStream(UpdateStreamRequest.newBuilder()
                            .setName("gate")
                            .setUpdateMask(FieldMask.newBuilder().addPaths("colour"))
                            .build());
                }),
                "update_mask",
                "colour",
                "retention_age");
        invalid(
                "mask of a field at zero",
                streams(stub -> {
                    stub.createStream(create("gate", all -> {}));
                    stub.updateStream(UpdateStreamRequest.newBuilder()
                            .setName("gate")
                            .setUpdateMask(FieldMask.newBuilder().addPaths("max_backlog_bytes"))
                            .build());
                }),
                "settings.max_backlog_bytes",
                "0",
                "1..");
        invalid(
                "page too large",
                streams(stub -> stub.listStreams(
                        ListStreamsRequest.newBuilder().setPageSize(-1).build())),
                "page_size",
                "4294967295",
                "1000");
        on(
                "stream in use",
                unary(broker -> {
                    broker.publish(Say.open("gate"));
                    StreamServiceGrpc.newBlockingStub(broker.channel())
                            .deleteStream(DeleteStreamRequest.newBuilder()
                                    .setName("gate")
                                    .build());
                }),
                Code.FAILED_PRECONDITION,
                "STREAM_IN_USE",
                false,
                null,
                "camera",
                "force");
        on(
                "too many streams",
                streams(stub -> {
                    for (int i = 0; i < 4; i++) {
                        stub.createStream(create("s" + i, all -> {}));
                    }
                }),
                Code.RESOURCE_EXHAUSTED,
                "TOO_MANY_STREAMS",
                true,
                null,
                "3");
        on(
                "no frame yet",
                unary(broker -> {
                    broker.publish(Say.open("gate"));
                    FrameBrokerServiceGrpc.newBlockingStub(broker.channel())
                            .getLatestFrame(GetLatestFrameRequest.newBuilder()
                                    .setStream("gate")
                                    .build());
                }),
                Code.NOT_FOUND,
                "STREAM_EMPTY",
                false,
                null,
                "gate");
        on(
                "no such group",
                unary(broker -> {
                    broker.publish(Say.open("gate"));
                    GroupServiceGrpc.newBlockingStub(broker.channel())
                            .pauseGroup(PauseGroupRequest.newBuilder()
                                    .setStream("gate")
                                    .setName("nobody")
                                    .build());
                }),
                Code.NOT_FOUND,
                "GROUP_NOT_FOUND",
                false,
                null,
                "gate",
                "\"nobody\"");
        invalid(
                "replay of dead letters without a limit",
                unary(broker -> {
                    broker.publish(Say.open("gate"));
                    DeadLetterServiceGrpc.newBlockingStub(broker.channel())
                            .replayDeadLetters(ReplayDeadLettersRequest.newBuilder()
                                    .setFilter(DeadLetterFilter.newBuilder().setStream("gate"))
                                    .build());
                }),
                "limit",
                "1 or more");
        on(
                "explain a frame that never was",
                unary(broker -> {
                    var camera = broker.publish(Say.open("gate"));
                    camera.say(Say.frames(1, 1));
                    camera.next(told -> told.getAck().getStoredThrough() == 1);
                    DiagnosticsServiceGrpc.newBlockingStub(broker.channel())
                            .explainFrame(ExplainFrameRequest.newBuilder()
                                    .setStream("gate")
                                    .setId(FrameId.newBuilder().setGeneration(1).setOrdinal(-1))
                                    .build());
                }),
                Code.NOT_FOUND,
                "FRAME_NOT_FOUND",
                false,
                null,
                "gate",
                "1-18446744073709551615",
                "1 through 1");
    }

    @TestFactory
    List<DynamicTest> refusals() {
        publishing();
        consuming();
        administration();
        return cases.stream()
                .map(each -> dynamicTest(each.name, () -> {
                    try (EdgeBroker broker = EdgeBroker.setup().maxStreams(3).inProcess()) {
                        Refusal refusal = each.call.apply(broker);

                        assertThat(List.of(refusal.code(), refusal.reason(), refusal.retry(), refusal.fields()))
                                .as("%s", refusal)
                                .containsExactly(each.code, each.reason, each.retry, each.fields);
                        assertThat(each.words)
                                .allSatisfy(
                                        word -> assertThat(refusal.message()).contains(word));
                    }
                }))
                .toList();
    }
}
