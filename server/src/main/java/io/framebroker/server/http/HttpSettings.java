package io.framebroker.server.http;

/**
 * Where HTTP is served, and who may change something.
 *
 * @param host address to listen on
 * @param port 0 for a free one, below 0 for none at all
 * @param required whether the broker must not run without it
 * @param token what a request that changes something has to carry; empty for none, see {@link Access}
 * @param gateway how the old service's REST interface is served
 */
public record HttpSettings(String host, int port, boolean required, String token, GatewaySettings gateway) {
    public static final HttpSettings NONE = new HttpSettings("127.0.0.1", -1, false);

    /** Without a token. */
    public HttpSettings(String host, int port, boolean required) {
        this(host, port, required, "");
    }

    public HttpSettings(String host, int port, boolean required, String token) {
        this(host, port, required, token, GatewaySettings.DEFAULT);
    }
}
