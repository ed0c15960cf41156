package io.framebroker.bridge;

import io.framebroker.bridge.source.EntryId;
import io.framebroker.bridge.source.GroupGoneException;
import io.framebroker.bridge.source.Loss;
import io.framebroker.bridge.source.RedisSource;
import io.framebroker.bridge.source.TryAgainException;
import io.framebroker.v1.AckLevel;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Turns what the broker says into what Redis is told. An entry is settled there only when the broker has it, or has it in its
 * ledger, or it is in the side stream. What Redis could not be told is told later. For the pump's thread.
 */
final class Settling {
    private static final Logger log = LoggerFactory.getLogger(Settling.class);

    private static final int MOST_AT_ONCE = 1_000;

    private final RedisSource source;
    private final InFlight inFlight;
    private final LossReports losses;
    private final Counts counts;
    private final String lossesTo;

    private final ArrayDeque<EntryId> stored = new ArrayDeque<>();
    private final ArrayDeque<EntryId> dropped = new ArrayDeque<>();
    private final ArrayDeque<Refused> refused = new ArrayDeque<>();
    private final ArrayDeque<Loss> told = new ArrayDeque<>();
    private final List<Outcome.Stored> unsorted = new ArrayList<>();
    private boolean levelSaid;
    private boolean closed;

    private record Refused(EntryId id, String reason, String message) {}

    Settling(RedisSource source, InFlight inFlight, LossReports losses, Counts counts, String lossesTo) {
        this.source = source;
        this.inFlight = inFlight;
        this.losses = losses;
        this.counts = counts;
        this.lossesTo = lossesTo;
    }

    /**
     * Takes notice of an outcome.
     *
     * @param lastRead last entry read from the source
     */
    void hear(Outcome outcome, EntryId lastRead) {
        if (outcome instanceof Outcome.Stored through) {
            // A failure below may stand behind it in the queue, told by another thread.
            unsorted.add(through);
        } else if (outcome instanceof Outcome.Failed failed) {
            failed(failed);
        } else if (outcome instanceof Outcome.Opened opened) {
            opened(opened, lastRead);
        } else if (outcome instanceof Outcome.Told report) {
            if (report.confirmed()) {
                told.add(report.loss());
            } else {
                losses.over(report.loss());
            }
        }
    }

    /** The publishers are being closed: what they do not know any more is nobody's word. */
    void close() {
        closed = true;
    }

    /** Tells Redis. All outcomes that were there have been heard. */
    void carryOut() throws TryAgainException, GroupGoneException {
        for (Outcome.Stored each : unsorted) {
            each.target().takeThrough(each.through()).forEach(carried -> stored.add(carried.id()));
        }
        unsorted.clear();
        for (Refused next = refused.peek(); next != null; next = refused.peek()) {
            source.setAside(next.id(), next.reason(), next.message(), "", lossesTo);
            counts.setAside++;
            inFlight.remove(refused.poll().id());
        }
        counts.stored += settle(stored);
        counts.dropped += settle(dropped);
        for (Loss next = told.peek(); next != null; next = told.peek()) {
            source.told(next);
            losses.over(told.poll());
        }
    }

    private long settle(ArrayDeque<EntryId> queue) throws TryAgainException {
        long settled = 0;
        while (!queue.isEmpty()) {
            List<EntryId> ids = queue.stream().limit(MOST_AT_ONCE).toList();
            source.settle(ids);
            ids.forEach(inFlight::remove);
            ids.forEach(id -> queue.poll());
            settled += ids.size();
        }
        return settled;
    }

    private void failed(Outcome.Failed failed) {
        boolean known = switch (failed.kind()) {
            case REJECTED, DROPPED_BY_BROKER -> true;
            case DROPPED_HERE, UNKNOWN -> false;
        };
        if (!known) {
            if (closed) {
                return;
            }
            failed.target().requireAlive();
        }
        Carried entry = failed.target().take(failed.sequence());
        if (entry == null) {
            return;
        }
        log.warn(
                "entry {} is not in stream {}: {} ({}) {}",
                entry.id(),
                failed.target().stream(),
                failed.kind(),
                failed.reason(),
                failed.message());
        switch (failed.kind()) {
            case DROPPED_BY_BROKER -> dropped.add(entry.id());
            case REJECTED, DROPPED_HERE, UNKNOWN ->
                refused.add(new Refused(entry.id(), failed.reason(), failed.kind() + ": " + failed.message()));
        }
    }

    private void opened(Outcome.Opened opened, EntryId lastRead) {
        if (opened.last().compareTo(lastRead) > 0) {
            log.warn(
                    "{}: the broker has frames up to entry {} in it, the source has been read up to {} only. Redis lost its newest"
                            + " entries, or somebody else publishes under this id; what is below counts as stored",
                    opened.target(),
                    opened.last(),
                    lastRead);
        }
        if (!levelSaid) {
            levelSaid = true;
            log.info("the broker acknowledges at level {}", opened.level());
            if (opened.level() == AckLevel.ACK_LEVEL_MEMORY) {
                log.warn(
                        "the broker keeps frames in memory: what it has acknowledged is settled in Redis, and ends with it");
            }
        }
    }
}
