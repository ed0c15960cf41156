package io.framebroker.server.store.redis;

import static org.assertj.core.api.Assertions.assertThat;

import io.framebroker.server.broker.GroupSettings;
import java.util.Map;
import org.junit.jupiter.api.Test;

class RedisGroupTest {
    @Test
    void aHashThatNamesOnlyALeaseIsOfAnOlderVersion() {
        assertThat(RedisGroup.settings(Map.of("lease", StreamKeys.bytes("12000"))))
                .isEqualTo(new GroupSettings(12_000));
    }
}
