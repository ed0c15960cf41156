package io.framebroker.server.store.redis;

import java.util.ArrayList;
import java.util.List;

/**
 * Small commands on one stream that go through together if the stream is still ours. Each says how things are to be,
 * not how they change, so carrying it out twice does no harm.
 */
final class Commit {
    /** Redis' Lua takes some thousands of words for one command. */
    static final int MOST_IDS = 1000;

    private final List<byte[]> words = new ArrayList<>();
    private final List<Expected> expected = new ArrayList<>();
    private int commands;

    /** What is wrong with a reply, for people; null when nothing is. */
    interface Check {
        String surprise(Object reply);
    }

    /** A reply that must be right, or somebody else has been at the stream. */
    private record Expected(int command, Check check) {}

    void add(Object... command) {
        words.add(StreamKeys.bytes(command.length));
        for (Object word : command) {
            words.add(word instanceof byte[] bytes ? bytes : StreamKeys.bytes(word.toString()));
        }
        commands++;
    }

    void add(List<Object> command) {
        add(command.toArray());
    }

    /** The command added last answers this number. */
    void expect(long number, String what) {
        expect(reply -> reply instanceof Long is && is == number ? null : what + " is " + reply + ", not " + number);
    }

    /** The reply to the command added last is to be looked at. */
    void expect(Check check) {
        expected.add(new Expected(commands - 1, check));
    }

    /** How many commands. */
    int size() {
        return commands;
    }

    boolean isEmpty() {
        return commands == 0;
    }

    List<byte[]> words() {
        return words;
    }

    /** What was answered otherwise than expected, for people; null when nothing was. */
    String surprise(List<?> replies) {
        for (Expected each : expected) {
            String surprise = each.check.surprise(replies.get(each.command));
            if (surprise != null) {
                return surprise;
            }
        }
        return null;
    }
}
