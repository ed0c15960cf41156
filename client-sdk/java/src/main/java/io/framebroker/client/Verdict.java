package io.framebroker.client;

import com.google.protobuf.Duration;
import io.framebroker.v1.Ack;
import io.framebroker.v1.Nack;
import io.framebroker.v1.NackVerb;
import io.framebroker.v1.Settlement;

/**
 * How a delivery ends.
 *
 * @param nack null for an ack
 */
record Verdict(Nack nack) {
    static final Verdict ACK = new Verdict(null);
    static final Verdict RELEASE =
            new Verdict(Nack.newBuilder().setVerb(NackVerb.NACK_VERB_RELEASE).build());

    private static final int MAX_REASON_CHARS = 1024;

    /** @param after null for the group's own backoff */
    static Verdict retry(java.time.Duration after, String reason) {
        Nack.Builder nack = nack(NackVerb.NACK_VERB_RETRY, reason);
        if (after != null) {
            nack.setRetryAfter(
                    Duration.newBuilder().setSeconds(after.getSeconds()).setNanos(after.getNano()));
        }
        return new Verdict(nack.build());
    }

    static Verdict skip(String reason) {
        return new Verdict(nack(NackVerb.NACK_VERB_SKIP, reason).build());
    }

    static Verdict deadLetter(String reason) {
        return new Verdict(nack(NackVerb.NACK_VERB_DEAD_LETTER, reason).build());
    }

    boolean isAck() {
        return nack == null;
    }

    /** For people. */
    String name() {
        return isAck() ? "ACKED" : nack.getVerb().name().replace("NACK_VERB_", "");
    }

    /** Empty for none. */
    String reason() {
        return isAck() ? "" : nack.getReason();
    }

    /** Whether it was not done, and nobody meant it to be left. */
    boolean isFailure() {
        return !isAck()
                && (nack.getVerb() == NackVerb.NACK_VERB_RETRY || nack.getVerb() == NackVerb.NACK_VERB_DEAD_LETTER);
    }

    Settlement.Builder writeTo(Settlement.Builder settlement) {
        return isAck() ? settlement.setAck(Ack.getDefaultInstance()) : settlement.setNack(nack);
    }

    private static Nack.Builder nack(NackVerb verb, String reason) {
        String text = reason == null ? "" : reason;
        int end = Math.min(text.length(), MAX_REASON_CHARS);
        if (end < text.length() && Character.isHighSurrogate(text.charAt(end - 1))) {
            end--;
        }
        return Nack.newBuilder().setVerb(verb).setReason(text.substring(0, end));
    }
}
