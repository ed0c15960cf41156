package io.framebroker.examples.capture;

import io.framebroker.client.PublisherStats;
import java.util.Locale;

/**
 * Counts of one camera since the start.
 *
 * @param name of the camera, and of its stream
 * @param state what it is doing
 * @param fps pictures a second; 0 when not known
 * @param width of the last picture, in pixels
 * @param height of the last picture, in pixels
 * @param pictures that came from the source and were wanted
 * @param bytes of those
 * @param lostAtSource estimated pictures the source would have given while it was away
 * @param leftOut pictures that nobody wanted: those that came, and an estimate of those that would have while it rested
 * @param unusable pictures that came and could not be published
 * @param restarts how often the source was tried again
 * @param silentSeconds since the last picture, or since the start
 * @param lastError why the source was lost the last time; empty when it never was
 * @param publisher what became of the pictures
 */
record CameraStats(
        String name,
        State state,
        double fps,
        int width,
        int height,
        long pictures,
        long bytes,
        long lostAtSource,
        long leftOut,
        long unusable,
        long restarts,
        double silentSeconds,
        String lastError,
        PublisherStats publisher) {

    enum State {
        /** Started, no picture yet. */
        CONNECTING,
        /** Pictures come. */
        UP,
        /** The source is left alone, because nobody wants its pictures; or the first is yet to come after that. */
        RESTING,
        /** The source is lost and tried again. */
        AWAY,
        /** There are no more pictures, as it should be. */
        OVER,
        /** Trying again would not help. */
        FAILED
    }

    /** One line for a person, with rates since an earlier reading. */
    String line(CameraStats earlier, double seconds) {
        String rates = String.format(
                "%-12s %-10s %6.1f fps %7.2f MB/s  %4dx%-4d  ",
                name,
                state.name().toLowerCase(Locale.ROOT),
                (pictures - earlier.pictures) / seconds,
                (bytes - earlier.bytes) / seconds / 1e6,
                width,
                height);
        String broker = publisher.connected() ? "" : "  no broker";
        String waits = publisher.waitReason().isEmpty() ? "" : "  waits: " + publisher.waitReason();
        return rates + totals() + broker + waits;
    }

    /** Where every picture went. */
    String totals() {
        String totals = String.format(
                "pictures %d  stored %d  unacked %d  dropped %d  lost at source %d",
                pictures, publisher.stored(), publisher.unacked(), dropped(), lostAtSource);
        return leftOut == 0 ? totals : totals + "  left out " + leftOut;
    }

    /** Pictures that came and are not stored. */
    long dropped() {
        return unusable
                + publisher.droppedHere()
                + publisher.droppedByBroker()
                + publisher.rejected()
                + publisher.unknown();
    }
}
