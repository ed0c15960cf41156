package io.framebroker.server.broker;

/** What an acknowledged frame survives, weakest first. */
public enum AckLevel {
    /** Nothing: it dies with the broker process. */
    MEMORY("nothing: frames die with the broker process"),
    /** A crash of the broker. */
    STORED("a crash of the broker"),
    /** Loss of power. */
    FSYNC("loss of power"),
    /** Loss of a storage node. */
    REPLICATED("loss of a storage node");

    private final String survives;

    AckLevel(String survives) {
        this.survives = survives;
    }

    public String survives() {
        return survives;
    }
}
