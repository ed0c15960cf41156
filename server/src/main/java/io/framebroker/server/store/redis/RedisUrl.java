package io.framebroker.server.store.redis;

import io.framebroker.server.store.redis.RedisSettings.Login;
import io.framebroker.server.store.redis.RedisSettings.Mode;
import io.framebroker.server.store.redis.RedisSettings.Node;
import io.framebroker.server.store.redis.RedisSettings.Tls;
import io.framebroker.server.store.redis.RedisSettings.Where;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Reads the address of a Redis. Not with {@link java.net.URI}, which knows one host, and repeats what it does not
 * understand, passwords included.
 */
final class RedisUrl {
    private static final Pattern SCHEME = Pattern.compile("redis(s?)(|-sentinel|-cluster)://(.*)", Pattern.DOTALL);
    private static final Pattern ADDRESS = Pattern.compile("(?:\\[([^]]*)]|([^:\\[\\]]+))(?::(.*))?");
    private static final Pattern NUMBER = Pattern.compile("\\d{1,9}");

    private final String url;
    /** The same, fit to be shown. */
    private final String shown;

    private RedisUrl(String url) {
        this.url = url;
        // The last @: a password may contain others, which need not be spared, and what is shown must not have any of
        // it.
        int at = url.lastIndexOf('@');
        Matcher scheme = SCHEME.matcher(url);
        this.shown =
                at < 0 ? url : (scheme.matches() ? url.substring(0, scheme.start(3)) : "") + "***" + url.substring(at);
    }

    static RedisSettings parse(String url) {
        return new RedisUrl(url.strip()).parse();
    }

    private RedisSettings parse() {
        Matcher scheme = SCHEME.matcher(url);
        if (!scheme.matches()) {
            throw wrong("it begins with none of redis://, rediss://, redis-sentinel://, redis-cluster://,"
                    + " rediss-sentinel://, rediss-cluster://");
        }
        Mode mode = switch (scheme.group(2)) {
            case "-sentinel" -> Mode.SENTINEL;
            case "-cluster" -> Mode.CLUSTER;
            default -> Mode.STANDALONE;
        };
        String rest = scheme.group(3);
        int at = rest.lastIndexOf('@');
        String place = rest.substring(at + 1);
        if (place.indexOf('?') >= 0 || place.indexOf('#') >= 0) {
            throw wrong("it has a ? or #; settings other than address, login and database have options of their own");
        }
        String[] parts = place.split("/", -1);
        try {
            Where where = where(mode, parts);
            Login login = at < 0 ? Login.NONE : login(rest.substring(0, at));
            Tls tls = scheme.group(1).isEmpty() ? null : Tls.DEFAULT;
            RedisSettings plain = RedisSettings.of(where).withLogin(login);
            return tls == null ? plain : plain.withTls(tls);
        } catch (IllegalArgumentException e) {
            throw e instanceof WrongUrl ? e : wrong(e.getMessage());
        }
    }

    private Where where(Mode mode, String[] parts) {
        List<Node> nodes = Stream.of(parts[0].split(",", -1))
                .map(address -> node(address, mode == Mode.SENTINEL ? 26_379 : 6_379))
                .toList();
        int dbPart = mode == Mode.SENTINEL ? 2 : 1;
        if (parts.length > dbPart + 1) {
            throw wrong("there is more behind the database");
        }
        String master = mode == Mode.SENTINEL && parts.length > 1 ? decoded(parts[1]) : null;
        String db = parts.length > dbPart ? parts[dbPart] : "";
        return new Where(mode, nodes, master, db.isEmpty() ? 0 : number("database", db));
    }

    private Node node(String address, int defaultPort) {
        Matcher form = ADDRESS.matcher(address);
        if (!form.matches()) {
            throw wrong("'" + address + "' is no address; write host, host:port or [IPv6]:port");
        }
        String host = form.group(1) != null ? form.group(1) : form.group(2);
        return new Node(host, form.group(3) == null ? defaultPort : number("port", form.group(3)));
    }

    private int number(String what, String text) {
        if (!NUMBER.matcher(text).matches()) {
            throw wrong(what + " '" + text + "' is no number");
        }
        return Integer.parseInt(text);
    }

    /** {@code user:password} or {@code :password}; a text without a colon is a password, as with other clients. */
    private Login login(String text) {
        int colon = text.indexOf(':');
        return colon < 0
                ? new Login("", decoded(text))
                : new Login(decoded(text.substring(0, colon)), decoded(text.substring(colon + 1)));
    }

    private String decoded(String text) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        for (int i = 0; i < text.length(); ) {
            if (text.charAt(i) == '%') {
                int high = i + 2 < text.length() ? Character.digit(text.charAt(i + 1), 16) : -1;
                int low = i + 2 < text.length() ? Character.digit(text.charAt(i + 2), 16) : -1;
                if (high < 0 || low < 0) {
                    throw wrong(
                            "user, password or master name has a % without two hexadecimal digits; write %25 for %");
                }
                bytes.write(high << 4 | low);
                i += 3;
            } else {
                int character = text.codePointAt(i);
                bytes.writeBytes(Character.toString(character).getBytes(StandardCharsets.UTF_8));
                i += Character.charCount(character);
            }
        }
        return bytes.toString(StandardCharsets.UTF_8);
    }

    private WrongUrl wrong(String why) {
        return new WrongUrl("Redis URL '" + shown + "': " + why);
    }

    private static final class WrongUrl extends IllegalArgumentException {
        private static final long serialVersionUID = 1L;

        WrongUrl(String message) {
            super(message);
        }
    }
}
