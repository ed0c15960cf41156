package io.framebroker.loadgen.check;

import io.framebroker.loadgen.log.FrameSource;
import io.framebroker.loadgen.log.LogFile;
import java.util.Arrays;
import java.util.List;

/** The sources of one file by the numbers it gives them. */
final class SourceTable {
    private final RunAccount run;

    private SourceAccount[] accounts = new SourceAccount[8];
    private int size;

    SourceTable(RunAccount run) {
        this.run = run;
    }

    /** Reads the rest of a {@code SOURCE} line. */
    void define(LogFile log) {
        if (log.number() != size) {
            throw log.unreadable("does not give its source the number " + size);
        }
        if (size == accounts.length) {
            accounts = Arrays.copyOf(accounts, 2 * size);
        }
        try {
            FrameSource source = new FrameSource(log.word(), log.word(), log.word(), log.number());
            accounts[size++] = run.source(source);
        } catch (IllegalArgumentException e) {
            throw log.unreadable(e.getMessage());
        }
    }

    /** The source that the next word of the line names. */
    SourceAccount take(LogFile log) {
        long number = log.number();
        if (number < 0 || number >= size) {
            throw log.unreadable("names a source that the file has not defined");
        }
        return accounts[(int) number];
    }

    List<SourceAccount> all() {
        return Arrays.asList(accounts).subList(0, size);
    }
}
