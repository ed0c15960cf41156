package io.framebroker.loadgen.check;

import java.util.LinkedHashMap;
import java.util.Map;

/** How much of what there was, in events. */
final class Counts {
    long invoked;
    long acked;
    long duplicates;
    long failed;
    long reported;

    /** Told UNKNOWN, or without an outcome because the publisher was killed. */
    long unknown;

    long calls;
    long callsBroken;

    /** How often a publisher whose call a fault had broken got acks again before the next fault. */
    long comebacks;

    /** From the beginning of putting things right to the first such ack. */
    long longestComebackMicros;

    long delivered;

    /** Deliveries that say they are not the first. */
    long redelivered;

    /** Deliveries that a consumer came to only when another had finished a later attempt. */
    long late;

    long confirmed;
    long refused;
    long nacked;

    /** Frames that must become dead letters, for each group. */
    long poison;

    /** First deliveries out of order that are excused: somebody may have given them back. */
    long givenBack;

    /** Frames under two ids, the first of which was given out before it was stored, and never was. */
    long forgottenEarly;

    long bytes;

    Map<String, Long> toMap() {
        Map<String, Long> map = new LinkedHashMap<>();
        map.put("invoked", invoked);
        map.put("acked", acked);
        map.put("duplicates", duplicates);
        map.put("failed", failed);
        map.put("reported", reported);
        map.put("unknown", unknown);
        map.put("calls", calls);
        map.put("calls_broken", callsBroken);
        map.put("comebacks", comebacks);
        map.put("longest_comeback_ms", (longestComebackMicros + 999) / 1_000);
        map.put("delivered", delivered);
        map.put("redelivered", redelivered);
        map.put("late", late);
        map.put("acks_confirmed", confirmed);
        map.put("settlements_refused", refused);
        map.put("nacked", nacked);
        map.put("poison", poison);
        map.put("given_back", givenBack);
        map.put("forgotten_early", forgottenEarly);
        return map;
    }
}
