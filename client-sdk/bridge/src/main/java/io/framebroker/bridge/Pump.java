package io.framebroker.bridge;

import io.framebroker.bridge.mapping.FrameMapping;
import io.framebroker.bridge.source.Account;
import io.framebroker.bridge.source.Entry;
import io.framebroker.bridge.source.EntryId;
import io.framebroker.bridge.source.GiveUpException;
import io.framebroker.bridge.source.GroupGoneException;
import io.framebroker.bridge.source.Loss;
import io.framebroker.bridge.source.Ownership;
import io.framebroker.bridge.source.RedisSource;
import io.framebroker.bridge.source.TryAgainException;
import io.framebroker.client.FrameBrokerClient;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Carries entries from the source to the broker, in order.
 *
 * <pre>
 *   not connected -> connected -> owner -> pending entries -> new entries
 *        ^               |          |              |               |
 *        +---------------+----------+--------------+---------------+   Redis cannot serve
 * </pre>
 *
 * <p>The one rule everything else serves: an entry is published only when every earlier entry of the group has been published, or
 * set aside, or is settled. The broker remembers the last sequence alone, and takes a lower one for a duplicate; an entry that is
 * overtaken would be acknowledged and never stored. So after anything that went wrong, entries are read again from the first
 * pending one on, and what is in flight is passed over.
 *
 * <p>All of it happens on the thread that runs {@link #run}; outcomes come in through a queue.
 */
final class Pump {
    private static final Logger log = LoggerFactory.getLogger(Pump.class);

    private static final long TICK_MILLIS = 1_000;
    private static final long MOST_POLL_MILLIS = 10;
    /** A source that is quiet for so long is waited for in Redis. */
    private static final long QUIET_NANOS = TimeUnit.SECONDS.toNanos(1);

    /**
     * How entries are carried.
     *
     * @param lossesTo stream in whose ledger losses go that no stream can be told of
     * @param drain how long what is in flight may take at the end
     */
    record Settings(
            boolean fromBeginning,
            int mostInFlight,
            long mostBytes,
            int batch,
            int mostStreams,
            String lossesTo,
            Duration lease,
            Duration status,
            Duration drain) {}

    private final Settings settings;
    private final RedisSource source;
    private final FrameBrokerClient client;
    private final Consumer<String> announce;
    private final long tickMillis;

    private final LinkedBlockingQueue<Outcome> outcomes = new LinkedBlockingQueue<>();
    private final Backoff backoff =
            new Backoff(Duration.ofMillis(100), Duration.ofSeconds(5), RandomGenerator.getDefault());
    private final Counts counts = new Counts();
    private final InFlight inFlight;
    private final Targets targets;
    private final LossReports losses;
    private final Publishing publishing;
    private final Settling settling;
    private final StatusLine status;

    private volatile boolean stopping;

    /** Has owned the source since it was started. */
    private boolean owned;
    /** Owns the source on the present connection. */
    private boolean reading;

    private String standsByFor = "";

    /** Behind which pending entries are to be read; null once they have been. */
    private EntryId behind = EntryId.ZERO;

    private EntryId lastRead = EntryId.ZERO;
    private Account account = new Account(-1, 0, 0, EntryId.ZERO, EntryId.ZERO);
    /** Entries read when the account was taken. */
    private long readAtAccount;

    private long tickNanos = System.nanoTime();
    private long quietSinceNanos;
    private long pollMillis = 1;

    /** @param announce told in one line when the bridge reads, or stands by */
    Pump(
            Settings settings,
            RedisSource source,
            FrameMapping mapping,
            FrameBrokerClient client,
            Target.Settings publishing,
            Consumer<String> announce) {
        this.settings = settings;
        this.source = source;
        this.client = client;
        this.announce = announce;
        this.tickMillis = Math.min(TICK_MILLIS, settings.lease().toMillis() / 3);
        this.inFlight = new InFlight(settings.mostInFlight(), settings.mostBytes(), settings.batch());
        this.targets =
                new Targets(settings.mostStreams(), stream -> new Target(client, stream, publishing, outcomes::add));
        this.losses = new LossReports(targets, outcomes::add);
        this.publishing = new Publishing(source, mapping, targets, inFlight, counts, settings.lossesTo());
        this.settling = new Settling(source, inFlight, losses, counts, settings.lossesTo());
        this.status = new StatusLine(source.toString(), settings.status(), System.nanoTime());
    }

    /**
     * Carries until {@link #stop}. Closes client and source.
     *
     * @throws GiveUpException when it cannot go on; nothing that is not in the broker is settled then
     * @throws BeginAnewException when Redis has gone back in time; so is nothing then
     */
    void run() throws InterruptedException {
        try {
            while (!stopping) {
                try {
                    goOn();
                } catch (TryAgainException e) {
                    source.disconnect();
                    reading = false;
                    long millis = backoff.nextMillis();
                    log.warn("{}; trying again in {} ms", e.getMessage(), millis);
                    sitOut(millis);
                } catch (GroupGoneException e) {
                    log.error("{}: {}", source, e.getMessage());
                    reading = false;
                }
            }
            drain();
        } finally {
            leave();
        }
    }

    /** From any thread: ends {@link #run} soon. */
    void stop() {
        stopping = true;
        outcomes.add(new Outcome.Woken());
    }

    private void goOn() throws TryAgainException, GroupGoneException, InterruptedException {
        if (!source.isConnected()) {
            source.connect();
        }
        if (!reading) {
            own();
            return;
        }
        settle();
        tick();
        carry();
        backoff.reset();
    }

    // ---- owning

    private void own() throws TryAgainException, GroupGoneException, InterruptedException {
        Ownership ownership = source.acquire(!owned);
        if (!ownership.ours()) {
            if (owned) {
                throw new GiveUpException(source + " has been taken over by consumer " + ownership.holder(), null);
            }
            standBy(ownership);
            return;
        }
        boolean created = source.createGroup(settings.fromBeginning() || owned);
        if (created && owned) {
            groupWasGone();
        }
        long pending = source.takeOver(settings.lossesTo());
        if (ownership.last().compareTo(lastRead) < 0) {
            throw new BeginAnewException(source + " has been read up to " + lastRead + ", and says " + ownership.last()
                    + ": Redis lost what it had not yet written");
        }
        lastRead = ownership.last();
        behind = EntryId.ZERO;
        reading = true;
        log.info("reading {}: {} pending, {} in flight", source, pending, inFlight.count());
        if (!owned) {
            owned = true;
            announce.accept("ready pending=" + pending);
        }
    }

    private void standBy(Ownership ownership) throws InterruptedException {
        if (!standsByFor.equals(ownership.holder())) {
            standsByFor = ownership.holder();
            log.info("standing by: {} is read by consumer {}", source, standsByFor);
            announce.accept("standby holder=" + standsByFor);
        }
        pause(Math.max(1, Math.min(tickMillis, ownership.leaseMillis())));
    }

    private void groupWasGone() throws TryAgainException, GroupGoneException {
        long waiting = Math.max(0, account.waiting() - (counts.read - readAtAccount));
        log.error(
                "{} was deleted or evicted with its group; about {} entries had not been read. Reading what there is now",
                source,
                waiting);
        if (waiting > 0) {
            source.lost(settings.lossesTo(), Loss.SOURCE_DELETED, waiting);
        }
    }

    // ---- carrying

    private void carry() throws TryAgainException, GroupGoneException, InterruptedException {
        int room = inFlight.room();
        if (room == 0) {
            // The broker's brake reaches Redis here: what is not read waits there.
            pause(tickMillis);
            return;
        }
        List<Entry> entries = behind == null ? freshEntries(room) : pendingEntries(room);
        if (!entries.isEmpty()) {
            quietSinceNanos = 0;
            publishing.publish(entries);
        } else if (behind == null) {
            awaitEntries();
        }
    }

    private List<Entry> freshEntries(int room) throws TryAgainException, GroupGoneException {
        List<Entry> entries = source.readNew(lastRead, room);
        if (!entries.isEmpty()) {
            lastRead = entries.get(entries.size() - 1).id();
            counts.read += entries.size();
        }
        return entries;
    }

    private List<Entry> pendingEntries(int room) throws TryAgainException, GroupGoneException {
        List<Entry> page = source.readPending(behind, room);
        behind = page.isEmpty() ? null : page.get(page.size() - 1).id();
        List<Entry> entries = new ArrayList<>();
        List<EntryId> deleted = new ArrayList<>();
        for (Entry entry : page) {
            if (inFlight.contains(entry.id())) {
                continue;
            }
            if (entry.isDeleted()) {
                deleted.add(entry.id());
            } else {
                entries.add(entry);
            }
        }
        if (!deleted.isEmpty()) {
            log.warn("{}: deleted while they were pending: {}", source, deleted);
            source.gone(deleted, settings.lossesTo());
            counts.lost += deleted.size();
        }
        counts.read += entries.size();
        return entries;
    }

    /** Looks again soon; a source that is quiet is waited for in Redis, unless an outcome may come meanwhile. */
    private void awaitEntries() throws TryAgainException, InterruptedException {
        long now = System.nanoTime();
        if (quietSinceNanos == 0) {
            quietSinceNanos = now;
            pollMillis = 1;
        }
        if (inFlight.isEmpty() && losses.isIdle() && now - quietSinceNanos >= QUIET_NANOS) {
            source.awaitEntry(later(lastRead, account.delivered()), Duration.ofMillis(tickMillis));
        } else {
            pause(pollMillis);
            pollMillis = Math.min(MOST_POLL_MILLIS, 2 * pollMillis);
        }
    }

    // ---- settling

    private void settle() throws TryAgainException, GroupGoneException {
        Outcome outcome = outcomes.poll();
        while (outcome != null) {
            settling.hear(outcome, lastRead);
            outcome = outcomes.poll();
        }
        settling.carryOut();
    }

    private void tick() throws TryAgainException, GroupGoneException {
        long now = System.nanoTime();
        if (now - tickNanos < 0) {
            return;
        }
        tickNanos = now + TimeUnit.MILLISECONDS.toNanos(tickMillis);
        publishing.tick();
        account = source.account(settings.lossesTo());
        readAtAccount = counts.read;
        if (account.missed() > 0) {
            log.warn("{}: {} entries were trimmed or deleted before they were read", source, account.missed());
            counts.lost += account.missed();
        }
        losses.tell(source.losses());
        status.tick(now, counts, account, inFlight, targets);
    }

    /** For so long, unless the end is wanted; outcomes are heard. */
    private void sitOut(long millis) throws InterruptedException {
        long deadlineNanos = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis);
        for (long left = millis; left > 0 && !stopping; ) {
            pause(left);
            left = TimeUnit.NANOSECONDS.toMillis(deadlineNanos - System.nanoTime());
        }
    }

    /** Until there is an outcome, or the end is wanted. */
    private void pause(long millis) throws InterruptedException {
        if (stopping) {
            return;
        }
        Outcome outcome = outcomes.poll(millis, TimeUnit.MILLISECONDS);
        if (outcome != null) {
            settling.hear(outcome, lastRead);
        }
    }

    // ---- the end

    /** Gives what is in flight a little time. What has no outcome then stays pending, and the next bridge asks the broker. */
    private void drain() throws InterruptedException {
        long deadlineNanos = System.nanoTime() + settings.drain().toNanos();
        try {
            settle();
            while (reading && !(inFlight.isEmpty() && losses.isIdle())) {
                Outcome outcome = outcomes.poll(deadlineNanos - System.nanoTime(), TimeUnit.NANOSECONDS);
                if (outcome == null) {
                    return;
                }
                settling.hear(outcome, lastRead);
                settle();
            }
        } catch (TryAgainException | GroupGoneException e) {
            log.warn("{}; {} entries stay pending", e.getMessage(), inFlight.count());
        }
    }

    private void leave() {
        settling.close();
        client.close();
        try {
            if (reading) {
                settle();
                source.release();
            }
        } catch (TryAgainException | GroupGoneException | GiveUpException e) {
            log.warn("{}", e.getMessage());
        } finally {
            source.close();
        }
        log.info("{}", StatusLine.line("ended, " + source, counts, 0, account, inFlight, targets));
    }

    private static EntryId later(EntryId one, EntryId other) {
        return one.compareTo(other) >= 0 ? one : other;
    }
}
