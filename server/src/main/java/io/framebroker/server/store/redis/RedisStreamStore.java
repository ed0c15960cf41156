package io.framebroker.server.store.redis;

import io.framebroker.server.broker.BrokerException;
import io.framebroker.server.broker.DeadLetter;
import io.framebroker.server.broker.Frame;
import io.framebroker.server.broker.GroupRecord;
import io.framebroker.server.broker.GroupSettings;
import io.framebroker.server.broker.StreamNote;
import io.framebroker.server.broker.StreamRecord.Left;
import io.framebroker.server.broker.StreamStore;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import redis.clients.jedis.Connection;
import redis.clients.jedis.Protocol.Command;
import redis.clients.jedis.exceptions.JedisDataException;

/**
 * One stream in Redis, as its owner sees it. What the core asks for gathers here; the {@link Lane} of the stream's node
 * takes it in batches, one at a time, and brings the answers back.
 *
 * <p>Guarded by its monitor, which is never held while the listener is called or Redis is waited for.
 */
final class RedisStreamStore implements StreamStore {
    private static final Logger log = LoggerFactory.getLogger(RedisStreamStore.class);
    private static final long FIRST_PAUSE_NANOS = 20_000_000;
    private static final long LONGEST_PAUSE_NANOS = 250_000_000;
    /** Where Redis has no memory for the copy of a dead letter. */
    private static final long COPY_PAUSE_NANOS = 100_000_000;

    private static final int MOST_BYTES_OF_COPIES = 256 << 10;
    /** Where Redis answers and refuses: each try begins a generation, so they must not go on often. */
    private static final long LONGEST_REFUSED_NANOS = 5_000_000_000L;
    /** For how long Redis knows that a stream was deleted; longer than any lease. */
    private static final long DELETED_MILLIS = 3_600_000;

    private static final String LAST_OF_GENERATION = "18446744073709551615";

    /** What the core is to be told of a batch, once the monitor is free. */
    interface News {
        void tell(Listener listener);
    }

    /** That the stream is over. */
    private interface LastNews extends News {}

    private enum State {
        /** Redis does what it is told. */
        OPEN,
        /** It is not known what of the last batch was done, or whether the stream is still ours. */
        UNSURE,
        /** The stream is given up, or lost. */
        OVER
    }

    private final String name;
    private final StreamKeys keys;
    private final RedisFrameStore store;
    private final StreamGroups groups;

    private final StreamFacts facts;
    private final FrameLog frames;
    private final FrameRing ring;
    private final ReadBack cold;
    private final CommitPace pace = new CommitPace(System.nanoTime());

    private final CountDownLatch gone = new CountDownLatch(1);
    private volatile Lane lane;
    private volatile Listener listener;
    private volatile long leaseEndNanos;
    private volatile String trouble;
    private State state = State.OPEN;
    private long generation;
    private byte[] ownerValue;
    private long notesAsked;
    private long notesTold;
    private boolean deleting;
    /** Told once the stream is deleted; null while nobody is to be told. */
    private Runnable deleted;

    private long notBeforeNanos;
    private long pauseNanos = FIRST_PAUSE_NANOS;
    private long noCopiesBeforeNanos = System.nanoTime();
    private boolean copiesRefused;
    private long committedNanos;
    private long lookedNanos = System.nanoTime();

    RedisStreamStore(RedisFrameStore store, String name, StreamKeys keys, StreamLoader.Loaded loaded) {
        this.store = store;
        this.name = name;
        this.keys = keys;
        this.facts = loaded.facts();
        this.groups = new StreamGroups(keys);
        this.frames = new FrameLog(keys, loaded);
        this.ring = loaded.ring();
        this.cold = new ReadBack(name, ring, (first, last) -> store.read(this, first, last));
        owned(loaded.generation(), loaded.acquiredNanos());
    }

    String name() {
        return name;
    }

    StreamKeys keys() {
        return keys;
    }

    private void owned(long newGeneration, long sinceNanos) {
        generation = newGeneration;
        ownerValue = ownerValue(newGeneration);
        leaseEndNanos = sinceNanos + store.leaseNanos();
        committedNanos = sinceNanos;
    }

    private byte[] ownerValue(long ofGeneration) {
        return StreamKeys.bytes(ofGeneration + " " + store.me());
    }

    /** Adds a group that was there before. Called before the stream is in use. */
    void recovered(RedisGroup group) {
        groups.add(group);
    }

    /** Groups that were deleted, and are there again in Redis. */
    void recoverDeleted(List<String> names) {
        groups.areBack(names);
    }

    /** The stream is in use from now on, and this lane writes for it. */
    void start(Lane by) {
        lane = by;
        by.add(this);
    }

    // ---- what the core asks

    @Override
    public void listen(Listener told) {
        listener = told;
    }

    @Override
    public synchronized long generation() {
        return generation;
    }

    @Override
    public boolean isOwned() {
        return leaseEndNanos - System.nanoTime() > 0;
    }

    @Override
    public String trouble() {
        String own = trouble;
        Lane by = lane;
        return own != null || by == null ? own : by.trouble();
    }

    @Override
    public synchronized long lastOrdinal() {
        return frames.storedThrough();
    }

    @Override
    public synchronized long firstOrdinal() {
        return frames.first();
    }

    @Override
    public synchronized int bytes(long ordinal) {
        return frames.has(ordinal) ? ring.size(ordinal) : 0;
    }

    @Override
    public synchronized long receivedMicros(long ordinal) {
        return frames.has(ordinal) ? ring.received(ordinal) : 0;
    }

    @Override
    public synchronized long cool(long throughOrdinal) {
        // What Redis may have lost is stored again from memory.
        if (state == State.OPEN) {
            long inRedis = Math.min(frames.nextUnwritten() - 1, frames.storedThrough());
            cold.cool(Math.min(throughOrdinal, inRedis));
        }
        return cold.coolThrough();
    }

    @Override
    public synchronized long firstReceivedFrom(long micros) {
        return frames.firstReceivedFrom(micros);
    }

    @Override
    public void append(List<Frame> added) {
        synchronized (this) {
            added.forEach(frames::add);
        }
        wake();
    }

    @Override
    public synchronized List<Frame> read(long from, long through, int maxFrames, long maxBytes) {
        long end = Math.min(through, frames.storedThrough());
        if (from < frames.first() || maxFrames < 1) {
            return List.of();
        }
        long ordinal = from;
        while (ordinal <= end && ring.isHole(ordinal)) {
            ordinal++;
        }
        if (ordinal <= end && ring.frame(ordinal) == null) {
            cold.ask(ordinal, end);
            return List.of();
        }
        List<Frame> read = new ArrayList<>((int) Math.max(0, Math.min(maxFrames, end - ordinal + 1)));
        long bytes = 0;
        while (ordinal <= end && read.size() < maxFrames) {
            Frame frame = ring.frame(ordinal++);
            // A hole, or out of memory: what is behind it comes with the next read.
            if (frame == null) {
                break;
            }
            bytes += frame.bytes();
            if (bytes > maxBytes && !read.isEmpty()) {
                break;
            }
            read.add(frame);
        }
        return read;
    }

    /** What was to be read back is here; on a reader's thread. */
    void warmed(List<RedisEntry> entries) {
        long bytes;
        synchronized (this) {
            bytes = cold.arrived(entries);
        }
        store.warm(this, bytes);
        tell(List.of(Listener::readable));
    }

    /** What was to be read back could not be; after a while whoever needs it is to ask again. */
    void couldNotWarm() {
        synchronized (this) {
            cold.failed();
        }
        tell(List.of(Listener::readable));
    }

    /** Frames that were only read back leave memory again. */
    synchronized void dropWarm() {
        cold.drop();
    }

    @Override
    public synchronized long count(long from, long through) {
        return frames.count(from, through);
    }

    @Override
    public void trim(long throughOrdinal) {
        synchronized (this) {
            if (!frames.trim(throughOrdinal)) {
                return;
            }
        }
        changedForNextCommit();
    }

    @Override
    public void createGroup(String group, long base, GroupSettings settings, boolean durable) {
        synchronized (this) {
            RedisGroup created = new RedisGroup(group, settings, durable, base, ring::entry);
            if (!groups.add(created)) {
                throw new IllegalArgumentException("stream " + name + " has a group " + group + " already");
            }
        }
        changed();
    }

    @Override
    public void deleteGroup(String group) {
        synchronized (this) {
            groups.delete(group);
        }
        changed();
    }

    @Override
    public void restartGroup(String group, long base) {
        synchronized (this) {
            groups.replace(known(group).anew(base));
        }
        changed();
    }

    @Override
    public synchronized long deliverableThrough(String group) {
        return known(group).deliverableThrough();
    }

    @Override
    public void delivered(String group, long first, long last, int attempt) {
        long now = System.nanoTime();
        long by;
        synchronized (this) {
            RedisGroup of = known(group);
            of.delivered(first, last, attempt);
            // Settled until then it need never be told. Redeliveries wait for their number.
            by = attempt > 1 || of.isShort() ? pace.atOnce(now) : pace.later(now);
        }
        wakeBy(by, now);
    }

    /** Redis is told when the stream is given up. */
    @Override
    public synchronized void left(String group, long first, long last, Left left) {
        known(group).left(first, last, left);
    }

    @Override
    public void settle(String group, long first, long last, Outcome outcome, String reason) {
        boolean isShort;
        synchronized (this) {
            RedisGroup of = known(group);
            of.settle(first, last, outcome, reason);
            // Frames that are skipped before they were delivered take of what may be.
            isShort = of.isShort();
        }
        if (isShort) {
            changed();
        } else {
            changedForNextCommit();
        }
    }

    @Override
    public boolean hasRoomFor(String group, Frame frame, DeadLetter letter) {
        synchronized (this) {
            if (known(group).hasRoomFor(frame)) {
                return true;
            }
        }
        changed();
        return false;
    }

    @Override
    public void settle(String group, Frame frame, DeadLetter letter) {
        synchronized (this) {
            known(group).settle(frame, letter);
        }
        changed();
    }

    @Override
    public synchronized Collection<DeadLetter> deadLetters(String group) {
        return known(group).letters().all();
    }

    @Override
    public void readDeadLetters(String group, List<Long> ordinals, Consumer<List<Frame>> answer) {
        List<String> ids;
        synchronized (this) {
            ids = known(group).letters().ids(ordinals);
        }
        store.readCopies(keys.copies(group), ids, answer);
    }

    @Override
    public void purge(String group, List<Long> ordinals, String reason) {
        synchronized (this) {
            known(group).purge(ordinals, reason);
        }
        changed();
    }

    @Override
    public synchronized GroupRecord group(String group) {
        return known(group).view();
    }

    @Override
    public void note(StreamNote note) {
        synchronized (this) {
            notesAsked++;
            facts.note(note);
        }
        changed();
    }

    @Override
    public void delete() {
        delete(() -> {});
    }

    @Override
    public void delete(Runnable done) {
        synchronized (this) {
            deleting = true;
            deleted = done;
        }
        changed();
    }

    private RedisGroup known(String group) {
        RedisGroup known = groups.get(group);
        if (known == null) {
            throw new IllegalArgumentException("stream " + name + " has no group " + group);
        }
        return known;
    }

    /** Redis is to be told now. */
    private void changed() {
        synchronized (this) {
            pace.atOnce(System.nanoTime());
        }
        wake();
    }

    /** Redis is to be told, and not more often than need be. */
    private void changedForNextCommit() {
        long now = System.nanoTime();
        long by;
        synchronized (this) {
            by = pace.next(now);
        }
        wakeBy(by, now);
    }

    private void wake() {
        Lane by = lane;
        if (by != null) {
            by.wake(this);
        }
    }

    private void wakeBy(long nanos, long now) {
        Lane by = lane;
        if (by == null) {
            return;
        }
        if (nanos - now > 0) {
            by.wakeBy(nanos);
        } else {
            by.wake(this);
        }
    }

    // ---- what Redis is told; on the lane's thread

    /**
     * Takes what there is to do, to be written when the monitor is free: Redis may not read for a while. Null when there is
     * nothing, or nothing may be written now, or another lane writes for this stream by now.
     */
    synchronized Batch prepare(Lane by, int maxBytes) {
        long now = System.nanoTime();
        if (state != State.OPEN || lane != by) {
            return null;
        }
        Batch batch = new Batch();
        if (now - notBeforeNanos >= 0 && !deleting) {
            frames.take(batch, generation, ownerValue, maxBytes);
        }
        commit(batch, now);
        return batch.replies() == 0 ? null : batch;
    }

    /**
     * Takes the frames behind those of a batch that is on its way, so that Redis has them when it is done with that. Null
     * where there are too few to be worth it.
     */
    synchronized Batch ahead(Lane by, Batch before, int maxBytes) {
        if (state != State.OPEN || lane != by || deleting || trouble != null || !frames.isWorthGoingBehind(before)) {
            return null;
        }
        Batch batch = new Batch();
        frames.takeBehind(before, batch, generation, ownerValue, maxBytes);
        return batch.appended.isEmpty() ? null : batch;
    }

    /** What became of the batch before the one that was taken ahead is known: adds what else there is to do. */
    synchronized void complete(Batch batch) {
        if (state == State.OPEN) {
            commit(batch, System.nanoTime());
        }
    }

    private void commit(Batch batch, long now) {
        batch.sentNanos = now;
        pace.sends(batch.bytes);
        if (mayWait(batch, now)) {
            return;
        }
        pace.taken();
        Commit commit = new Commit();
        // Groups speak of frames, so what was lost of those comes back first.
        if (deleting || !frames.isBehind()) {
            if (!deleting && now - noCopiesBeforeNanos >= 0) {
                groups.copy(batch, ownerValue, MOST_BYTES_OF_COPIES);
            }
            fill(commit, batch);
        }
        if (now - lookedNanos > store.leaseNanos() / 3 && !deleting) {
            lookedNanos = now;
            groups.look(commit);
        }
        if (!commit.isEmpty() || !batch.groups.isEmpty() || isLeaseDue(now)) {
            // One that is empty looks by its length as one that somebody has taken away, with its groups.
            commit.add("EXISTS", keys.frames);
            commit.expect(1, "existence of " + StreamKeys.text(keys.frames));
            commit.add("XLEN", keys.frames);
            pace.told(now);
            batch.commit(commit, keys, ownerValue, store.leaseMillis());
        }
    }

    /** Whether what there is to be told may go with a later batch. */
    private boolean mayWait(Batch batch, long now) {
        if (deleting || hasCopiesToSend() || isLeaseDue(now)) {
            return false;
        }
        boolean framesGoOn = !batch.appended.isEmpty() && frames.hasMore();
        return framesGoOn && pace.mayWaitForFrames(now) || pace.mayWait(now);
    }

    private boolean isLeaseDue(long now) {
        return now - committedNanos > store.leaseNanos() / 3;
    }

    private void fill(Commit commit, Batch batch) {
        if (deleting) {
            commit.add("DEL", keys.frames, keys.state, keys.process, keys.taken, keys.owner);
            groups.forgetAll(commit);
            // For those who had it before and do not know: neither do they take it for forgotten, nor come their
            // appends.
            commit.add("SET", keys.generation, generation + " " + Script.DELETED, "PX", DELETED_MILLIS);
            commit.add("XADD", keys.frames, generation + "-" + LAST_OF_GENERATION, EntryFormat.MARKER, Script.DELETED);
            commit.add("PEXPIRE", keys.frames, DELETED_MILLIS);
            batch.deletes = true;
            return;
        }
        if (frames.isTrimmable()) {
            facts.framesGo();
            frames.takeTrim(batch, commit);
        }
        facts.groups(groups.durable());
        if (facts.hasChanged()) {
            facts.tell(
                    commit, keys.state, frames.newest(), facts.hasChangedPublishers() ? frames.unwritten() : Map.of());
        }
        batch.notes = notesAsked;
        groups.tell(commit, batch, frames, store.address());
    }

    // ---- what Redis answers; on the lane's thread

    /** Reads the replies to a batch and takes them in. Returns what the core is to be told. */
    List<News> receive(Connection connection, Batch batch) {
        List<Object> replies = connection.getMany(batch.replies());
        synchronized (this) {
            List<News> news = new ArrayList<>();
            // Where there is a doubt by now, what became of this is found out with the rest.
            if (!batch.appended.isEmpty() && !(batch.follows() && state != State.OPEN)) {
                framesAnswered(batch, replies);
            }
            if (state == State.OPEN) {
                copiesAnswered(batch, replies, news);
            }
            if (batch.commit() != null && state == State.OPEN) {
                commitAnswered(batch, replies.get(replies.size() - 1), news);
            }
            return news;
        }
    }

    private void framesAnswered(Batch batch, List<Object> replies) {
        Object done = replies.get(batch.frameReplies() - 1);
        if (done instanceof List<?> ids) {
            String refusal = refusal(ids);
            if (refusal == null && batch.follows()) {
                refusal = refusal(replies.subList(0, batch.firstReply()));
            }
            if (refusal != null) {
                // An append of a generation that is over: whoever began the next one owns the stream.
                unsure(refusal);
                return;
            }
            frames.appended(batch, ids);
            if (!batch.superseded.isEmpty() || batch.appended.get(0).first() <= frames.storedThrough()) {
                groups.regroup();
            }
            trouble = null;
        } else if (done == null && batch.follows()) {
            frames.spoilt(batch);
        } else {
            // Refused as a whole: nothing was appended, and in the same order it may be later.
            String refusal = refusal(replies.subList(0, batch.frameReplies() - 1));
            String why = refusal == null ? String.valueOf(done) : refusal;
            frames.refused(batch);
            if (Refusal.isElsewhere(why)) {
                unsure(why);
            } else {
                pause(why);
            }
        }
    }

    private void copiesAnswered(Batch batch, List<Object> replies, List<News> news) {
        boolean arrived = false;
        for (int i = 0; i < batch.copies.size(); i++) {
            RedisLetters letters = batch.lettersOf(i);
            RedisLetters.Copy copy = batch.copies.get(i);
            if (!(replies.get(batch.frameReplies() + i) instanceof JedisDataException refusal)) {
                arrived |= letters.arrived(copy);
            } else if (Refusal.code(refusal.getMessage()).equals("OOM")) {
                letters.refused(copy);
                noCopiesBeforeNanos = System.nanoTime() + COPY_PAUSE_NANOS;
                if (!copiesRefused) {
                    log.warn("stream {}: dead letters wait, their frames stay pending: {}", name, refusal.getMessage());
                }
                copiesRefused = true;
            } else {
                unsure(refusal.getMessage(), LONGEST_REFUSED_NANOS);
                return;
            }
        }
        if (arrived) {
            copiesRefused = false;
            news.add(Listener::readable);
        }
    }

    /** The first among replies; null when there is none. */
    private static String refusal(List<?> replies) {
        for (Object reply : replies) {
            if (reply instanceof JedisDataException refusal) {
                return refusal.getMessage();
            }
        }
        return null;
    }

    private void commitAnswered(Batch batch, Object reply, List<News> news) {
        if (!(reply instanceof List<?> replies)) {
            String why = reply instanceof JedisDataException refusal ? refusal.getMessage() : String.valueOf(reply);
            if (why.contains("NOGROUP") || why.contains("WRONGTYPE") || why.contains("requires the key to exist")) {
                log.error("stream {} was changed in Redis by somebody else: {}", name, why);
                store.intrusion();
            }
            // A script is not told which.
            unsure(
                    why.contains("can't run this command") ? why + " (ACL LOG of Redis names it)" : why,
                    LONGEST_REFUSED_NANOS);
            return;
        }
        boolean wasOwned = isOwned();
        committedNanos = batch.sentNanos;
        leaseEndNanos = batch.sentNanos + store.leaseNanos();
        if (batch.deletes) {
            if (store.replicas() == 0) {
                news.add(isDeleted());
            } else {
                // Looked at again until they have it: a replica that has not brings the stream back when it is
                // promoted.
                state = State.UNSURE;
                trouble = "its deletion is not at the replicas";
                notBeforeNanos = batch.sentNanos;
            }
            return;
        }
        if (!wasOwned) {
            news.add(Listener::readable);
        }
        groups.deletedBy(batch);
        String surprise = batch.commit().surprise(replies);
        frames.trimmed(batch, replies);
        long is = (Long) replies.get(replies.size() - 1);
        if (is != frames.length()) {
            surprise = "number of entries is " + is + ", not " + frames.length();
        }
        for (RedisGroup.Snapshot told : batch.groups) {
            if (told.group().confirmed(told)) {
                news.add(Listener::readable);
            }
            news.add(listener -> {
                // One that is made again under the same name counts its settlements anew.
                if (isKnown(told.group())) {
                    listener.settled(told.group().name(), told.settlements());
                    if (told.attempts() > 0) {
                        listener.attempted(told.group().name(), told.attempts());
                    }
                }
            });
        }
        if (batch.notes > notesTold) {
            notesTold = batch.notes;
            news.add(listener -> listener.noted(batch.notes));
        }
        if (trouble == null) {
            pauseNanos = FIRST_PAUSE_NANOS;
        }
        if (surprise != null) {
            log.error("stream {} was changed in Redis by somebody else: {}", name, surprise);
            store.intrusion();
            unsure("the stream was changed by somebody else");
        }
    }

    private synchronized News isDeleted() {
        over();
        Runnable done = deleted;
        return (LastNews) listener -> {
            store.closed(this, true);
            done.run();
        };
    }

    private synchronized boolean isKnown(RedisGroup group) {
        return groups.get(group.name()) == group;
    }

    /** Everything that was written is as safe as was asked for. */
    void tellWritten() {
        long through;
        synchronized (this) {
            if (state == State.OVER || !frames.confirm()) {
                return;
            }
            through = frames.storedThrough();
        }
        listener.stored(through);
    }

    /** Nothing more is told of a stream that is given up, but that it is. */
    void tell(List<News> news) {
        Listener told = listener;
        for (News each : news) {
            if (!isOver() || each instanceof LastNews) {
                each.tell(told);
            }
        }
    }

    private void pause(String why) {
        pause(why, LONGEST_PAUSE_NANOS);
    }

    private void pause(String why, long longestNanos) {
        if (trouble == null) {
            log.warn("stream {} cannot be stored for now: {}", name, why);
        }
        trouble = why;
        notBeforeNanos = System.nanoTime() + pauseNanos;
        pauseNanos = Math.min(2 * pauseNanos, longestNanos);
    }

    /** What was done is not known any more: it is found out before anything else is sent. */
    void unsure(String why) {
        unsure(why, LONGEST_PAUSE_NANOS);
    }

    private synchronized void unsure(String why, long longestNanos) {
        if (state == State.OPEN) {
            state = State.UNSURE;
            pause(why, longestNanos);
        }
    }

    synchronized boolean isUnsure(Lane by) {
        return lane == by && state == State.UNSURE && System.nanoTime() - notBeforeNanos >= 0;
    }

    /** When it wants to be looked at again, if nothing happens before. */
    synchronized long untilDue(long now) {
        if (state == State.OVER) {
            return Long.MAX_VALUE;
        }
        if (state == State.UNSURE) {
            // Its lease is asked for when the doubt is settled.
            return notBeforeNanos - now;
        }
        long lease = committedNanos + store.leaseNanos() / 3 - now;
        if (groups.hasUnsentCopies()) {
            lease = Math.min(lease, noCopiesBeforeNanos - now);
        }
        if (!frames.isBehind()) {
            lease = Math.min(lease, pace.untilDue(now));
        }
        return trouble == null ? lease : Math.min(lease, notBeforeNanos - now);
    }

    synchronized boolean hasMore() {
        return frames.hasMore();
    }

    /** Whether what had to wait for frames to be stored again, or for other copies, can be told now. */
    synchronized boolean hasUntold() {
        return state == State.OPEN
                && !frames.isBehind()
                && (!isTold() && !pace.mayWait(System.nanoTime()) || hasCopiesToSend());
    }

    private boolean hasCopiesToSend() {
        return groups.hasUnsentCopies() && System.nanoTime() - noCopiesBeforeNanos >= 0;
    }

    private boolean isTold() {
        return !facts.hasChanged() && groups.areTold();
    }

    synchronized void stillUnsure(String why) {
        pause(why);
    }

    synchronized boolean isOver() {
        return state == State.OVER;
    }

    private synchronized boolean isBeingDeleted() {
        return deleting;
    }

    /** Whether all that was asked for is done. */
    synchronized boolean isQuiet() {
        return state == State.OVER || state == State.OPEN && !deleting && !frames.hasMore() && isTold();
    }

    /** Waits until the stream is given up, if that is on its way. Returns whether it is. */
    boolean awaitGone(long millis) throws InterruptedException {
        return gone.await(millis, TimeUnit.MILLISECONDS);
    }

    /** The stream cannot go on here, for a reason that has nothing to do with Redis. */
    void fail(String why) {
        List<News> news = lost(why);
        if (listener != null) {
            tell(news);
        }
    }

    /** Nothing of this stream is left to be done here. */
    void gone() {
        gone.countDown();
    }

    private void over() {
        state = State.OVER;
        leaseEndNanos = System.nanoTime();
    }

    /** Gives the stream up, so that another broker can take it at once. */
    void release(Connection connection) {
        Commit last = new Commit();
        byte[] value;
        synchronized (this) {
            if (state == State.OVER) {
                return;
            }
            value = ownerValue;
            over();
            groups.takeLeave(last, generation);
        }
        last.add("DEL", keys.owner, keys.process);
        List<byte[]> arguments = new ArrayList<>(List.of(value, StreamKeys.bytes(store.leaseMillis())));
        arguments.addAll(last.words());
        Script.COMMIT.call(connection, List.of(keys.owner), arguments);
    }

    // ---- finding out

    /**
     * Begins a new generation, so that nothing of the last one can come any more, and looks what of it is there. Returns
     * what the core is to be told. Failures leave the stream unsure.
     */
    List<News> settleDoubt(Connection connection) {
        long sentNanos = System.nanoTime();
        List<?> answer = (List<?>) Script.ACQUIRE.call(
                connection,
                List.of(keys.owner, keys.generation, keys.frames, keys.process, keys.taken),
                List.of(
                        StreamKeys.bytes(store.me()),
                        StreamKeys.bytes(store.leaseMillis()),
                        StreamKeys.bytes(generation()),
                        StreamKeys.bytes(store.returnMillis())));
        if ((Long) answer.get(0) == 0) {
            return takenBy(StreamKeys.text(answer.get(1)), (Long) answer.get(2), connection);
        }
        long now = (Long) answer.get(1);
        List<Entry> known;
        Set<String> knownGroups;
        synchronized (this) {
            known = frames.entries();
            knownGroups = groups.names();
        }
        List<String> otherGroups = StreamLoader.groupsBut(knownGroups, connection, keys);
        Entry newest = known.isEmpty() ? null : known.get(known.size() - 1);
        List<RedisEntry> landed = withoutJumps(connection, RedisEntry.range(connection, keys.frames, newest, now), now);
        Map<String, RedisLetters.Names> letters = StreamLoader.letters(knownGroups, connection, keys);
        StreamExtent extent = StreamExtent.of(connection, keys.frames);
        Set<Entry> missing = isBeingDeleted() || extent.length() == known.size() + landed.size() + 1
                ? Set.of()
                : StreamExtent.missing(connection, keys, ownerValue(now), store.leaseMillis(), known);
        store.nameAgain(this);
        synchronized (this) {
            if (frames.continuesWith(landed, generation)) {
                reportLost(frames.goOn(landed, missing, now, extent));
                owned(now, sentNanos);
                groups.regroup();
                if (groups.compareLetters(letters)) {
                    store.intrusion();
                }
                // Redis may have gone back to before they were deleted.
                groups.areBack(otherGroups);
                facts.tellAfresh();
                // What was told of them may have been lost with the connection.
                notesTold = 0;
                state = State.OPEN;
                trouble = null;
                notBeforeNanos = sentNanos;
                log.info("stream {} goes on in generation {}", name, now);
                return List.of(Listener::readable);
            }
        }
        return lostTo(connection, now, "there is in Redis what was not stored from here");
    }

    private List<News> takenBy(String who, long itsGeneration, Connection connection) {
        if (who.equals(Script.DELETED)) {
            if (!isBeingDeleted()) {
                return lost("it has been deleted");
            }
            awaitReplicas(connection);
            return List.of(isDeleted());
        }
        Takeover takeover = Takeover.of(connection, keys, generation(), itsGeneration, store.me());
        Takeover.Lacks lacks;
        synchronized (this) {
            lacks = takeover.lacks(ring, frames.first(), frames.storedThrough(), frames.nextUnwritten());
        }
        String owner = RedisFrameStore.addressOf(who);
        if (lacks.frames() > 0) {
            store.intrusion();
            log.error(
                    "stream {}: broker {} has taken it over from a Redis without {} frames that were acknowledged here;"
                            + " they are lost: {}",
                    name,
                    owner,
                    lacks.frames(),
                    lacks);
        }
        return lost("broker " + owner + " has taken it over");
    }

    /** @throws JedisDataException too few have the deletion so far */
    private void awaitReplicas(Connection connection) {
        if (store.replicas() == 0) {
            return;
        }
        // WAIT is for what its own connection wrote.
        connection.sendCommand(Command.PEXPIRE, keys.generation, StreamKeys.bytes(DELETED_MILLIS));
        connection.getOne();
        connection.sendCommand(
                Command.WAIT, StreamKeys.bytes(store.replicas()), StreamKeys.bytes(store.replicaMillis()));
        long have = connection.getIntegerReply();
        if (have < store.replicas()) {
            throw new JedisDataException(
                    have + " of " + store.replicas() + " replicas have the deletion of stream " + name);
        }
    }

    /** What was appended though the frames before it were not, is taken out again: it is in memory, and comes in order. */
    private List<RedisEntry> withoutJumps(Connection connection, List<RedisEntry> landed, long now) {
        synchronized (this) {
            if (!frames.jumpsTo(landed, generation)) {
                return landed;
            }
        }
        List<byte[]> arguments = new ArrayList<>(List.of(ownerValue(now)));
        landed.forEach(each -> arguments.add(each.entry(0).id()));
        Script.TAKE_OUT.call(connection, List.of(keys.generation, keys.frames), arguments);
        return List.of();
    }

    private void reportLost(FrameLog.Lost lost) {
        if (lost.frames() == 0) {
            return;
        }
        if (lost.again() > 0) {
            // They stay until they are stored.
            cold.keepFrom(lost.from());
        }
        store.intrusion();
        log.error(
                "Redis has lost {} frames of stream {} that it had stored; {} are stored again, with what lay behind them",
                lost.frames(),
                name,
                lost.again());
    }

    /** Gives up what was just taken: what is in memory here does not go with it. */
    private List<News> lostTo(Connection connection, long generationTaken, String why) {
        Script.RELEASE.call(connection, List.of(keys.owner, keys.process), List.of(ownerValue(generationTaken)));
        return lost(why);
    }

    private synchronized List<News> lost(String why) {
        over();
        log.warn("stream {} is no longer served here: {}", name, why);
        store.closed(this, false);
        return List.of((LastNews) listener -> listener.lost(new BrokerException(
                BrokerException.Kind.UNAVAILABLE,
                "STREAM_MOVED",
                "stream " + name + " is no longer served here: " + why + "; open the call again")));
    }
}
