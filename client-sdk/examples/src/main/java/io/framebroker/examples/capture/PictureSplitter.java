package io.framebroker.examples.capture;

import java.time.Instant;

/** Cuts the byte stream of one ffmpeg run into pictures. One thread; a new run needs a new splitter. */
interface PictureSplitter {

    /**
     * Takes the next bytes; hands every picture they complete to the sink.
     *
     * @param chunk holds the bytes from 0 on; copied, never kept
     * @param length how many of them count
     * @param readAt when they were read
     */
    void feed(byte[] chunk, int length, Instant readAt, PictureSink sink) throws InterruptedException;

    /** The stream is over: reports a picture that was begun and not completed. */
    void end(PictureSink sink);
}
