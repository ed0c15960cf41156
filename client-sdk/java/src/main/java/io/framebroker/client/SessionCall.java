package io.framebroker.client;

/** A call as a {@link Session} sees it. All verbs are for the session's drainer only. */
interface SessionCall {
    boolean isReady();

    void halfClose();

    void cancel(String why);
}
