package io.framebroker.bridge.source;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;

/** A Lua script: one atomic step in Redis. What it does and takes stands at its head. */
final class Script {
    private static final byte[] FENCE = load("fence");

    final byte[] text;

    private Script(byte[] text) {
        this.text = text;
    }

    /** A script that anybody may run. */
    static Script open(String name) {
        return new Script(load(name));
    }

    /** A script that only the owner of the source may run. */
    static Script fenced(String name) {
        byte[] own = load(name);
        byte[] text = new byte[FENCE.length + own.length];
        System.arraycopy(FENCE, 0, text, 0, FENCE.length);
        System.arraycopy(own, 0, text, FENCE.length, own.length);
        return new Script(text);
    }

    private static byte[] load(String name) {
        try (InputStream in = Script.class.getResourceAsStream(name + ".lua")) {
            return in.readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException("script " + name, e);
        }
    }
}
