package io.framebroker.server.broker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class GlobsTest {
    private static boolean matches(String glob, String name) {
        return new Globs(List.of(glob)).match(name);
    }

    @Test
    void aStarStandsForAnyCharactersOrNone() {
        assertThat(matches("cam-*", "cam-1")).isTrue();
        assertThat(matches("cam-*", "cam-")).isTrue();
        assertThat(matches("*", "any/thing:at.all")).isTrue();
        assertThat(matches("*/gate", "site/7/gate")).isTrue();
        assertThat(matches("site/*/gate-*", "site/7/gate-2")).isTrue();
        assertThat(matches("a*b*c", "aXbXbXc")).isTrue();

        assertThat(matches("cam-*", "cam")).isFalse();
        assertThat(matches("cam-*", "a-cam-1")).isFalse();
        assertThat(matches("*/gate", "site/gate-2")).isFalse();
        assertThat(matches("a*b*c", "aXbX")).isFalse();
    }

    @Test
    void ofSeveralGlobsOneIsEnough() {
        Globs globs = Globs.among(List.of("gate", "yard-*", "*-7"));

        assertThat(globs.match("yard-1")).isTrue();
        assertThat(globs.match("dock-7")).isTrue();
        assertThat(globs.match("gate")).as("named, not by a glob").isFalse();
    }

    @Test
    @Timeout(60)
    void aGlobOfManyStarsIsMatchedInBoundedSteps() {
        assertThat(matches("*a".repeat(99) + "b*", "a".repeat(200))).isFalse();
    }

    @Test
    void aGlobHasTheCharactersOfNames() {
        assertThatCode(() -> Globs.check("-*")).doesNotThrowAnyException();
        assertThatThrownBy(() -> Globs.check("a b*")).hasMessageContaining("\"a b*\" is no glob");
        assertThatThrownBy(() -> Globs.check("*".repeat(201))).hasMessageContaining("at most 200");
    }
}
