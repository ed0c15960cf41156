package io.framebroker.client;

import java.util.List;

/** What is done with several frames at once, for instance one inference over all of them. */
@FunctionalInterface
public interface BatchHandler {
    /**
     * Returning acknowledges the frames that were not settled already, unless the consumer settles by hand. Throwing asks
     * for another attempt of those.
     *
     * @param frames at least one, in the order they came
     */
    void handle(List<ReceivedFrame> frames) throws Exception;
}
