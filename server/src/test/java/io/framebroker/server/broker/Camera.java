package io.framebroker.server.broker;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** A publisher's call. It sends a message only when it was asked for one, and notes what it hears. */
final class Camera implements PublisherPort {
    private static final int FRAME_BYTES = 100;

    private final List<String> heard = new ArrayList<>();
    private final List<String> noted = new ArrayList<>();
    private Publisher publisher;
    private boolean asked;
    private boolean over;
    private final List<String> demands = new ArrayList<>();
    private final List<String> demandsNoted = new ArrayList<>();

    void isOpenedAs(Publisher opened) {
        publisher = opened;
    }

    Publisher call() {
        return publisher;
    }

    /** One message a frame. */
    void publishes(long... sequences) {
        for (long sequence : sequences) {
            publishes(Frames.of(sequence, FRAME_BYTES));
        }
    }

    /** One message with several frames. */
    void publishesTogether(long... sequences) {
        publishes(Arrays.stream(sequences)
                .mapToObj(sequence -> Frames.of(sequence, FRAME_BYTES))
                .toArray(FrameContent[]::new));
    }

    void publishesLarge(long sequence, int bytes) {
        publishes(Frames.of(sequence, bytes));
    }

    /** One message. */
    void publishes(FrameContent... frames) {
        assertThat(asked).as("asked for a message").isTrue();
        asked = false;
        if (publisher.publish(List.of(frames))) {
            asked = true;
        }
    }

    void reports(long reportId, String reason, long count) {
        publisher.report(reportId, List.of(new Publisher.Lost(reason, count, false)));
    }

    void finishes() {
        publisher.finish();
    }

    void losesItsConnection() {
        publisher.lost();
    }

    boolean isAsked() {
        return asked;
    }

    void mayGoOn() {
        assertThat(asked).as("asked for a message").isTrue();
    }

    void hasToWait() {
        assertThat(asked).as("asked for a message").isFalse();
    }

    /** Exactly this, in this order, since it was last asked. Demand and being asked for messages are not told here. */
    void hears(String... expected) {
        assertThat(heard).containsExactly(expected);
        heard.clear();
    }

    void forgetsWhatItHeard() {
        heard.clear();
    }

    /** The latest it was told: "consumers/groups", with "@fps" where not everything is wanted. */
    void seesDemand(String expected) {
        assertThat(demands).as("demand told").endsWith(expected);
    }

    /** Exactly this, in this order, since it was last asked. */
    void hearsDemand(String... expected) {
        assertThat(demands).containsExactly(expected);
        demands.clear();
    }

    @Override
    public void opened(long lastSequence, List<FrameException> exceptions, long lastReportId) {
        note("opened behind " + lastSequence
                + (lastReportId == 0 ? "" : ", report " + lastReportId)
                + (exceptions.isEmpty() ? "" : ", without " + sequences(exceptions)));
    }

    private static List<Long> sequences(List<FrameException> exceptions) {
        return exceptions.stream().map(FrameException::sequence).toList();
    }

    @Override
    public void stored(long throughSequence) {
        note("stored through " + throughSequence);
    }

    @Override
    public void exception(FrameException exception) {
        note(exception.sequence() + " " + exception.outcome() + " " + exception.reason());
    }

    @Override
    public void reported(long throughReportId) {
        note("reported through " + throughReportId);
    }

    @Override
    public void demand(Demand demand) {
        String all = demand.consumers() + "/" + demand.groups();
        demandsNoted.add(demand.wantedFps() == 0 ? all : all + "@" + demand.wantedFps());
    }

    @Override
    public void waiting(String reason) {
        note("waiting for " + reason);
    }

    @Override
    public void resumed() {
        note("resumed");
    }

    @Override
    public void more() {
        assertThat(asked).as("asked for two messages at once").isFalse();
        asked = true;
    }

    @Override
    public void finished() {
        note("finished");
        over = true;
    }

    @Override
    public void ended(BrokerException why) {
        note("ended: " + why.reason());
        over = true;
    }

    private void note(String line) {
        assertThat(over).as("told after its end: " + line).isFalse();
        noted.add(line);
    }

    @Override
    public void flush() {
        heard.addAll(noted);
        noted.clear();
        demands.addAll(demandsNoted);
        demandsNoted.clear();
    }
}
