package io.framebroker.loadgen.check;

/** What one group did with the frames of one source. */
final class Deliveries {
    final Bits delivered = new Bits();

    /** Delivered as attempt 1. */
    final Bits first = new Bits();

    /** Delivered more than once under the same id: looked at in a second reading. */
    final Bits again = new Bits();

    final Bits deadLettered = new Bits();

    /** The broker has confirmed its ack. */
    final Bits confirmed = new Bits();
}
