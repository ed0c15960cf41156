package io.framebroker.server.grpc;

import io.framebroker.server.broker.Broker;
import io.framebroker.server.broker.BrokerException;
import io.framebroker.server.broker.DeadLetter;
import io.framebroker.server.broker.DeadLetterFilter;
import io.framebroker.server.broker.Frame;
import io.framebroker.server.broker.FrameContent;
import io.framebroker.v1.DeadLetterServiceGrpc;
import io.framebroker.v1.GetDeadLetterRequest;
import io.framebroker.v1.GetDeadLetterResponse;
import io.framebroker.v1.ListDeadLettersRequest;
import io.framebroker.v1.ListDeadLettersResponse;
import io.framebroker.v1.PurgeDeadLettersRequest;
import io.framebroker.v1.PurgeDeadLettersResponse;
import io.framebroker.v1.ReplayDeadLettersRequest;
import io.framebroker.v1.ReplayDeadLettersResponse;
import io.framebroker.wire.WireFrame;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.util.List;
import java.util.Map;

/** {@code DeadLetterService}, stream by stream: each has its owner. */
final class DeadLetterEndpoint extends DeadLetterServiceGrpc.DeadLetterServiceImplBase {
    private final Broker broker;

    DeadLetterEndpoint(Broker broker) {
        this.broker = broker;
    }

    @Override
    public void listDeadLetters(ListDeadLettersRequest request, StreamObserver<ListDeadLettersResponse> response) {
        String stream = request.getFilter().getStream();
        whenOpen(stream, response, () -> {
            DeadLetterFilter filter = filter(request.getFilter());
            int size = Pages.size(request.getPageSize());
            DeadLetterPage page = DeadLetterPage.of(broker.deadLetters(stream, filter), size, request.getPageToken());
            page.read(
                    (group, ordinals, answer) -> broker.readDeadLetters(stream, group, ordinals, answer),
                    () -> Unary.answer(response, () -> page.response(stream)));
        });
    }

    @Override
    public void getDeadLetter(GetDeadLetterRequest request, StreamObserver<GetDeadLetterResponse> response) {
        String stream = request.getStream();
        String group = request.getGroup();
        whenOpen(stream, response, () -> {
            DeadLetter letter = group.isEmpty() ? null : find(request);
            if (letter == null) {
                throw notFound(request);
            }
            broker.readDeadLetters(
                    stream,
                    group,
                    List.of(letter.id().ordinal()),
                    read -> Unary.answer(response, () -> {
                        if (read.isEmpty()) {
                            throw notFound(request);
                        }
                        WireFrame frame = wire(read.get(0));
                        return GetDeadLetterResponse.newBuilder()
                                .setDeadLetter(letter(stream, group, letter).setHeader(frame.header()))
                                .setFrame(frame.frame())
                                .build();
                    }));
        });
    }

    private DeadLetter find(GetDeadLetterRequest request) {
        DeadLetterFilter ofGroup = new DeadLetterFilter(request.getGroup(), "", Long.MIN_VALUE, Long.MAX_VALUE);
        for (DeadLetter each :
                broker.deadLetters(request.getStream(), ofGroup).getOrDefault(request.getGroup(), List.of())) {
            if (Conversions.frameId(each.id()).equals(request.getId())) {
                return each;
            }
        }
        return null;
    }

    private static BrokerException notFound(GetDeadLetterRequest request) {
        return new BrokerException(
                BrokerException.Kind.NOT_FOUND,
                "DEAD_LETTER_NOT_FOUND",
                "group \"" + request.getGroup() + "\" of stream " + request.getStream() + " has no dead letter "
                        + Long.toUnsignedString(request.getId().getGeneration()) + "-"
                        + Long.toUnsignedString(request.getId().getOrdinal()) + "; ListDeadLetters tells those it has");
    }

    @Override
    public void replayDeadLetters(
            ReplayDeadLettersRequest request, StreamObserver<ReplayDeadLettersResponse> response) {
        String stream = request.getFilter().getStream();
        whenOpen(stream, response, () -> {
            if (request.getLimit() == 0) {
                throw BrokerException.invalid("limit", "0; say how many dead letters to try again at most, 1 or more");
            }
            long replayed = broker.replayDeadLetters(
                    stream,
                    filter(request.getFilter()),
                    Integer.toUnsignedLong(request.getLimit()),
                    request.getValidateOnly());
            Unary.answer(
                    response,
                    () -> ReplayDeadLettersResponse.newBuilder()
                            .setReplayed(replayed)
                            .build());
        });
    }

    @Override
    public void purgeDeadLetters(PurgeDeadLettersRequest request, StreamObserver<PurgeDeadLettersResponse> response) {
        String stream = request.getFilter().getStream();
        whenOpen(stream, response, () -> {
            DeadLetterFilter filter = filter(request.getFilter());
            if (request.getValidateOnly()) {
                Map<String, List<DeadLetter>> meant = broker.deadLetters(stream, filter);
                answer(response, meant.values().stream().mapToLong(List::size).sum());
                return;
            }
            broker.purgeDeadLetters(stream, filter, new Broker.LettersPurged() {
                @Override
                public void purged(long letters) {
                    answer(response, letters);
                }

                @Override
                public void failed(BrokerException why) {
                    response.onError(Refusals.toStatus(why));
                }
            });
        });
    }

    private static void answer(StreamObserver<PurgeDeadLettersResponse> response, long purged) {
        Unary.answer(
                response,
                () -> PurgeDeadLettersResponse.newBuilder().setPurged(purged).build());
    }

    private <T> void whenOpen(String stream, StreamObserver<T> response, Runnable work) {
        // It may be answered later, and a client that has gone by then is no error.
        ((ServerCallStreamObserver<T>) response).setOnCancelHandler(() -> {});
        if (stream.isEmpty()) {
            response.onError(Refusals.toStatus(BrokerException.invalid(
                    "stream", "empty; dead letters are served stream by stream, see ListStreams")));
            return;
        }
        Unary.whenOpen(broker, stream, response, work);
    }

    private static DeadLetterFilter filter(io.framebroker.v1.DeadLetterFilter filter) {
        return new DeadLetterFilter(
                filter.getGroup(),
                filter.getReason(),
                filter.hasFromTime() ? Conversions.micros(filter.getFromTime()) : Long.MIN_VALUE,
                filter.hasUntilTime() ? Conversions.micros(filter.getUntilTime()) : Long.MAX_VALUE);
    }

    static io.framebroker.v1.DeadLetter.Builder letter(String stream, String group, DeadLetter letter) {
        return io.framebroker.v1.DeadLetter.newBuilder()
                .setStream(stream)
                .setGroup(group)
                .setId(Conversions.frameId(letter.id()))
                .setReason(letter.reason())
                .setAttempts(letter.attempts())
                .setLastError(letter.lastError())
                .setLastConsumerId(letter.lastConsumerId())
                .setDeadTime(Conversions.timestamp(letter.deadMicros()));
    }

    static WireFrame wire(Frame frame) {
        FrameContent content = frame.content();
        return WireFrame.read(content.array(), content.offset(), content.length());
    }
}
