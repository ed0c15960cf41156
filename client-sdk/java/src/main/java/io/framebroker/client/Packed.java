package io.framebroker.client;

/**
 * A packed payload.
 *
 * @param array from {@link PackBuffers}, to be given back
 * @param length bytes of the payload, at the start of the array
 */
record Packed(byte[] array, int length) {}
