package io.framebroker.loadgen.chaos;

import java.time.Duration;
import java.util.Random;

/** The network between clients and the broker misbehaves. */
public final class ProxyFault implements Fault {
    private interface Deed {
        void on(FaultProxy proxy);
    }

    private static final long MOST_BYTES_BEFORE_CUT = 1_000_000;

    private final String kind;
    private final FaultProxy proxy;
    private final Duration lasts;
    private final boolean cuts;
    private final Deed deed;
    private FaultProxy.Stats before;

    private ProxyFault(String kind, FaultProxy proxy, Duration lasts, boolean cuts, Deed deed) {
        this.kind = kind;
        this.proxy = proxy;
        this.lasts = lasts;
        this.cuts = cuts;
        this.deed = deed;
    }

    /** One of all that the proxy can do, drawn. */
    public static ProxyFault draw(FaultProxy proxy, Random random) {
        FaultProxy.Cut how = random.nextBoolean() ? FaultProxy.Cut.RST : FaultProxy.Cut.FIN;
        Duration lasts = Duration.ofMillis(500 + random.nextInt(2_000));
        long seed = random.nextLong();
        return switch (random.nextInt(8)) {
            case 0, 1 -> cut("cut", proxy, lasts, it -> it.cut(how));
            case 2, 3, 4 -> {
                long bytes = 1 + random.nextLong(MOST_BYTES_BEFORE_CUT);
                yield cut("cut-after", proxy, lasts, it -> it.cutAfter(bytes, how));
            }
            case 5 -> {
                int ways = 1 + random.nextInt(3);
                yield slow("blackhole", proxy, lasts, it -> it.blackhole((ways & 1) != 0, (ways & 2) != 0));
            }
            case 6 -> slow("delay", proxy, lasts, it -> it.delay(Duration.ofMillis(50), Duration.ofMillis(100), seed));
            default -> slow("throttle", proxy, lasts, it -> it.throttle(200_000));
        };
    }

    private static ProxyFault cut(String kind, FaultProxy proxy, Duration lasts, Deed deed) {
        return new ProxyFault(kind, proxy, lasts, true, deed);
    }

    private static ProxyFault slow(String kind, FaultProxy proxy, Duration lasts, Deed deed) {
        return new ProxyFault(kind, proxy, lasts, false, deed);
    }

    @Override
    public String kind() {
        return kind;
    }

    @Override
    public String target() {
        return "network";
    }

    @Override
    public long pid() {
        return 0;
    }

    @Override
    public Duration lasts() {
        return lasts;
    }

    @Override
    public void begin() {
        before = proxy.stats();
        deed.on(proxy);
    }

    @Override
    public String effect() {
        FaultProxy.Stats now = proxy.stats();
        long cut = now.cut() - before.cut();
        if (cuts) {
            return cut > 0 ? cut + " connections were cut" : "";
        }
        long bytes = now.upBytes() + now.downBytes() - before.upBytes() - before.downBytes();
        return now.open() > 0 ? "on " + now.open() + " connections, which passed " + bytes + " bytes" : "";
    }

    @Override
    public void end() {
        proxy.pass();
    }

    @Override
    public String toString() {
        return kind + " of the network for " + lasts.toMillis() + " ms";
    }
}
