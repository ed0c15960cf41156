package io.framebroker.server;

import io.framebroker.server.broker.FrameContent;
import io.framebroker.server.telemetry.TraceReader;
import io.framebroker.wire.MalformedMessageException;
import io.framebroker.wire.WireFrame;

/** Reads the trace context where publishers write it. */
final class FrameTraceReader implements TraceReader {
    @Override
    public boolean isTraced(FrameContent content) {
        return WireFrame.isTraced(content.array(), content.offset(), content.length());
    }

    @Override
    public String traceparent(FrameContent content) {
        try {
            return WireFrame.read(content.array(), content.offset(), content.length())
                    .traceparent();
        } catch (MalformedMessageException e) {
            // Damaged where it was kept: a drop of it is to be told all the same.
            return "";
        }
    }
}
