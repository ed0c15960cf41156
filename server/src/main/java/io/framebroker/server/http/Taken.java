package io.framebroker.server.http;

import io.framebroker.v1.Delivery;

/** A frame that a poll has in hand. */
record Taken(String stream, String publisherId, Delivery delivery) {
    long ordinal() {
        return delivery.getToken().getOrdinal();
    }

    int bytes() {
        return delivery.getFrame().getPayload().size();
    }

    /** Of all that is not the picture: fields that were posted, or a publisher's attributes. */
    int headerBytes() {
        return delivery.getFrame().getHeader().getSerializedSize();
    }

    /** Whether the other one comes right behind this one, so that one settlement does for both. */
    boolean isFollowedBy(Taken next) {
        return stream.equals(next.stream)
                && ordinal() + 1 == next.ordinal()
                && delivery.getToken().getGeneration()
                        == next.delivery.getToken().getGeneration()
                && delivery.getToken().getAttempt() == next.delivery.getToken().getAttempt();
    }
}
