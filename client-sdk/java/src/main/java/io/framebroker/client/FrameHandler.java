package io.framebroker.client;

/** What is done with each frame. */
@FunctionalInterface
public interface FrameHandler {
    /**
     * Returning acknowledges the frame unless it was settled already, or the consumer settles by hand. Throwing asks for
     * another attempt, with the exception as the reason.
     */
    void handle(ReceivedFrame frame) throws Exception;
}
