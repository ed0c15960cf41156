package io.framebroker.server.broker;

import io.framebroker.server.broker.FrameEvent.What;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/** Puts the life of one frame together from what the diary and the stream know of it. Used once. */
final class FrameLife {
    /** @param sinceMicros when the delivery began that it belongs to; 0 for none */
    private record Past(FrameEvent event, long sinceMicros) {}

    /** What ended a delivery comes before the next one, whatever the clock says. */
    private static final Comparator<Past> IN_ORDER = Comparator.comparingLong((Past past) -> past.event.micros())
            .thenComparing(past -> past.event.group())
            .thenComparing(Past::sinceMicros)
            .thenComparing(past -> past.event.what());

    /** Said of a frame that came in. */
    static final String FROM_WHOM = "from whom is not known";

    private final long ordinal;
    private final long nowMicros;
    private final List<Past> past = new ArrayList<>();
    private final List<FrameEvent> now = new ArrayList<>();
    private final Set<FrameEvent> deliveries = new HashSet<>();

    FrameLife(long ordinal, long nowMicros) {
        this.ordinal = ordinal;
        this.nowMicros = nowMicros;
    }

    // ---- how it stands

    /** How it stands now. */
    void now(What what, String group, String consumerId, int attempt, String detail) {
        now.add(new FrameEvent(nowMicros, what, group, consumerId, attempt, detail));
    }

    /** A group is done with it. */
    void settled(String group) {
        boolean isTold = past.stream()
                .map(Past::event)
                .anyMatch(event -> event.group().equals(group)
                        && (event.what() == What.ACKED
                                || event.what() == What.SKIPPED
                                || event.what() == What.DEAD_LETTERED));
        if (!isTold) {
            now(What.SETTLED, group, "", 0, "acked, skipped or dead-lettered; which is not known any more");
        }
    }

    /** A group has given it up, as its store remembers; unless that is told already. */
    void deadLettered(String group, DeadLetter letter) {
        if (past.stream()
                .noneMatch(each -> each.event.what() == What.DEAD_LETTERED
                        && each.event.group().equals(group))) {
            past(
                    new FrameEvent(
                            letter.deadMicros(),
                            What.DEAD_LETTERED,
                            group,
                            letter.lastConsumerId(),
                            letter.attempts(),
                            letter.words()),
                    0);
        }
    }

    // ---- what happened

    /** It came in, as it says itself. */
    void received(Frame frame) {
        received(
                frame.receivedMicros(),
                "from publisher " + Names.quoted(frame.publisher().id()) + ", epoch "
                        + Long.toUnsignedString(frame.publisher().epoch()) + ", as sequence "
                        + Long.toUnsignedString(frame.sequence()) + ", " + frame.bytes() + " bytes");
    }

    /** It came in; unless more is known of that already. */
    void received(long micros, String detail) {
        if (past.stream().noneMatch(each -> each.event.what() == What.RECEIVED)) {
            past(new FrameEvent(micros, What.RECEIVED, "", "", 0, detail), 0);
        }
    }

    private void past(FrameEvent event, long sinceMicros) {
        past.add(new Past(event, sinceMicros));
    }

    /** @param micros 0 when that is not known */
    void delivered(String group, String consumerId, int attempt, long micros) {
        FrameEvent event = new FrameEvent(micros, What.DELIVERED, group, consumerId, attempt, "");
        if (micros > 0 && deliveries.add(event)) {
            past(event, micros);
        }
    }

    void gone(long byMicros, long notBeforeMicros) {
        String detail = "settled, purged or passed over, and beyond the stream's retention";
        if (byMicros == 0) {
            detail += "; before this broker opened the stream";
        } else if (notBeforeMicros > 0) {
            detail += "; at the latest at this time, at the earliest " + millis(Math.max(0, byMicros - notBeforeMicros))
                    + " before";
        }
        past(new FrameEvent(byMicros, What.GONE, "", "", 0, detail), 0);
    }

    /** What the diary knows. */
    void from(Diary diary) {
        boolean[] whole = {false};
        diary.frequent().eachAbout(ordinal, entry -> whole[0] |= entry.what() == What.RECEIVED);
        diary.eachAbout(ordinal, this::entered);
        DiaryRing rare = diary.rare();
        DiaryRing frequent = diary.frequent();
        boolean forgotRare = rare.mayHaveForgotten(ordinal);
        boolean forgotFrequent = !whole[0] && frequent.mayHaveForgotten(ordinal);
        if (forgotRare) {
            begins(
                    rare.forgottenMicros(),
                    rare.forgottenMicros() == diary.beginsMicros()
                            ? "this broker opened the stream then; what was before is not known here"
                            : "what was before is not known any more: there was too much of it");
        }
        if (forgotFrequent && !(forgotRare && frequent.forgottenMicros() == rare.forgottenMicros())) {
            begins(
                    frequent.forgottenMicros(),
                    "what goes well, from receipt to ack at the first attempt, and what calls without a group get, is"
                            + " not known any more of before");
        }
    }

    private void begins(long micros, String detail) {
        past(new FrameEvent(micros, What.DIARY_BEGINS, "", "", 0, detail), 0);
    }

    private void entered(DiaryEntry entry) {
        if (entry.what() == What.RECEIVED) {
            received(entry.micros(), entry.who().isEmpty() ? FROM_WHOM : "from publisher " + Names.quoted(entry.who()));
            return;
        }
        delivered(entry.group(), entry.who(), entry.attempt(), entry.sinceMicros());
        FrameEvent event = new FrameEvent(
                entry.micros(), entry.what(), entry.group(), entry.who(), entry.attempt(), detail(entry));
        past(event, entry.sinceMicros());
    }

    private static String detail(DiaryEntry entry) {
        String after = "";
        if (entry.sinceMicros() > 0) {
            // The wall clock may have been set back.
            after = millis(Math.max(0, entry.micros() - entry.sinceMicros())) + " after its delivery";
        } else if (entry.attempt() > 0) {
            after = "delivered before this broker opened the stream";
        }
        return entry.detail().isEmpty() || after.isEmpty() ? entry.detail() + after : entry.detail() + ", " + after;
    }

    private static String millis(long micros) {
        return String.format(Locale.ROOT, "%d.%03d ms", micros / 1_000, Math.floorMod(micros, 1_000));
    }

    /** What happened, in order, and then how it stands. */
    List<FrameEvent> events() {
        past.sort(IN_ORDER);
        List<FrameEvent> events = new ArrayList<>();
        past.forEach(each -> events.add(each.event));
        events.addAll(now);
        return List.copyOf(events);
    }
}
