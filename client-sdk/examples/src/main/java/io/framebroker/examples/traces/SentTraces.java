package io.framebroker.examples.traces;

import io.framebroker.client.FrameBrokerClient;

/** Where the spans of a program go. */
public interface SentTraces extends AutoCloseable {
    /** Nowhere. */
    SentTraces NONE = new SentTraces() {
        @Override
        public FrameBrokerClient.Builder addTo(FrameBrokerClient.Builder client) {
            return client;
        }

        @Override
        public void close() {}
    };

    /** Has a client make spans, of frames and of its calls. */
    FrameBrokerClient.Builder addTo(FrameBrokerClient.Builder client);

    @Override
    void close();
}
