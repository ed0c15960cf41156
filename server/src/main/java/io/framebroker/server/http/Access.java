package io.framebroker.server.http;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Base64;
import java.util.Locale;

/**
 * Who may look, and who may change something: whoever has the token. Without one, programs of this machine, if that is all that reaches the
 * port; not the pages of other sites in a browser of this machine. Thread-safe.
 */
final class Access {
    private final byte[] token;
    private final boolean onlyThisMachine;

    /** @param settings with the token, empty for none, and the address that is listened on */
    Access(HttpSettings settings) {
        this.token = settings.token().getBytes(StandardCharsets.UTF_8);
        this.onlyThisMachine = isLoopback(settings.host());
    }

    private static boolean isLoopback(String host) {
        try {
            return InetAddress.getByName(host).isLoopbackAddress();
        } catch (UnknownHostException e) {
            return false;
        }
    }

    /**
     * Who may look: whoever reaches the port. A page of another site reaches one of this machine by a name that it has made to
     * mean this machine; programs of this machine have no use for such a name.
     *
     * @throws RefusedException the caller may not
     */
    void checkLooking(Call call) {
        String host = call.header("Host").orElse("localhost");
        if (token.length == 0 && onlyThisMachine && !isNameOfThisMachine(host)) {
            throw new RefusedException(
                    403,
                    "without a token the broker is looked at by way of localhost only, not " + host
                            + "; a proxy says localhost, too, or the broker gets a token with --http-token");
        }
    }

    /** @throws RefusedException the caller may not */
    void check(Call call) {
        if (token.length > 0) {
            if (!MessageDigest.isEqual(token, given(call))) {
                call.answerHeader("WWW-Authenticate", "Bearer");
                throw new RefusedException(
                        401,
                        "this changes something, and needs the token: as a bearer token, or as the password of any user"
                                + " in the address, http://any:TOKEN@host:port");
            }
            return;
        }
        if (!onlyThisMachine) {
            throw new RefusedException(
                    403,
                    "this changes something, and the broker listens for other machines too: give it a token with"
                            + " --http-token or HTTP_TOKEN");
        }
        // A page of another site may send requests here from a browser of this machine; the browser tells of it.
        String host = call.header("Host").orElse("");
        if (!isNameOfThisMachine(host)) {
            throw new RefusedException(403, "without a token things are changed by way of localhost only, not " + host);
        }
        String site = call.header("Sec-Fetch-Site").orElse("none");
        String origin = call.header("Origin").orElse("http://" + host);
        if (!site.equals("none") && !site.equals("same-origin") || !origin.equals("http://" + host)) {
            throw new RefusedException(403, "a page of another site may not change anything here");
        }
    }

    private static byte[] given(Call call) {
        String[] words = call.header("Authorization").orElse("").split(" +", 2);
        if (words.length == 2) {
            switch (words[0].toLowerCase(Locale.ROOT)) {
                case "bearer":
                    return words[1].getBytes(StandardCharsets.UTF_8);
                case "basic":
                    return passwordOf(words[1]);
                default:
                    break;
            }
        }
        return new byte[0];
    }

    private static byte[] passwordOf(String credentials) {
        try {
            String text = new String(Base64.getDecoder().decode(credentials), StandardCharsets.UTF_8);
            return text.substring(text.indexOf(':') + 1).getBytes(StandardCharsets.UTF_8);
        } catch (IllegalArgumentException e) {
            return new byte[0];
        }
    }

    private static boolean isNameOfThisMachine(String hostAndPort) {
        String host = hostAndPort.replaceFirst(":[0-9]*$", "");
        return host.equals("localhost") || host.equals("[::1]") || host.matches("127(\\.[0-9]{1,3}){3}");
    }
}
