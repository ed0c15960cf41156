package io.framebroker.server.broker;

import static org.assertj.core.api.Assertions.assertThat;

import io.framebroker.server.store.memory.MemoryFrameStore;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A window that several streams share, looked at by one while another has all of it. */
class SharedWindowTest {
    private final Broker broker = new Broker(
            BrokerSettings.DEFAULT, new MemoryFrameStore(), new FrameMemory(1 << 20, 1 << 20), new FakeClock());
    private final Publisher dock = publisher("dock");

    private Publisher publisher(String stream) {
        PublisherPort deaf = (PublisherPort) Proxy.newProxyInstance(
                getClass().getClassLoader(), new Class<?>[] {PublisherPort.class}, (proxy, method, arguments) -> null);
        return broker.openPublisher(stream, "p-" + stream, 1, deaf);
    }

    /**
     * The frame of the other stream used to wait for that stream's next event: (1) cam takes the window's only place, (2)
     * dock gets a frame and sees no room, (3) cam's frame is acked as it goes out, and nobody asked dock again.
     */
    @Test
    void roomOfAnAutoAckedFrameIsUsedByTheStreamThatJustLooked() throws InterruptedException {
        List<String> delivered = new ArrayList<>();
        Consumer viewer = broker.openConsumer(
                new Consumer.Options(
                        List.of("cam", "dock"),
                        "viewers",
                        "v1",
                        new Window(1, 0),
                        AskedSettings.ANY,
                        new StartPosition.New(),
                        true,
                        0,
                        List.of(),
                        Mode.QUEUE),
                new Port(delivered));
        viewer.pump();

        publisher("cam").publish(List.of(Frames.of(1, 100)));

        assertThat(delivered).containsExactly("cam", "dock");
    }

    private final class Port implements ConsumerPort {
        private final List<String> delivered;

        Port(List<String> delivered) {
            this.delivered = delivered;
        }

        @Override
        public boolean ready() {
            return true;
        }

        @Override
        public void deliver(String stream, List<Frame> frames, int attempt, long leaseMillis) {
            delivered.add(stream);
            if (stream.equals("cam")) {
                Thread other = new Thread(() -> dock.publish(List.of(Frames.of(1, 100))));
                other.start();
                try {
                    other.join();
                } catch (InterruptedException e) {
                    throw new AssertionError(e);
                }
            }
        }

        @Override
        public void settled(SettleResult result) {}

        @Override
        public void gap(
                String stream,
                String reason,
                long count,
                boolean estimated,
                FrameId first,
                FrameId last,
                String detail) {}

        @Override
        public void finished() {}

        @Override
        public void ended(BrokerException why) {}

        @Override
        public void flush() {}
    }
}
