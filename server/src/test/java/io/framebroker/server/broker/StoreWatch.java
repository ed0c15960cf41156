package io.framebroker.server.broker;

import java.util.List;

/** Is told what a store was asked for and what it has confirmed, before the core is. */
interface StoreWatch {
    StoreWatch NOBODY = new StoreWatch() {};

    default void appended(String stream, List<Frame> frames) {}

    default void stored(String stream, long through) {}

    default void trimmed(String stream, long through) {}

    default void groupCreated(String stream, String group, long base) {}

    default void groupDeleted(String stream, String group) {}

    default void delivered(String stream, String group, long first, long last, int attempt) {}

    default void settleAsked(
            String stream, String group, long first, long last, StreamStore.Outcome outcome, String reason) {}

    default void settled(String stream, String group, long first, long last) {}
}
