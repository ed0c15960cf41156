package io.framebroker.server.grpc;

import io.framebroker.server.broker.BrokerException;

/** How long a page of a list is. */
final class Pages {
    private static final int DEFAULT = 100;
    private static final int MOST = 1000;

    private Pages() {}

    /** The size asked for; 0 on the wire means 100. */
    static int size(int asked) {
        int size = asked == 0 ? DEFAULT : asked;
        if (size < 1 || size > MOST) {
            throw BrokerException.invalid("page_size", Integer.toUnsignedString(size) + " is outside 1.." + MOST);
        }
        return size;
    }
}
