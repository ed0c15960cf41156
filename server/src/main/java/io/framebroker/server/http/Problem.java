package io.framebroker.server.http;

/**
 * Something that is not as it should be.
 *
 * @param severe whether frames are not taken, or are not accounted for; otherwise they wait, or are old
 * @param stream name; empty where it is about the broker
 * @param group name; empty where it is about a stream, or the broker
 * @param reason stable, in UPPER_SNAKE
 * @param message for people
 */
record Problem(boolean severe, String stream, String group, String reason, String message) {}
