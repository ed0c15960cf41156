package io.framebroker.server.store.disk;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Space is handed out once, comes back whole, and is found again. */
class ChunksTest {
    private static final int SEGMENTS = 4;

    private final List<Chunk> taken = new ArrayList<>();
    private ForgetfulDisk disk = new ForgetfulDisk();
    private Chunks chunks = started(disk);

    private static Chunks started(ForgetfulDisk disk) {
        try {
            Chunks chunks = new Chunks(disk, SEGMENTS * (long) ForgetfulDisk.SEGMENT);
            chunks.start(new LoggedFindings());
            return chunks;
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10})
    void whatIsTakenIsNobodyElsesAndIsFoundAgain(long seed) throws IOException {
        Random random = new Random(seed);
        Set<Long> numbers = new HashSet<>();
        for (int i = 0; i < SEGMENTS; i++) {
            chunks.grow();
        }
        for (int step = 0; step < 3_000; step++) {
            int what = random.nextInt(100);
            if (what < 50) {
                Chunk chunk = chunks.take(
                        Chunk.Kind.JOURNAL,
                        random.nextInt(5),
                        1 << 16 + random.nextInt(5),
                        1 << 16 + random.nextInt(4));
                if (chunk != null) {
                    assertThat(numbers.add(chunk.number())).isTrue();
                    taken.add(chunk);
                }
            } else if (what < 98 && !taken.isEmpty()) {
                chunks.release(taken.remove(random.nextInt(taken.size())));
            } else if (what == 99) {
                findAgain(random.nextBoolean() ? disk.killed() : forcedAndCrashed(random));
            }
            assertApart();
        }
        taken.forEach(chunks::release);
        taken.clear();

        for (int i = 0; i < SEGMENTS; i++) {
            assertThat(chunks.take(Chunk.Kind.JOURNAL, 1, ForgetfulDisk.SEGMENT, ForgetfulDisk.SEGMENT))
                    .isNotNull();
        }
        assertThat(chunks.freeBytes()).isZero();
    }

    private ForgetfulDisk forcedAndCrashed(Random random) throws IOException {
        chunks.force();
        return disk.crashed(random, random.nextDouble());
    }

    private void findAgain(ForgetfulDisk left) throws IOException {
        disk = left;
        long free = chunks.freeBytes();
        chunks = new Chunks(disk, SEGMENTS * (long) ForgetfulDisk.SEGMENT);
        Chunks.Found found = chunks.start(new LoggedFindings());
        assertThat(found.damagedHeaders()).isZero();
        assertThat(found.chunks().stream().map(Chunk::toString).sorted().toList())
                .isEqualTo(taken.stream().map(Chunk::toString).sorted().toList());
        assertThat(chunks.freeBytes()).isEqualTo(free);
        taken.clear();
        taken.addAll(found.chunks());
    }

    private void assertApart() {
        taken.sort(
                Comparator.comparingInt((Chunk each) -> each.segment().number()).thenComparingInt(Chunk::offset));
        long bytes = 0;
        for (int i = 0; i < taken.size(); i++) {
            Chunk chunk = taken.get(i);
            bytes += chunk.size();
            if (i > 0 && taken.get(i - 1).segment() == chunk.segment()) {
                assertThat(chunk.offset())
                        .isGreaterThanOrEqualTo(
                                taken.get(i - 1).offset() + taken.get(i - 1).size());
            }
        }
        assertThat(bytes + chunks.freeBytes()).isEqualTo(chunks.allBytes());
    }

    @Test
    void framesAndJournalsLieInSegmentsOfTheirOwn() throws IOException {
        chunks.grow();
        chunks.grow();
        Chunk journal = chunks.take(Chunk.Kind.JOURNAL, 1, 1, 1);

        int frames = 0;
        while (chunks.take(Chunk.Kind.FRAMES, 1, 1, 1) != null) {
            frames++;
        }

        assertThat(frames).isEqualTo(4);
        assertThat(chunks.take(Chunk.Kind.JOURNAL, 1, 1, 1).segment()).isSameAs(journal.segment());
    }

    @Test
    void newStreamsLeaveRoomForTheJournalsOfOthers() throws IOException {
        chunks.grow();

        int journals = 0;
        while (chunks.takeFirst(1, 1, 1) != null) {
            journals++;
        }

        assertThat(journals).isEqualTo(3);
        assertThat(chunks.take(Chunk.Kind.JOURNAL, 1, 1, 1)).isNotNull();
    }

    /** Frames used to take the last free segment while journals had filled theirs; then no journal could go on. */
    @Test
    void framesLeaveRoomForTheJournalsThereAre() throws IOException {
        chunks.grow();
        chunks.grow();
        for (int stream = 1; stream <= 4; stream++) {
            taken.add(chunks.takeFirst(stream, 1, 1));
        }

        assertThat(chunks.take(Chunk.Kind.FRAMES, 1, 1, 1)).isNull();
        assertThat(chunks.isShort()).isTrue();
        chunks.grow();
        assertThat(chunks.isShort()).isFalse();
        for (int i = 0; i < 4; i++) {
            assertThat(chunks.take(Chunk.Kind.FRAMES, 1, 1, 1)).isNotNull();
        }
        assertThat(chunks.take(Chunk.Kind.FRAMES, 1, 1, 1)).isNull();
        assertThat(chunks.take(Chunk.Kind.JOURNAL, 1, 1, 1)).isNotNull();
    }

    @Test
    void framesTakeTheLastSegmentWhenJournalsHaveRoomInTheirs() throws IOException {
        chunks.grow();
        chunks.grow();
        for (int stream = 1; stream <= 4; stream++) {
            taken.add(chunks.takeFirst(stream, 1, 1));
        }

        chunks.release(taken.get(0));

        assertThat(chunks.take(Chunk.Kind.FRAMES, 2, 1, 1)).isNotNull();
        assertThat(chunks.freeSegments()).isZero();
    }

    /** The header of a chunk that was merged used to stay, and to be found when the split over it was torn. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10})
    void aFreedChunkDoesNotComeBackWhenASplitOverItIsTorn(long seed) throws IOException {
        Random random = new Random(seed);
        chunks.grow();
        Chunk left = chunks.take(Chunk.Kind.FRAMES, 1, 1, 1);
        Chunk right = chunks.take(Chunk.Kind.FRAMES, 2, 1, 1);
        chunks.release(left);
        chunks.release(right);
        chunks.force();

        chunks.take(Chunk.Kind.FRAMES, 3, 1, 1);

        for (int crash = 0; crash < 20; crash++) {
            Chunks.Found found =
                    new Chunks(disk.crashed(random, 0.5), ForgetfulDisk.SEGMENT).start(new LoggedFindings());
            assertThat(found.chunks()).noneMatch(each -> each.stream() != 3);
        }
    }

    /** The first crash takes back a split, the second keeps one half of the next: what lay between used to be there. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10})
    void whatOneCrashTookDoesNotComeBackWithTheNext(long seed) throws IOException {
        Random random = new Random(seed);
        for (int pair = 0; pair < 20; pair++) {
            disk = new ForgetfulDisk();
            chunks = started(disk);
            chunks.grow();
            takeAll(1);

            disk = disk.crashed(random, 0.5);
            chunks = new Chunks(disk, ForgetfulDisk.SEGMENT);
            Set<Long> left = numbers(chunks.start(new LoggedFindings()));
            left.addAll(takeAll(2));

            Chunks last = new Chunks(disk.crashed(random, 0.5), ForgetfulDisk.SEGMENT);
            assertThat(left).containsAll(numbers(last.start(new LoggedFindings())));
        }
    }

    private Set<Long> takeAll(long stream) {
        Set<Long> all = new HashSet<>();
        Chunk chunk = chunks.take(Chunk.Kind.FRAMES, stream, 1, 1);
        while (chunk != null) {
            all.add(chunk.number());
            chunk = chunks.take(Chunk.Kind.FRAMES, stream, 1, 1);
        }
        return all;
    }

    private static Set<Long> numbers(Chunks.Found found) {
        return new HashSet<>(found.chunks().stream().map(Chunk::number).toList());
    }

    @Test
    void lessThanWhatWouldDoWellIsGivenWhereThereIsNoMore() throws IOException {
        chunks.grow();
        chunks.take(Chunk.Kind.JOURNAL, 1, 1, 1);

        assertThat(chunks.take(Chunk.Kind.JOURNAL, 1, 1 << 20, 1 << 18).size()).isEqualTo(1 << 19);
        assertThat(chunks.take(Chunk.Kind.JOURNAL, 1, 1 << 20, 1 << 19)).isNull();
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aChunkIsFoundWhenOneOfItsHeadersIsDamaged(boolean own) throws IOException {
        chunks.grow();
        Chunk chunk = chunks.take(Chunk.Kind.JOURNAL, 7, 1, 1);

        disk.bytes(1)[own ? chunk.offset() + 20 : ForgetfulDisk.SEGMENT + 20] ^= 4;
        Chunks.Found found = started(disk, 1);

        assertThat(found.chunks()).extracting(Chunk::toString).containsExactly(chunk.toString());
        assertThat(started(disk, 0).damagedHeaders()).isZero();
    }

    private static Chunks.Found started(ForgetfulDisk disk, int damaged) throws IOException {
        Chunks.Found found = new Chunks(disk, 1 << 22).start(new LoggedFindings());
        assertThat(found.damagedHeaders()).isEqualTo(damaged);
        return found;
    }

    @Test
    void aSegmentThatWasMadeAndNeverUsedIsFree() throws IOException {
        disk.create(1);

        assertThat(started(disk).freeBytes()).isEqualTo(ForgetfulDisk.SEGMENT);
    }
}
