package io.framebroker.server.broker;

/** Says how much of what a store was asked for, and had not confirmed, is there after a crash. */
interface Fate {
    /** All that was asked for, kind by kind, in order. */
    enum Kind {
        FRAMES,
        NOTES,
        TRIMS,
        GROUP
    }

    Fate NOTHING_MORE = (kind, least, most) -> least;
    Fate EVERYTHING = (kind, least, most) -> most;

    /**
     * How much there is.
     *
     * @param least what was confirmed
     * @param most what was asked for
     */
    long between(Kind kind, long least, long most);
}
