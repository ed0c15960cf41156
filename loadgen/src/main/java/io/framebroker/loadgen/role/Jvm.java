package io.framebroker.loadgen.role;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** How child JVMs are started: this JVM's own java, and flags. */
public record Jvm(List<String> flags) {
    /**
     * Fixed and touched beforehand, so that rounds differ neither by heap growth nor by first touches of pages; collector and
     * generations as the broker's image has them.
     */
    public static final String DEFAULT_FLAGS = "-Xms1g -Xmx1g -XX:+UseParallelGC -XX:NewRatio=1 -XX:+AlwaysPreTouch";

    /** The same for roles of which many run side by side: what is in flight fits half as much. */
    public static final String SMALL_FLAGS = "-Xms512m -Xmx512m -XX:+UseParallelGC -XX:+AlwaysPreTouch";

    public static Jvm of(String flags) {
        return new Jvm(flags.isBlank() ? List.of() : List.of(flags.trim().split("\\s+")));
    }

    List<String> command() {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(flags);
        return command;
    }
}
