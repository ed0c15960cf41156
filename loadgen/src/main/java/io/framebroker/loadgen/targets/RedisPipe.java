package io.framebroker.loadgen.targets;

import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Consumer;
import redis.clients.jedis.CommandArguments;

/**
 * A full-duplex pipeline: commands go out without waiting for replies, which a thread of its own reads meanwhile. With
 * batches that are sent and then waited for, the server would be idle while the next batch is made.
 *
 * <p>{@link #send} and {@link #flush} are for one thread; replies come on the reading thread, in the commands' order.
 */
final class RedisPipe implements AutoCloseable {
    private final RedisConnection connection;

    /** What to do with each reply that has not come; a command's is added before the command can reach the server. */
    private final Queue<Consumer<Object>> replies = new ConcurrentLinkedQueue<>();

    private final Runnable onFailure;
    private volatile String failure;
    private volatile boolean closed;

    /** Calls {@code onFailure} once when the connection fails or a command is refused. */
    RedisPipe(String url, String name, Runnable onFailure) {
        this.connection = RedisConnection.open(url);
        this.onFailure = onFailure;
        connection.setTimeoutInfinite();
        Thread reader = new Thread(this::read, "replies-of-" + name);
        reader.setDaemon(true);
        reader.start();
    }

    void send(CommandArguments command, Consumer<Object> reply) {
        replies.add(reply);
        connection.sendCommand(command);
    }

    void flush() {
        connection.flush();
    }

    /** Why no more replies come; null while all is well. */
    String failure() {
        return failure;
    }

    private void read() {
        try {
            while (true) {
                Object reply = connection.getUnflushedObject();
                replies.remove().accept(reply);
            }
        } catch (RuntimeException e) {
            if (!closed) {
                failure = connection + ": " + e.getMessage();
                onFailure.run();
            }
        }
    }

    @Override
    public void close() {
        closed = true;
        connection.close();
    }
}
