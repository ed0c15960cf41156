package io.framebroker.client;

import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What user code is to hear once the lock is released. Used by one thread. */
final class Notices {
    private static final Logger log = LoggerFactory.getLogger(Notices.class);

    private List<Runnable> notices = List.of();

    void add(Runnable notice) {
        if (notices.isEmpty()) {
            notices = new ArrayList<>(4);
        }
        notices.add(notice);
    }

    void tell() {
        for (Runnable notice : notices) {
            try {
                notice.run();
            } catch (RuntimeException e) {
                log.warn("callback failed", e);
            }
        }
    }
}
