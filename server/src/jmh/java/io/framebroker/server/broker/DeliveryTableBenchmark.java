package io.framebroker.server.broker;

import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/** A frame's way through the lease table and the window of a group that has 64 frames out at a time. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class DeliveryTableBenchmark {
    private static final int OUT = 64;
    private static final int BYTES = 100_000;

    private final DeliveryTable table = new DeliveryTable(1);
    private final Window window = new Window(OUT + 1, 1 << 30);
    private long ordinal;

    @Setup
    public void setup() {
        for (int i = 0; i < OUT; i++) {
            deliver();
        }
    }

    private void deliver() {
        if (!window.tryTake(BYTES)) {
            throw new IllegalStateException(window.toString());
        }
        table.addLeased(1, BYTES, null, ++ordinal);
    }

    @Benchmark
    public long deliverAndSettle() {
        deliver();
        long settled = ordinal - OUT;
        table.settling(settled);
        table.settled(settled, settled);
        window.giveBack(1, BYTES);
        return table.low();
    }
}
