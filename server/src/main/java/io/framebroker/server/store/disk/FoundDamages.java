package io.framebroker.server.store.disk;

import java.util.ArrayList;
import java.util.List;

/** Writes down, for people, what is found of chunks and journals. */
final class FoundDamages implements Findings {
    private static final String LOST_HEADER = "both headers of a chunk are damaged";

    private final List<Damage> damages = new ArrayList<>();
    private final List<String> notes = new ArrayList<>();
    /** Where the last chunk without a header goes on, if it does: it is told of piece by piece. */
    private long lostThrough;

    private int unneeded;

    List<Damage> damages() {
        return damages;
    }

    List<String> notes() {
        List<String> all = new ArrayList<>(notes);
        if (unneeded > 0) {
            all.add("chunks that nobody needs any more: " + unneeded + "; they are free after the next start");
        }
        return all;
    }

    void add(Damage damage) {
        damages.add(damage);
    }

    void note(String text) {
        notes.add(text);
    }

    private void addAt(int segment, long offset, String stream, String what, String meaning) {
        add(new Damage(segment, offset, stream, 0, 0, what, meaning));
    }

    @Override
    public void mendedHeader(int segment, int at, boolean isBlank) {
        if (isBlank) {
            note("a chunk's header, segment " + FolderDisk.name(segment) + " at " + at
                    + ", did not get to the disk, as loss of power leaves it; it has a copy, and is written anew");
        } else {
            String what = "a chunk's header is damaged, and its copy is whole";
            addAt(segment, at, null, what, "it is written anew; nothing is lost");
        }
    }

    @Override
    public void lostHeader(int segment, int at) {
        Damage before = damages.isEmpty() ? null : damages.get(damages.size() - 1);
        boolean goesOn =
                before != null && before.segment() == segment && before.what().equals(LOST_HEADER) && lostThrough == at;
        if (!goesOn) {
            String meaning = "what was in it is lost, and its room is not used again";
            addAt(segment, at, null, LOST_HEADER, meaning);
        }
        lostThrough = at + (long) Chunk.LEAST;
    }

    @Override
    public void journal(StreamState state, Chunk journal, Journal.Found found) {
        int segment = journal.segment().number();
        for (int at : found.mended()) {
            addAt(
                    segment,
                    journal.offset() + (long) at,
                    state.name(),
                    "a record of the journal is damaged, and its copy is whole",
                    "the journal is written anew; nothing is lost");
        }
        for (int at : found.damaged()) {
            addAt(
                    segment,
                    journal.offset() + (long) at,
                    state.name(),
                    "a record of the journal is damaged, and so is its copy",
                    "what it told is forgotten: frames may be delivered again, settings and counts be older ones");
        }
        if (found.torn()) {
            note("stream " + state.name() + ": the end of its journal, segment " + FolderDisk.name(segment) + " at "
                    + (journal.offset() + (long) found.end())
                    + ", did not get to the disk as a whole, as loss of power leaves it; it is left out");
        }
    }

    @Override
    public void journalPassedOver(Chunk journal) {
        if (Journal.wasWhole(journal)) {
            addAt(
                    journal,
                    "the state that a journal begins with is damaged, and so is its copy",
                    "the journal before it is taken, and what has happened since is forgotten");
        } else {
            note("stream " + nameless(journal.stream()) + ": a journal, segment "
                    + FolderDisk.name(journal.segment().number()) + " at " + journal.offset()
                    + ", was begun and did not get to the disk; the one before it is taken");
        }
    }

    @Override
    public void journalLost(Recovery.Orphan orphan) {
        String frames = "; there are chunks of its frames: " + orphan.frames().size();
        String meaning = "they are left alone and take room; `store dump --stream-number " + orphan.stream()
                + "` reads the frames, `store free --stream-number " + orphan.stream() + "` gives the room back";
        if (orphan.journals().isEmpty()) {
            addAt(orphan.frames().get(0), "the journal of a stream is lost" + frames, meaning);
        } else {
            String damaged = "the state that the journal of a stream begins with is damaged, and so is its copy";
            addAt(orphan.journals().get(0), damaged + frames, meaning);
        }
    }

    private void addAt(Chunk chunk, String what, String meaning) {
        addAt(chunk.segment().number(), chunk.offset() + (long) Chunk.DATA, nameless(chunk.stream()), what, meaning);
    }

    @Override
    public void unneeded(List<Chunk> chunks) {
        unneeded += chunks.size();
    }

    /** What a stream is called when its name is lost. */
    static String nameless(long stream) {
        return "number " + stream;
    }
}
