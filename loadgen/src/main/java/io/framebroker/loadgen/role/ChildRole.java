package io.framebroker.loadgen.role;

import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/**
 * A role in a JVM of its own: commands go to its standard input, answers come from its standard output, its standard
 * error is ours. It ends when its input does, so it does not outlive us. Used by one thread.
 */
public final class ChildRole implements Role {
    private static final long ANSWER_SECONDS = 120;
    private static final String END = "";

    private final String name;
    private final Process process;
    private final BufferedWriter commands;
    private final BlockingQueue<String> answers = new LinkedBlockingQueue<>();

    private ChildRole(String name, Process process) {
        this.name = name;
        this.process = process;
        this.commands = process.outputWriter(StandardCharsets.UTF_8);
        Thread reader = new Thread(this::read, "answers-of-" + name);
        reader.setDaemon(true);
        reader.start();
    }

    /** Starts {@code loadgen ROLE} with this JVM's class path. */
    public static ChildRole start(String role, Jvm jvm) {
        List<String> command = new ArrayList<>(jvm.command());
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), "io.framebroker.loadgen.LoadGen", role));
        return new ChildRole(role, Children.start(command));
    }

    @Override
    public Line ask(Line request) throws InterruptedException {
        try {
            commands.write(request.toString());
            commands.newLine();
            commands.flush();
        } catch (IOException e) {
            throw died(request);
        }
        String text = answers.poll(ANSWER_SECONDS, TimeUnit.SECONDS);
        if (text == null) {
            throw new RunFailure(this + " did not answer '" + request.verb() + "' within " + ANSWER_SECONDS + " s");
        }
        if (text.equals(END)) {
            throw died(request);
        }
        Line answer = Line.parse(text);
        if (answer.verb().equals(Line.ERROR)) {
            throw new RunFailure(name + ": " + answer.get("message"));
        }
        return answer;
    }

    @Override
    public ProcessHandle process() {
        return process.toHandle();
    }

    @Override
    public void close() {
        Children.end(process);
    }

    private RunFailure died(Line request) throws InterruptedException {
        process.waitFor(5, TimeUnit.SECONDS);
        String how = process.isAlive() ? "closed its output" : "ended with exit code " + process.exitValue();
        return new RunFailure(this + " " + how + " at '" + request.verb() + "'; what it said is above");
    }

    private void read() {
        try (BufferedReader lines = process.inputReader(StandardCharsets.UTF_8)) {
            String line;
            while ((line = lines.readLine()) != null) {
                answers.add(line);
            }
        } catch (IOException e) {
            // It ended.
        }
        answers.add(END);
    }

    @Override
    public String toString() {
        return name + " (process " + process.pid() + ")";
    }
}
