package io.framebroker.server.http;

import io.grpc.Channel;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32C;

/**
 * The page at {@code /}, and what it asks for under {@code /live/}. The latter is between the page and this class alone, and may
 * change with any version. Thread-safe.
 */
final class LivePage implements AutoCloseable {
    /** Nothing from elsewhere, nothing in line, and in nobody's frame. */
    private static final String POLICY =
            "default-src 'self'; base-uri 'none'; form-action 'self';" + " frame-ancestors 'none'; object-src 'none'";

    private static final String SCRIPT = "text/javascript; charset=utf-8";
    private static final Map<String, String> TYPES = Map.of(
            "html", "text/html; charset=utf-8", "css", "text/css; charset=utf-8", "js", SCRIPT, "svg", "image/svg+xml");
    private static final List<String> FILES = List.of(
            "page.css",
            "icon.svg",
            "main.js",
            "api.js",
            "dom.js",
            "words.js",
            "history.js",
            "plot.js",
            "pictures.js",
            "ledger.js",
            "wall.js",
            "camera.js",
            "letters.js");

    private final LiveState state;
    private final Pictures pictures;
    private final Letters letters;

    LivePage(Channel broker) {
        this.state = new LiveState(broker);
        this.pictures = new Pictures(broker);
        this.letters = new Letters(broker);
    }

    void addTo(Routes routes) {
        routes.get("/", file("index.html"));
        FILES.forEach(name -> routes.get("/live/" + name, file(name)));
        routes.get("/live/state", call -> {
                    asOfNow(call);
                    call.send(200, state.json(View.of(call)));
                })
                .get("/live/pictures", this::pictures)
                .get("/live/letters", call -> {
                    asOfNow(call);
                    View view = View.of(call);
                    List<String> streams = view.isOfOne() ? state.names(view) : state.namesWithDeadLetters(view);
                    call.send(200, letters.json(streams, view.isOfOne()));
                })
                .get("/live/letter", call -> {
                    asOfNow(call);
                    letters.picture(call);
                })
                .post("/live/replay", letters::replay)
                .post("/live/purge", letters::purge);
    }

    private void pictures(Call call) throws IOException {
        asOfNow(call);
        String after = call.parameter("after").orElse("0");
        try {
            byte[] bundle = pictures.bundle(state.names(View.of(call)), Long.parseLong(after));
            call.send(200, "application/octet-stream", bundle);
        } catch (NumberFormatException e) {
            throw new RefusedException(400, "after=" + after + " is not a cursor of /live/pictures");
        }
    }

    /** What nobody keeps, and no other site's page gets. */
    private static void asOfNow(Call call) {
        call.answerHeader("Cache-Control", "no-store");
        call.answerHeader("Cross-Origin-Resource-Policy", "same-origin");
    }

    private static Routes.Handler file(String name) {
        byte[] bytes = read(name);
        CRC32C sum = new CRC32C();
        sum.update(bytes);
        String tag = "\"" + Long.toHexString(sum.getValue()) + "\"";
        String type = TYPES.get(name.substring(name.lastIndexOf('.') + 1));
        return call -> {
            call.answerHeader("Content-Security-Policy", POLICY);
            call.answerHeader("Referrer-Policy", "no-referrer");
            call.answerHeader("Cross-Origin-Resource-Policy", "same-origin");
            call.answerHeader("Cache-Control", "no-cache");
            call.answerHeader("ETag", tag);
            if (call.header("If-None-Match").filter(tag::equals).isPresent()) {
                call.send(304, type, new byte[0]);
            } else {
                call.send(200, type, bytes);
            }
        };
    }

    private static byte[] read(String name) {
        try (InputStream in = LivePage.class.getResourceAsStream("page/" + name)) {
            if (in == null) {
                throw new IllegalStateException("page/" + name + " is not in the jar");
            }
            return in.readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException("page/" + name, e);
        }
    }

    @Override
    public void close() {
        pictures.close();
    }
}
