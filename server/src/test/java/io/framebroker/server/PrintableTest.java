package io.framebroker.server;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class PrintableTest {
    @Test
    void whatMovesTheCursorIsShownAsAnEscape() {
        assertThat(Printable.of("a\r\n\tb")).isEqualTo("a\\r\\n\\tb");
        assertThat(Printable.of("\u001b[2J\u0007\u009b\u007f\u0000"))
                .isEqualTo("\\u001b[2J\\u0007\\u009b\\u007f\\u0000");
        assertThat(Printable.of("\u2028\u2029\u202e\ufeff")).isEqualTo("\\u2028\\u2029\\u202e\\ufeff");
        assertThat(Printable.of(Character.toString(0xE0001))).isEqualTo("\\U000e0001");
    }

    @Test
    void whatPeopleReadStaysAsItIs() {
        String text = "no picture: \"Tür 3\", 門 \uD83D\uDCF7 C:\\frames";

        assertThat(Printable.of(text)).isEqualTo(text);
    }
}
