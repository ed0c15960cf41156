package io.framebroker.loadgen.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.framebroker.loadgen.role.Line;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LogsTest {
    private static final FrameSource SOURCE = new FrameSource("r1", "site/cam-0", "p0", 1_700_000_000_000_000L);

    @TempDir
    Path folder;

    @Test
    void aPublishersEventsAreReadAsTheyWereWritten() throws IOException {
        try (PublisherLog log = PublisherLog.create(folder, SOURCE, 42)) {
            log.call();
            log.invoke(1);
            log.acked(new long[] {1, 2, 0}, 2, "STORED");
            log.notStored(Verb.FAIL, 3, "CRC_MISMATCH");
            log.callEnd("UNAVAILABLE: io exception");
            log.end(0);

            List<String> lines = lines();
            assertThat(lines.get(0)).startsWith("LOG version=1 role=publisher run=r1 seed=42 pid=");
            assertThat(lines.get(1)).isEqualTo("SOURCE 0 r1 site/cam-0 p0 1700000000000000");
            assertThat(lines.stream().skip(2).map(line -> line.replaceAll(" \\d+$", " t")))
                    .containsExactly(
                            "CALL t",
                            "INVOKE 0 1 t",
                            "ACK 0 1 STORED t",
                            "ACK 0 2 STORED t",
                            "FAIL 0 3 CRC_MISMATCH t",
                            "CALL_END UNAVAILABLE:_io_exception t",
                            "END 0 t");
        }
        try (LogFile log = LogFile.open(only())) {
            assertThat(log.about().get("role")).isEqualTo(PublisherLog.ROLE);
            assertThat(log.next()).isTrue();
            assertThat(log.verb()).isEqualTo(Verb.SOURCE);
            assertThat(log.number()).isZero();
            assertThat(new FrameSource(log.word(), log.word(), log.word(), log.number()))
                    .isEqualTo(SOURCE);
        }
    }

    @Test
    void aConsumerNamesASourceWhenItFirstMeetsIt() throws IOException {
        FrameSource later = new FrameSource("r1", "site/cam-0", "p0", 1_800_000_000_000_000L);
        try (ConsumerLog log = ConsumerLog.create(folder, "r1", "g0", "c0", List.of("site/cam-0", "cam-1"), true, 42)) {
            log.deliver(SOURCE, 1, 1, 1, 17, Content.OK);
            log.settlement(Verb.ACK_SENT, SOURCE, 1, 1);
            log.deliver(later, 1, 2, 2, 18, Content.CRC);
            log.refused(SOURCE, 1, 1, "STALE");
            log.gap("site/cam-0", "MAX_AGE", 3, "1-5", "");
        }

        assertThat(lines().stream().skip(1).map(line -> line.replaceAll(" \\d+$", " t")))
                .containsExactly(
                        "SOURCE 0 r1 site/cam-0 p0 t",
                        "DELIVER 0 1 1 1-17 ok t",
                        "ACK_SENT 0 1 1 t",
                        "SOURCE 1 r1 site/cam-0 p0 t",
                        "DELIVER 1 1 2 2-18 crc t",
                        "REFUSED 0 1 1 STALE t",
                        "GAP site/cam-0 MAX_AGE 3 1-5 - t");
        try (LogFile log = LogFile.open(only())) {
            assertThat(log.about().get("streams")).isEqualTo("site/cam-0,cam-1");
            assertThat(log.about().get("early")).isEqualTo("true");
            log.next();
            log.next();
            assertThat(log.verb()).isEqualTo(Verb.DELIVER);
            assertThat(List.of(log.number(), log.number(), log.number(), log.generation(), log.ordinal()))
                    .containsExactly(0L, 1L, 1L, 1L, 17L);
            assertThat(log.letter()).isEqualTo('o');
            assertThat(log.number()).isPositive();
            assertThatThrownBy(log::number).isInstanceOf(LogException.class).hasMessageContaining("ends too early");
        }
    }

    @Test
    void whatWasSaidIsThereBeforeTheFileIsClosed() throws IOException {
        try (PublisherLog log = PublisherLog.create(folder, SOURCE, 42)) {
            log.invoke(1);

            assertThat(lines()).last().asString().startsWith("INVOKE 0 1 ");
        }
    }

    @Test
    void linesOfSeveralThreadsDoNotMix() throws Exception {
        int each = 5_000;
        List<Thread> threads = new ArrayList<>();
        try (ConsumerLog log = ConsumerLog.create(folder, "r1", "g0", "c0", List.of("cam"), false, 42)) {
            for (int thread = 0; thread < 4; thread++) {
                int attempt = thread + 1;
                threads.add(new Thread(() -> {
                    for (int sequence = 1; sequence <= each; sequence++) {
                        log.deliver(SOURCE, sequence, attempt, 1, sequence, Content.OK);
                    }
                }));
            }
            threads.forEach(Thread::start);
            for (Thread thread : threads) {
                thread.join();
            }
        }

        int[] next = {1, 1, 1, 1};
        try (LogFile log = LogFile.open(only())) {
            log.next();
            while (log.next()) {
                assertThat(log.verb()).isEqualTo(Verb.DELIVER);
                log.number();
                long sequence = log.number();
                assertThat(sequence).isEqualTo(next[(int) log.number() - 1]++);
            }
        }
        assertThat(next).containsOnly(each + 1);
    }

    @Test
    void anInterruptedThreadDoesNotCloseTheLog() throws IOException {
        try (PublisherLog log = PublisherLog.create(folder, SOURCE, 42)) {
            Thread.currentThread().interrupt();
            log.invoke(1);
            assertThat(Thread.interrupted()).isTrue();
            log.invoke(2);
        }

        assertThat(lines()).last().asString().startsWith("INVOKE 0 2 ");
    }

    @Test
    void aSecondStartTakesAnotherFile() {
        PublisherLog.create(folder, SOURCE, 42).close();

        assertThatThrownBy(() -> PublisherLog.create(folder, SOURCE, 42))
                .isInstanceOf(UncheckedIOException.class)
                .hasMessageContaining("publisher-site_cam-0-p0-1700000000000000.log");
    }

    @Test
    void aFileWhoseFirstLineIsTornSaysNothing() throws IOException {
        assertThat(LogFile.open(Files.writeString(folder.resolve("a.log"), "LOG version=1 role=publ")))
                .isNull();
        assertThat(LogFile.open(Files.writeString(folder.resolve("b.log"), ""))).isNull();
    }

    @Test
    void whatIsNoLogIsNamed() throws IOException {
        Path other = Files.writeString(folder.resolve("other.log"), "2026-01-01 INFO hello\n");
        Path newer = Files.writeString(folder.resolve("newer.log"), "LOG version=2 role=publisher\n");

        assertThatThrownBy(() -> LogFile.open(other))
                .hasMessage("other.log line 1 has no known verb: 2026-01-01 INFO hello");
        assertThatThrownBy(() -> LogFile.open(newer)).hasMessageContaining("newer.log line 1 is not of version 1");
    }

    @Test
    void aLineMayBeLongerThanTheBuffer() throws IOException {
        String word = "x".repeat(3 << 20);
        try (EventLog log = EventLog.create(folder.resolve("a.log"), "terms", Line.of("about"))) {
            log.append(Line.of("TERMS").with("word", word));
            log.append(Line.of("TERMS").with("word", "short"));
        }

        try (LogFile log = LogFile.open(only())) {
            assertThat(log.next()).isTrue();
            assertThat(log.line().get("word")).isEqualTo(word);
            assertThat(log.next()).isTrue();
            assertThat(log.line().get("word")).isEqualTo("short");
            assertThat(log.next()).isFalse();
            assertThat(log.next()).isFalse();
        }
    }

    @Test
    void aFrameIdIsReadAsItWasWritten() {
        assertThat(SOURCE.frameId(7)).isEqualTo("r1/site/cam-0/p0/1700000000000000/7");
        assertThat(FrameSource.parse(SOURCE.frameId(7))).isEqualTo(new FrameSource.Frame(SOURCE, 7));
        for (String other : List.of("", "7", "a/b/7", "r/p/1/7", "r/s/p/x/7", "r/s/p/1/x", "r/ /p/1/7", "////")) {
            assertThat(FrameSource.parse(other)).as(other).isNull();
        }
    }

    private List<String> lines() throws IOException {
        return Files.readAllLines(only());
    }

    private Path only() throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.reduce((one, other) -> {
                        throw new AssertionError(one + " and " + other);
                    })
                    .orElseThrow();
        }
    }
}
