/**
 * The hot messages of the contract, read and written without touching the pixels.
 *
 * <p>A {@code Frame} is carried as the bytes it arrived in: reading one notes where its header and payload lie and the
 * few fields a broker decides by; writing one copies those bytes behind a small envelope. Everything else of the
 * contract uses the generated classes.
 */
package io.framebroker.wire;
