package io.framebroker.server.store.disk;

import io.framebroker.server.broker.BrokerException;
import io.framebroker.server.broker.StreamStore.Listener;
import java.util.ArrayDeque;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells a stream's owner what it has to know, in order, by one thread at a time. Whoever finds another one telling leaves
 * its own news to that, so that a turn of the owner's that gets back in here does not wait for itself. Thread-safe.
 */
final class Telling {
    private static final Logger log = LoggerFactory.getLogger(Telling.class);

    private final String stream;
    private final ArrayDeque<Consumer<Listener>> news = new ArrayDeque<>();
    private Listener listener;
    private boolean telling;
    private boolean ended;

    Telling(String stream) {
        this.stream = stream;
    }

    /** Nothing is told before this. */
    void listen(Listener told) {
        synchronized (this) {
            listener = told;
        }
        tell();
    }

    /** Adds news, which {@link #tell} tells. In the order in which they are to be told, so under the stream's monitor. */
    synchronized void add(Consumer<Listener> one) {
        if (!ended) {
            news.add(one);
        }
    }

    /** Nothing more is told, not even what was added. */
    synchronized void end() {
        ended = true;
        news.clear();
    }

    /** Nothing more is told but this; also to somebody whose stream is being deleted, and who waits to hear that it is. */
    synchronized void lost(BrokerException why) {
        end();
        news.add(told -> told.lost(why));
    }

    /** Called without the stream's monitor. */
    void tell() {
        Consumer<Listener> next = next(true);
        while (next != null) {
            try {
                next.accept(listener);
            } catch (RuntimeException | Error e) {
                log.error("stream {}: what the disk store told could not be taken in", stream, e);
            }
            next = next(false);
        }
    }

    private synchronized Consumer<Listener> next(boolean begin) {
        if (listener == null || begin && telling) {
            return null;
        }
        Consumer<Listener> next = news.poll();
        telling = next != null;
        return next;
    }
}
