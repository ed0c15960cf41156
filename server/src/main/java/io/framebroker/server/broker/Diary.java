package io.framebroker.server.broker;

import io.framebroker.server.broker.FrameEvent.What;
import java.util.ArrayDeque;
import java.util.List;
import java.util.function.Consumer;

/**
 * What has happened to a stream's frames since it was opened here, as far as there is room: entries about runs of frames,
 * so that a batch costs one. What happens to every frame has a ring of its own and does not push out what is rare, the
 * troubles that somebody may ask about much later. Nothing here is kept with the stream. Guarded by the stream's lock.
 */
final class Diary {
    static final int MOST_FREQUENT = 1024;
    static final int MOST_RARE = 512;
    private static final int MOST_PUBLISHERS = 32;
    private static final int MOST_DETAIL = 200;

    /** Who published the frames from an ordinal on. */
    private record PublisherFrom(long first, PublisherKey publisher) {}

    private final StreamStore store;
    private final BrokerClock clock;
    private final long beginsMicros;
    private final DiaryRing frequent;
    private final DiaryRing rare;
    private final GoneThrough gone;
    private final ArrayDeque<PublisherFrom> publishers = new ArrayDeque<>();

    Diary(StreamStore store, BrokerClock clock) {
        this.store = store;
        this.clock = clock;
        this.beginsMicros = clock.wallMicros();
        this.frequent = new DiaryRing(MOST_FREQUENT, store.lastOrdinal(), beginsMicros);
        this.rare = new DiaryRing(MOST_RARE, store.lastOrdinal(), beginsMicros);
        this.gone = new GoneThrough(store.firstOrdinal());
    }

    long nowMicros() {
        return clock.wallMicros();
    }

    // ---- what happens to the stream

    /** Frames of one message have come in. */
    void received(List<Frame> frames) {
        Frame first = frames.get(0);
        PublisherKey publisher = first.publisher();
        if (publishers.isEmpty() || !publishers.getLast().publisher().equals(publisher)) {
            publishers.addLast(new PublisherFrom(first.ordinal(), publisher));
            if (publishers.size() > MOST_PUBLISHERS) {
                publishers.removeFirst();
            }
        }
        long last = frames.get(frames.size() - 1).ordinal();
        frequent.add(ofStream(What.RECEIVED, first.ordinal(), last, publisher.id(), first.receivedMicros()));
    }

    void stored(long first, long last) {
        if (first <= last) {
            frequent.add(ofStream(What.STORED, first, last, "", nowMicros()));
        }
    }

    /** When a frame was stored, in microseconds since 1970; 0 when that is not known any more. */
    long storedMicros(long ordinal) {
        long[] micros = new long[1];
        frequent.eachAbout(ordinal, entry -> micros[0] = entry.what() == What.STORED ? entry.micros() : micros[0]);
        return micros[0];
    }

    /** Frames have left the stream, up to this ordinal. */
    void gone(long through) {
        gone.add(through, nowMicros());
    }

    void purged(long first, long last) {
        if (first <= last) {
            rare.add(ofStream(What.PURGED, first, last, "", nowMicros()));
        }
    }

    private static DiaryEntry ofStream(What what, long first, long last, String who, long micros) {
        return new DiaryEntry(what, first, last, "", who, 0, 0, micros, "");
    }

    // ---- what happens in groups

    /** Enters what happens to every frame that fares well, or in a group that goes with its call. */
    void enterFrequent(DiaryEntry entry) {
        frequent.add(entry);
    }

    /** Enters what does not happen to every frame, and with it when its frames came in. */
    void enterRare(DiaryEntry entry) {
        for (long ordinal = entry.first(); entry.attempt() > 0 && ordinal <= entry.last(); ordinal++) {
            long receivedMicros = store.receivedMicros(ordinal);
            if (receivedMicros > 0) {
                rare.add(ofStream(What.RECEIVED, ordinal, ordinal, publisherOf(ordinal), receivedMicros));
            }
        }
        rare.add(entry);
    }

    /** Empty when that is not known any more. */
    private String publisherOf(long ordinal) {
        String id = "";
        for (PublisherFrom each : publishers) {
            id = each.first() <= ordinal ? each.publisher().id() : id;
        }
        return id;
    }

    /** Others choose how long their words are. */
    static String bounded(String detail) {
        return detail.length() <= MOST_DETAIL ? detail : detail.substring(0, MOST_DETAIL);
    }

    // ---- reading

    DiaryRing frequent() {
        return frequent;
    }

    DiaryRing rare() {
        return rare;
    }

    GoneThrough gone() {
        return gone;
    }

    /** When the stream was opened, in microseconds since 1970. */
    long beginsMicros() {
        return beginsMicros;
    }

    /** All entries about a frame, those of each ring oldest first. */
    void eachAbout(long ordinal, Consumer<DiaryEntry> action) {
        frequent.eachAbout(ordinal, action);
        rare.eachAbout(ordinal, action);
    }
}
