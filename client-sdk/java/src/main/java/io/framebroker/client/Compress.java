package io.framebroker.client;

/** Which payloads a publisher packs with LZ4. Whatever would save less than a tenth is sent as it is. */
public enum Compress {
    /**
     * Raw pixels, where a sample of the frame promises that it is worth the time: see {@link
     * FramePublisher.Builder#compressWithin}. All other codecs are compressed already.
     */
    AUTO,
    /** Every payload, whatever it takes. */
    ALWAYS,
    /** None. */
    NEVER
}
