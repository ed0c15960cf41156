package io.framebroker.server.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.framebroker.server.broker.AckLevel;
import io.framebroker.server.broker.Broker;
import io.framebroker.server.broker.BrokerClock;
import io.framebroker.server.broker.BrokerSettings;
import io.framebroker.server.broker.ConsumerPort;
import io.framebroker.server.broker.Created;
import io.framebroker.server.broker.Deleted;
import io.framebroker.server.broker.FrameMemory;
import io.framebroker.server.broker.FrameStore;
import io.framebroker.server.broker.Globs;
import io.framebroker.server.store.memory.MemoryFrameStore;
import io.framebroker.v1.ConsumeOpen;
import java.lang.reflect.Proxy;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

class StreamWatchTest {
    private static final int MOST_STREAMS = 1000;

    private final AtomicInteger looks = new AtomicInteger();
    private final Broker broker = new Broker(
            new BrokerSettings(true, 2 * MOST_STREAMS, 5_000, EdgeBroker.STREAMS),
            new CountingStore(looks, new MemoryFrameStore()),
            new FrameMemory(1 << 30, 1 << 30),
            new StoppedClock());

    private static final class StoppedClock implements BrokerClock {
        @Override
        public long nanos() {
            return 0;
        }

        @Override
        public long wallMicros() {
            return 1;
        }
    }

    private record CountingStore(AtomicInteger asked, MemoryFrameStore own) implements FrameStore {
        @Override
        public String name() {
            return own.name();
        }

        @Override
        public AckLevel ackLevel() {
            return own.ackLevel();
        }

        @Override
        public void open(String stream, boolean create, Opening opening) {
            own.open(stream, create, opening);
        }

        @Override
        public void names(Consumer<List<String>> answer) {
            asked.incrementAndGet();
            own.names(answer);
        }

        @Override
        public void close() {
            own.close();
        }
    }

    private record Looking(Globs globs) implements StreamWatch.Watcher {
        @Override
        public void elsewhere(Map<String, String> addresses) {
            // All is here.
        }

        @Override
        public boolean isDone() {
            return false;
        }
    }

    /** Fails when it is told that no stream is left out any more. */
    private static ConsumerPort failingPort() {
        return (ConsumerPort) Proxy.newProxyInstance(
                ConsumerPort.class.getClassLoader(), new Class<?>[] {ConsumerPort.class}, (port, method, told) -> {
                    if (method.getName().equals("leftOut") && told[0].equals(0)) {
                        throw new IllegalStateException("cannot be told");
                    }
                    return method.getReturnType() == boolean.class ? false : null;
                });
    }

    /** Used to be the last look there was. */
    @Test
    void anotherLookFollowsOneThatFailed() {
        for (int i = 0; i < MOST_STREAMS; i++) {
            Created.stream(broker, "cam-" + i, EdgeBroker.STREAMS);
        }
        broker.openConsumer(
                ConsumeRequests.options(ConsumeOpen.newBuilder()
                        .addStreams("cam-*")
                        .setGroup("detector")
                        .build()),
                failingPort());
        Created.stream(broker, "cam-late", EdgeBroker.STREAMS);
        Deleted.stream(broker, "cam-late", true);
        StreamWatch watch = new StreamWatch(broker);
        watch.add(new Looking(new Globs(List.of("cam-*"))));

        // Making the streams has asked for names too.
        looks.set(0);

        assertThatThrownBy(watch::look).hasMessage("cannot be told");
        watch.look();
        watch.look();

        assertThat(looks).hasValue(2);
    }
}
