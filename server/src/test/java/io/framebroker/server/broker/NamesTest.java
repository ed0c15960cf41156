package io.framebroker.server.broker;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class NamesTest {
    @ParameterizedTest
    @ValueSource(strings = {"a", "cam-1", "site/hall_2/cam:3.left", "0", "_x"})
    void streamNames(String name) {
        assertThatCode(() -> Names.checkStream(name)).doesNotThrowAnyException();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "-a", ".a", "/a", ":a", "a b", "a*", "a\n", "ä", "~1", "a~", "a\0b"})
    void noStreamNames(String name) {
        assertThatThrownBy(() -> Names.checkStream(name))
                .isInstanceOf(BrokerException.class)
                .hasMessageContaining("stream")
                .hasMessageNotContaining("\n");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "a/b", "~1", "a b", "-", "\u0000"})
    void noGroupNames(String name) {
        assertThatThrownBy(() -> Names.checkGroup(name)).isInstanceOf(BrokerException.class);
    }

    @ParameterizedTest
    @ValueSource(ints = {200, 201})
    void theLongestStreamNameHas200Characters(int length) {
        String name = "x".repeat(length);
        if (length <= 200) {
            assertThatCode(() -> Names.checkStream(name)).doesNotThrowAnyException();
        } else {
            assertThatThrownBy(() -> Names.checkStream(name)).isInstanceOf(BrokerException.class);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "front door", "kamera-ä", "~x", "a/b"})
    void ids(String id) {
        assertThatCode(() -> Names.checkId("open.consumer_id", id)).doesNotThrowAnyException();
    }

    @ParameterizedTest
    @ValueSource(strings = {"a\n", "\t", "\u007f", "\u0000"})
    void noIds(String id) {
        assertThatThrownBy(() -> Names.checkId("open.consumer_id", id))
                .isInstanceOf(BrokerException.class)
                .hasMessageContaining("open.consumer_id");
    }
}
