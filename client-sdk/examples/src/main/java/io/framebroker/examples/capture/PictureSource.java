package io.framebroker.examples.capture;

import java.io.IOException;

/** Something pictures come from. One run at a time; it may be run again after it ended. */
interface PictureSource {

    /**
     * Hands pictures to the sink until the source is over, is lost, or is stopped. Blocks; called by the camera's own
     * thread.
     *
     * @throws IOException if the source cannot be read or was lost; the message says why
     */
    End run(PictureSink sink) throws IOException, InterruptedException;

    /** Ends the run, and every later one at once. Any thread; returns when nothing of the run is left behind. */
    void stop();

    /**
     * Ends the run for now, where that saves something and does no harm, because nobody wants its pictures. Any thread,
     * returns at once.
     */
    default void rest() {}

    /** Looks after the run: called several times a second, by a thread that must not be held up. */
    default void watch(long nowNanos) {}

    /** How a run ended that was not lost. */
    enum End {
        /** There is nothing more to read. */
        OVER,
        /** {@link #rest} was called. */
        RESTED,
        /** {@link #stop} was called. */
        STOPPED
    }
}
