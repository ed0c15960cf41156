package io.framebroker.client;

import io.framebroker.v1.AckLevel;
import io.framebroker.v1.Demand;
import io.framebroker.v1.PublishOpened;
import io.grpc.Status;

/**
 * Hears what becomes of a publisher's frames. Called without any lock held, on the transport's thread, the timer's or the
 * one that publishes, and possibly on two of them at once; must not block. What it throws is logged and ignored.
 */
public interface PublishListener {
    /**
     * Every frame up to this sequence has its outcome: those for which {@link #failed} was not called are stored.
     *
     * @param level what the frames survive
     */
    default void stored(long throughSequence, AckLevel level) {}

    /**
     * A frame is not stored, or may not be.
     *
     * @param reason stable reason in UPPER_SNAKE
     * @param message for people; may be empty
     */
    default void failed(long sequence, PublishFailure kind, String reason, String message) {}

    /**
     * Who wants the stream: told with each connection, and whenever it changes, one after the other and in order, on the
     * transport's thread. The same as {@link FramePublisher#demand} says from then on.
     */
    default void demand(Demand demand) {}

    /** The broker asks to wait; frames gather in the ring. */
    default void waiting(String reason) {}

    /** The broker takes frames again. */
    default void resumed() {}

    /** The broker has answered; frames flow. */
    default void connected(PublishOpened opened) {}

    /** The call ended, with OK when the broker drains. The publisher connects again unless it is closed or failed. */
    default void disconnected(Status status) {}
}
