package io.framebroker.server;

import io.framebroker.server.broker.Frame;
import io.framebroker.server.broker.FrameContent;
import io.framebroker.server.broker.Globs;
import io.framebroker.server.broker.PublisherKey;
import io.framebroker.v1.ConsumeFramesRequest;
import io.framebroker.v1.ConsumeFramesResponse;
import io.framebroker.v1.Deliveries;
import io.framebroker.v1.Delivery;
import io.framebroker.v1.FrameBrokerServiceGrpc;
import io.framebroker.v1.GetStreamRequest;
import io.framebroker.v1.StreamServiceGrpc;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.StreamObserver;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
        name = "tail",
        description =
                "Prints a line for each new frame of a stream, or of all that match a glob, as it is stored: its id, who published it, when it"
                        + " came, how it is encoded and how large it is. Takes frames from nobody. Goes on until it is"
                        + " interrupted, or the limit is reached.")
final class TailCommand extends BrokerCommand {
    @Parameters(
            paramLabel = "STREAM",
            description = "The stream, or a glob in quotes, such as 'cam-*': streams that come into being later are"
                    + " followed too")
    private String stream;

    @Option(
            names = "--limit",
            paramLabel = "N",
            defaultValue = "0",
            description = "End after so many frames (default: do not end)")
    private long limit;

    @Override
    int work() throws InterruptedException {
        if (limit < 0) {
            throw misused("--limit " + limit + " is below 0");
        }
        if (!Globs.isGlob(stream)) {
            // Consuming from a stream that is not there might create it.
            inTime(StreamServiceGrpc.newBlockingStub(channel()))
                    .getStream(GetStreamRequest.newBuilder().setName(stream).build());
        }
        CompletableFuture<Void> end = new CompletableFuture<>();
        ConsumeFramesRequest.Builder open = ConsumeFramesRequest.newBuilder();
        open.getOpenBuilder().addStreams(stream).setAutoAck(true).setLimit(limit);
        FrameBrokerServiceGrpc.newStub(channel()).consumeFrames(new Lines(end)).onNext(open.build());
        try {
            end.join();
        } catch (CompletionException e) {
            throw e.getCause() instanceof StatusRuntimeException status
                    ? status
                    : Status.UNKNOWN.withCause(e.getCause()).asRuntimeException();
        }
        return DONE;
    }

    /** Prints what is delivered; the next is not asked for before that is done. */
    private final class Lines implements StreamObserver<ConsumeFramesResponse> {
        private final CompletableFuture<Void> end;

        Lines(CompletableFuture<Void> end) {
            this.end = end;
        }

        @Override
        public void onNext(ConsumeFramesResponse told) {
            if (told.hasDeliveries()) {
                told.getDeliveries().getDeliveriesList().forEach(each -> print(told.getDeliveries(), each));
                out().flush();
            }
        }

        private void print(Deliveries deliveries, Delivery delivery) {
            byte[] bytes = delivery.getFrame().toByteArray();
            FrameContent content = new FrameContent(
                    bytes,
                    0,
                    bytes.length,
                    delivery.getSequence(),
                    delivery.getFrame().getHeader().getKeyframe(),
                    null);
            Frame frame = new Frame(
                    content,
                    delivery.getToken().getGeneration(),
                    delivery.getToken().getOrdinal(),
                    delivery.getSequence(),
                    delivery.getReceivedTime().getSeconds() * 1_000_000
                            + delivery.getReceivedTime().getNanos() / 1_000,
                    new PublisherKey(deliveries.getPublisherId(), deliveries.getEpoch()));
            DumpedFrame line = DumpedFrame.of(deliveries.getStream(), frame);
            out().println(json() ? line.json(null) : line.text(null));
        }

        @Override
        public void onError(Throwable why) {
            end.completeExceptionally(why);
        }

        @Override
        public void onCompleted() {
            end.complete(null);
        }
    }
}
