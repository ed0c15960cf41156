package io.framebroker.loadgen.role;

import io.framebroker.loadgen.load.Workload;
import io.framebroker.loadgen.targets.Target;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;

/**
 * What a {@link Rig} is made of.
 *
 * @param address of a target that runs already; null to start one
 * @param separateProcesses whether publishers, consumers and a relay each get a JVM of their own; a broker always does
 * @param jvm of publishers, consumers and relays
 * @param brokerJvm of a broker that is started
 * @param brokerJar what is started
 * @param brokerArguments more arguments for it
 */
public record Setup(
        Target target,
        Workload workload,
        String address,
        boolean separateProcesses,
        Jvm jvm,
        Jvm brokerJvm,
        Path brokerJar,
        List<String> brokerArguments) {
    private static final Pattern ADDRESS = Pattern.compile(".+:\\d{1,5}");

    public Setup {
        if (address != null && !ADDRESS.matcher(address).matches()) {
            throw new IllegalArgumentException("--address is '" + address + "'; write it as host:port");
        }
        if (target != Target.BROKER && workload.consumers() != 1) {
            throw new IllegalArgumentException("--consumers is " + workload.consumers() + ", but the " + target
                    + " target has no groups to share frames in: each consumer gets every frame. Use --consumers 1"
                    + " and --groups for the number of consumers");
        }
    }
}
