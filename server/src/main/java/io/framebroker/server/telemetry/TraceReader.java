package io.framebroker.server.telemetry;

import io.framebroker.server.broker.FrameContent;

/** Reads the trace context in a frame's header, which only the edge knows how to. Any thread. */
public interface TraceReader {
    /** Whether there is one whose trace is recorded. */
    boolean isTraced(FrameContent content);

    /** As W3C writes it; empty when there is none. */
    String traceparent(FrameContent content);
}
