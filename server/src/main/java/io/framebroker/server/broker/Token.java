package io.framebroker.server.broker;

/** Names one delivery within its stream and group. */
public record Token(long generation, long ordinal, int attempt) {
    @Override
    public String toString() {
        return generation + "-" + ordinal + "/" + attempt;
    }
}
