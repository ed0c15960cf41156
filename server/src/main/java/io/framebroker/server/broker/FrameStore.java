package io.framebroker.server.broker;

import java.util.List;
import java.util.function.Consumer;

/**
 * Where frames live: the port every store implements. One contract test runs on every store.
 *
 * <p>Threads: methods may be called from any thread; those of one {@link StreamStore} are never called concurrently. No
 * method blocks, because callers are event loops holding a stream's lock.
 */
public interface FrameStore extends AutoCloseable {
    /** What became of an attempt to open a stream. One of these is called, once, on any thread, maybe inside open. */
    interface Opening {
        /** The stream is this broker's from now on. Nothing is told of it before {@link StreamStore#listen}. */
        void opened(StreamStore store, StreamRecord record);

        /**
         * Another broker has it, or is to have it.
         *
         * @param address where that broker takes calls, as host:port
         */
        void elsewhere(String address);

        void failed(BrokerException why);
    }

    /** Name for people: memory, redis, disk. */
    String name();

    /** The strongest level this store gives by itself. Never more than is true now. */
    AckLevel ackLevel();

    /** Whether acknowledged frames survive now what a level speaks of. A store may survive one thing and not a lesser. */
    default boolean gives(AckLevel level) {
        return ackLevel().compareTo(level) >= 0;
    }

    /** What an operator should know about how durable frames are now, in words. */
    default String durability() {
        return "acknowledged frames survive " + ackLevel().survives();
    }

    /** What keeps it from taking frames now, of any stream; null when nothing does. */
    default String trouble() {
        return null;
    }

    /** How often a stream was found otherwise than this broker had left it: somebody's doing, or the store's forgetting. */
    default long intrusions() {
        return 0;
    }

    /** How the way to it is; null where there is none, because it is not another process. Any thread. */
    default StoreLink link() {
        return null;
    }

    /** How many bytes of dead letters a group may keep here; 0 where the store cannot keep any. */
    default long mostDeadLetterBytes() {
        return 0;
    }

    /**
     * Tells where other brokers that share what is stored reach this one. Called once, before anything is opened.
     *
     * @param address host:port
     */
    default void serveAt(String address) {}

    /** Whether other brokers are known that share what is stored, so that streams may be theirs. */
    default boolean isShared() {
        return false;
    }

    /**
     * Opens a stream for this broker. Not called again for a stream that is open here.
     *
     * @param create whether a stream that does not exist comes into being; else {@code failed} says STREAM_NOT_FOUND
     */
    void open(String stream, boolean create, Opening opening);

    /** Tells the names of all streams there are, of whichever broker, in no order; once, on any thread. */
    void names(Consumer<List<String>> answer);

    /** Gives up what is open, handing it over where others can take it. What was appended is written first. */
    @Override
    void close();
}
