package io.framebroker.loadgen.targets;

import java.util.Locale;

/** What stands between publisher and consumer. */
public enum Target {
    /** Frame Broker, through its client SDK. */
    BROKER,
    /** {@link BareRelay}: the same gRPC and marshallers, no broker. */
    RELAY,
    /** {@link RawRelay}: TCP only. */
    RAW;

    /** As users write it. */
    public String label() {
        return name().toLowerCase(Locale.ROOT);
    }

    public static Target of(String label) {
        for (Target target : values()) {
            if (target.label().equals(label)) {
                return target;
            }
        }
        throw new IllegalArgumentException("target '" + label + "' is not known; use broker, relay or raw");
    }

    @Override
    public String toString() {
        return label();
    }
}
