package io.framebroker.loadgen.check;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/** What the logs of its consumers say of one group. */
final class GroupAccount {
    final String name;

    /** It is to get every frame of these. */
    final Set<String> streams = new TreeSet<>();

    /** It does not wait for frames to be stored. */
    boolean early;

    private final Map<SourceAccount, Deliveries> bySource = new LinkedHashMap<>();

    GroupAccount(String name) {
        this.name = name;
    }

    Deliveries of(SourceAccount source) {
        return bySource.computeIfAbsent(source, fresh -> new Deliveries());
    }
}
