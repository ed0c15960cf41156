package io.framebroker.loadgen.role;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintStream;

/** The child's end of {@link ChildRole}: one answer for each command, until the input ends. */
public final class RoleServer {
    private RoleServer() {}

    public static void serve(Role role, BufferedReader commands, PrintStream answers) throws IOException {
        try (role) {
            String text;
            while ((text = commands.readLine()) != null) {
                answers.println(answer(role, text));
                answers.flush();
            }
        }
    }

    private static Line answer(Role role, String text) {
        try {
            return role.ask(Line.parse(text));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return Line.error(e);
        } catch (RuntimeException e) {
            return Line.error(e);
        }
    }
}
