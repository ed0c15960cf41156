package io.framebroker.bridge.mapping;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.framebroker.bridge.mapping.FrameMapping.Mapped;
import io.framebroker.bridge.source.Entry;
import io.framebroker.bridge.source.Entry.Field;
import io.framebroker.bridge.source.EntryId;
import io.framebroker.client.OutgoingFrame;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What becomes of entries. What the frames look like to a consumer is in BridgeTest: here it is about what is refused, and
 * about what goes where.
 */
class FrameMappingTest {
    private static final FieldNames FIELDS =
            new FieldNames("data", "format", "width", "height", "timestamp", "frame_id", "keyframe", "traceparent");
    private static final EntryId ID = new EntryId(1753608701224L, 3);
    private static final byte[] JPEG = {(byte) 0xff, (byte) 0xd8, (byte) 0xff, 1, 2, 3};

    private String stream = "{camera_id}";
    private Map<String, String> renamed = Map.of();
    private PayloadForm form = PayloadForm.RAW;
    private boolean required;
    private Format format;
    private int maxPayloadBytes = 1_000;

    @Test
    void anEntryOfTheOldCaptureServiceIsAFrameOfItsCamera() throws Exception {
        Mapped mapped = map(
                "frame_id",
                "test_001",
                "timestamp",
                "1234567890",
                "camera_id",
                "camera_01",
                "width",
                "640",
                "height",
                "480",
                "format",
                "RGB");

        assertThat(mapped.stream()).isEqualTo("camera_01");
        assertThat(mapped.frame())
                .hasToString(
                        OutgoingFrame.of(Format.OPAQUE.codec(), new byte[0]).toString());
    }

    @ParameterizedTest
    @CsvSource(delimiter = ';', textBlock = """
            {camera_id}             ; north  ; north
            cams/{camera_id}/{site} ; north  ; cams/north/gate-1
            all                     ; north  ; all
            {lens|wide}             ; north  ; wide
            {camera_id}             ; Front  ; front-door
            """)
    void theTemplateNamesTheStream(String template, String camera, String expected) throws Exception {
        stream = template;
        renamed = Map.of("Front", "front-door");
        assertThat(map("camera_id", camera, "site", "gate-1").stream()).isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '"', textBlock = """
            FIELD_MISSING       | ""     | site=x                            | no field camera_id to name the stream by {camera_id}
            FIELD_MISSING       | ""     | camera_id=                        | no field camera_id
            STREAM_NAME_INVALID | ""     | camera_id=Front door              | 'Front door' is no name of a stream
            FIELD_INVALID       | north  | camera_id=north;width=wide        | field width is 'wide', not a number of pixels, 0..65535
            FIELD_INVALID       | north  | camera_id=north;width=70000       | field width is '70000'
            FIELD_INVALID       | north  | camera_id=north;height=-1         | field height is '-1'
            FIELD_INVALID       | north  | camera_id=north;timestamp=noon    | field timestamp is 'noon', not a time (AUTO)
            FIELD_INVALID       | north  | camera_id=north;timestamp=1e30    | field timestamp
            FIELD_INVALID       | north  | camera_id=north;keyframe=perhaps  | field keyframe is 'perhaps', not true or false
            PAYLOAD_INVALID     | north  | camera_id=north;data=123;format=RGB;width=2;height=2 | raw RGB of 2x2 has 12 bytes, the payload has 3
            PAYLOAD_INVALID     | north  | camera_id=north;data=123;format=RGB                  | raw RGB of 0x0
            """)
    void whatCannotBeReadIsNamedWithItsStreamIfItHasOne(String reason, String named, String fields, String message) {
        assertThatThrownBy(() -> map(fields.split("[;=]", -1)))
                .hasMessageContaining(message)
                .isInstanceOfSatisfying(UnreadableEntryException.class, unreadable -> {
                    assertThat(unreadable.reason()).isEqualTo(reason);
                    assertThat(unreadable.stream()).isEqualTo(named);
                });
    }

    @ParameterizedTest
    @ValueSource(strings = {"", " ", "/{camera_id}", "{camera|{camera_id}", "{}", "a b", "-{camera_id}"})
    void aTemplateThatGivesNoNamesIsRefused(String template) {
        stream = template;

        assertThatThrownBy(() -> map("camera_id", "north"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("gives no stream names: 1..200 characters");
    }

    @ParameterizedTest
    @CsvSource({"1753608701224-1048576", "8796093022208-0"})
    void anIdThatHasNoPlaceInTheOrderIsNotPublished(String id) {
        Entry entry = new Entry(EntryId.parse(id), fields("camera_id", "north"));

        assertThatThrownBy(() -> mapping().map(entry, null))
                .hasMessageContaining("8796093022207-1048575")
                .isInstanceOfSatisfying(
                        UnreadableEntryException.class,
                        unreadable -> assertThat(unreadable.reason()).isEqualTo("ID_OUT_OF_RANGE"));
    }

    @Test
    void aPayloadMayBeAskedFor() {
        required = true;

        assertThatThrownBy(() -> map("camera_id", "north", "data", ""))
                .isInstanceOfSatisfying(
                        UnreadableEntryException.class,
                        unreadable -> assertThat(unreadable.reason()).isEqualTo("PAYLOAD_MISSING"));
    }

    @ParameterizedTest
    @CsvSource({"_9j_AQID,6", "/9j/AQID,6", "'/9j/\r\nAQID\n',6", "/9j/AQI=,5", "/9j/AQI,5"})
    void base64IsReadInAllItsForms(String text, int bytes) throws Exception {
        form = PayloadForm.BASE64;

        assertThat(map("camera_id", "north", "data", text).frame()).hasToString("CODEC_JPEG of " + bytes + " bytes");
    }

    @ParameterizedTest
    @CsvSource({"%%%%", "/9j/A", "<html>"})
    void whatIsNoBase64IsNotCutToFit(String text) {
        form = PayloadForm.BASE64;

        assertThatThrownBy(() -> map("camera_id", "north", "data", text))
                .hasMessageContaining("field data is no base64")
                .isInstanceOfSatisfying(
                        UnreadableEntryException.class,
                        unreadable -> assertThat(unreadable.reason()).isEqualTo("PAYLOAD_INVALID"));
    }

    @Test
    void aPayloadMayBeKeptInAKeyOfItsOwn() throws Exception {
        form = PayloadForm.KEY;
        Entry entry = new Entry(ID, fields("camera_id", "north", "data", "frame:1"));

        assertThat(mapping().payloadKey(entry)).asString(StandardCharsets.UTF_8).isEqualTo("frame:1");
        assertThat(mapping().map(entry, JPEG).frame()).hasToString("CODEC_JPEG of 6 bytes");
        assertThatThrownBy(() -> mapping().map(entry, null))
                .hasMessageContaining("key frame:1")
                .isInstanceOfSatisfying(
                        UnreadableEntryException.class,
                        unreadable -> assertThat(unreadable.reason()).isEqualTo("PAYLOAD_GONE"));
        assertThat(mapping().payloadKey(new Entry(ID, fields("camera_id", "north"))))
                .isNull();
    }

    @ParameterizedTest
    @CsvSource({
        "'',      jpeg, CODEC_JPEG",
        "RGB,     jpeg, CODEC_JPEG",
        "image.x, jpeg, CODEC_JPEG",
        "h264,    jpeg, CODEC_H264",
        "'',      text, CODEC_UNSPECIFIED",
        "H.265,   text, CODEC_H265",
        "bgr24,   12,   CODEC_RAW",
        "GRAY,    4,    CODEC_RAW",
        "nv12,    6,    CODEC_RAW",
        "yuv420p, 6,    CODEC_RAW"
    })
    void thePayloadIsWhatItShowsOrWhatTheEntrySays(String said, String what, String codec) throws Exception {
        byte[] payload = what.equals("jpeg") ? JPEG : new byte[what.equals("text") ? 5 : Integer.parseInt(what)];
        List<Field> fields = fields("camera_id", "north", "format", said, "width", "2", "height", "2");
        fields.add(new Field(bytes("data"), payload));

        assertThat(mapping().map(new Entry(ID, fields), null).frame())
                .hasToString(codec + " of " + payload.length + " bytes");
    }

    @Test
    void whatNothingSaysIsWhatItWasToldToBe() throws Exception {
        format = Format.H264;

        assertThat(map("camera_id", "north", "data", "abc").frame()).hasToString("CODEC_H264 of 3 bytes");
    }

    @Test
    void aPayloadAboveTheLimitIsNotPublished() {
        maxPayloadBytes = 5;

        assertThatThrownBy(() -> map("camera_id", "north", "data", "123456"))
                .hasMessageContaining("payload of 6 bytes, limit 5")
                .isInstanceOfSatisfying(
                        UnreadableEntryException.class,
                        unreadable -> assertThat(unreadable.reason()).isEqualTo("PAYLOAD_TOO_LARGE"));
    }

    /** Whatever the fields are, the frame fits into what the publisher declared: the broker never gets to refuse it. */
    @Test
    void fieldsThatWouldNotFitIntoAHeaderAreRefusedWithAHint() {
        assertThatThrownBy(() -> map("camera_id", "north", "picture", "x".repeat(60_000)))
                .hasMessageContaining("--payload-field is data")
                .isInstanceOfSatisfying(
                        UnreadableEntryException.class,
                        unreadable -> assertThat(unreadable.reason()).isEqualTo("ATTRIBUTES_TOO_LARGE"));
    }

    @Test
    void aFieldNameThatIsNoTextIsNotGuessed() {
        Entry entry = new Entry(ID, List.of(new Field(new byte[] {(byte) 0xff}, bytes("x"))));

        assertThatThrownBy(() -> mapping().map(entry, null)).hasMessageContaining("a field's name is no UTF-8 text");
    }

    private Mapped map(String... fields) throws UnreadableEntryException {
        return mapping().map(new Entry(ID, fields(fields)), null);
    }

    private FrameMapping mapping() {
        return new FrameMapping(new FrameMapping.Settings(
                new StreamTemplate(stream, renamed),
                FIELDS,
                form,
                required,
                format,
                CaptureTime.AUTO,
                maxPayloadBytes));
    }

    private static List<Field> fields(String... namesAndValues) {
        List<Field> fields = new ArrayList<>();
        for (int i = 0; i < namesAndValues.length; i += 2) {
            fields.add(new Field(bytes(namesAndValues[i]), bytes(namesAndValues[i + 1])));
        }
        return fields;
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
