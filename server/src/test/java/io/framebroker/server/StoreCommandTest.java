package io.framebroker.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import com.google.protobuf.Timestamp;
import io.framebroker.server.broker.AckLevel;
import io.framebroker.server.broker.FrameContent;
import io.framebroker.server.broker.GroupSettings;
import io.framebroker.server.broker.PublisherKey;
import io.framebroker.server.broker.StreamStore;
import io.framebroker.server.broker.StreamStore.Outcome;
import io.framebroker.server.store.Answers;
import io.framebroker.server.store.Opened;
import io.framebroker.server.store.Samples;
import io.framebroker.server.store.disk.DiskFrameStore;
import io.framebroker.server.store.disk.DiskSettings;
import io.framebroker.v1.Codec;
import io.framebroker.v1.Compression;
import io.framebroker.v1.Frame;
import io.framebroker.v1.FrameHeader;
import io.framebroker.v1.PixelFormat;
import io.framebroker.wire.Lz4;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

/** {@code frame-broker store} as people call it: what it prints, and how it ends. */
class StoreCommandTest {
    private static final int SEGMENT = 1 << 20;
    private static final PublisherKey CAMERA = new PublisherKey("north camera", 7);
    private static final byte[] PIXELS = "blue green red ".repeat(200).getBytes(StandardCharsets.UTF_8);

    @TempDir
    Path temporary;

    /** How a command ended. */
    private record Ended(int code, String out, String err) {}

    private Path folder() {
        return temporary.resolve("frames");
    }

    private static Ended run(Object... arguments) {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        String[] words = new String[arguments.length + 1];
        words[0] = "store";
        for (int i = 0; i < arguments.length; i++) {
            words[i + 1] = arguments[i].toString();
        }
        int code = FrameBroker.commandLine()
                .setOut(new PrintWriter(out, true))
                .setErr(new PrintWriter(err, true))
                .execute(words);
        return new Ended(code, out.toString(), err.toString());
    }

    private DiskFrameStore start() throws IOException {
        return new DiskFrameStore(new DiskSettings(
                folder(), 16L * SEGMENT, SEGMENT, AckLevel.STORED, Duration.ofMillis(50), Duration.ofMillis(5)));
    }

    private static Frame jpeg(int number) {
        return Frame.newBuilder()
                .setHeader(FrameHeader.newBuilder()
                        .setSequence(number)
                        .setCodec(Codec.CODEC_JPEG)
                        .setWidth(640)
                        .setHeight(360)
                        .setFrameId("gate \u001b[2J \"" + number)
                        .setCaptureTime(Timestamp.newBuilder().setSeconds(1_700_000_000))
                        .putAttributes("site", "north gate"))
                .setPayload(ByteString.copyFrom(Samples.random(1_000, number)))
                .build();
    }

    private static Frame packed(int number) {
        byte[] packed = new byte[PIXELS.length];
        int length = Lz4.fastest().pack(PIXELS, 0, PIXELS.length, packed, packed.length);
        return Frame.newBuilder()
                .setHeader(FrameHeader.newBuilder()
                        .setSequence(number)
                        .setCodec(Codec.CODEC_RAW)
                        .setPixelFormat(PixelFormat.PIXEL_FORMAT_BGR24)
                        .setCompression(Compression.COMPRESSION_LZ4)
                        .setUncompressedBytes(PIXELS.length))
                .setPayload(ByteString.copyFrom(packed, 0, length))
                .build();
    }

    private void publish(String name, Frame... frames) throws IOException {
        try (DiskFrameStore store = start()) {
            Answers answers = new Answers();
            StreamStore stream = Opened.of(store, name, answers).stream();
            stream.createGroup("detector", 0, new GroupSettings(30_000), true);
            for (int i = 0; i < frames.length; i++) {
                byte[] bytes = frames[i].toByteArray();
                stream.append(List.of(new io.framebroker.server.broker.Frame(
                        new FrameContent(bytes, 0, bytes.length, i + 1, true, null),
                        stream.generation(),
                        i + 1,
                        i + 1,
                        Samples.RECEIVED + i,
                        CAMERA)));
            }
            answers.awaitStored(frames.length);
            stream.delivered("detector", 1, 2, 1);
            stream.settle("detector", 1, 1, Outcome.ACKED, null);
        }
    }

    private void publishGate() throws IOException {
        publish("gate/1", jpeg(1), jpeg(2), packed(3));
    }

    private Path segmentWith(byte[] wanted) throws IOException {
        for (int number = 1; ; number++) {
            Path segment = folder().resolve("segments/000" + number);
            if (indexOf(Files.readAllBytes(segment), wanted) >= 0) {
                return segment;
            }
        }
    }

    private static int indexOf(byte[] bytes, byte[] wanted) {
        return new String(bytes, StandardCharsets.ISO_8859_1).indexOf(new String(wanted, StandardCharsets.ISO_8859_1));
    }

    private void damage(Frame frame) throws IOException {
        byte[] payload = frame.getPayload().toByteArray();
        Path segment = segmentWith(payload);
        byte[] bytes = Files.readAllBytes(segment);
        bytes[indexOf(bytes, payload) + 10] ^= 1;
        Files.write(segment, bytes);
    }

    /** Damages the state that the journal of the only stream begins with, and its copy. */
    private void loseJournal() throws IOException {
        byte[] name = "gate/1".getBytes(StandardCharsets.UTF_8);
        Path segment = segmentWith(name);
        byte[] bytes = Files.readAllBytes(segment);
        for (int at = indexOf(bytes, name); at >= 0; at = indexOf(bytes, name)) {
            bytes[at] ^= 1;
        }
        Files.write(segment, bytes);
    }

    // ---- verify

    @Test
    void verifySaysWhatIsThereAndThatItIsWhole() throws IOException {
        publishGate();

        Ended ended = run("verify", folder());

        assertThat(ended.err).isEmpty();
        assertThat(ended.code).isZero();
        assertThat(ended.out).contains(folder() + ": format version 1, 1 starts, segments of 1048576 bytes");
        assertThat(ended.out).containsPattern("STREAM +FRAMES +BYTES +FIRST +LAST +OLDEST +NEWEST +LOST");
        assertThat(ended.out)
                .containsPattern("gate/1 +3 +\\d+ +1 +3 +2023-11-14T22:13:20Z +2023-11-14T22:13:20.000002Z +0");
        assertThat(ended.out).containsPattern("gate/1 +detector +0 +2 +1 +1 +0 +0");
        assertThat(ended.out).endsWith("Everything is whole.\n");
    }

    @Test
    void verifySaysWhatIsDamagedAndWhatComesOfIt() throws IOException {
        publishGate();
        damage(jpeg(2));

        Ended ended = run("verify", folder());

        assertThat(ended.code).isEqualTo(1);
        assertThat(ended.out)
                .containsPattern("- segment 000\\d at \\d+, stream gate/1, frame 2: the frame's bytes are not what")
                .contains("At the next start: left out", "1 place is damaged.");
        assertThat(ended.out).containsPattern("gate/1 +detector +0 +2 +0 +1 +0 +STORE_LOST 1");
    }

    @Test
    void verifyNamesTheFolderThatItCannotRead() throws IOException {
        Ended nothing = run("verify", folder());
        Files.createDirectories(folder());
        Ended empty = run("verify", folder());

        assertThat(nothing.code).isEqualTo(2);
        assertThat(nothing.err).contains(folder().toString(), "no such folder");
        assertThat(empty.code).isEqualTo(2);
        assertThat(empty.err).contains(folder().toString(), "no folder of a disk store");
    }

    @ParameterizedTest
    @ValueSource(strings = {"verify", "dump", "free"})
    void aFolderThatABrokerHasIsNamedWithTheWayOut(String command) throws IOException {
        try (DiskFrameStore store = start()) {
            assertThat(store.name()).isEqualTo("disk");

            Ended ended =
                    command.equals("free") ? run(command, folder(), "--stream-number", 1) : run(command, folder());

            assertThat(ended.code).isEqualTo(2);
            assertThat(ended.out).isEmpty();
            assertThat(ended.err).contains(folder().toString(), "in use by", "stop that broker first");
        }
    }

    @Test
    void withoutACommandItSaysWhichThereAre() {
        Ended ended = run();

        assertThat(ended.code).isEqualTo(2);
        assertThat(ended.err).contains("verify, dump or free");
    }

    // ---- dump

    @Test
    void dumpSaysOneLineAFrame() throws IOException {
        publishGate();

        Ended ended = run("dump", folder());

        assertThat(ended.code).isZero();
        assertThat(ended.err).isEmpty();
        assertThat(ended.out.lines())
                .containsExactly(
                        "gate/1 1-1 publisher=north?camera@7 sequence=1 received=2023-11-14T22:13:20Z codec=JPEG"
                                + " size=640x360 frame_id=gate?\\u001b[2J?\"1 payload=1000",
                        "gate/1 1-2 publisher=north?camera@7 sequence=2 received=2023-11-14T22:13:20.000001Z"
                                + " codec=JPEG size=640x360 frame_id=gate?\\u001b[2J?\"2 payload=1000",
                        "gate/1 1-3 publisher=north?camera@7 sequence=3 received=2023-11-14T22:13:20.000002Z codec=RAW"
                                + " pixels=BGR24 packed=LZ4 unpacked=3000 payload="
                                + packed(3).getPayload().size());
    }

    @Test
    void dumpAsJsonHasTheNamesOfTheContract() throws IOException {
        publishGate();

        Ended ended = run("dump", folder(), "--json", "--from", 2, "--to", 2);

        assertThat(ended.code).isZero();
        assertThat(ended.out.lines()).hasSize(1);
        assertThat(ended.out.strip())
                .isEqualTo("{\"stream\":\"gate/1\",\"id\":\"1-2\",\"generation\":1,\"ordinal\":2,"
                        + "\"publisher_id\":\"north camera\",\"epoch\":7,\"sequence\":2,"
                        + "\"received_time\":\"2023-11-14T22:13:20.000001Z\",\"frame_bytes\":"
                        + jpeg(2).getSerializedSize()
                        + ",\"capture_time\":\"2023-11-14T22:13:20Z\",\"codec\":\"CODEC_JPEG\",\"width\":640,"
                        + "\"height\":360,\"keyframe\":true,\"frame_id\":\"gate \\u001b[2J \\\"2\","
                        + "\"attributes\":{\"site\":\"north gate\"},\"payload_bytes\":1000}");
    }

    @Test
    void payloadsAreWhatWasPublished() throws IOException {
        publishGate();
        Path payloads = temporary.resolve("payloads");

        Ended ended = run("dump", folder(), "--payloads", payloads);

        assertThat(ended.code).isZero();
        assertThat(ended.out).contains("file=" + payloads.resolve("gate+1/1-1.jpg"));
        assertThat(Files.readAllBytes(payloads.resolve("gate+1/1-1.jpg")))
                .isEqualTo(jpeg(1).getPayload().toByteArray());
        assertThat(Files.readAllBytes(payloads.resolve("gate+1/1-2.jpg")))
                .isEqualTo(jpeg(2).getPayload().toByteArray());
        assertThat(Files.readAllBytes(payloads.resolve("gate+1/1-3.raw.lz4")))
                .isEqualTo(packed(3).getPayload().toByteArray());
    }

    @Test
    void payloadsAreUnpackedWhereThatIsWanted() throws IOException {
        publishGate();
        Path payloads = temporary.resolve("payloads");

        Ended ended = run("dump", folder(), "--stream", "gate/1", "--from", 3, "--payloads", payloads, "--unpack");

        assertThat(ended.code).isZero();
        assertThat(ended.out.lines()).hasSize(1);
        assertThat(Files.readAllBytes(payloads.resolve("gate+1/1-3.raw"))).isEqualTo(PIXELS);
    }

    @Test
    void noFileIsWrittenOver() throws IOException {
        publishGate();
        Path payloads = temporary.resolve("payloads");
        Path taken = payloads.resolve("gate+1/1-2.jpg");
        Files.createDirectories(taken.getParent());
        Files.writeString(taken, "mine");

        Ended ended = run("dump", folder(), "--payloads", payloads);

        assertThat(ended.code).isEqualTo(2);
        assertThat(ended.err).contains(taken.toString(), "is there already");
        assertThat(taken).hasContent("mine");
    }

    @Test
    void nothingIsWrittenIntoTheFolder() throws IOException {
        publishGate();
        Path link = Files.createSymbolicLink(temporary.resolve("link"), folder());

        Ended inside = run("dump", folder(), "--payloads", folder().resolve("payloads"));
        Ended aside = run("dump", folder(), "--payloads", link.resolve("payloads/deeper"));

        assertThat(inside.code).isEqualTo(2);
        assertThat(inside.err).contains("--payloads", "is inside " + folder());
        assertThat(aside.code).isEqualTo(2);
        assertThat(folder().resolve("payloads")).doesNotExist();
    }

    @Test
    void dumpLeavesOutWhatIsDamagedAndSaysSo() throws IOException {
        publishGate();
        damage(jpeg(2));

        Ended ended = run("dump", folder());

        assertThat(ended.code).isEqualTo(1);
        assertThat(ended.out.lines().map(line -> line.split(" ")[1])).containsExactly("1-1", "1-3");
        assertThat(ended.err).contains("stream gate/1, frame 2", "checksum");
    }

    @Test
    void aFrameOfAnotherContractIsNamedAndNotTakenApart() throws IOException {
        publish("dock", jpeg(1), jpeg(2), Frame.getDefaultInstance());
        byte[] nonsense = {(byte) 0xFF, (byte) 0xFF, (byte) 0xFF};
        try (DiskFrameStore store = start()) {
            Answers answers = new Answers();
            StreamStore stream = Opened.of(store, "dock", answers).stream();
            stream.append(List.of(new io.framebroker.server.broker.Frame(
                    new FrameContent(nonsense, 0, 3, 4, true, null), stream.generation(), 4, 4, 0, CAMERA)));
            answers.awaitStored(4);
        }

        Ended ended = run("dump", folder(), "--payloads", temporary.resolve("payloads"));

        assertThat(ended.code).isEqualTo(1);
        assertThat(ended.out).contains("dock 2-4 publisher=north?camera@7 sequence=4", "unreadable=3");
        assertThat(ended.err).contains("1 frames are whole, and are no frames of this contract");
        assertThat(temporary.resolve("payloads/dock/1-3.bin")).isEmptyFile();
    }

    @Test
    void aStreamThatIsNotThereIsRefusedWithThoseThatAre() throws IOException {
        publishGate();

        Ended named = run("dump", folder(), "--stream", "dock");
        Ended numbered = run("dump", folder(), "--stream-number", 5);

        assertThat(named.code).isEqualTo(2);
        assertThat(named.err).contains("--stream dock", "gate/1");
        assertThat(numbered.code).isEqualTo(2);
        assertThat(numbered.err).contains("--stream-number 5", "gate/1");
    }

    @Test
    void argumentsThatMakeNoSenseAreRefused() throws IOException {
        publishGate();

        assertThat(run("dump", folder(), "--from", 5, "--to", 4).err).contains("--from 5 --to 4 is no range");
        assertThat(run("dump", folder(), "--unpack").err).contains("--unpack is for --payloads");
        assertThat(run("dump", folder(), "--stream", "a", "--stream-number", 1).code)
                .isEqualTo(2);
        assertThat(run("free", folder()).err).contains("--stream-number");
    }

    @Test
    void framesThatNeedOthersSayWhetherTheyDo() throws IOException {
        Frame keyframe = Frame.newBuilder()
                .setHeader(FrameHeader.newBuilder()
                        .setCodec(Codec.CODEC_H264)
                        .setKeyframe(true)
                        .setPts(-3))
                .build();
        Frame delta = Frame.newBuilder()
                .setHeader(FrameHeader.newBuilder().setCodec(Codec.CODEC_H264).setFrameId("Tür"))
                .build();
        publish("dock", keyframe, delta);

        Ended text = run("dump", folder());
        Ended json = run("dump", folder(), "--json");

        assertThat(text.out.lines().map(line -> line.substring(line.indexOf("codec="))))
                .containsExactly("codec=H264 keyframe payload=0", "codec=H264 delta frame_id=Tür payload=0");
        assertThat(json.out.lines().toList().get(0)).contains("\"keyframe\":true", "\"pts\":-3");
        assertThat(json.out.lines().toList().get(1)).contains("\"keyframe\":false", "\"frame_id\":\"T\\u00fcr\"");
    }

    // ---- frames whose journal is lost

    @Test
    void framesWithoutAJournalAreNamedDumpedAndFreed() throws IOException {
        publishGate();
        loseJournal();

        Ended verified = run("verify", folder());
        String number = verified.out.replaceAll("(?s).*store free --stream-number (\\d+).*", "$1");
        Ended dumped = run("dump", folder(), "--stream-number", number, "--payloads", temporary.resolve("payloads"));
        Ended freed = run("free", folder(), "--stream-number", number);
        Ended after = run("verify", folder());

        assertThat(verified.code).isEqualTo(1);
        assertThat(verified.out)
                .containsPattern("STREAM NUMBER, JOURNAL LOST")
                .contains("At the next start: they are left alone");
        assertThat(dumped.code).isZero();
        assertThat(dumped.out.lines().map(line -> line.substring(0, line.indexOf(" publisher"))))
                .containsExactly("number-" + number + " 1-1", "number-" + number + " 1-2", "number-" + number + " 1-3");
        assertThat(Files.readAllBytes(temporary.resolve("payloads/number-" + number + "/1-1.jpg")))
                .isEqualTo(jpeg(1).getPayload().toByteArray());
        assertThat(freed.code).isZero();
        assertThat(freed.out).contains("stream number " + number + ": 2 chunks are free, 524288 bytes");
        assertThat(after.code).isZero();
        assertThat(run("free", folder(), "--stream-number", number).code).isEqualTo(2);
    }

    // ---- the page

    @Test
    void thePageShowsWhatIsPrinted() throws IOException {
        List<String> shown = Files.readString(Path.of("DISK.md"))
                .lines()
                .map(StoreCommandTest::shape)
                .toList();
        publishGate();
        damage(packed(3));
        String damaged = run("verify", folder()).out + run("dump", folder(), "--to", 1).out;
        loseJournal();
        Ended verified = run("verify", folder());
        String number = verified.out.replaceAll("(?s).*store free --stream-number (\\d+).*", "$1");
        String freed = run("free", folder(), "--stream-number", number).out;

        List<String> printed = new ArrayList<>();
        (damaged + freed).lines().forEach(printed::add);
        verified.out
                .lines()
                .filter(line -> line.contains("JOURNAL LOST") || line.contains(number) && !line.contains("checksum"))
                .forEach(printed::add);
        assertThat(printed).hasSizeGreaterThan(15);
        for (String line : printed) {
            assertThat(shown).as(line).contains(shape(line));
        }
    }

    /** A line without what differs from folder to folder. */
    private static String shape(String line) {
        return line.replaceAll("\\d{4}-\\d\\d-\\S+Z", "TIME")
                .replaceAll("^/\\S+:", "FOLDER:")
                .replaceAll(" frame_id=\\S+", "")
                .replaceAll("publisher=\\S+", "publisher")
                .replaceAll("\\b(gate/1|gate|dock)\\b", "STREAM")
                .replaceAll("\\d+", "0")
                .replaceAll(" +", " ");
    }

    @Test
    void thePageListsEveryOption() throws IOException {
        String page = Files.readString(Path.of("DISK.md"));

        for (CommandLine command : FrameBroker.commandLine()
                .getSubcommands()
                .get("store")
                .getSubcommands()
                .values()) {
            assertThat(page).contains("\n### store " + command.getCommandName() + " FOLDER");
            command.getCommandSpec().options().stream()
                    .filter(option -> !option.usageHelp() && !option.versionHelp())
                    .forEach(option -> assertThat(page).contains("`" + option.longestName()));
        }
    }

    @Test
    void theProcessEndsAsItSays() throws Exception {
        publishGate();
        damage(jpeg(2));

        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        FrameBroker.class.getName(),
                        "store",
                        "verify",
                        folder().toString())
                .redirectErrorStream(true)
                .start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);

        assertThat(process.waitFor()).isEqualTo(1);
        assertThat(said).contains("stream gate/1, frame 2").endsWith("1 place is damaged.\n");
    }
}
