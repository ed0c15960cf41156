package io.framebroker.server.broker;

import java.util.List;

/** Is told what a store was asked for and what it has confirmed, before the core is. */
interface StoreWatch {
    StoreWatch NOBODY = new StoreWatch() {};

    /** Before the core hears of it. */
    default void opened(String stream, StreamStore store, StreamRecord record) {}

    default void noteAsked(String stream, StreamNote note) {}

    /** All that was asked. */
    default void noted(String stream) {}

    default void cooled(String stream, long through) {}

    default void appended(String stream, List<Frame> frames) {}

    default void stored(String stream, long through) {}

    default void trimmed(String stream, long through) {}

    default void groupCreated(String stream, String group, long base) {}

    default void groupDeleted(String stream, String group) {}

    /** As the first attempt. */
    default void delivered(String stream, String group, long first, long last) {}

    default void attemptAsked(String stream, String group, long ordinal, int attempt) {}

    default void attempted(String stream, String group, long ordinal) {}

    default void settleAsked(
            String stream, String group, long first, long last, StreamStore.Outcome outcome, String reason) {}

    default void settled(String stream, String group, long first, long last) {}
}
