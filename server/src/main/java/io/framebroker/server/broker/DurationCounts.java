package io.framebroker.server.broker;

/**
 * How long things took since this broker has the stream.
 *
 * @param boundsMicros upper bounds, each included, in microseconds, growing
 * @param counts how many took up to each bound and more than the one before it; last, those that took longer than all
 * @param sumMicros of all
 */
public record DurationCounts(long[] boundsMicros, long[] counts, long sumMicros) {}
