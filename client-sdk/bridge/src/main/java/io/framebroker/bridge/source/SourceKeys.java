package io.framebroker.bridge.source;

import java.nio.charset.StandardCharsets;
import java.util.UUID;
import redis.clients.jedis.Protocol;

/** What commands about one source name, in the form they take. */
final class SourceKeys {
    final byte[] source;
    final byte[] state;
    final byte[] owner;
    final byte[] side;
    final byte[] group;
    final byte[] consumer;
    /** Consumer and a nonce: nobody else's, not even a successor's of the same name. */
    final byte[] token;

    SourceKeys(String source, String group, String consumer) {
        this.source = bytes(source);
        this.state = bytes(source + ":bridge:" + group);
        this.owner = bytes(source + ":bridge:" + group + ":owner");
        this.side = bytes(source + ":unreadable");
        this.group = bytes(group);
        this.consumer = bytes(consumer);
        this.token = bytes(consumer + " " + UUID.randomUUID());
    }

    static String consumerOf(String token) {
        return token.substring(0, token.lastIndexOf(' '));
    }

    static byte[] bytes(long number) {
        return Protocol.toByteArray(number);
    }

    static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    static String text(Object reply) {
        return new String((byte[]) reply, StandardCharsets.UTF_8);
    }

    static long number(Object reply) {
        return (Long) reply;
    }
}
