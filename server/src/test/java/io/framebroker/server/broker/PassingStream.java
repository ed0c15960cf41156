package io.framebroker.server.broker;

import java.util.Collection;
import java.util.List;

/** Stands between the core and a stream's store and passes everything on, both ways. */
abstract class PassingStream implements StreamStore, StreamStore.Listener {
    protected final StreamStore behind;
    protected Listener listener;

    PassingStream(StreamStore behind) {
        this.behind = behind;
    }

    // ---- what the core asks

    @Override
    public void listen(Listener told) {
        listener = told;
        behind.listen(this);
    }

    @Override
    public long generation() {
        return behind.generation();
    }

    @Override
    public boolean isOwned() {
        return behind.isOwned();
    }

    @Override
    public String trouble() {
        return behind.trouble();
    }

    @Override
    public long lastOrdinal() {
        return behind.lastOrdinal();
    }

    @Override
    public long firstOrdinal() {
        return behind.firstOrdinal();
    }

    @Override
    public int bytes(long ordinal) {
        return behind.bytes(ordinal);
    }

    @Override
    public long receivedMicros(long ordinal) {
        return behind.receivedMicros(ordinal);
    }

    @Override
    public long cool(long throughOrdinal) {
        return behind.cool(throughOrdinal);
    }

    @Override
    public long firstReceivedFrom(long micros) {
        return behind.firstReceivedFrom(micros);
    }

    @Override
    public void append(List<Frame> frames) {
        behind.append(frames);
    }

    @Override
    public List<Frame> read(long from, long through, int maxFrames, long maxBytes) {
        return behind.read(from, through, maxFrames, maxBytes);
    }

    @Override
    public long count(long from, long through) {
        return behind.count(from, through);
    }

    @Override
    public void trim(long throughOrdinal) {
        behind.trim(throughOrdinal);
    }

    @Override
    public void createGroup(String group, long base, GroupSettings settings, boolean durable) {
        behind.createGroup(group, base, settings, durable);
    }

    @Override
    public void deleteGroup(String group) {
        behind.deleteGroup(group);
    }

    @Override
    public void restartGroup(String group, long base) {
        behind.restartGroup(group, base);
    }

    @Override
    public long deliverableThrough(String group) {
        return behind.deliverableThrough(group);
    }

    @Override
    public void delivered(String group, long first, long last, int attempt) {
        behind.delivered(group, first, last, attempt);
    }

    @Override
    public void left(String group, long first, long last, StreamRecord.Left left) {
        behind.left(group, first, last, left);
    }

    @Override
    public void settle(String group, long first, long last, Outcome outcome, String reason) {
        behind.settle(group, first, last, outcome, reason);
    }

    @Override
    public boolean hasRoomFor(String group, Frame frame, DeadLetter letter) {
        return behind.hasRoomFor(group, frame, letter);
    }

    @Override
    public void settle(String group, Frame frame, DeadLetter letter) {
        behind.settle(group, frame, letter);
    }

    @Override
    public Collection<DeadLetter> deadLetters(String group) {
        return behind.deadLetters(group);
    }

    @Override
    public void readDeadLetters(String group, List<Long> ordinals, java.util.function.Consumer<List<Frame>> answer) {
        behind.readDeadLetters(group, ordinals, answer);
    }

    @Override
    public void purge(String group, List<Long> ordinals, String reason) {
        behind.purge(group, ordinals, reason);
    }

    @Override
    public GroupRecord group(String group) {
        return behind.group(group);
    }

    @Override
    public void note(StreamNote note) {
        behind.note(note);
    }

    @Override
    public void delete() {
        behind.delete();
    }

    @Override
    public void delete(Runnable done) {
        behind.delete(done);
    }

    // ---- what the store tells

    @Override
    public void stored(long throughOrdinal) {
        listener.stored(throughOrdinal);
    }

    @Override
    public void settled(String group, long throughSettlement) {
        listener.settled(group, throughSettlement);
    }

    @Override
    public void attempted(String group, long throughAttempt) {
        listener.attempted(group, throughAttempt);
    }

    @Override
    public void noted(long throughNote) {
        listener.noted(throughNote);
    }

    @Override
    public void readable() {
        listener.readable();
    }

    @Override
    public void lost(BrokerException why) {
        listener.lost(why);
    }
}
