package io.framebroker.loadgen.chaos;

import io.framebroker.loadgen.check.Terms;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;

/** A broker on its disk store has a file system of its own, which refuses new segments when they are needed. */
record DiskRefusing(String name, String description, DiskRefusal.Why why) implements Scenario {
    /** Below the store's limit, so that it is the disk that refuses; most of it is taken only while it is full. */
    private static final String DISK_SIZE = "1g";

    /** Segments of 64 MB are to be filled while a lease lasts. */
    private static final int LEAST_FRAME_BYTES = 64_000;

    /** Of frames that large, a publisher's memory takes no more. */
    private static final int RING = 256;

    @Override
    public StageSetup setting(StageSetup asked) throws InterruptedException {
        Path folder = Scenarios.diskFolder(asked);
        StageSetup.Load load = asked.load();
        StageSetup.Habits habits = asked.habits();
        return asked.withLoad(new StageSetup.Load(
                        load.streams(),
                        load.groups(),
                        load.consumers(),
                        Math.max(LEAST_FRAME_BYTES, load.frameBytes()),
                        load.framesPerSecond()))
                .withHabits(habits.withRing(habits.whenFull(), RING))
                .withBrokerCommand(OwnDisk.command(asked.broker().command(), folder, DISK_SIZE))
                .withBrokerArguments(List.of(
                        "--store=disk",
                        "--data-dir=" + folder,
                        "--disk-limit=2G",
                        "--backlog-frames=100000",
                        "--backlog-bytes=1G",
                        "--memory-limit=64M"));
    }

    @Override
    public Terms terms(Terms usual) {
        return usual.withPromises(new Terms.Promises(0, usual.promises().mostComeback(), true));
    }

    @Override
    public Fault draw(Stage stage, Random random) {
        BrokerActor broker = stage.brokers().get(0);
        return new DiskRefusal(
                name,
                stage,
                new OwnDisk(broker, Scenarios.diskFolder(stage.setup())),
                Scenarios.one(stage.consumers(), random),
                why,
                random.nextBoolean(),
                Scenarios.between(random, 500, 3_000));
    }
}
