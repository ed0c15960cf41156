package io.framebroker.server.store.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.framebroker.server.broker.Frame;
import io.framebroker.server.broker.FrameContent;
import io.framebroker.server.store.Samples;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import redis.clients.jedis.CommandArguments;
import redis.clients.jedis.Connection;
import redis.clients.jedis.Protocol.Command;
import redis.clients.jedis.exceptions.JedisConnectionException;

/** Commands go to Redis in large pieces, and arrive as they were. */
@Timeout(300)
class RedisGatheringTest {
    private static final byte[] KEY = StreamKeys.bytes("fb:{cam}:list");
    private static final int PIECE = 128 << 10;

    private final RedisProcess redis = RedisProcess.emptied();
    private RedisLink link;
    private Connection connection;

    @BeforeEach
    void connect() {
        link = RedisLink.to(redis.settings());
        connection = link.connection(KEY);
    }

    @AfterEach
    void close() {
        connection.close();
        link.close();
    }

    @Test
    void framesArriveWhereverAPieceEndsInThem() {
        Random random = new Random(7);
        List<byte[]> sent = new ArrayList<>();
        for (int bytes : new int[] {0, 1, PIECE - 80, PIECE - 40, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE + 5}) {
            for (int count = 1; count <= 3; count++) {
                FrameBytes frames = frames(random, count, bytes);
                connection.sendCommand(
                        new CommandArguments(Command.RPUSH).add(KEY).add(frames));
                sent.add(EntryFormat.bytes(frames.frames()));
            }
            connection.sendCommand(Command.RPUSH, KEY, StreamKeys.bytes(bytes));
            sent.add(StreamKeys.bytes(bytes));
        }

        assertThat(connection.getMany(sent.size())).doesNotHaveAnyElementsOfTypes(RuntimeException.class);
        connection.sendCommand(Command.LRANGE, KEY, StreamKeys.bytes(0), StreamKeys.bytes(-1));
        assertThat(connection.getBinaryMultiBulkReply()).containsExactlyElementsOf(sent);
    }

    /** Which lie among other bytes, as they do in a message. */
    private static FrameBytes frames(Random random, int count, int bytes) {
        List<Frame> frames = new ArrayList<>();
        for (int i = 1; i <= count; i++) {
            int offset = random.nextInt(30);
            byte[] message = new byte[offset + bytes + random.nextInt(30)];
            random.nextBytes(message);
            FrameContent content = new FrameContent(message, offset, bytes, i, true, null);
            frames.add(new Frame(content, 1, i, i, 0, Samples.PUBLISHER));
        }
        return new FrameBytes(frames);
    }

    @Test
    void aConnectionThatIsBrokenIsNotMadeAnew() throws IOException {
        connection.sendCommand(Command.SET, KEY, KEY);
        connection.forceDisconnect();

        assertThatThrownBy(() -> connection.sendCommand(Command.PING)).isInstanceOf(JedisConnectionException.class);
        assertThatThrownBy(() -> connection.getMany(1)).isInstanceOf(JedisConnectionException.class);
        assertThat(redis.call("EXISTS", KEY)).isEqualTo(0L);
    }
}
