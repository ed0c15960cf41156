package io.framebroker.server.store.disk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.framebroker.server.broker.AckLevel;
import io.framebroker.server.broker.Frame;
import io.framebroker.server.broker.GroupSettings;
import io.framebroker.server.broker.StreamStore;
import io.framebroker.server.broker.StreamStore.Outcome;
import io.framebroker.server.store.Answers;
import io.framebroker.server.store.Opened;
import io.framebroker.server.store.Samples;
import io.framebroker.server.store.disk.DrivenStream.Loss;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Who looks into a folder finds what the next start finds, names each damage with its place, and changes nothing. */
@Timeout(300)
class DiskInspectionTest {
    private static final int SEGMENT = 1 << 20;
    private static final int FRAME = 5_000;
    /** Bytes in front of a frame in its record: a header, the publisher's id, a checksum. */
    private static final int RECORD_HEADER = 64 + "camera".length() + 4;

    @TempDir
    Path temporary;

    static LongStream seeds() {
        return LongStream.rangeClosed(1, Long.getLong("disk.seeds", 20));
    }

    private Path folder() {
        return temporary.resolve("frames");
    }

    private DiskFrameStore start() {
        return start(Duration.ofMillis(50));
    }

    /** One that forces nothing but when it is told to, and when it is closed. */
    private DiskFrameStore startLazy() {
        return start(Duration.ofHours(1));
    }

    private DiskFrameStore start(Duration syncInterval) {
        try {
            return new DiskFrameStore(new DiskSettings(
                    folder(), 24L * SEGMENT, SEGMENT, AckLevel.STORED, syncInterval, Duration.ofMillis(5)));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private FolderReport report() throws IOException {
        try (DiskInspection inspection = new DiskInspection(folder())) {
            return inspection.report();
        }
    }

    private List<Frame> dump(String stream) throws IOException {
        List<Frame> frames = new ArrayList<>();
        try (DiskInspection inspection = new DiskInspection(folder())) {
            inspection.frames(stream, 1, Long.MAX_VALUE, frames::add);
        }
        return frames;
    }

    /** Stream gate: frames 1 to 20 of one generation, 2 of them trimmed; group detectors has 3 to 5 pending. */
    private List<Frame> gate() {
        DiskFrameStore store = startLazy();
        Answers answers = new Answers();
        StreamStore stream = Opened.of(store, "gate", answers).stream();
        stream.createGroup("detectors", 0, new GroupSettings(12_000), true);
        List<Frame> frames = Samples.frames(stream.generation(), 1, 20, FRAME);
        stream.append(frames);
        answers.awaitStored(20);
        stream.delivered("detectors", 1, 5, 1);
        stream.settle("detectors", 1, 2, Outcome.ACKED, null);
        stream.trim(2);
        // What was forced is known to have been whole.
        store.syncer().sync();
        stream.deleteGroup("nobody");
        stream.delivered("detectors", 6, 6, 1);
        stream.settle("detectors", 6, 6, Outcome.ACKED, null);
        store.close();
        return frames;
    }

    // ---- what is whole

    @Test
    void whatAStoreHasLeftIsWholeAndCounted() throws IOException {
        List<Frame> frames = gate();

        FolderReport report = report();

        assertThat(report.damages()).isEmpty();
        assertThat(report.notes()).isEmpty();
        assertThat(report.orphans()).isEmpty();
        assertThat(report.folder()).isEqualTo(folder().toString());
        assertThat(report.starts()).isEqualTo(1);
        assertThat(report.segmentBytes()).isEqualTo(SEGMENT);
        FolderReport.OfStream gate = report.streams().get(0);
        assertThat(gate.name()).isEqualTo("gate");
        assertThat(gate.lost()).isZero();
        assertThat(gate.frames())
                .isEqualTo(
                        new FolderReport.Frames(18, 18L * FRAME, 3, 20, Samples.RECEIVED + 3, Samples.RECEIVED + 20));
        assertThat(gate.groups()).hasSize(1);
        assertThat(gate.groups().get(0).name()).isEqualTo("detectors");
        assertThat(gate.groups().get(0).counts().cursor()).isEqualTo(6);
        assertThat(gate.groups().get(0).counts().pending()).isEqualTo(3);
        assertThat(gate.groups().get(0).counts().acked()).isEqualTo(3);
        assertThat(report.space().stream()
                        .mapToLong(each -> each.takenBytes() + each.freeBytes())
                        .sum())
                .isEqualTo(report.space().stream()
                                .mapToInt(FolderReport.Space::segments)
                                .sum()
                        * (long) SEGMENT);
        Samples.assertSame(dump("gate"), frames.subList(2, 20));
    }

    @Test
    void partOfAStreamIsReadByOrdinal() throws IOException {
        List<Frame> frames = gate();
        List<Frame> read = new ArrayList<>();

        try (DiskInspection inspection = new DiskInspection(folder())) {
            assertThat(inspection.names()).containsExactly("gate");
            assertThat(inspection.frames("gate", 7, 9, read::add)).isEmpty();
            assertThatThrownBy(() -> inspection.frames("dock", 1, 9, read::add))
                    .isInstanceOf(NoSuchElementException.class)
                    .hasMessage("dock");
        }

        Samples.assertSame(read, frames.subList(6, 9));
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void whatAKilledBrokerLeavesIsNoDamageAndIsWhatTheNextOneFinds(long seed) throws IOException {
        Random random = new Random(seed);
        List<DrivenStream> streams = CrashTest.streams(random);
        for (int round = 0; round < 3; round++) {
            DiskFrameStore store = start();
            streams.forEach(each -> each.open(store, Loss.NOTHING));
            CrashTest.drive(streams, random);
            streams.forEach(DrivenStream::promised);
            store.abandon();

            FolderReport report = report();
            assertThat(report.damages()).isEmpty();
            assertThat(report.streams()).allMatch(each -> each.lost() == 0);
            Map<String, List<Frame>> found = found(report);
            assertNextStartFinds(found, report);
        }
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void whateverHarmIsDoneItTellsWhatTheNextStartWillFind(long seed) throws IOException {
        Random random = new Random(seed);
        List<DrivenStream> streams = CrashTest.streams(random);
        DiskFrameStore store = start();
        streams.forEach(each -> each.open(store, Loss.NOTHING));
        CrashTest.drive(streams, random);
        store.syncer().sync();
        CrashTest.drive(streams, random);
        store.abandon();
        for (int i = random.nextInt(8); i >= 0; i--) {
            harm(random);
        }

        FolderReport report = report();
        Map<String, List<Frame>> found = found(report);
        assertNextStartFinds(found, report);
    }

    private void harm(Random random) throws IOException {
        List<Path> segments = new ArrayList<>(List.copyOf(bytes().keySet()));
        segments.removeIf(each -> !each.getParent().endsWith("segments"));
        segments.sort(null);
        Path segment = segments.get(random.nextInt(segments.size()));
        int at = random.nextInt(5) == 0
                ? SEGMENT + random.nextInt(200)
                : random.nextInt(4) * Chunk.LEAST + random.nextInt(1 << 9 + random.nextInt(9));
        byte[] noise = new byte[1 + random.nextInt(Math.min(600, Segment.fileBytes(SEGMENT) - at))];
        random.nextBytes(noise);
        write(segment, at, noise);
    }

    private Map<String, List<Frame>> found(FolderReport report) throws IOException {
        Map<String, List<Frame>> found = new TreeMap<>();
        for (FolderReport.OfStream stream : report.streams()) {
            List<Frame> frames = dump(stream.name());
            assertThat(stream.frames().frames()).isEqualTo(frames.size());
            found.put(stream.name(), frames);
        }
        return found;
    }

    private void assertNextStartFinds(Map<String, List<Frame>> found, FolderReport report) {
        try (DiskFrameStore next = start()) {
            List<String> names = new ArrayList<>();
            next.names(names::addAll);
            assertThat(names).containsExactlyInAnyOrderElementsOf(found.keySet());
            for (FolderReport.OfStream stream : report.streams()) {
                Answers answers = new Answers();
                StreamStore opened = Opened.existing(next, stream.name(), answers).stream();
                List<Frame> frames = answers.read(opened, opened.firstOrdinal(), opened.lastOrdinal());
                Samples.assertSame(found.get(stream.name()), frames);
                assertThat(opened.lastOrdinal() - opened.firstOrdinal() + 1 - frames.size())
                        .isEqualTo(stream.lost());
                for (FolderReport.OfGroup group : stream.groups()) {
                    assertThat(group.counts()).isEqualTo(opened.group(group.name()));
                }
            }
            // A header that did not get to the disk counts as an intrusion, and is none to people.
            assertThat(report.isWhole() && next.intrusions() > report.notes().size())
                    .isFalse();
        }
    }

    // ---- what is damaged

    @Test
    void aDamagedFrameIsNamedWithItsPlaceAndLeftOut() throws IOException {
        List<Frame> frames = gate();
        Place place = find(frames.get(6));
        flip(place.segment, place.offset + 100);

        FolderReport report = report();

        assertThat(report.damages()).hasSize(1);
        Damage damage = report.damages().get(0);
        assertThat(damage.place())
                .isEqualTo("segment %s at %d, stream gate, frame 7"
                        .formatted(place.segment.getFileName(), place.offset - RECORD_HEADER));
        assertThat(damage.what()).contains("checksum");
        assertThat(damage.meaning()).contains("STORE_LOST");
        assertThat(report.streams().get(0).lost()).isEqualTo(1);
        assertThat(Samples.ordinals(dump("gate"))).hasSize(17).doesNotContain(7L);
    }

    @ParameterizedTest
    @ValueSource(ints = {3, 7, 12})
    void aDamagedFrameHeaderIsNamedWithItsPlace(int ordinal) throws IOException {
        List<Frame> frames = gate();
        Place place = find(frames.get(ordinal - 1));
        flip(place.segment, place.offset - RECORD_HEADER + 30);

        FolderReport report = report();

        assertThat(report.damages())
                .extracting(Damage::place)
                .containsExactly("segment %s at %d, stream gate, frame %d"
                        .formatted(place.segment.getFileName(), place.offset - RECORD_HEADER, ordinal));
        assertThat(report.damages().get(0).what()).contains("header");
        assertThat(report.streams().get(0).lost()).isEqualTo(1);
    }

    @Test
    void theNewestFramesAreMissedToo() throws IOException {
        List<Frame> frames = gate();
        for (int i = 18; i < 20; i++) {
            Place place = find(frames.get(i));
            flip(place.segment, place.offset - RECORD_HEADER + 30);
        }
        Place place = find(frames.get(18));

        FolderReport report = report();

        assertThat(report.damages())
                .extracting(Damage::place)
                .containsExactly("segment %s at %d, stream gate, frames 19..20"
                        .formatted(place.segment.getFileName(), place.offset - RECORD_HEADER));
        assertThat(report.streams().get(0).lost()).isEqualTo(2);
    }

    @Test
    void damageWhereFramesAreTrimmedLosesNothing() throws IOException {
        List<Frame> frames = gate();
        Place place = find(frames.get(0));
        flip(place.segment, place.offset - RECORD_HEADER + 30);

        FolderReport report = report();

        assertThat(report.damages()).hasSize(1);
        assertThat(report.damages().get(0).meaning()).isEqualTo("nothing is lost");
        assertThat(report.streams().get(0).lost()).isZero();
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aJournalRecordWithACopyLosesNothing(boolean lower) throws IOException {
        gate();
        Chunk journal = chunk(Chunk.Kind.JOURNAL);
        int at = Chunk.DATA + (lower ? 0 : journal.size() / 2);
        flip(segment(journal), journal.offset() + at + 12);

        FolderReport report = report();

        assertThat(report.damages()).hasSize(1);
        assertThat(report.damages().get(0).place())
                .isEqualTo("segment %s at %d, stream gate"
                        .formatted(segment(journal).getFileName(), journal.offset() + at));
        assertThat(report.damages().get(0).meaning()).contains("nothing is lost");
        assertThat(report.streams().get(0).frames().frames()).isEqualTo(18);
    }

    @Test
    void aJournalRecordWithoutACopyIsNamed() throws IOException {
        gate();
        Chunk journal = chunk(Chunk.Kind.JOURNAL);
        // The one behind the whole state.
        int second = Chunk.DATA + (8 + (journal.getInt(Chunk.DATA + 4) >>> 8) + 7 & ~7);
        flip(segment(journal), journal.offset() + second + 8);
        flip(segment(journal), journal.offset() + journal.size() / 2 + second + 8);

        FolderReport report = report();

        assertThat(report.damages()).hasSize(1);
        assertThat(report.damages().get(0).place())
                .isEqualTo("segment %s at %d, stream gate"
                        .formatted(segment(journal).getFileName(), journal.offset() + second));
        assertThat(report.damages().get(0).meaning()).contains("forgotten");
    }

    @Test
    void theEndOfAJournalThatWasNotForcedIsNoDamage() throws IOException {
        DiskFrameStore store = startLazy();
        Answers answers = new Answers();
        StreamStore stream = Opened.of(store, "gate", answers).stream();
        stream.append(Samples.frames(stream.generation(), 1, 3, FRAME));
        answers.awaitStored(3);
        stream.createGroup("a", 0, new GroupSettings(12_000), true);
        stream.createGroup("b", 0, new GroupSettings(12_000), true);
        store.abandon();
        Chunk journal = chunk(Chunk.Kind.JOURNAL);
        int second = Chunk.DATA + (8 + (journal.getInt(Chunk.DATA + 4) >>> 8) + 7 & ~7);
        flip(segment(journal), journal.offset() + second + 8);
        flip(segment(journal), journal.offset() + journal.size() / 2 + second + 8);

        FolderReport report = report();

        assertThat(report.damages()).isEmpty();
        assertThat(report.notes()).hasSize(1);
        assertThat(report.notes().get(0)).contains("stream gate", "journal", "loss of power");
    }

    @Test
    void aFrameThatNobodyWasToldOfIsNoDamage() throws IOException {
        List<Frame> frames = gate();
        Chunk chunk = chunk(Chunk.Kind.FRAMES);
        Place last = find(frames.get(19));
        int end = (int) (last.offset + FRAME + 7 & ~7L) - chunk.offset();
        byte[] torn = record(chunk, end, Samples.frame(frames.get(0).generation(), 21, FRAME, Samples.PUBLISHER));
        torn[torn.length / 2] ^= 1;
        write(segment(chunk), chunk.offset() + end, torn);

        FolderReport report = report();

        assertThat(report.damages()).isEmpty();
        assertThat(report.notes()).hasSize(1);
        assertThat(report.notes().get(0)).contains("stream gate", "frames 21..21", "nobody was told");
        assertThat(report.streams().get(0).frames().last()).isEqualTo(20);
    }

    /** What a frame's record looks like there. */
    private static byte[] record(Chunk chunk, int at, Frame frame) throws IOException {
        ForgetfulDisk memory = new ForgetfulDisk();
        Segment segment = new Segment(1, memory.create(1), SEGMENT);
        Chunk there = new Chunk(segment, 0, SEGMENT, chunk.kind(), chunk.stream(), chunk.number());
        int end = new FrameRecord.Writer().write(there, at, frame);
        return Arrays.copyOfRange(memory.bytes(1), at, end);
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aChunkHeaderWithACopyLosesNothing(boolean own) throws IOException {
        gate();
        Chunk chunk = chunk(Chunk.Kind.FRAMES);
        int at = own ? chunk.offset() : SEGMENT + chunk.offset() / Chunk.LEAST * Chunk.DATA;
        flip(segment(chunk), at + 20);

        FolderReport report = report();

        assertThat(report.damages()).hasSize(1);
        assertThat(report.damages().get(0).place())
                .isEqualTo("segment %s at %d".formatted(segment(chunk).getFileName(), at));
        assertThat(report.damages().get(0).meaning()).contains("nothing is lost");
        assertThat(report.streams().get(0).frames().frames()).isEqualTo(18);
    }

    @Test
    void aChunkWithoutAnyHeaderIsNamedAndSoAreItsFrames() throws IOException {
        gate();
        Chunk chunk = chunk(Chunk.Kind.FRAMES);
        flip(segment(chunk), chunk.offset() + 20);
        flip(segment(chunk), SEGMENT + chunk.offset() / Chunk.LEAST * Chunk.DATA + 20);

        FolderReport report = report();

        assertThat(report.damages())
                .extracting(Damage::place)
                .containsExactly(
                        "segment %s at %d".formatted(segment(chunk).getFileName(), chunk.offset()),
                        "stream gate, frames 3..20");
        assertThat(report.streams().get(0).lost()).isEqualTo(18);
    }

    @Test
    void aSegmentThatIsMissingOrCutShortIsNamed() throws IOException {
        gate();
        Chunk frames = chunk(Chunk.Kind.FRAMES);
        Files.write(folder().resolve("segments/0007"), new byte[100]);
        Files.write(folder().resolve("segments/0008.new"), new byte[100]);

        FolderReport report = report();

        assertThat(frames.segment().number()).isLessThan(4);
        assertThat(report.damages())
                .extracting(Damage::place)
                .containsSubsequence("segment 0005", "segment 0006", "segment 0007");
        assertThat(report.damages().get(report.damages().size() - 1).what()).contains("100 bytes");
        assertThat(report.notes()).hasSize(1);
        assertThat(report.notes().get(0)).contains("0008.new");
        assertThat(report.streams().get(0).frames().frames()).isEqualTo(18);
    }

    @Test
    void aJournalThatHadOnlyBeenBegunIsNoDamage() throws IOException {
        gate();
        newJournal(false);

        FolderReport report = report();

        assertThat(report.damages()).isEmpty();
        assertThat(report.notes()).hasSize(2);
        assertThat(report.notes().get(0)).contains("was begun and did not get to the disk");
        assertThat(report.notes().get(1)).contains("nobody needs any more: 1;");
        assertThat(report.streams().get(0).frames().frames()).isEqualTo(18);
    }

    @Test
    void aJournalThatHadBeenInUseAndIsDamagedIsNamed() throws IOException {
        gate();
        Chunk journal = newJournal(true);
        flip(segment(journal), journal.offset() + Chunk.DATA + 10);
        flip(segment(journal), journal.offset() + journal.size() / 2 + Chunk.DATA + 10);

        FolderReport report = report();

        assertThat(report.damages())
                .extracting(Damage::place)
                .containsExactly("segment %s at %d, stream number %d"
                        .formatted(segment(journal).getFileName(), journal.offset() + Chunk.DATA, journal.stream()));
        assertThat(report.damages().get(0).meaning()).contains("the journal before it is taken");
        assertThat(report.streams().get(0).frames().frames()).isEqualTo(18);
    }

    /** Takes another chunk for the journal of the stream, and uses it. */
    private Chunk newJournal(boolean used) throws IOException {
        try (FolderDisk disk = new FolderDisk(folder(), SEGMENT)) {
            Chunks space = new Chunks(disk, Long.MAX_VALUE);
            Recovered gate = new Recovery(space, new FoundDamages()).streams().get("gate");
            Chunk fresh = space.take(Chunk.Kind.JOURNAL, gate.id(), 1, 1);
            if (used) {
                RecordBuffer state = new RecordBuffer();
                gate.state().write(state, record -> record);
                gate.journal().move(fresh, StreamState.STATE, state);
                gate.journal().forced(fresh, gate.journal().end());
                gate.journal().add(StreamState.GENERATION, new RecordBuffer().put(2));
            }
            space.force();
            return fresh;
        }
    }

    // ---- frames whose journal is lost

    private Chunk loseJournal() throws IOException {
        Chunk journal = chunk(Chunk.Kind.JOURNAL);
        flip(segment(journal), journal.offset() + Chunk.DATA + 12);
        flip(segment(journal), journal.offset() + journal.size() / 2 + Chunk.DATA + 12);
        return journal;
    }

    @Test
    void framesWithoutAJournalAreNamedAndRead() throws IOException {
        List<Frame> frames = gate();
        Chunk journal = loseJournal();
        List<Frame> read = new ArrayList<>();

        FolderReport report = report();
        try (DiskInspection inspection = new DiskInspection(folder())) {
            assertThat(inspection.names()).isEmpty();
            assertThat(inspection.orphans()).containsExactly(journal.stream());
            assertThat(inspection.orphanedFrames(journal.stream(), 1, Long.MAX_VALUE, read::add))
                    .isEmpty();
        }

        assertThat(report.streams()).isEmpty();
        assertThat(report.orphans()).hasSize(1);
        assertThat(report.orphans().get(0).number()).isEqualTo(journal.stream());
        assertThat(report.orphans().get(0).frames().frames()).isEqualTo(20);
        assertThat(report.damages()).hasSize(1);
        assertThat(report.damages().get(0).place())
                .isEqualTo("segment %s at %d, stream number %d"
                        .formatted(segment(journal).getFileName(), journal.offset() + Chunk.DATA, journal.stream()));
        assertThat(report.damages().get(0).what()).contains("journal", "chunks of its frames: 1");
        assertThat(report.damages().get(0).meaning()).contains("--stream-number " + journal.stream());
        Samples.assertSame(read, frames);
    }

    @Test
    void aDamagedFrameWithoutAJournalIsNamedToo() throws IOException {
        List<Frame> frames = gate();
        Chunk journal = loseJournal();
        Place place = find(frames.get(6));
        flip(place.segment, place.offset + 100);
        List<Frame> read = new ArrayList<>();

        try (DiskInspection inspection = new DiskInspection(folder())) {
            assertThat(inspection.orphanedFrames(journal.stream(), 1, Long.MAX_VALUE, read::add))
                    .extracting(Damage::place)
                    .containsExactly("segment %s at %d, stream number %d, frame 7"
                            .formatted(place.segment.getFileName(), place.offset - RECORD_HEADER, journal.stream()));
        }

        assertThat(Samples.ordinals(read)).hasSize(19).doesNotContain(7L);
    }

    @Test
    void whatIsFreedIsUsedAgainAndNothingElseIsTouched() throws IOException {
        gate();
        Chunk journal = loseJournal();
        List<Frame> dock;
        try (DiskFrameStore store = start()) {
            Answers answers = new Answers();
            StreamStore stream = Opened.of(store, "dock", answers).stream();
            dock = Samples.frames(stream.generation(), 1, 5, FRAME);
            stream.append(dock);
            answers.awaitStored(5);
        }
        long taken = report().orphans().get(0).bytes();
        long free = free();

        OrphanedChunks.Freed freed = OrphanedChunks.free(folder(), journal.stream());

        assertThat(freed).isEqualTo(new OrphanedChunks.Freed(2, taken));
        assertThat(free()).isEqualTo(free + taken);
        FolderReport after = report();
        assertThat(after.damages()).isEmpty();
        assertThat(after.orphans()).isEmpty();
        Samples.assertSame(dump("dock"), dock);
        fill();
        assertThat(report().damages()).isEmpty();
        Samples.assertSame(dump("dock"), dock);
    }

    private long free() throws IOException {
        return report().space().stream()
                .mapToLong(FolderReport.Space::freeBytes)
                .sum();
    }

    /** Publishes until all segments but those for more than there is are in use. */
    private void fill() throws IOException {
        int segments =
                report().space().stream().mapToInt(FolderReport.Space::segments).sum();
        try (DiskFrameStore store = start()) {
            Answers answers = new Answers();
            StreamStore stream = Opened.of(store, "yard", answers).stream();
            int frames = segments * SEGMENT / 40_000;
            stream.append(Samples.frames(stream.generation(), 1, frames, 40_000));
            answers.awaitStored(frames);
        }
    }

    @Test
    void onlyWhatHasNoJournalIsFreed() throws IOException {
        gate();
        long number = chunk(Chunk.Kind.JOURNAL).stream();
        Map<Path, String> before = looks();

        assertThatThrownBy(() -> OrphanedChunks.free(folder(), number))
                .isInstanceOf(IOException.class)
                .hasMessageContaining(folder().toString())
                .hasMessageContaining("stream number " + number + " is gate")
                .hasMessageContaining("DeleteStream");
        assertThatThrownBy(() -> OrphanedChunks.free(folder(), 12345))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("no stream has number 12345");

        assertThat(looks()).isEqualTo(before);
    }

    @Test
    void nothingIsFreedWhileASegmentIsMissing() throws IOException {
        gate();
        Chunk journal = chunk(Chunk.Kind.JOURNAL);
        Path away = temporary.resolve("away");
        Files.move(segment(journal), away);
        Map<Path, String> before = looks();

        assertThatThrownBy(() -> OrphanedChunks.free(folder(), journal.stream()))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("missing")
                .hasMessageContaining("put them in place");

        assertThat(looks()).isEqualTo(before);
    }

    // ---- the folder

    @Test
    void nothingInTheFolderIsChanged() throws IOException {
        List<Frame> frames = gate();
        Place place = find(frames.get(6));
        flip(place.segment, place.offset - RECORD_HEADER + 30);
        Chunk chunk = chunk(Chunk.Kind.FRAMES);
        flip(segment(chunk), chunk.offset() + 20);
        Map<Path, String> before = looks();

        assertThat(report().damages()).hasSize(2);
        assertThat(dump("gate")).hasSize(17);

        assertThat(looks()).isEqualTo(before);
    }

    @Test
    void aFolderThatMayOnlyBeReadIsEnough() throws IOException {
        gate();
        try (Stream<Path> all = Files.walk(folder())) {
            for (Path each : all.toList()) {
                String rights = Files.isDirectory(each) ? "r-x------" : "r--------";
                Files.setPosixFilePermissions(each, PosixFilePermissions.fromString(rights));
            }
        }

        assertThat(report().isWhole()).isTrue();

        try (Stream<Path> all = Files.walk(folder())) {
            for (Path each : all.filter(Files::isDirectory).toList()) {
                Files.setPosixFilePermissions(each, PosixFilePermissions.fromString("rwx------"));
            }
        }
    }

    @Test
    void aFolderThatABrokerHasIsRefused() throws IOException {
        try (DiskFrameStore store = start()) {
            assertThat(store.name()).isEqualTo("disk");

            assertThatThrownBy(() -> new DiskInspection(folder()))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining(folder().toString())
                    .hasMessageContaining("in use by this process")
                    .hasMessageContaining("stop that broker first");
            assertThatThrownBy(() -> OrphanedChunks.free(folder(), 1))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("in use");
        }
    }

    @Test
    void aBrokerIsRefusedWhileSomebodyLooks() throws IOException {
        gate();
        try (DiskInspection inspection = new DiskInspection(folder())) {
            assertThat(inspection.names()).containsExactly("gate");

            assertThatThrownBy(this::start).hasMessageContaining("in use");
        }
        start().close();
    }

    @Test
    void aCopyWithoutTheLockIsLookedAtAllTheSame() throws IOException {
        gate();
        Files.delete(folder().resolve("lock"));

        assertThat(report().isWhole()).isTrue();
        assertThat(folder().resolve("lock")).doesNotExist();
    }

    @Test
    void whatIsNoFolderOfADiskStoreIsRefused() throws IOException {
        assertThatThrownBy(() -> new DiskInspection(folder()))
                .hasMessageContaining(folder().toString())
                .hasMessageContaining("no such folder")
                .hasMessageContaining("--data-dir");
        Files.createDirectories(folder());
        assertThatThrownBy(() -> new DiskInspection(folder()))
                .hasMessageContaining(folder().toString())
                .hasMessageContaining("no file 'format'");
        assertThat(folder()).isEmptyDirectory();
        assertThatThrownBy(() -> OrphanedChunks.free(folder(), 1)).hasMessageContaining("no file 'format'");
        assertThat(folder()).isEmptyDirectory();
    }

    @Test
    void aFormatThatIsNotThisOneIsRefused() throws IOException {
        gate();
        Path format = folder().resolve("format");
        String written = Files.readString(format);
        Files.writeString(format, written.replace("version 1", "version 2"));
        assertThatThrownBy(() -> new DiskInspection(folder()))
                .hasMessageContaining("format version 2")
                .hasMessageContaining("reads version 1");
        Files.writeString(format, written.replace("segment-bytes " + SEGMENT, "segment-bytes 1000"));
        assertThatThrownBy(() -> new DiskInspection(folder()))
                .hasMessageContaining("segments of 1000 bytes")
                .hasMessageContaining("no power of two");
        Files.writeString(format, "nonsense");
        assertThatThrownBy(() -> new DiskInspection(folder())).hasMessageContaining("cannot be understood");
    }

    @Test
    void aDiskThatCannotBeReadIsSaidSo() throws IOException {
        List<Frame> frames = gate();
        Place place = find(frames.get(6));
        try (DiskInspection inspection = new DiskInspection(folder())) {
            // Memory that is mapped to what is no longer there fails as memory that is mapped to a broken disk does.
            try (FileChannel file = FileChannel.open(place.segment, StandardOpenOption.WRITE)) {
                file.truncate(4096);
            }

            assertThatThrownBy(inspection::report)
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining(folder().toString())
                    .hasMessageContaining("cannot be read");
        }
    }

    // ---- bytes

    private record Place(Path segment, long offset) {}

    private Chunk chunk(Chunk.Kind kind) throws IOException {
        try (ReadOnlyDisk disk = new ReadOnlyDisk(folder())) {
            return new Chunks(disk, Long.MAX_VALUE)
                    .start(new LoggedFindings()).chunks().stream()
                            .filter(each -> each.kind() == kind)
                            .findFirst()
                            .orElseThrow();
        }
    }

    private Path segment(Chunk chunk) {
        return folder().resolve("segments/" + FolderDisk.name(chunk.segment().number()));
    }

    private Place find(Frame frame) throws IOException {
        byte[] wanted = frame.content().array();
        for (Map.Entry<Path, byte[]> file : bytes().entrySet()) {
            byte[] bytes = file.getValue();
            for (int at = 0; at + wanted.length <= bytes.length; at++) {
                if (Arrays.equals(bytes, at, at + wanted.length, wanted, 0, wanted.length)) {
                    return new Place(file.getKey(), at);
                }
            }
        }
        throw new AssertionError("frame " + frame.id() + " is not in the folder");
    }

    private Map<Path, byte[]> bytes() throws IOException {
        Map<Path, byte[]> bytes = new HashMap<>();
        try (Stream<Path> all = Files.walk(folder())) {
            for (Path each : all.filter(Files::isRegularFile).toList()) {
                bytes.put(each, Files.readAllBytes(each));
            }
        }
        return bytes;
    }

    /** Bytes, rights and times of all that is there. */
    private Map<Path, String> looks() throws IOException {
        Map<Path, String> looks = new TreeMap<>();
        try (Stream<Path> all = Files.walk(folder())) {
            for (Path each : all.toList()) {
                int bytes = Files.isDirectory(each) ? 0 : Arrays.hashCode(Files.readAllBytes(each));
                Map<String, Object> facts = Files.readAttributes(each, "unix:mode,size,lastModifiedTime,ctime,ino");
                looks.put(each, new TreeMap<>(facts) + " " + bytes);
            }
        }
        return looks;
    }

    private static void flip(Path file, long at) throws IOException {
        byte[] bytes = Files.readAllBytes(file);
        write(file, at, new byte[] {(byte) (bytes[(int) at] ^ 1)});
    }

    private static void write(Path file, long at, byte[] bytes) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            channel.write(ByteBuffer.wrap(bytes), at);
        }
    }
}
