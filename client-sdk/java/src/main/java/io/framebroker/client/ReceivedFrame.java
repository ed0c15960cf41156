package io.framebroker.client;

import io.framebroker.v1.Codec;
import io.framebroker.v1.FrameHeader;
import io.framebroker.wire.UnreadablePayloadException;
import io.framebroker.wire.WireDelivery;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;

/**
 * A frame as it came, to be settled once. The first verdict counts, later ones do nothing; a handler that returns without
 * one acknowledges, one that throws asks for another attempt. Thread-safe.
 */
public final class ReceivedFrame {
    /** Largest payload that is unpacked unless somebody says otherwise: the largest frame a broker takes by default. */
    static final int MAX_UNPACKED_BYTES = (32 << 20) + (64 << 10);

    private final HeldBatch batch;
    private final WireDelivery delivery;

    /** Largest payload to unpack; 0 for a frame that is given out as it came. */
    private volatile int unpacksUpToBytes;

    /** The unpacked payload; null when it is not packed, or not wanted (any more). */
    private volatile byte[] unpacked;

    /** Written under the consumer's lock; null while it is what it was when the frame came. */
    private volatile State state;

    private volatile FrameHeader header;

    /** Null unless it is traced and worked on. */
    private volatile FrameSpan span;

    enum State {
        /** Ours to settle. */
        OPEN,
        /** Ours to look at; the broker settles it by itself. */
        AUTO_ACKED,
        /** Settled by us. */
        SETTLED,
        /** The lease ended or the broker took it back. */
        LOST
    }

    ReceivedFrame(HeldBatch batch, WireDelivery delivery) {
        this.batch = batch;
        this.delivery = delivery;
    }

    public String stream() {
        return batch.stream;
    }

    /** Group it was delivered to; named by the broker when it is the call's own. */
    public String group() {
        return batch.group;
    }

    /** With {@link #ordinal} the frame's id in its stream. */
    public long generation() {
        return delivery.generation();
    }

    /** Position in the stream, counted in frames from 1, without holes. */
    public long ordinal() {
        return delivery.ordinal();
    }

    /** 1 for the first delivery to the group. */
    public int attempt() {
        return delivery.attempt();
    }

    /** The publisher's own number. */
    public long sequence() {
        return delivery.sequence();
    }

    public String publisherId() {
        return batch.publisherId;
    }

    public long epoch() {
        return batch.epoch;
    }

    /** When the broker received it, by the broker's clock. */
    public Instant receivedTime() {
        long micros = delivery.receivedMicros();
        return Instant.ofEpochSecond(Math.floorDiv(micros, 1_000_000L), Math.floorMod(micros, 1_000_000L) * 1_000);
    }

    /**
     * What the payload is. Parsed on first use. Of a payload that was unpacked here it is the header without packing, and
     * without checksum, which spoke of the packed bytes and was checked.
     */
    public FrameHeader header() {
        FrameHeader parsed = header;
        if (parsed == null) {
            parsed = unpacksUpToBytes > 0
                    ? delivery.wireFrame().unpackedHeader()
                    : delivery.wireFrame().header();
            header = parsed;
        }
        return parsed;
    }

    /** How the payload is encoded; UNRECOGNIZED when this version does not know it. */
    public Codec codec() {
        Codec codec = Codec.forNumber(delivery.wireFrame().codec());
        return codec == null ? Codec.UNRECOGNIZED : codec;
    }

    /**
     * The payload, read-only and not copied; unpacked, unless the consumer wants packed payloads as they are. Empty for a
     * consumer that asked for metadata only.
     */
    public ByteBuffer payload() {
        return unpacksUpToBytes > 0
                ? ByteBuffer.wrap(unpacked()).asReadOnlyBuffer()
                : delivery.wireFrame().payload();
    }

    /** A copy of the payload. */
    public byte[] payloadBytes() {
        return unpacksUpToBytes > 0 ? unpacked().clone() : delivery.wireFrame().payloadCopy();
    }

    /** Bytes of the payload. */
    public int payloadSize() {
        return unpacksUpToBytes > 0
                ? (int) delivery.wireFrame().uncompressedBytes()
                : delivery.wireFrame().payloadBytes();
    }

    /** The frame is done. */
    public void ack() {
        settle(Verdict.ACK);
    }

    /**
     * Another attempt, which counts.
     *
     * @param after earliest time from now; null for the group's own backoff
     * @param reason why, up to 1024 characters
     */
    public void retry(Duration after, String reason) {
        settle(Verdict.retry(after, reason));
    }

    /** Somebody else is to have it, at once; does not count as an attempt. */
    public void release() {
        settle(Verdict.RELEASE);
    }

    /** Leave it out; the group's ledger counts it as skipped for this reason. */
    public void skip(String reason) {
        settle(Verdict.skip(reason));
    }

    /** Make it a dead letter now. */
    public void deadLetter(String reason) {
        settle(Verdict.deadLetter(reason));
    }

    /** Whether there is nothing left to settle: it was, or its lease is lost, or the broker does it by itself. */
    public boolean settled() {
        return state() != State.OPEN;
    }

    boolean crcMatches() {
        return delivery.wireFrame().crcMatches();
    }

    /**
     * Makes sure, once and before anybody else has the frame, that its payload can be had unpacked. Does nothing with one that
     * is not packed.
     */
    void unpack(int mostBytes) throws UnreadablePayloadException {
        if (delivery.wireFrame().isPacked()) {
            unpacked = delivery.wireFrame().unpack(mostBytes);
            unpacksUpToBytes = mostBytes;
        }
    }

    /**
     * Lets go of the unpacked payload: frames of one message live as long as the last of them, and unpacked they may be many
     * times as large. Who still wants it gets it unpacked again.
     */
    void forgetUnpacked() {
        // Writing costs what reading does not, for every small frame.
        if (unpacked != null) {
            unpacked = null;
        }
    }

    private byte[] unpacked() {
        byte[] payload = unpacked;
        return payload != null ? payload : unpackAgain();
    }

    private synchronized byte[] unpackAgain() {
        byte[] payload = unpacked;
        if (payload != null) {
            return payload;
        }
        try {
            payload = delivery.wireFrame().unpack(unpacksUpToBytes);
        } catch (UnreadablePayloadException e) {
            throw new IllegalStateException(this + ": could be unpacked before, and now not", e);
        }
        unpacked = payload;
        return payload;
    }

    HeldBatch batch() {
        return batch;
    }

    State state() {
        State now = state;
        return now == null ? batch.comesAs() : now;
    }

    /** With the consumer's lock. */
    void become(State next) {
        state = next;
        if (next == State.SETTLED) {
            forgetUnpacked();
        }
        FrameSpan traced = span;
        if (traced != null && next == State.LOST) {
            traced.settled(State.LOST.name(), "", true);
        }
    }

    boolean isTraced() {
        return delivery.wireFrame().isTraced();
    }

    String traceparent() {
        return delivery.wireFrame().traceparent();
    }

    /** Work on it begins; what becomes of it ends the span. */
    FrameSpan traceBy(FrameSpan begun) {
        span = begun;
        State now = state();
        if (now != State.OPEN) {
            begun.settled(now.name(), "", false);
        }
        return begun;
    }

    void settledBy(Verdict verdict) {
        FrameSpan traced = span;
        if (traced != null) {
            traced.settled(verdict.name(), verdict.reason(), verdict.isFailure());
        }
    }

    private void settle(Verdict verdict) {
        batch.session.settle(this, verdict);
    }

    @Override
    public String toString() {
        return stream() + " " + generation() + "-" + ordinal() + " attempt " + attempt() + " (" + payloadSize()
                + " bytes)";
    }
}
