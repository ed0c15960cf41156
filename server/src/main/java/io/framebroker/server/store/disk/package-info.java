/**
 * Frames in files of one folder, without a server: segments that are written in advance, memory-mapped and used again.
 * Knows the core and nobody else.
 */
package io.framebroker.server.store.disk;
