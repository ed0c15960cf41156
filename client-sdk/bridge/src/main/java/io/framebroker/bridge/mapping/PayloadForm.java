package io.framebroker.bridge.mapping;

/** How the payload field holds the payload. */
public enum PayloadForm {
    /** As its bytes. */
    RAW,
    /** As base64, of the standard or the URL alphabet; line breaks do not matter. */
    BASE64,
    /** As the name of another key, a string that holds the bytes. */
    KEY
}
