package io.framebroker.server.store.redis;

import static org.assertj.core.api.Assertions.assertThat;

import io.framebroker.server.broker.BrokerException;
import io.framebroker.server.broker.Frame;
import io.framebroker.server.broker.GroupSettings;
import io.framebroker.server.broker.StreamNote;
import io.framebroker.server.broker.StreamRecord;
import io.framebroker.server.broker.StreamStore;
import io.framebroker.server.broker.StreamStore.Outcome;
import io.framebroker.server.store.Answers;
import io.framebroker.server.store.Opened;
import io.framebroker.server.store.Samples;
import java.util.List;

/** A broker's store, reached through a proxy of its own, and one stream that it serves. Not thread-safe. */
final class Owner implements AutoCloseable {
    static final String STREAM = "cam";
    static final GroupSettings SETTINGS = new GroupSettings(12_000);

    final FaultProxy proxy;
    final RedisFrameStore store;
    Answers answers;
    StreamStore stream;
    StreamRecord record;
    private long notes;

    /** @param number tells its address from those of others */
    private Owner(FaultProxy proxy, RedisSettings settings, int number, int replicas) {
        this.proxy = proxy;
        this.store = new RedisFrameStore(settings, replicas, null);
        store.serveAt(address(number));
    }

    static String address(int number) {
        return "127.0.0.1:" + number;
    }

    /** With a lease that outlives any pause of the machine; it serves nothing yet. Ended by {@link RedisKeys#endLeases}. */
    static Owner at(RedisProcess redis, int number) {
        return at(redis, number, 60_000);
    }

    /** The same with a lease of the test's choice. */
    static Owner at(RedisProcess redis, int number, int leaseMillis) {
        FaultProxy proxy = new FaultProxy(redis.address());
        return new Owner(
                proxy,
                RedisSettings.parse("redis://" + proxy.address())
                        .withLeaseMillis(leaseMillis)
                        .withTimeouts(5_000, 20_000),
                number,
                0);
    }

    /**
     * The same with the shortest lease, a second, for tests in which it runs out by the owner's own clock, or is looked
     * at. It may run out at any time, when the machine pauses; the owner then begins another generation.
     */
    static Owner brief(RedisProcess redis, int number) {
        FaultProxy proxy = new FaultProxy(redis.address());
        return new Owner(
                proxy,
                RedisSettings.parse("redis://" + proxy.address())
                        .withLeaseMillis(1_000)
                        .withTimeouts(1_000, 2_000),
                number,
                0);
    }

    /** As {@link #at}, as a user of Redis. */
    static Owner signedIn(RedisProcess redis, int number, String user, String password) {
        FaultProxy proxy = new FaultProxy(redis.address());
        return new Owner(
                proxy,
                RedisSettings.parse("redis://" + proxy.address())
                        .withLogin(new RedisSettings.Login(user, password))
                        .withLeaseMillis(60_000)
                        .withTimeouts(5_000, 20_000),
                number,
                0);
    }

    /** The same, straight to what the settings name. */
    static Owner straight(RedisSettings settings, int replicas) {
        return new Owner(null, settings, 1, replicas);
    }

    /** Takes the stream, waiting until it may: it may be another's, and its breaker may be open. */
    Owner takes() {
        return takes(STREAM);
    }

    Owner takes(String name) {
        Opened[] opened = new Opened[1];
        RedisProcess.await("the stream being free", () -> {
            try {
                opened[0] = tries(name);
                return opened[0].elsewhere() == null;
            } catch (BrokerException e) {
                assertThat(e.kind()).isEqualTo(BrokerException.Kind.UNAVAILABLE);
                return false;
            }
        });
        return has(opened[0]);
    }

    private Answers fresh;

    /** Asks for the stream. Who gets it takes it with {@link #has}. */
    Opened tries(String name) {
        fresh = new Answers();
        return Opened.of(store, name, fresh);
    }

    Owner has(Opened opened) {
        answers = fresh;
        stream = opened.stream();
        record = opened.record();
        notes = 0;
        return this;
    }

    // ---- with the stream

    List<Frame> append(long first, long last, int bytes) {
        List<Frame> frames = appending(first, last, bytes);
        answers.awaitStored(last);
        return frames;
    }

    List<Frame> appending(long first, long last, int bytes) {
        List<Frame> frames = Samples.frames(stream.generation(), first, last, bytes);
        stream.append(frames);
        return frames;
    }

    void group(String name, long base) {
        stream.createGroup(name, base, SETTINGS, true);
    }

    void acks(String group, long first, long last) {
        stream.settle(group, first, last, Outcome.ACKED, null);
    }

    /** Returns when everything asked is durable. */
    void noted() {
        noting();
        answers.awaitNoted(notes);
    }

    void noting() {
        notes++;
        stream.note(new StreamNote(null, null, null));
    }

    void note(StreamNote note) {
        notes++;
        stream.note(note);
    }

    List<Frame> read(long first, long last) {
        return answers.read(stream, first, last);
    }

    @Override
    public void close() {
        if (proxy != null) {
            proxy.thaw();
            proxy.acceptAgain();
        }
        store.close();
        if (proxy != null) {
            proxy.close();
        }
    }
}
