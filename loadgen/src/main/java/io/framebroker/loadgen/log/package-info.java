/**
 * The logs of a checked run: what publishers, consumers and the nemesis say happened, one event a line. Each process writes a
 * file of its own, so that a torn line can only be its last.
 */
package io.framebroker.loadgen.log;
