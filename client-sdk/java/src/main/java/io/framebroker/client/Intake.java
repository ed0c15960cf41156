package io.framebroker.client;

/**
 * Numbers frames and lets them into the ring, or drops by the publisher's policy what does not fit. Inter-coded video
 * never loses a frame alone: whatever depends on a dropped one goes with it. Guarded by the publisher's lock.
 */
final class Intake {
    static final String RING_FULL = "RING_FULL";
    static final String FRAME_TOO_LARGE = "FRAME_TOO_LARGE";

    private final PublisherOptions options;
    private final PackBuffers buffers;
    private final Ring ring;
    private final PublishCounts counts;
    private final Outcomes outcomes;
    private final HeaderEncoder headers = new HeaderEncoder();

    private long lastSequence;

    /** A frame was dropped and no keyframe has come since: what depends on earlier frames cannot be decoded. */
    private boolean awaitingKeyframe;

    Intake(PublisherOptions options, PackBuffers buffers, Ring ring, PublishCounts counts, Outcomes outcomes) {
        this.options = options;
        this.buffers = buffers;
        this.ring = ring;
        this.counts = counts;
        this.outcomes = outcomes;
    }

    long lastSequence() {
        return lastSequence;
    }

    /**
     * Gives the frame its sequence and takes it in, or drops it. One that the broker has is done with.
     *
     * @param packed null for a payload that travels as it is
     * @param crc32c of what travels
     */
    long admit(OutgoingFrame source, Packed packed, int crc32c, int maxFrameBytes, Notices notices) {
        long sequence = nextSequence(source);
        lastSequence = sequence;
        int payloadBytes = packed == null ? source.length : packed.length();
        counts.published++;
        if (outcomes.takenBefore(sequence, notices)) {
            giveBack(packed);
            return sequence;
        }
        makeRoom(payloadBytes, notices);
        if (!source.dependsOnEarlier()) {
            awaitingKeyframe = false;
        }
        if (awaitingKeyframe) {
            drop(sequence, source, packed, RING_FULL, "an earlier frame it depends on was dropped", notices);
        } else if (!ring.hasRoom(payloadBytes)) {
            drop(sequence, source, packed, RING_FULL, ringFull(), notices);
        } else {
            byte[] header = headers.encode(source, sequence, options.checksum(), crc32c, packed != null);
            RingFrame frame = new RingFrame(sequence, source, header, packed);
            if (frame.unpackedBytes() > maxFrameBytes) {
                String message = tooLarge(frame.unpackedBytes(), maxFrameBytes);
                drop(sequence, source, packed, FRAME_TOO_LARGE, message, notices);
            } else {
                ring.add(frame);
                counts.took(frame);
            }
        }
        return sequence;
    }

    /** The broker takes smaller frames than was thought when these came in: drops them as they come up for sending. */
    void dropTooLarge(int maxFrameBytes, Notices notices) {
        for (RingFrame next = ring.peek(); next != null && next.unpackedBytes() > maxFrameBytes; next = ring.peek()) {
            ring.removeNext();
            String message = tooLarge(next.unpackedBytes(), maxFrameBytes);
            outcomes.droppedHere(next.sequence, next.capturedMicros, FRAME_TOO_LARGE, message, notices);
            if (next.interCoded) {
                dropDependents(notices);
            }
        }
        outcomes.completeFlushes(notices);
    }

    private long nextSequence(OutgoingFrame source) {
        if (!options.resuming()) {
            if (source.sequence != 0) {
                throw new IllegalArgumentException("frame has sequence " + source.sequence + ", but " + options
                        + " numbers its frames itself; open it with resuming()");
            }
            return lastSequence + 1;
        }
        if (source.sequence <= lastSequence) {
            throw new IllegalArgumentException("frame has sequence " + source.sequence + ", but " + options
                    + " has published " + lastSequence + "; sequences must grow");
        }
        return source.sequence;
    }

    private void makeRoom(int payloadBytes, Notices notices) {
        if (options.whenFull() != WhenFull.DROP_OLDEST) {
            return;
        }
        while (!ring.hasRoom(payloadBytes) && ring.hasFresh()) {
            RingFrame oldest = ring.dropOldestFresh();
            outcomes.droppedHere(oldest.sequence, oldest.capturedMicros, RING_FULL, ringFull(), notices);
            if (oldest.interCoded) {
                dropDependents(notices);
            }
        }
    }

    private void dropDependents(Notices notices) {
        while (ring.freshDependsOnEarlier()) {
            RingFrame dependent = ring.dropOldestFresh();
            String message = "an earlier frame it depends on was dropped";
            outcomes.droppedHere(dependent.sequence, dependent.capturedMicros, RING_FULL, message, notices);
        }
        awaitingKeyframe |= !ring.hasFresh();
    }

    private void drop(
            long sequence, OutgoingFrame source, Packed packed, String reason, String message, Notices notices) {
        long micros =
                source.captured ? source.capturedSeconds * 1_000_000 + source.capturedNanos / 1_000 : RingFrame.NO_TIME;
        awaitingKeyframe |= source.interCoded();
        giveBack(packed);
        outcomes.droppedHere(sequence, micros, reason, message, notices);
    }

    private void giveBack(Packed packed) {
        if (packed != null) {
            buffers.give(packed.array());
        }
    }

    private String ringFull() {
        return "the ring holds " + options.ringFrames() + " frames and " + options.ringBytes() + " bytes at most";
    }

    private static String tooLarge(int bytes, int maxFrameBytes) {
        return "frame of " + bytes + " bytes, limit " + maxFrameBytes + ": raise maxFrameBytes or send smaller frames";
    }
}
