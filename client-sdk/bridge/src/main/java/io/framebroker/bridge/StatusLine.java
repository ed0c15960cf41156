package io.framebroker.bridge;

import io.framebroker.bridge.source.Account;
import java.time.Duration;
import java.util.Locale;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Says at intervals, in one line, how the bridge does; and warns when it falls behind further and further. */
final class StatusLine {
    private static final Logger log = LoggerFactory.getLogger(StatusLine.class);

    /** Lines in a row with a growing lag until it is worth a warning. */
    private static final int GROWING_LINES = 3;

    private static final long SMALL_LAG_MILLIS = 2_000;

    private final String what;
    private final long intervalNanos;

    private long saidNanos;
    private long readBefore;
    private long behindBefore;
    private int growing;

    /** @param interval zero for no lines */
    StatusLine(String what, Duration interval, long nowNanos) {
        this.what = what;
        this.intervalNanos = interval.toNanos();
        this.saidNanos = nowNanos;
    }

    /** Says the line if it is time. */
    void tick(long nowNanos, Counts counts, Account account, InFlight inFlight, Targets targets) {
        if (intervalNanos == 0 || nowNanos - saidNanos < intervalNanos) {
            return;
        }
        double seconds = (nowNanos - saidNanos) / 1e9;
        log.info("{}", line(what, counts, (counts.read - readBefore) / seconds, account, inFlight, targets));
        readBefore = counts.read;
        saidNanos = nowNanos;
        if (fallsBehind(account.behindMillis())) {
            log.warn(
                    "{} falls behind: the last entry read is {} s older than the newest. {}",
                    what,
                    account.behindMillis() / 1000,
                    inFlight.room() == 0
                            ? "The broker takes frames more slowly than they come in: entries wait in Redis"
                            : "Entries come in faster than they are read");
        }
    }

    /** Notes how far behind the bridge is at this line. Returns whether that has grown for some lines in a row. */
    boolean fallsBehind(long millis) {
        growing = millis > behindBefore && millis > SMALL_LAG_MILLIS ? growing + 1 : 0;
        behindBefore = millis;
        return growing >= GROWING_LINES;
    }

    static String line(
            String what, Counts counts, double perSecond, Account account, InFlight inFlight, Targets targets) {
        return String.format(
                Locale.ROOT,
                "%s: read %d (%.0f/s), stored %d (%d of them before), waiting %s, behind %.1f s, in flight %s,"
                        + " set aside %d, lost %d, dropped by the broker %d; %s",
                what,
                counts.read,
                perSecond,
                counts.stored,
                targets.alreadyThere(),
                account.waiting() < 0 ? "unknown" : Long.toString(account.waiting()),
                account.behindMillis() / 1e3,
                inFlight,
                counts.setAside,
                counts.lost,
                counts.dropped,
                targets.broker());
    }
}
