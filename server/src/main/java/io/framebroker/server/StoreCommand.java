package io.framebroker.server;

import java.time.Instant;
import java.time.temporal.ChronoUnit;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** What can be done with the folder of a disk store while no broker has it. */
@Command(
        name = "store",
        mixinStandardHelpOptions = true,
        description = "Looks into the folder of a disk store that no broker has open.",
        subcommands = {StoreVerify.class, StoreDump.class, StoreFree.class})
final class StoreCommand implements Runnable {
    /** Exit code where there was nothing to look at; picocli's own for arguments that make no sense. */
    static final int UNREADABLE = 2;

    static final int DAMAGED = 1;
    static final int WHOLE = 0;

    @Spec
    private CommandSpec spec;

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "say what to do: verify, dump or free");
    }

    /** A time of the broker's, in UTC. */
    static Instant time(long micros) {
        return Instant.EPOCH.plus(micros, ChronoUnit.MICROS);
    }
}
