package io.framebroker.client;

import com.google.protobuf.ByteString;
import io.framebroker.v1.FrameHeader;
import java.time.Instant;

/**
 * The newest frame of a stream.
 *
 * @param generation with {@code ordinal} its id in the stream
 * @param ordinal position in the stream, counted in frames from 1
 * @param sequence the publisher's own number
 * @param receivedTime when the broker received it, by the broker's clock
 */
public record LatestFrame(
        String stream,
        long generation,
        long ordinal,
        long sequence,
        Instant receivedTime,
        FrameHeader header,
        ByteString payload) {}
