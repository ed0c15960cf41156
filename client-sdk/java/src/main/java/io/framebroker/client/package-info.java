/**
 * The Java client of Frame Broker: {@link io.framebroker.client.FramePublisher} for those who have frames,
 * {@link io.framebroker.client.FrameConsumer} for those who want them, both from a
 * {@link io.framebroker.client.FrameBrokerClient}.
 *
 * <p>Connections come back by themselves; what was not acknowledged is sent again, and the broker stores it once. Every
 * frame ends with exactly one outcome. One that is not known is said to be unknown, never to be stored.
 */
package io.framebroker.client;
