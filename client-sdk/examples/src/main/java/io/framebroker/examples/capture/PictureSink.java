package io.framebroker.examples.capture;

/** Takes what a source reads. Called by the source's one reading thread. */
interface PictureSink {

    /**
     * Whether the picture that is there next is wanted; asked once for each, and before it is made where a source makes it.
     * One that is not wanted is not handed over, and counts as left out.
     */
    default boolean wantsNext() {
        return true;
    }

    /** Takes a complete picture. May block: a source that cannot wait must be given a sink that does not. */
    void picture(Picture picture) throws InterruptedException;

    /**
     * Hears of a picture that was read but cannot be used.
     *
     * @param reason stable, UPPER_SNAKE: {@link #TOO_LARGE}, {@link #BROKEN} or {@link #LATE}
     * @param count pictures lost; 1 or more
     * @param detail for people
     */
    void unusable(String reason, long count, String detail);

    /** The picture is larger than the capture was allowed to publish. */
    String TOO_LARGE = "CAPTURE_TOO_LARGE";

    /** The picture was cut off or is not made as its format says. */
    String BROKEN = "CAPTURE_BROKEN";

    /** The host was too slow to make the picture in its time. */
    String LATE = "CAPTURE_LATE";
}
