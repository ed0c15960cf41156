package io.framebroker.server.broker;

/** Time that passes when told to. It starts close below the overflow of its nanoseconds, where comparing by size breaks. */
final class FakeClock implements BrokerClock {
    private long nanos = Long.MAX_VALUE - 1_000_000_000L;
    private long wallMicros = 1_700_000_000_000_000L;

    @Override
    public long nanos() {
        return nanos;
    }

    @Override
    public long wallMicros() {
        return wallMicros;
    }

    /** Somebody sets the clock on the wall. */
    void setWall(long byMicros) {
        wallMicros += byMicros;
    }

    void advance(long byNanos) {
        nanos += byNanos;
        wallMicros += byNanos / 1_000;
    }
}
