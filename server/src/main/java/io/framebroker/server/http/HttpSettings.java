package io.framebroker.server.http;

/**
 * Where HTTP is served.
 *
 * @param host address to listen on
 * @param port 0 for a free one, below 0 for none at all
 * @param required whether the broker must not run without it
 */
public record HttpSettings(String host, int port, boolean required) {
    public static final HttpSettings NONE = new HttpSettings("127.0.0.1", -1, false);
}
