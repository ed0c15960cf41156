package io.framebroker.loadgen.chaos;

import io.framebroker.loadgen.role.RunFailure;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Signals that Java cannot send by itself. Needs a POSIX shell. */
enum Signal {
    STOP,
    CONT;

    void send(ProcessHandle process) throws InterruptedException {
        String pid = Long.toString(process.pid());
        try {
            Process kill = new ProcessBuilder("/bin/sh", "-c", "kill -" + name() + " \"$0\"", pid)
                    .inheritIO()
                    .start();
            if (kill.waitFor() != 0) {
                throw new RunFailure("kill -" + name() + " " + pid + " ended with " + kill.exitValue());
            }
        } catch (IOException e) {
            throw new RunFailure("cannot send " + name() + " to process " + pid + ": " + e.getMessage(), e);
        }
    }

    /** Whether a process is stopped, by what Linux says of it; false where nobody says. */
    static boolean isStopped(ProcessHandle process) {
        try {
            String stat = Files.readString(Path.of("/proc", Long.toString(process.pid()), "stat"));
            // The name of the program, in parentheses, may contain anything.
            return stat.charAt(stat.lastIndexOf(')') + 2) == 'T';
        } catch (IOException e) {
            return false;
        }
    }
}
