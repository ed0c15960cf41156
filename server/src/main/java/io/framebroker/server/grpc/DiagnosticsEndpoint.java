package io.framebroker.server.grpc;

import io.framebroker.server.broker.Broker;
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
import io.grpc.stub.StreamObserver;
import java.time.Clock;

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
        Unary.answer(response, () -> {
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
        Unary.answer(response, () -> {
            throw Refusals.unimplemented("EXPLAIN_NOT_SERVED", "ExplainFrame is not served yet; GetLedger is");
        });
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
                    .setDurability("acknowledged frames survive " + level.survives())
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
