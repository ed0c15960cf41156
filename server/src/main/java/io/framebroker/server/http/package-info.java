/** What the broker shows on HTTP: health and metrics. It asks the core, and changes nothing. */
package io.framebroker.server.http;
