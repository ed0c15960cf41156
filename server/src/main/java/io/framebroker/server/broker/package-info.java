/**
 * The core: streams, groups, windows, leases, redelivery and the ledger.
 *
 * <p>It has no sockets, no threads and no clock of its own. Frames come in through {@link
 * io.framebroker.server.broker.Publisher} and {@link io.framebroker.server.broker.Consumer}, time through {@link
 * io.framebroker.server.broker.BrokerClock} and {@code tick}; what it has to say goes out through {@link
 * io.framebroker.server.broker.PublisherPort} and {@link io.framebroker.server.broker.ConsumerPort}; frames live behind
 * {@link io.framebroker.server.broker.FrameStore}.
 *
 * <p>Locking: all state of a stream, with its groups, is guarded by the stream's lock, which is held for decisions only.
 * Ports are told under the lock and send after it: see {@link io.framebroker.server.broker.Turn}. A thread holds one
 * stream's lock at a time; windows and memory counters are leaves below it.
 */
package io.framebroker.server.broker;
