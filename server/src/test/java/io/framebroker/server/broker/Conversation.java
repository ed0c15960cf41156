package io.framebroker.server.broker;

import static org.assertj.core.api.Assertions.assertThat;

import io.framebroker.server.store.memory.MemoryFrameStore;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** A broker on a fake clock, and those who talk to it. The stream is "cam" where none is named. */
final class Conversation {
    private static final long PLENTY = 1L << 40;

    private final FakeClock clock = new FakeClock();
    private final BrokerSettings settings;
    private final long memoryBytes;
    private final FrameStore behind;
    private final FrameTraces traces;
    private final DeferredStore store;
    private FrameMemory memory;
    private Broker broker;
    private final List<Worker> workers = new ArrayList<>();

    Conversation() {
        this(BrokerSettings.DEFAULT.streamDefaults(), PLENTY);
    }

    Conversation(StreamSettings streams) {
        this(streams, PLENTY);
    }

    Conversation(StreamSettings streams, long memoryBytes) {
        this(new BrokerSettings(true, 10_000, 5_000, streams), memoryBytes);
    }

    Conversation(BrokerSettings settings, long memoryBytes) {
        this(settings, memoryBytes, new MemoryFrameStore());
    }

    private Conversation(BrokerSettings settings, long memoryBytes, FrameStore behind) {
        this(settings, memoryBytes, behind, FrameTraces.NONE);
    }

    private Conversation(BrokerSettings settings, long memoryBytes, FrameStore behind, FrameTraces traces) {
        this.settings = settings;
        this.traces = traces;
        this.memoryBytes = memoryBytes;
        this.behind = behind;
        this.store = new DeferredStore(behind);
        brokerStarts();
    }

    /** With somebody who makes traces. */
    static Conversation thatIsTraced(StreamSettings streams, FrameStore behind, FrameTraces traces) {
        BrokerSettings settings = new BrokerSettings(true, 10_000, 5_000, streams);
        return new Conversation(settings, PLENTY, behind, traces);
    }

    /** With a store that remembers what it has confirmed when the broker is gone. */
    static Conversation thatIsRemembered() {
        return thatIsRemembered(BrokerSettings.DEFAULT, PLENTY);
    }

    static Conversation thatIsRemembered(BrokerSettings settings, long memoryBytes) {
        return new Conversation(settings, memoryBytes, new RememberingStore());
    }

    private void brokerStarts() {
        memory = new FrameMemory(memoryBytes, PLENTY);
        broker = new Broker(settings, store, memory, clock, traces);
        workers.clear();
    }

    /** Another broker starts in place of one that is gone with everybody's calls, and all that the store held back. */
    void brokerCrashes() {
        brokerCrashes(store.isDeferred() ? Fate.NOTHING_MORE : Fate.EVERYTHING);
    }

    void brokerCrashes(Fate fate) {
        store.brokerCrashes(fate);
        brokerStarts();
    }

    /** Another broker starts where one has ended in order, behind its calls. */
    void brokerLeaves() {
        broker.leave();
        brokerCrashes(Fate.EVERYTHING);
    }

    RememberingStore remembered() {
        return (RememberingStore) behind;
    }

    static StreamSettings backlog(int frames, long bytes) {
        return new StreamSettings(frames, bytes, 100, 64L << 20, 0);
    }

    static StreamSettings retention(int frames, long bytes, long millis) {
        return new StreamSettings(1000, 256L << 20, frames, bytes, millis);
    }

    Broker broker() {
        return broker;
    }

    FakeClock clock() {
        return clock;
    }

    DeferredStore store() {
        return store;
    }

    FrameMemory memory() {
        return memory;
    }

    Camera camera() {
        return camera("cam");
    }

    Camera camera(String stream) {
        return camera(stream, "camera-of-" + stream, 1);
    }

    Camera camera(String stream, String id, long epoch) {
        Camera camera = new Camera();
        camera.isOpenedAs(broker.openPublisher(stream, id, epoch, camera));
        return camera;
    }

    /** One that takes acknowledgements of frames that are in memory alone. */
    Camera cameraThatTakesMemory() {
        Camera camera = new Camera();
        camera.isOpenedAs(broker.openPublisher("cam", "camera-of-cam", 1, true, camera));
        return camera;
    }

    Worker.Opening worker(String id) {
        return new Worker.Opening(this, id);
    }

    void met(Worker worker) {
        workers.add(worker);
    }

    /** Time passes, and the broker is called exactly when it wanted to be. */
    void passes(Duration time) {
        long left = time.toNanos();
        while (left > 0) {
            long step = Math.min(left, Math.max(1, broker.tick()));
            clock.advance(step);
            left -= step;
        }
        broker.tick();
    }

    StreamState stream() {
        return broker.stream("cam");
    }

    Ledger.OfStream ledger() {
        return broker.ledger("cam").stream();
    }

    Ledger.OfGroup ledger(String group) {
        return broker.ledger("cam").groups().stream()
                .filter(each -> each.group().equals(group))
                .findFirst()
                .orElseThrow();
    }

    /** What holds after every conversation. */
    void comesOutEven() {
        long kept = 0;
        for (StreamState stream : broker.streams()) {
            Ledger ledger = broker.ledger(stream.name());
            assertThat(ledger.balances()).as("balance of " + ledger).isTrue();
            kept += stream.bytes();
            kept += (stream.frames() + ledger.stream().appending()) * Backlog.FRAME_OVERHEAD_BYTES;
            kept -= store.stream(stream.name()).spared();
        }
        assertThat(memory.keptBytes()).as("memory kept").isEqualTo(kept);
        for (Worker worker : workers) {
            if (worker.isOver()) {
                continue;
            }
            long pending = worker.call().window().outstandingFrames();
            assertThat(pending).as("frames " + worker.call() + " holds").isNotNegative();
        }
    }
}
