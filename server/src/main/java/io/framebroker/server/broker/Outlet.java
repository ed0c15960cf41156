package io.framebroker.server.broker;

/** Something that gathers messages under a stream's lock and sends them after it. */
public interface Outlet {
    /** Sends what was gathered. Called without any lock, on whichever thread did the work; may be called twice. */
    void flush();
}
