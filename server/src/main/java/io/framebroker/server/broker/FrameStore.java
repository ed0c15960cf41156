package io.framebroker.server.broker;

/**
 * Where frames live: the port every store implements. One contract test runs on every store.
 *
 * <p>Threads: methods may be called from any thread; those of one {@link StreamStore} are never called concurrently. No
 * method blocks, because callers are event loops holding a stream's lock.
 */
public interface FrameStore extends AutoCloseable {
    /** Name for people: memory, redis, disk. */
    String name();

    /** The strongest level this store gives by itself. Never more than is true now. */
    AckLevel ackLevel();

    /**
     * Opens a stream, creating it if it is new.
     *
     * @param listener told what happens to the stream's frames, under the rules of {@link StreamStore.Listener}
     */
    StreamStore open(String stream, StreamStore.Listener listener);

    /** Forgets a stream with its frames and groups. Unknown names are ignored. */
    void delete(String stream);

    @Override
    void close();
}
