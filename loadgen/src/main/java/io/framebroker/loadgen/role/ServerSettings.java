package io.framebroker.loadgen.role;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Which server a target gets.
 *
 * @param url of one that runs already, to be shared by all targets; null to start one for each
 * @param program to start, a path or a name to be looked for on the PATH
 * @param folder where started ones keep their files, in a folder of their own each
 */
public record ServerSettings(String url, String program, Path folder) {
    /** Whether servers are started, which are ours to fill and end. */
    public boolean starts() {
        return url == null;
    }

    /** Whether a program is where it is said to be, or on the PATH. */
    public static boolean isFound(String program) {
        return program.contains(File.separator)
                ? Files.isExecutable(Path.of(program))
                : HeldProcess.onPath(program).isPresent();
    }
}
