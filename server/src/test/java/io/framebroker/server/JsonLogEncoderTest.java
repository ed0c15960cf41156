package io.framebroker.server;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.LoggingEvent;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.event.KeyValuePair;

class JsonLogEncoderTest {
    private final JsonLogEncoder encoder = new JsonLogEncoder();

    private static LoggingEvent event(String message, Throwable thrown, Object... arguments) {
        LoggingEvent event = new LoggingEvent(
                "", new LoggerContext().getLogger("io.framebroker.Yard"), Level.WARN, message, thrown, arguments);
        event.setInstant(Instant.parse("2026-01-02T03:04:05.678Z"));
        event.setThreadName("worker");
        return event;
    }

    private static LoggingEvent with(LoggingEvent event, String key, Object value) {
        event.addKeyValuePair(new KeyValuePair(key, value));
        return event;
    }

    private JsonObject read(LoggingEvent event) {
        String line = new String(encoder.encode(event), StandardCharsets.UTF_8);
        assertThat(line).matches("[ -~]*\n");
        return JsonParser.parseString(line).getAsJsonObject();
    }

    @Test
    void allOfAnEventIsThere() {
        JsonObject read = read(with(event("stream {} waits", null, "gate"), "frames", 7L));

        assertThat(read.toString())
                .isEqualTo(
                        "{\"time\":\"2026-01-02T03:04:05.678Z\",\"level\":\"WARN\",\"logger\":\"io.framebroker.Yard\","
                                + "\"thread\":\"worker\",\"message\":\"stream gate waits\",\"frames\":7,\"stream\":\"gate\"}");
    }

    @Test
    void whomItIsAboutIsTakenFromItsWords() {
        JsonObject read =
                read(event("publisher {} left stream {} after {} ms, stream {} is free", null, "cam", "a", 7, "b"));

        assertThat(read.get("message").getAsString())
                .isEqualTo("publisher cam left stream a after 7 ms, stream b is free");
        assertThat(read.get("publisher").getAsString()).isEqualTo("cam");
        assertThat(read.get("stream").getAsString()).isEqualTo("a");
        assertThat(read.has("after")).isFalse();
    }

    @Test
    void aKeyOfTheEventWinsOverItsWords() {
        assertThat(read(with(event("stream {} waits", null, "a"), "stream", "b"))
                        .get("stream")
                        .getAsString())
                .isEqualTo("b");
    }

    @Test
    void moreBracesThanArgumentsAreNoFault() {
        assertThat(read(event("stream {} of group {}", null, "a")).has("group")).isFalse();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "two\nlines\r\n",
                "\"quotes\" and \\ back",
                "\u001b[31mred",
                "Hof Süd \uD83D\uDCF7",
                "\u2028",
                "\uD83D"
            })
    void noTextBreaksTheLine(String text) {
        JsonObject read = read(with(event(text, null), "stream", text));

        assertThat(read.get("message").getAsString()).isEqualTo(text);
        assertThat(read.get("stream").getAsString()).isEqualTo(text);
    }

    @Test
    void anExceptionIsOneMember() {
        Exception thrown = new IllegalStateException("the \"disk\"\nis full", new RuntimeException("cause"));

        String trace = read(event("failed", thrown)).get("exception").getAsString();

        assertThat(trace)
                .startsWith("java.lang.IllegalStateException: the \"disk\"\nis full")
                .contains(
                        "Caused by: java.lang.RuntimeException: cause",
                        "\tat " + getClass().getName());
    }

    @Test
    void aKeyThatIsTakenDoesNotStandThereTwice() {
        assertThat(read(with(event("said", null), "message", "other"))
                        .get("message")
                        .getAsString())
                .isEqualTo("said");
    }

    @Test
    void whatIsNullIsText() {
        JsonObject read = read(with(event(null, null), "stream", null));

        assertThat(read.get("message").getAsString()).isEqualTo("null");
        assertThat(read.get("stream").getAsString()).isEqualTo("null");
    }
}
