/**
 * What the broker shows and does on HTTP: health and metrics, which ask the core and change nothing, and the REST interface
 * of the Python frame buffer, which is a client of the broker's services like any other.
 */
package io.framebroker.server.http;
