package io.framebroker.server.http;

import java.io.IOException;
import java.util.Map;
import java.util.TreeMap;

/** What is served, by path and method. Filled before serving begins, and only read then. */
final class Routes {
    /** What answers a request. */
    interface Handler {
        /** @throws RefusedException it is not done */
        void answer(Call call) throws IOException;
    }

    /** What a request is to its caller, and to the broker. */
    enum Kind {
        /** Says how the broker is, to everybody, whatever else goes on. */
        PROBE,
        /** Shows what the broker has. */
        LOOKS,
        /** Changes something, and asks for the right to. */
        CHANGES
    }

    /** What is served at one path with one method. */
    record Route(Handler handler, Kind kind) {}

    private final Map<String, Map<String, Route>> routes = new TreeMap<>();

    /** Says how the broker is. Is quick, and waits for nobody. */
    Routes probe(String path, Handler handler) {
        return shown(path, new Route(handler, Kind.PROBE));
    }

    /** Shows something, to everybody who reaches the port. */
    Routes get(String path, Handler handler) {
        return shown(path, new Route(handler, Kind.LOOKS));
    }

    private Routes shown(String path, Route route) {
        return add("GET", path, route).add("HEAD", path, route);
    }

    /** Takes something away by being asked for it, as the old service's dequeue does. */
    Routes take(String path, Handler handler) {
        return add("GET", path, new Route(handler, Kind.CHANGES));
    }

    /** Changes something. */
    Routes post(String path, Handler handler) {
        return add("POST", path, new Route(handler, Kind.CHANGES));
    }

    private Routes add(String method, String path, Route route) {
        routes.computeIfAbsent(path, any -> new TreeMap<>()).put(method, route);
        return this;
    }

    /** @throws RefusedException there is none */
    Route of(Call call) {
        Map<String, Route> methods = routes.get(call.path());
        if (methods == null) {
            throw new RefusedException(404, "there are " + String.join(", ", routes.keySet()));
        }
        Route route = methods.get(call.method());
        if (route == null) {
            call.answerHeader("Allow", String.join(", ", methods.keySet()));
            throw new RefusedException(405, "only " + String.join(", ", methods.keySet()));
        }
        return route;
    }
}
