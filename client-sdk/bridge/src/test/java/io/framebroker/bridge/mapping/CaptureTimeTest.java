package io.framebroker.bridge.mapping;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.DateTimeException;
import java.time.Instant;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CaptureTimeTest {
    @ParameterizedTest
    @CsvSource({
        "AUTO,1234567890,2009-02-13T23:31:30Z",
        "AUTO,1753608701.224,2025-07-27T09:31:41.224Z",
        "AUTO,1753608701.2243519,2025-07-27T09:31:41.224351900Z",
        "AUTO,1.753608701224e9,2025-07-27T09:31:41.224Z",
        "AUTO,1753608701224,2025-07-27T09:31:41.224Z",
        "AUTO,1753608701224351,2025-07-27T09:31:41.224351Z",
        "AUTO,1753608701224351900,2025-07-27T09:31:41.224351900Z",
        "AUTO,2025-07-27T12:00:00,2025-07-27T12:00:00Z",
        "AUTO,2025-07-27T12:00:00.25+02:00,2025-07-27T10:00:00.250Z",
        "AUTO,2025-07-27 12:00:00.123456,2025-07-27T12:00:00.123456Z",
        "AUTO,0,1970-01-01T00:00:00Z",
        "AUTO,-1.5,1969-12-31T23:59:58.500Z",
        "SECONDS,1.5,1970-01-01T00:00:01.500Z",
        "MILLIS,1500,1970-01-01T00:00:01.500Z",
        "MICROS,1500000,1970-01-01T00:00:01.500Z",
        "NANOS,1500000000.9,1970-01-01T00:00:01.500Z",
        "ISO,2025-07-27T12:00:00Z,2025-07-27T12:00:00Z"
    })
    void timesAreReadInAllForms(CaptureTime form, String text, Instant expected) {
        assertThat(form.parse(text)).isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource({
        "AUTO,noon",
        "AUTO,''",
        "AUTO,12:00",
        "AUTO,1e300",
        "AUTO,1.2.3",
        "SECONDS,2025-07-27T12:00:00Z",
        "ISO,1753608701",
        "AUTO,1e-999999999",
        "SECONDS,1e999999999",
        "MILLIS,1e-999999999",
        "MICROS,x"
    })
    void whatIsNoTimeIsRefused(CaptureTime form, String text) {
        assertThatThrownBy(() -> form.parse(text))
                .isInstanceOfAny(DateTimeException.class, NumberFormatException.class, ArithmeticException.class);
    }
}
