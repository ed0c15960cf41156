package io.framebroker.loadgen.targets;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.framebroker.loadgen.check.Defects;
import io.framebroker.loadgen.check.GroupCheck;
import io.framebroker.loadgen.check.Inbox;
import io.framebroker.loadgen.load.FramePool;
import io.framebroker.loadgen.load.Workload;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import redis.clients.jedis.CommandArguments;
import redis.clients.jedis.args.Rawable;

class RedisEntriesTest {
    private static final byte[] KEY = {'k'};

    @ParameterizedTest(name = "{0}, {1} bytes, {2} frames an entry")
    @CsvSource({"REDIS, 184, 1", "REDIS, 4095, 1", "REDIS, 4096, 1", "REDIS, 100000, 1", "REDIS_BATCH, 184, 64"})
    void framesComeOutAsTheyWentIn(Target target, int frameBytes, int frames) {
        Conversation conversation = new Conversation(target, frameBytes, frames);

        conversation.add();
        conversation.add();

        assertThat(conversation.taken).isEqualTo(2 * frames);
        assertThat(conversation.check.settle(2L * frames, Map.of())).isEqualTo(Defects.NONE);
    }

    @ParameterizedTest(name = "{0}, {1} bytes, {2} frames an entry")
    @CsvSource({"REDIS, 184, 1", "REDIS, 100000, 1", "REDIS_BATCH, 184, 64"})
    void aBitThatFlipsIsFound(Target target, int frameBytes, int frames) {
        Conversation conversation = new Conversation(target, frameBytes, frames);

        conversation.add(fields -> fields.get(fields.size() - 1)[frameBytes / 2] ^= 1);

        assertThat(conversation.check.settle(frames, Map.of()).damaged()).isOne();
    }

    @ParameterizedTest
    @CsvSource({"REDIS, 184, 1", "REDIS, 100000, 1", "REDIS_BATCH, 184, 64"})
    void anEntryUnderAnotherIdIsFound(Target target, int frameBytes, int frames) {
        Conversation conversation = new Conversation(target, frameBytes, frames);
        conversation.shift = 1;

        conversation.add();

        assertThat(conversation.check.settle(frames, Map.of()).damaged()).isEqualTo(frames);
    }

    @Test
    void aLengthThatRunsOverTheEndIsFound() {
        Conversation conversation = new Conversation(Target.REDIS_BATCH, 184, 2);

        assertThatThrownBy(() -> conversation.add(fields -> fields.get(1)[2] = 1))
                .isInstanceOf(TargetException.class)
                .hasMessageContaining("entry 2 holds a frame of 65720 bytes");
    }

    @Test
    void idsAreSequences() {
        assertThat(RedisEntries.id(17)).asString().isEqualTo("17-0");
        assertThat(RedisEntries.sequence(RedisEntries.id(Long.MAX_VALUE))).isEqualTo(Long.MAX_VALUE);
        assertThatThrownBy(() -> RedisEntries.sequence(new byte[] {'1'})).hasMessageContaining("'1' is no entry id");
    }

    private interface Doctor {
        void change(List<byte[]> fields);
    }

    /** Adds entries and hands them to an inbox as Redis would. */
    private static final class Conversation {
        final GroupCheck check = new GroupCheck(7, 0, "g0/cam-0", 1);
        final Inbox inbox;
        final FramePool pool;
        final RedisEntries entries;
        final long[] due;
        long shift;
        int taken;

        Conversation(Target target, int frameBytes, int frames) {
            Workload workload = new Workload(7, 1, 1, 1, frameBytes, frames, 64, 4 * frames, 0, true);
            inbox = new Inbox(0, frameBytes, new GroupCheck[] {check});
            pool = new FramePool(workload, 0);
            entries = new RedisEntries(target, workload);
            due = new long[frames];
        }

        void add() {
            add(fields -> {});
        }

        void add(Doctor doctor) {
            CommandArguments command = entries.add(KEY, pool, due);
            List<byte[]> raw = new ArrayList<>();
            for (Rawable argument : command) {
                raw.add(argument.getRaw().clone());
            }
            // XADD key id, then the fields
            List<byte[]> fields = raw.subList(3, raw.size());
            doctor.change(fields);
            byte[] id = RedisEntries.id(RedisEntries.sequence(raw.get(2)) + shift);
            taken += entries.take(id, fields, 0, inbox);
        }
    }
}
