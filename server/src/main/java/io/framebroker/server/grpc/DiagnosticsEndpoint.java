package io.framebroker.server.grpc;

import io.framebroker.server.broker.Broker;
import io.framebroker.server.broker.BrokerException;
import io.framebroker.server.broker.FrameEvent;
import io.framebroker.server.broker.FrameId;
import io.framebroker.server.broker.FrameMemory;
import io.framebroker.server.broker.Ledger;
import io.framebroker.v1.DiagnosticsServiceGrpc;
import io.framebroker.v1.ExplainFrameRequest;
import io.framebroker.v1.ExplainFrameResponse;
import io.framebroker.v1.GetBrokerInfoRequest;
import io.framebroker.v1.GetBrokerInfoResponse;
import io.framebroker.v1.GetLedgerRequest;
import io.framebroker.v1.GetLedgerResponse;
import io.framebroker.v1.GroupLedger;
import io.framebroker.v1.StreamLedger;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.time.Clock;
import java.util.List;

/** {@code DiagnosticsService}. */
final class DiagnosticsEndpoint extends DiagnosticsServiceGrpc.DiagnosticsServiceImplBase {
    private final Broker broker;
    private final EdgeSettings settings;
    private final long startMicros;

    DiagnosticsEndpoint(Broker broker, EdgeSettings settings, Clock clock) {
        this.broker = broker;
        this.settings = settings;
        this.startMicros = clock.millis() * 1_000;
    }

    @Override
    public void getLedger(GetLedgerRequest request, StreamObserver<GetLedgerResponse> response) {
        Unary.about(broker, request.getStream(), response, () -> {
            Ledger ledger = broker.ledger(request.getStream());
            GetLedgerResponse.Builder view = GetLedgerResponse.newBuilder().setStream(ofStream(ledger.stream()));
            ledger.groups().forEach(group -> view.addGroups(ofGroup(group)));
            return view.build();
        });
    }

    private static StreamLedger ofStream(Ledger.OfStream ledger) {
        return StreamLedger.newBuilder()
                .setStream(ledger.stream())
                .setOffered(ledger.offered())
                .setStored(ledger.stored())
                .setAppending(ledger.appending())
                .putAllDropped(ledger.dropped())
                .putAllReported(ledger.reported())
                .setImbalance(ledger.imbalance())
                .setDuplicates(ledger.duplicates())
                .build();
    }

    private static GroupLedger ofGroup(Ledger.OfGroup ledger) {
        return GroupLedger.newBuilder()
                .setGroup(ledger.group())
                .setBase(Conversions.frameId(new FrameId(1, ledger.base())))
                .setStored(ledger.stored())
                .setWaiting(ledger.waiting())
                .setPending(ledger.pending())
                .setAcked(ledger.acked())
                .setDeadLettered(ledger.deadLettered())
                .putAllSkipped(ledger.skipped())
                .setImbalance(ledger.imbalance())
                .build();
    }

    @Override
    public void explainFrame(ExplainFrameRequest request, StreamObserver<ExplainFrameResponse> response) {
        // The frame may have to be read back first; a client that has gone by then is no error.
        ((ServerCallStreamObserver<?>) response).setOnCancelHandler(() -> {});
        FrameId id =
                new FrameId(request.getId().getGeneration(), request.getId().getOrdinal());
        Unary.whenOpen(
                broker,
                request.getStream(),
                response,
                () -> broker.explainFrame(request.getStream(), id, new Broker.Explained() {
                    @Override
                    public void explained(List<FrameEvent> life) {
                        ExplainFrameResponse.Builder told = ExplainFrameResponse.newBuilder();
                        life.forEach(event -> told.addEvents(event(event)));
                        response.onNext(told.build());
                        response.onCompleted();
                    }

                    @Override
                    public void failed(BrokerException why) {
                        response.onError(Refusals.toStatus(why));
                    }
                }));
    }

    private static io.framebroker.v1.FrameEvent event(FrameEvent event) {
        io.framebroker.v1.FrameEvent.Builder told = io.framebroker.v1.FrameEvent.newBuilder()
                .setEvent(event.what().name())
                .setGroup(event.group())
                .setConsumerId(event.consumerId())
                .setAttempt(event.attempt())
                .setDetail(event.detail());
        if (event.micros() > 0) {
            told.setEventTime(Conversions.timestamp(event.micros()));
        }
        return told.build();
    }

    @Override
    public void getBrokerInfo(GetBrokerInfoRequest request, StreamObserver<GetBrokerInfoResponse> response) {
        Unary.answer(response, () -> {
            FrameMemory memory = broker.memory();
            var level = broker.store().ackLevel();
            return GetBrokerInfoResponse.newBuilder()
                    .setVersion(settings.version())
                    .setStore(broker.store().name())
                    .setAckLevel(Conversions.ackLevel(level))
                    .setDurability(broker.store().durability())
                    .setDegradeLost(broker.degradeLost())
                    .setIntrusions(broker.store().intrusions())
                    .setStartTime(Conversions.timestamp(startMicros))
                    .setMaxFrameBytes(settings.maxFrameBytes())
                    .setMemoryLimitBytes(memory.keptLimit())
                    .setMemoryUsedBytes(memory.keptBytes())
                    .setInboundLimitBytes(memory.inboundLimit())
                    .setInboundUsedBytes(memory.inboundBytes())
                    .setOutboundLimitBytes(memory.outboundLimit())
                    .setOutboundUsedBytes(memory.outboundBytes())
                    .setResumeGrace(Conversions.duration(broker.settings().resumeGraceMillis()))
                    .setAutoCreateStreams(broker.settings().autoCreateStreams())
                    .build();
        });
    }
}
