package io.framebroker.server.store.redis;

import static org.assertj.core.api.Assertions.assertThat;

import io.framebroker.server.broker.BrokerException;
import io.framebroker.server.broker.Frame;
import io.framebroker.server.broker.FrameContent;
import io.framebroker.server.broker.StreamStore;
import io.framebroker.server.broker.StreamStore.Outcome;
import io.framebroker.server.store.Answers;
import io.framebroker.server.store.Opened;
import io.framebroker.server.store.Samples;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What is said beside frames waits for some of them, and is not forgotten over them. */
@Timeout(300)
class RedisCommitTest {
    private static final int BYTES = 100_000;
    private static final int WAITING = 60;
    private static final int MOST_FRAMES = 1_000;
    /** Fewer than a group may be given without Redis being told at once. */
    private static final int SETTLED = 100;
    /** What was told of the group before, and a lease that is renewed. */
    private static final long OTHER_SCRIPTS = 5;

    private static final Pattern CALLS = Pattern.compile("calls=(\\d+)");

    private final RedisProcess redis = RedisProcess.emptied();
    private final RedisFrameStore store = new RedisFrameStore(redis.settings(), 0, null);

    @AfterEach
    void close() {
        store.close();
    }

    @Test
    void aSettlementIsToldWhileFramesGoOnAndOn() throws Exception {
        store.serveAt(Owner.address(1));
        Feed feed = new Feed();
        StreamStore stream = Opened.of(store, Owner.STREAM, feed).stream();

        feed.start(stream);

        assertThat(feed.framesMeanwhile.get(60, TimeUnit.SECONDS)).isBetween(0L, 40L);
    }

    @Test
    void settlementsWithoutFramesBetweenThemAreToldNoMoreOftenThanNeedBe() {
        store.serveAt(Owner.address(1));
        Answers answers = new Answers();
        StreamStore stream = Opened.of(store, Owner.STREAM, answers).stream();
        stream.createGroup("detectors", 0, Owner.SETTINGS, true);
        stream.append(Samples.frames(stream.generation(), 1, SETTLED, 100));
        answers.awaitStored(SETTLED);
        redis.call("CONFIG", "RESETSTAT");
        long startNanos = System.nanoTime();

        for (int frame = 1; frame <= SETTLED; frame++) {
            stream.delivered("detectors", frame, frame, 1);
            stream.settle("detectors", frame, frame, Outcome.ACKED, null);
            answers.awaitSettled("detectors", frame);
        }

        long times = (System.nanoTime() - startNanos) / CommitPace.BETWEEN_NANOS;
        assertThat(scriptsRun()).isBetween((long) SETTLED, times + OTHER_SCRIPTS);
    }

    private long scriptsRun() {
        Matcher calls = CALLS.matcher(redis.info("cmdstat_evalsha"));
        return calls.find() ? Long.parseLong(calls.group(1)) : 0;
    }

    /** There are always frames that wait, until a settlement is told. */
    private static final class Feed implements StreamStore.Listener {
        private final byte[] picture = Samples.random(BYTES, 1);
        private final CompletableFuture<Long> framesMeanwhile = new CompletableFuture<>();
        private StreamStore stream;
        private long appended;
        private long stored;
        private long askedAt;

        synchronized void start(StreamStore fed) {
            stream = fed;
            stream.createGroup("detectors", 0, Owner.SETTINGS, true);
            append();
        }

        private void append() {
            List<Frame> more = new ArrayList<>();
            while (appended < Math.min(stored + WAITING, MOST_FRAMES)) {
                appended++;
                FrameContent content = new FrameContent(picture, 0, BYTES, appended, true, null);
                more.add(new Frame(content, stream.generation(), appended, appended, 0, Samples.PUBLISHER));
            }
            stream.append(more);
        }

        @Override
        public synchronized void stored(long throughOrdinal) {
            stored = throughOrdinal;
            if (askedAt == 0 && stored >= WAITING) {
                askedAt = stored;
                stream.settle("detectors", 1, 1, Outcome.ACKED, null);
            }
            if (!framesMeanwhile.isDone()) {
                append();
            }
        }

        @Override
        public synchronized void settled(String group, long throughSettlement) {
            if (throughSettlement == 1) {
                framesMeanwhile.complete(stored - askedAt);
            }
        }

        @Override
        public void attempted(String group, long throughAttempt) {}

        @Override
        public void noted(long throughNote) {}

        @Override
        public void readable() {}

        @Override
        public void lost(BrokerException why) {
            framesMeanwhile.completeExceptionally(why);
        }
    }
}
