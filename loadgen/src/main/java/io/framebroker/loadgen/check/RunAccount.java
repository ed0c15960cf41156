package io.framebroker.loadgen.check;

import io.framebroker.loadgen.log.FrameSource;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;

/** Everything the logs of a run say, as far as one reading tells. */
final class RunAccount {
    final Map<FrameSource, SourceAccount> sources = new LinkedHashMap<>();
    final Map<String, StreamAccount> streams = new TreeMap<>();
    final Map<String, GroupAccount> groups = new TreeMap<>();
    final Offences offences = new Offences();
    final Counts counts = new Counts();

    SourceAccount source(FrameSource source) {
        return sources.computeIfAbsent(source, fresh -> {
            SourceAccount account = new SourceAccount(fresh);
            stream(fresh.stream()).sources.add(account);
            return account;
        });
    }

    StreamAccount stream(String name) {
        return streams.computeIfAbsent(name, StreamAccount::new);
    }

    GroupAccount group(String name) {
        return groups.computeIfAbsent(name, GroupAccount::new);
    }
}
