package io.framebroker.loadgen.log;

import java.util.Locale;

/** What a consumer found a delivered frame to be. */
public enum Content {
    /** What was published. */
    OK,
    /** The payload is not what its checksum says, or it has none. */
    CRC,
    /** Checksum and payload agree, but it is not the payload of this frame. */
    BYTES,
    /** The frame's own id is not that of its envelope. */
    LABEL;

    private final String label = name().toLowerCase(Locale.ROOT);

    /** As it stands in the log. */
    public String label() {
        return label;
    }
}
