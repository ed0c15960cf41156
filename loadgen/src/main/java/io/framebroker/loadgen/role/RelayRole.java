package io.framebroker.loadgen.role;

import io.framebroker.loadgen.targets.BareRelay;
import io.framebroker.loadgen.targets.PollingBuffer;
import io.framebroker.loadgen.targets.RawRelay;
import io.framebroker.loadgen.targets.Target;
import java.io.IOException;

/** The bare relay, the raw relay or the polling buffer. Its command is {@code listen}; the answer names the address. Used by one thread. */
public final class RelayRole implements Role {
    private final Target target;
    private AutoCloseable relay;

    public RelayRole(Target target) {
        this.target = target;
    }

    /** The hidden command that is one in a process of its own. */
    public static String command(Target target) {
        return target == Target.RELAY ? "relay" : target.label() + "-relay";
    }

    @Override
    public Line ask(Line request) {
        if (!request.verb().equals("listen")) {
            throw new IllegalArgumentException("a relay does not know '" + request.verb() + "'");
        }
        int port = (int) request.number("port");
        try {
            if (target == Target.RAW) {
                RawRelay raw = new RawRelay(port);
                relay = raw;
                port = raw.port();
            } else if (target == Target.POLLING) {
                PollingBuffer buffer = new PollingBuffer(port);
                relay = buffer;
                port = buffer.port();
            } else {
                BareRelay bare = new BareRelay(port, (int) request.number("message-bytes"));
                relay = bare;
                port = bare.port();
            }
        } catch (IOException e) {
            throw new RunFailure(target + " relay on port " + port + ": " + e.getMessage(), e);
        }
        return Line.of(Line.OK).with("address", "127.0.0.1:" + port);
    }

    @Override
    public void close() {
        if (relay != null) {
            try {
                relay.close();
            } catch (Exception e) {
                throw new IllegalStateException(e);
            }
        }
    }
}
