package io.framebroker.server.store.disk;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Finds the streams on a disk at start, by their journals. Waits for the disk. */
final class Recovery {
    /**
     * Frames of a stream whose journal is lost. They are left alone.
     *
     * @param stream its number
     * @param journals what is left of its journal, and of dead letters, which say nothing without it
     */
    record Orphan(long stream, List<Chunk> frames, List<Chunk> journals) {}

    private final Findings findings;
    private final Map<String, Recovered> streams = new HashMap<>();
    private final List<Orphan> orphans = new ArrayList<>();
    private final List<Chunk> freeFirst = new ArrayList<>();
    private final List<Chunk> freeThen = new ArrayList<>();
    private int damaged;

    Recovery(Chunks space, Findings findings) throws IOException {
        this.findings = findings;
        Chunks.Found found = space.start(findings);
        damaged = found.damagedHeaders();
        Map<Long, List<Chunk>> byStream = new TreeMap<>();
        for (Chunk chunk : found.chunks()) {
            byStream.computeIfAbsent(chunk.stream(), stream -> new ArrayList<>())
                    .add(chunk);
        }
        byStream.forEach(this::recover);
        findings.unneeded(freeFirst);
        findings.unneeded(freeThen);
    }

    Map<String, Recovered> streams() {
        return streams;
    }

    List<Orphan> orphans() {
        return orphans;
    }

    /** Places where something was written and is not any more as it was. */
    int damaged() {
        return damaged;
    }

    private void recover(long id, List<Chunk> chunks) {
        List<Chunk> frames =
                chunks.stream().filter(each -> each.kind() == Chunk.Kind.FRAMES).toList();
        List<Chunk> letters = chunks.stream()
                .filter(each -> each.kind() == Chunk.Kind.LETTERS)
                .toList();
        List<Chunk> journals = chunks.stream()
                .filter(each -> each.kind() == Chunk.Kind.JOURNAL)
                .sorted(Comparator.comparingLong(Chunk::number).reversed())
                .toList();
        for (Chunk newest : journals) {
            StreamState state = new StreamState(null);
            Journal.Found found = Journal.read(newest, StreamState.STATE, state::apply);
            if (found.end() > 0) {
                List<Chunk> others = new ArrayList<>(journals);
                others.remove(newest);
                journals.subList(0, journals.indexOf(newest)).forEach(findings::journalPassedOver);
                recover(id, state, newest, found, frames, letters, others);
                return;
            }
        }
        List<Chunk> rest = new ArrayList<>(journals);
        rest.addAll(letters);
        if (frames.isEmpty()) {
            // Of a stream that never came to be, or has been deleted.
            freeFirst.addAll(rest);
        } else {
            damaged++;
            Orphan orphan = new Orphan(id, frames, rest);
            orphans.add(orphan);
            findings.journalLost(orphan);
        }
    }

    private void recover(
            long id,
            StreamState state,
            Chunk newest,
            Journal.Found found,
            List<Chunk> frames,
            List<Chunk> letters,
            List<Chunk> others) {
        damaged += found.mended().size() + found.damaged().size();
        findings.journal(state, newest, found);
        Recovered before = streams.get(state.name());
        if (state.deleted() || before != null && before.id() > id) {
            delete(frames, letters, newest, others);
            return;
        }
        if (before != null) {
            // Its deletion did not last, and this one came after it.
            delete(before.frames(), before.letters(), before.journal().chunk(), List.of());
        }
        freeFirst.addAll(others);
        Journal journal = new Journal();
        journal.resume(newest, found.end());
        streams.put(state.name(), new Recovered(id, state, journal, frames, letters, !found.asWritten()));
    }

    private void delete(List<Chunk> frames, List<Chunk> letters, Chunk journal, List<Chunk> others) {
        freeFirst.addAll(frames);
        freeFirst.addAll(letters);
        freeFirst.addAll(others);
        freeThen.add(journal);
    }

    /** Has free what nobody needs, once what was found is certain to be found again. */
    void free(Syncer syncer, Provider provider) {
        syncer.after(() -> {
            provider.free(freeFirst);
            syncer.after(() -> provider.free(freeThen));
        });
    }
}
