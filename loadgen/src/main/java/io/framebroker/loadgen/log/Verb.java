package io.framebroker.loadgen.log;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Comparator;

/**
 * First word of a line. Words behind it: k is the number that {@code SOURCE} gave to a {@link FrameSource} in the same file, n a
 * sequence, t microseconds of the machine's monotonic clock.
 */
public enum Verb {
    /** First line of every file: version, role, and the process by both clocks. Words are {@code name=value}. */
    LOG,
    /** {@code k run stream publisher epoch} */
    SOURCE,

    /** {@code k n t}: about to be published. */
    INVOKE,
    /** {@code k n level t}: stored, says the broker. */
    ACK,
    /** {@code k n t}: it had been stored before, says the broker. */
    DUP,
    /** {@code k n reason t}: not stored, says the broker: refused, or dropped by the stream's policy. */
    FAIL,
    /** {@code k n reason t}: nobody knows. */
    UNKNOWN,
    /** {@code k n reason t}: dropped before it was sent, and reported to the broker. */
    REPORTED,
    /** {@code k n reason t}: never sent, and nobody was told: the publisher ended. */
    UNSENT,
    /** {@code t}: the broker has answered a call. */
    CALL,
    /** {@code status t}: a call ended. */
    CALL_END,

    /** {@code k n attempt id content t}: a frame came; written before anything is done with it. */
    DELIVER,
    /** {@code k n attempt t}: about to be acknowledged. */
    ACK_SENT,
    /** {@code k n attempt t}: the broker has confirmed the ack. */
    ACK_OK,
    /** {@code k n attempt t}: it had been settled before, says the broker. */
    ALREADY,
    /** {@code k n attempt outcome t}: the broker did not carry out the settlement, for instance STALE. */
    REFUSED,
    /** {@code k n attempt t}: about to be given back for another attempt. */
    NACK,
    /** {@code stream reason count first last t}: frames this consumer will not get; first and last are ids or -. */
    GAP,

    /** {@code unresolved t}: the process ended in order, with so many frames without an outcome. */
    END,

    /** What makes the run valid. {@code name=value}, as all below. */
    TERMS,
    /** A fault that is to happen. */
    PLAN,
    /** A fault begins. */
    START,
    /** What shows that it is in effect. */
    EFFECT,
    /** What it did begins to be put right: who was killed is started again. */
    BACK,
    /** A fault ends: that is done. */
    STOP,
    /** A stream's ledger at the end. */
    LEDGER,
    /** A group's part of it. */
    GROUP,
    /** A dead letter that is there at the end. */
    DEAD;

    private static final Verb[] BY_CODE = values();
    private static final long[] CODES;

    static {
        Arrays.sort(BY_CODE, Comparator.comparingLong(verb -> verb.code));
        CODES = Arrays.stream(BY_CODE).mapToLong(verb -> verb.code).toArray();
    }

    final byte[] text = name().getBytes(StandardCharsets.US_ASCII);

    /** Its letters in one number; they are eight at most. */
    private final long code = code();

    private long code() {
        long letters = 0;
        for (byte letter : text) {
            letters = letters << 8 | letter;
        }
        return letters;
    }

    /** The verb of these letters, put together as in {@link #code()}; null when there is none. */
    static Verb of(long letters) {
        int index = Arrays.binarySearch(CODES, letters);
        return index < 0 ? null : BY_CODE[index];
    }
}
