package io.framebroker.loadgen.check;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** What the logs of its publishers say of one stream. */
final class StreamAccount {
    final String name;
    final List<SourceAccount> sources = new ArrayList<>();

    /** Frames by reason. */
    final Map<String, Long> failed = new TreeMap<>();

    final Map<String, Long> reported = new TreeMap<>();

    StreamAccount(String name) {
        this.name = name;
    }
}
