package io.framebroker.server.store.disk;

import io.framebroker.server.broker.AckLevel;
import io.framebroker.server.broker.BrokerException;
import io.framebroker.server.broker.FrameStore;
import io.framebroker.server.broker.StreamNote;
import io.framebroker.server.broker.StreamRecord;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Frames in the files of one folder, which is this broker's alone.
 *
 * <p>Five threads, however many streams there are: one forces what was written, one tells of it, one makes room, one opens
 * streams, one reads what is not in memory.
 */
public final class DiskFrameStore implements FrameStore {
    private static final Logger log = LoggerFactory.getLogger(DiskFrameStore.class);
    /** Memory for frames that were read back, of all streams. */
    private static final long MOST_WARM_BYTES = 64 << 20;
    /** Of one group: what a thousand pictures of 256 KiB take. */
    private static final long MOST_DEAD_LETTER_BYTES = 256 << 20;
    /** Why a group does not get a frame that the disk has lost. */
    static final String LOST = "STORE_LOST";

    private final Disk disk;
    private final DiskSettings settings;
    private final LoggedFindings findings = new LoggedFindings();
    private final Chunks space;
    private final Syncer syncer;
    private final Provider provider;
    private final ExecutorService opener;
    private final ExecutorService reader;
    private final ExecutorService teller;
    private final List<Thread> threads = new ArrayList<>();
    private final AtomicLong damaged = new AtomicLong();
    private final AtomicLong deletions = new AtomicLong();

    /** Streams that nobody has opened; guarded by this. */
    private final Map<String, Recovered> closed;

    /** Guarded by this. */
    private final Map<String, DiskStreamStore> open = new HashMap<>();
    /** Streams that are deleted when the disk knows; guarded by this. */
    private final Set<DiskStreamStore> deleting = new HashSet<>();
    /** Streams that have read frames back, the one that did last at the end, and how many bytes; guarded by itself. */
    private final Map<DiskStreamStore, Long> warm = new LinkedHashMap<>();

    private long warmBytes;
    private volatile String over;

    /**
     * Takes the folder and finds what is in it. Blocks.
     *
     * @throws IOException when the folder is in use, of another version, or cannot be read or written
     */
    public DiskFrameStore(DiskSettings settings) throws IOException {
        this(new FolderDisk(settings.folder(), settings.segmentBytes()), settings);
    }

    DiskFrameStore(Disk disk, DiskSettings settings) throws IOException {
        this(disk, settings, thread("disk-open"), thread("disk-read"));
    }

    /**
     * @param opener where streams are opened
     * @param reader where frames are read back
     */
    DiskFrameStore(Disk disk, DiskSettings settings, ExecutorService opener, ExecutorService reader)
            throws IOException {
        this.disk = disk;
        this.settings = settings;
        this.opener = opener;
        this.reader = reader;
        this.space = new Chunks(disk, settings.maxBytes());
        this.teller = thread("disk-tell");
        this.syncer = new Syncer(
                space,
                settings.syncInterval().toNanos(),
                !tellsAtOnce(),
                this::failed,
                tellsAtOnce() ? Runnable::run : this::tell);
        this.provider = new Provider(disk, space, settings.retryInterval().toNanos(), this::failed);
        space.whenShort(provider::isShort);
        try {
            Recovery recovery = new Recovery(space, findings);
            closed = recovery.streams();
            damaged.set(recovery.damaged());
            recovery.free(syncer, provider);
            if (space.allBytes() == 0) {
                space.grow();
            }
            if (space.allBytes() > settings.maxBytes()) {
                log.warn(
                        "{} has {} bytes of segments already, more than the {} that it may have; they are used, and none"
                                + " is added",
                        disk.where(),
                        space.allBytes(),
                        settings.maxBytes());
            }
            if (!tellsAtOnce()) {
                // What a killed process has left is about to be said to be on the disk.
                space.force();
            }
        } catch (IOException | RuntimeException e) {
            disk.close();
            throw e;
        }
        start("disk-sync", syncer::run);
        start("disk-space", provider::run);
        provider.isShort();
    }

    private void tell(Runnable news) {
        teller.execute(() -> {
            try {
                news.run();
            } catch (RuntimeException | Error e) {
                failed(new IOException("what was forced could not be told: " + e, e));
            }
        });
    }

    private static ExecutorService thread(String name) {
        return Executors.newSingleThreadExecutor(work -> thread(name, work));
    }

    private static Thread thread(String name, Runnable work) {
        Thread thread = new Thread(work, name);
        thread.setDaemon(true);
        return thread;
    }

    private void start(String name, Runnable work) {
        Thread thread = thread(name, () -> {
            try {
                work.run();
            } catch (RuntimeException | Error e) {
                // Without this thread nobody would ever be answered.
                failed(new IOException(name + " has ended: " + e, e));
            }
        });
        threads.add(thread);
        thread.start();
    }

    @Override
    public String name() {
        return "disk";
    }

    @Override
    public AckLevel ackLevel() {
        return settings.level();
    }

    @Override
    public String durability() {
        return "acknowledged frames survive " + ackLevel().survives()
                + (tellsAtOnce()
                        ? "; loss of power takes what came in the last "
                                + settings.syncInterval().toMillis() + " ms and while the disk was being written"
                        : "");
    }

    /** How many places were found where the disk does not have what was written to it. */
    @Override
    public long intrusions() {
        return damaged.get();
    }

    /** A sixteenth of the room, so that the letters of some groups do not leave frames without any. */
    @Override
    public long mostDeadLetterBytes() {
        return Math.min(MOST_DEAD_LETTER_BYTES, Math.min(settings.maxBytes() / 16, 4L * disk.segmentBytes()));
    }

    @Override
    public void open(String stream, boolean create, Opening opening) {
        try {
            opener.execute(() -> openNow(stream, create, opening));
        } catch (RejectedExecutionException e) {
            opening.failed(unavailable(over));
        }
    }

    private void openNow(String stream, boolean create, Opening opening) {
        DiskStreamStore opened;
        StreamRecord record = StreamRecord.NEW;
        try {
            if (over != null) {
                throw unavailable(over);
            }
            Recovered known;
            synchronized (this) {
                known = closed.get(stream);
            }
            if (known == null && !create) {
                throw BrokerException.streamNotFound(stream);
            }
            boolean isNew = known == null;
            Recovered from = isNew ? Recovered.none(space.newNumber(), stream) : known;
            FrameScan found = new FrameScan(from.id(), from.state(), space, findings);
            found.scan(from.frames());
            if (found.cutOff()) {
                space.force();
            }
            damaged(Math.max(found.damaged(), found.lost() > 0 ? 1 : 0));
            LetterLog letters = new LetterLog(from.id(), space);
            letters.recover(from.letters(), from.state().groups(), found::generation);
            damaged(letters.lost() > 0 ? 1 : 0);
            List<StreamRecord.OfGroup> groups = new ArrayList<>();
            for (DiskGroup group : from.state().groups()) {
                List<StreamRecord.Pending> pending = group.recover(found::generation, LOST);
                long maybe = group.maybeDelivered(found.index().next() - 1);
                groups.add(new StreamRecord.OfGroup(group.name(), group.settings(), pending, maybe));
            }
            opened = new DiskStreamStore(this, from.id(), from.state(), from.journal(), found, letters);
            begin(opened, from.damaged() || found.damaged() > 0 || found.lost() > 0 || letters.lost() > 0);
            record = isNew ? record : record(from.state(), groups);
            synchronized (this) {
                if (over != null) {
                    opened.stop();
                    throw unavailable(over);
                }
                closed.remove(stream);
                open.put(stream, opened);
            }
        } catch (BrokerException e) {
            opening.failed(e);
            return;
        } catch (IOException | RuntimeException | InternalError e) {
            log.error("stream {} could not be opened", stream, e);
            opening.failed(unavailable("stream " + stream + " could not be opened from " + disk.where() + ": " + e));
            return;
        }
        opening.opened(opened, record);
    }

    private void begin(DiskStreamStore opened, boolean afresh) {
        if (!opened.begin(afresh)) {
            syncer.finish();
            provider.makeRoom();
            if (!opened.begin(true)) {
                opened.stop();
                throw new BrokerException(
                        BrokerException.Kind.EXHAUSTED,
                        "STORE_FULL",
                        "there is no room for stream " + opened.name() + " in " + disk.where() + ": "
                                + space.freeBytes() + " of " + space.mostBytes()
                                + " bytes are free; delete streams, keep less, or allow more");
            }
        }
    }

    private static StreamRecord record(StreamState state, List<StreamRecord.OfGroup> groups) {
        StreamNote.Description description = state.description();
        return new StreamRecord(description, state.counts(), state.publishers().all(), groups, state.paused());
    }

    private static BrokerException unavailable(String why) {
        return new BrokerException(BrokerException.Kind.UNAVAILABLE, "STORE_FAILED", why);
    }

    @Override
    public void names(Consumer<List<String>> answer) {
        List<String> names;
        synchronized (this) {
            names = new ArrayList<>(closed.keySet());
            names.addAll(open.keySet());
        }
        answer.accept(names);
    }

    // ---- what streams need

    boolean tellsAtOnce() {
        return settings.level() == AckLevel.STORED;
    }

    Chunks space() {
        return space;
    }

    Syncer syncer() {
        return syncer;
    }

    /** The disk may be in trouble before any stream waits for it. */
    @Override
    public String trouble() {
        List<DiskStreamStore> streams;
        synchronized (this) {
            streams = List.copyOf(open.values());
        }
        String waiting = streams.stream()
                .map(DiskStreamStore::trouble)
                .filter(Objects::nonNull)
                .findFirst()
                .orElse(null);
        return over != null ? over : waiting;
    }

    /** What is in the way of those who wait for room; null when nothing is. */
    String troubleOfDisk() {
        return provider.trouble();
    }

    void waitForRoom(DiskStreamStore stream) {
        provider.add(stream);
    }

    /** The stream has one chunk more, or more of them, that it does not need. */
    void unneeded(DiskStreamStore stream, int bytes) {
        provider.unneeded(stream, bytes);
    }

    /** Does something that waits for the disk. */
    void read(Runnable reading) {
        try {
            reader.execute(reading);
        } catch (RejectedExecutionException e) {
            log.debug("nothing is read any more: {}", over);
        }
    }

    void damaged(int places) {
        damaged.addAndGet(places);
    }

    /** The stream has so many bytes of frames in memory that were read back. */
    void warm(DiskStreamStore stream, long bytes) {
        List<DiskStreamStore> drop = new ArrayList<>();
        synchronized (warm) {
            Long before = warm.remove(stream);
            warmBytes += bytes - (before == null ? 0 : before);
            warm.put(stream, bytes);
            while (warmBytes > MOST_WARM_BYTES && warm.size() > 1) {
                DiskStreamStore eldest = warm.keySet().iterator().next();
                warmBytes -= warm.remove(eldest);
                drop.add(eldest);
            }
        }
        drop.forEach(DiskStreamStore::dropWarm);
    }

    private void forgetWarm(DiskStreamStore stream) {
        synchronized (warm) {
            Long bytes = warm.remove(stream);
            warmBytes -= bytes == null ? 0 : bytes;
        }
    }

    /** How many streams have been deleted since this broker started. */
    long deletions() {
        return deletions.get();
    }

    /**
     * A stream is deleted, once the disk knows. Its journal, which says so, goes last: frames without one would be a
     * stream's that has lost its name.
     */
    synchronized void deleted(DiskStreamStore stream, List<Chunk> frames, List<Chunk> journals, Runnable done) {
        deletions.incrementAndGet();
        open.remove(stream.name(), stream);
        deleting.add(stream);
        forgetWarm(stream);
        syncer.after(() -> {
            provider.free(frames);
            syncer.after(() -> provider.free(journals));
            synchronized (this) {
                deleting.remove(stream);
            }
            done.run();
        });
    }

    /** What was written may not last: nobody is to go on with it. */
    private void failed(IOException why) {
        over = "the disk of " + disk.where() + " failed: " + why.getMessage()
                + "; what is on it is known when the broker starts again";
        log.error("{}", over, why);
        List<DiskStreamStore> streams;
        synchronized (this) {
            streams = new ArrayList<>(open.values());
            streams.addAll(deleting);
            open.clear();
            deleting.clear();
            closed.clear();
        }
        streams.forEach(stream -> stream.lost(unavailable(over)));
    }

    // ---- the end

    @Override
    public void close() {
        end(true);
    }

    /** As if the process were killed. */
    void abandon() {
        end(false);
    }

    private void end(boolean inGoodOrder) {
        synchronized (this) {
            if (over != null && !disk.isOpen()) {
                return;
            }
        }
        if (!inGoodOrder) {
            openStreams().forEach(DiskStreamStore::stop);
        }
        boolean working = over == null;
        over = "the disk store of " + disk.where() + " is closed";
        opener.shutdown();
        awaitEnd(opener, "a stream is still being opened");
        reader.shutdown();
        provider.stop();
        syncer.stop();
        for (Thread thread : threads) {
            join(thread);
        }
        if (inGoodOrder && working) {
            openStreams().forEach(DiskStreamStore::takeLeave);
            syncer.sync();
        }
        teller.shutdown();
        awaitEnd(teller, "what was forced is still being told");
        for (DiskStreamStore each : openStreams()) {
            long unwritten = each.stop();
            if (unwritten > 0) {
                log.warn(
                        "stream {}: {} frames that waited for room in {} are not kept; nobody was told that they are",
                        each.name(),
                        unwritten,
                        disk.where());
            }
        }
        try {
            disk.close();
        } catch (IOException e) {
            log.warn("the folder {} could not be left in good order", disk.where(), e);
        }
    }

    private synchronized List<DiskStreamStore> openStreams() {
        return List.copyOf(open.values());
    }

    private static void awaitEnd(ExecutorService ending, String meanwhile) {
        try {
            while (!ending.awaitTermination(1, TimeUnit.MINUTES)) {
                log.warn("{}", meanwhile);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static void join(Thread thread) {
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
