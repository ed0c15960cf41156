package io.framebroker.server.grpc;

import io.framebroker.server.broker.Broker;
import io.framebroker.server.broker.BrokerException;
import io.framebroker.v1.GetStreamRequest;
import io.framebroker.v1.GetStreamResponse;
import io.framebroker.v1.ListStreamsRequest;
import io.framebroker.v1.ListStreamsResponse;
import io.framebroker.v1.Stream;
import io.framebroker.v1.StreamServiceGrpc;
import io.grpc.Context;
import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.stream.IntStream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One page of streams, of this broker and of others, whose owners are asked, some at a time. A stream whose owner does
 * not answer is listed by its name alone; one that has gone meanwhile is not.
 */
final class StreamPage {
    private static final Logger log = LoggerFactory.getLogger(StreamPage.class);
    private static final int AT_ONCE = 16;
    private static final long PATIENCE_MILLIS = 3_000;

    private final Broker broker;
    private final Owners owners;
    private final List<String> names;
    private final boolean isLast;
    private final StreamObserver<ListStreamsResponse> response;
    private final SingleDrain asking = new SingleDrain(this::ask, this::failed);

    private final AtomicReferenceArray<Stream> streams;
    private final AtomicInteger asked = new AtomicInteger();
    private final AtomicInteger answered = new AtomicInteger();

    private StreamPage(
            Broker broker,
            Owners owners,
            List<String> names,
            boolean isLast,
            StreamObserver<ListStreamsResponse> response) {
        this.broker = broker;
        this.owners = owners;
        this.names = names;
        this.isLast = isLast;
        this.response = response;
        this.streams = new AtomicReferenceArray<>(names.size());
    }

    /** Answers a request, maybe later and on another thread. */
    static void answer(
            Broker broker, Owners owners, ListStreamsRequest request, StreamObserver<ListStreamsResponse> response) {
        // A client that has gone by then is no error.
        ((ServerCallStreamObserver<ListStreamsResponse>) response).setOnCancelHandler(() -> {});
        try {
            list(broker, owners, Pages.size(request.getPageSize()), request.getPageToken(), response);
        } catch (BrokerException e) {
            response.onError(Refusals.toStatus(e));
        }
    }

    private static void list(
            Broker broker, Owners owners, int size, String token, StreamObserver<ListStreamsResponse> response) {
        broker.list(new Broker.Listed() {
            @Override
            public void listed(List<String> all) {
                // The token is the name of the last stream of the page before.
                List<String> rest = all.stream()
                        .filter(name -> name.compareTo(token) > 0)
                        .sorted()
                        .toList();
                List<String> names = rest.subList(0, Math.min(size, rest.size()));
                new StreamPage(broker, owners, names, names.size() == rest.size(), response).start();
            }

            @Override
            public void failed(BrokerException why) {
                response.onError(Refusals.toStatus(why));
            }
        });
    }

    private void start() {
        if (names.isEmpty()) {
            answer();
        } else {
            asking.run();
        }
    }

    private void ask() {
        while (asked.get() < names.size() && asked.get() - answered.get() < AT_ONCE) {
            ask(asked.getAndIncrement());
        }
    }

    private void ask(int index) {
        String name = names.get(index);
        Broker.Prepared prepared = new Broker.Prepared() {
            @Override
            public void here() {
                Stream stream;
                try {
                    stream = StreamRequests.stream(broker.stream(name));
                } catch (BrokerException e) {
                    failed(e);
                    return;
                }
                answered(index, stream);
            }

            @Override
            public void elsewhere(Map<String, String> addresses) {
                askOwner(index, name, addresses.get(name));
            }

            @Override
            public void failed(BrokerException why) {
                answered(index, why.kind() == BrokerException.Kind.NOT_FOUND ? null : unknown(name, why));
            }
        };
        try {
            broker.prepare(List.of(name), false, prepared);
        } catch (BrokerException e) {
            prepared.failed(e);
        }
    }

    private void askOwner(int index, String name, String address) {
        StreamObserver<GetStreamResponse> answer = new StreamObserver<>() {
            private Stream stream;

            @Override
            public void onNext(GetStreamResponse told) {
                stream = told.getStream();
            }

            @Override
            public void onCompleted() {
                answered(index, stream);
            }

            @Override
            public void onError(Throwable why) {
                boolean gone = Status.fromThrowable(why).getCode() == Status.Code.NOT_FOUND;
                answered(index, gone ? null : unknown(name, why));
            }
        };
        Context before = Context.ROOT.attach();
        try {
            StreamServiceGrpc.newStub(owners.to(address))
                    .withDeadlineAfter(PATIENCE_MILLIS, TimeUnit.MILLISECONDS)
                    .getStream(GetStreamRequest.newBuilder().setName(name).build(), answer);
        } catch (IllegalArgumentException | IllegalStateException e) {
            answered(index, unknown(name, e));
        } finally {
            Context.ROOT.detach(before);
        }
    }

    private static Stream unknown(String name, Throwable why) {
        log.info("stream {} is listed by its name alone: {}", name, why.getMessage());
        return Stream.newBuilder().setName(name).build();
    }

    /** @param stream null when it is gone */
    private void answered(int index, Stream stream) {
        streams.set(index, stream);
        if (answered.incrementAndGet() == names.size()) {
            answer();
        } else {
            asking.run();
        }
    }

    private void answer() {
        ListStreamsResponse.Builder page = ListStreamsResponse.newBuilder();
        IntStream.range(0, names.size())
                .mapToObj(streams::get)
                .filter(Objects::nonNull)
                .forEach(page::addStreams);
        if (!isLast) {
            page.setNextPageToken(names.get(names.size() - 1));
        }
        response.onNext(page.build());
        response.onCompleted();
    }

    private void failed(Throwable cause) {
        log.error("streams could not be listed", cause);
        response.onError(Status.INTERNAL.withCause(cause).asRuntimeException());
    }
}
