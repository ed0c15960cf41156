package io.framebroker.server.store.redis;

import static org.assertj.core.api.Assertions.assertThat;

import io.framebroker.server.store.Answers;
import io.framebroker.server.store.Opened;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The list of streams follows what streams there are. */
@Timeout(300)
class StreamNamesTest {
    private static final StreamKeys KEYS = new StreamKeys("fb:", Owner.STREAM);

    private final RedisProcess redis = RedisProcess.emptied();
    private final RedisLink link = RedisLink.to(redis.settings());
    private final StreamNames names = new StreamNames(link, "fb:");

    @AfterEach
    void close() {
        link.close();
    }

    @Test
    void aDeletedStreamHasNoName() {
        names.add(Owner.STREAM);
        redis.call("SET", KEYS.generation, "3 deleted");

        names.remove(Owner.STREAM, KEYS);

        assertThat(names.all()).isEmpty();
    }

    /** A removal that came late used to hit the next stream of that name, which nobody found then. */
    @Test
    void aStreamThatIsThereKeepsItsNameWhoeverRemovesIt() {
        redis.call("SET", KEYS.generation, "4 127.0.0.1:1#a");
        names.add(Owner.STREAM);

        names.remove(Owner.STREAM, KEYS);

        assertThat(names.all()).containsExactly(Owner.STREAM);
    }

    @Test
    void aStreamIsFoundWithoutItsNameAndHasItAgain() {
        try (Owner broker = Owner.at(redis, 1).takes()) {
            broker.append(1, 3, 100);
        }
        redis.call("DEL", "fb:streams");

        try (Owner next = Owner.at(redis, 2)) {
            Opened found = Opened.existing(next.store, Owner.STREAM, new Answers());

            assertThat(found.stream().lastOrdinal()).isEqualTo(3);
            RedisProcess.await("its name", () -> names.all().contains(Owner.STREAM));
        }
    }
}
