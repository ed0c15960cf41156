package io.framebroker.loadgen;

import io.framebroker.loadgen.role.ConsumerRole;
import io.framebroker.loadgen.role.PublisherRole;
import io.framebroker.loadgen.role.RelayRole;
import io.framebroker.loadgen.role.Role;
import io.framebroker.loadgen.role.RoleServer;
import io.framebroker.loadgen.targets.Target;
import io.framebroker.loadgen.worker.CheckedConsumerRole;
import io.framebroker.loadgen.worker.CheckedPublisherRole;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;

/** What child JVMs run: a role that takes its commands from standard input. */
final class RoleCommands {
    private RoleCommands() {}

    @Command(name = "publisher", hidden = true)
    static final class Publisher extends Served {
        @Override
        Role role() {
            return new PublisherRole();
        }
    }

    @Command(name = "consumer", hidden = true)
    static final class Consumer extends Served {
        @Override
        Role role() {
            return new ConsumerRole();
        }
    }

    @Command(name = "relay", hidden = true)
    static final class Relay extends Served {
        @Override
        Role role() {
            return new RelayRole(Target.RELAY);
        }
    }

    @Command(name = "raw-relay", hidden = true)
    static final class RawRelay extends Served {
        @Override
        Role role() {
            return new RelayRole(Target.RAW);
        }
    }

    @Command(name = "polling-relay", hidden = true)
    static final class PollingRelay extends Served {
        @Override
        Role role() {
            return new RelayRole(Target.POLLING);
        }
    }

    @Command(name = "checked-publisher", hidden = true)
    static final class CheckedPublisher extends Served {
        @Override
        Role role() {
            return new CheckedPublisherRole();
        }
    }

    @Command(name = "checked-consumer", hidden = true)
    static final class CheckedConsumer extends Served {
        @Override
        Role role() {
            return new CheckedConsumerRole();
        }
    }

    private abstract static class Served implements Callable<Integer> {
        abstract Role role();

        @Override
        public final Integer call() throws IOException {
            PrintStream answers = System.out;
            // Whatever a library prints must not pass for an answer.
            System.setOut(System.err);
            RoleServer.serve(
                    role(), new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8)), answers);
            return 0;
        }
    }
}
