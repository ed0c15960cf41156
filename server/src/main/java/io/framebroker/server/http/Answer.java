package io.framebroker.server.http;

import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;

/** What one of the broker's services answers to one request. */
final class Answer<T> implements StreamObserver<T> {
    private final CompletableFuture<T> answer = new CompletableFuture<>();

    private Answer() {}

    /** @param asking passes this on to the service */
    static <T> Answer<T> to(Consumer<StreamObserver<T>> asking) {
        Answer<T> answer = new Answer<>();
        asking.accept(answer);
        return answer;
    }

    @Override
    public void onNext(T value) {
        answer.complete(value);
    }

    @Override
    public void onError(Throwable why) {
        answer.completeExceptionally(why);
    }

    @Override
    public void onCompleted() {
        answer.completeExceptionally(
                Status.INTERNAL.withDescription("no answer").asException());
    }

    /** @throws RefusedException the service refuses, or does not answer in this time; with its own words */
    T await(long millis) {
        try {
            return answer.get(Math.max(0, millis), TimeUnit.MILLISECONDS);
        } catch (ExecutionException e) {
            Status status = Status.fromThrowable(e.getCause());
            String words = status.getDescription() == null ? status.getCode().name() : status.getDescription();
            throw new RefusedException(httpStatus(status.getCode()), words);
        } catch (TimeoutException e) {
            throw new RefusedException(503, "the broker of this stream does not answer in time");
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new RefusedException(503, "the broker is stopping");
        }
    }

    private static int httpStatus(Status.Code code) {
        return switch (code) {
            case INVALID_ARGUMENT, OUT_OF_RANGE -> 400;
            case NOT_FOUND -> 404;
            case FAILED_PRECONDITION, ALREADY_EXISTS, ABORTED -> 409;
            case RESOURCE_EXHAUSTED -> 429;
            case UNIMPLEMENTED -> 501;
            case UNAVAILABLE, DEADLINE_EXCEEDED -> 503;
            default -> 500;
        };
    }
}
