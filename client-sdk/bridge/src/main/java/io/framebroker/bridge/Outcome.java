package io.framebroker.bridge;

import io.framebroker.bridge.source.EntryId;
import io.framebroker.bridge.source.Loss;
import io.framebroker.client.PublishFailure;
import io.framebroker.v1.AckLevel;

/** What the pump hears from other threads. */
sealed interface Outcome {
    /** Entries of the target up to this sequence are in the broker, but for those of which a {@link Failed} tells. */
    record Stored(Target target, long through) implements Outcome {}

    /** An entry is not in the broker, or may not be. */
    record Failed(Target target, long sequence, PublishFailure kind, String reason, String message)
            implements Outcome {}

    /** The broker has opened the target's stream and has entries up to this one from whoever published before. */
    record Opened(Target target, EntryId last, AckLevel level) implements Outcome {}

    /** The broker has a loss in its ledger, or it is not known that it has. */
    record Told(Loss loss, boolean confirmed) implements Outcome {}

    /** Somebody wants the pump's attention. */
    record Woken() implements Outcome {}
}
