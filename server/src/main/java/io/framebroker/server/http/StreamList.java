package io.framebroker.server.http;

import io.framebroker.v1.ListStreamsRequest;
import io.framebroker.v1.ListStreamsResponse;
import io.framebroker.v1.Stream;
import io.framebroker.v1.StreamServiceGrpc;
import io.grpc.Channel;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;

/** All streams, asked for once a second at most, and more seldom where that takes long; for all who look. Thread-safe. */
final class StreamList {
    private static final int PAGE = 1_000;
    private static final int MOST_PAGES = 5;
    private static final long PATIENCE_MILLIS = 5_000;
    private static final long FRESH_NANOS = TimeUnit.MILLISECONDS.toNanos(900);
    /** Of the time, this part at the most goes into listing. */
    private static final int REST = 20;

    private final Channel broker;
    private final ReentrantLock asking = new ReentrantLock();
    private volatile Listed listed;

    /**
     * @param streams by name
     * @param more whether there are some that are not listed
     */
    record Listed(List<Stream> streams, boolean more, long nextNanos) {}

    StreamList(Channel broker) {
        this.broker = broker;
    }

    /** @throws RefusedException the broker cannot tell */
    Listed get() {
        Listed had = listed;
        if (had != null && (System.nanoTime() - had.nextNanos() < 0 || !asking.tryLock())) {
            return had;
        }
        if (had == null) {
            asking.lock();
        }
        try {
            if (listed == had) {
                listed = ask();
            }
            return listed;
        } finally {
            asking.unlock();
        }
    }

    private Listed ask() {
        long start = System.nanoTime();
        List<Stream> streams = new ArrayList<>();
        String token = "";
        for (int pages = 0; pages < MOST_PAGES && (pages == 0 || !token.isEmpty()); pages++) {
            ListStreamsRequest request = ListStreamsRequest.newBuilder()
                    .setPageSize(PAGE)
                    .setPageToken(token)
                    .build();
            ListStreamsResponse page = Answer.<ListStreamsResponse>to(
                            answer -> StreamServiceGrpc.newStub(broker).listStreams(request, answer))
                    .await(PATIENCE_MILLIS);
            streams.addAll(page.getStreamsList());
            token = page.getNextPageToken();
        }
        long now = System.nanoTime();
        return new Listed(List.copyOf(streams), !token.isEmpty(), now + Math.max(FRESH_NANOS, REST * (now - start)));
    }
}
