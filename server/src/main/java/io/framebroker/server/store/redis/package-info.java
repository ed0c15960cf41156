/**
 * Frames in Redis Streams, with real consumer groups. All that must last is in Redis, so brokers come and go; each
 * stream has one owner at a time.
 *
 * <p>One thread for each Redis node writes: what gathers while a batch is on its way goes with the next one. It also
 * tells the streams what became of it. Another thread opens streams and reads back what is not in memory.
 */
package io.framebroker.server.store.redis;
