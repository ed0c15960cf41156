package io.framebroker.server.broker;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/** Hears what is told for traces, and can read which frames are traced: those of the sequences it was given. */
final class HeardTraces implements FrameTraces {
    private final Set<Long> traced = new HashSet<>();
    private final List<String> heard = new ArrayList<>();
    private int looks;

    /** A frame that is traced, as the edge knows from reading it. */
    FrameContent traced(long sequence) {
        traced.add(sequence);
        return with(Frames.of(sequence, 100), FrameContent.Traced.YES);
    }

    /** One that is not. */
    FrameContent plain(long sequence) {
        return with(Frames.of(sequence, 100), FrameContent.Traced.NO);
    }

    private static FrameContent with(FrameContent frame, FrameContent.Traced traced) {
        return new FrameContent(frame.array(), 0, frame.length(), frame.sequence(), true, frame.defect(), traced);
    }

    FrameContent rejected(long sequence) {
        FrameContent.Defect defect = new FrameContent.Defect("CRC_MISMATCH", "damaged");
        return new FrameContent(new byte[100], 0, 100, sequence, true, defect, FrameContent.Traced.NO);
    }

    /** Exactly this, in this order, since it was last asked. */
    void hears(String... expected) {
        assertThat(heard).containsExactly(expected);
        heard.clear();
    }

    /** How often it had to look into a frame since it was last asked. */
    int looks() {
        int all = looks;
        looks = 0;
        return all;
    }

    @Override
    public boolean isTraced(FrameContent content) {
        looks++;
        return traced.contains(content.sequence());
    }

    @Override
    public void stored(String stream, Frame frame, long storedMicros) {
        heard.add("stored " + frame.ordinal() + " after " + (storedMicros - frame.receivedMicros()) / 1000 + " ms");
    }

    @Override
    public void delivered(Delivered told) {
        heard.add(told.mode() + " " + told.frame().ordinal() + " to " + told.consumerId() + " of "
                + (told.group().isEmpty() ? "nobody" : told.group()) + ", attempt " + told.attempt() + ", after "
                + (told.micros() - told.sinceMicros()) / 1000 + " ms");
    }

    @Override
    public boolean takesDrop() {
        return true;
    }

    @Override
    public void dropped(Dropped told) {
        heard.add(told.end() + " " + told.reason() + " " + told.count()
                + (told.firstOrdinal() == 0 ? "" : " from " + told.firstOrdinal())
                + (told.group().isEmpty() ? "" : " in " + told.group())
                + (told.consumerId().isEmpty() ? "" : " by " + told.consumerId() + "/" + told.attempt())
                + (told.detail().isEmpty() ? "" : " (" + told.detail() + ")")
                + told.contents().stream()
                        .map(one -> one.sequence() + (one.traced() ? "*" : ""))
                        .collect(Collectors.joining(" ", " [", "]")));
    }
}
