package io.framebroker.examples.processor;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class MotionDetectorTest {

    private final MotionDetector detector = new MotionDetector(0.5);

    @Test
    void aMovingSquareIsFoundWhereItWasAndWhereItIs() {
        detector.detect("cam", 1, square(320, 192, 32, 64));

        Detection found = detector.detect("cam", 2, square(320, 192, 200, 64));

        assertThat(found.score()).isEqualTo(1);
        assertThat(found.boxes()).hasSize(2);
        assertThat(found.boxes().get(0)).isEqualTo(new Detection.Box(32, 64, 32, 32, 1));
        assertThat(found.boxes().get(1).x()).isEqualTo(192);
        assertThat(found.boxes().get(1).width()).isEqualTo(64);
    }

    @Test
    void aStillPictureShowsNothing() {
        detector.detect("cam", 1, square(320, 192, 32, 64));

        assertThat(detector.detect("cam", 2, square(320, 192, 32, 64))).isEqualTo(Detection.NOTHING);
    }

    @Test
    void aThresholdOfZeroStillAsksForAChange() {
        MotionDetector eager = new MotionDetector(0);
        eager.detect("cam", 1, square(320, 192, 32, 64));

        assertThat(eager.detect("cam", 2, square(320, 192, 32, 64)).boxes()).isEmpty();
    }

    @Test
    void aSmallChangeStaysBelowTheThreshold() {
        detector.detect("cam", 1, even(320, 192, 100));

        Detection found = detector.detect("cam", 2, even(320, 192, 105));

        assertThat(found.score()).isBetween(0.15, 0.25);
        assertThat(found.boxes()).isEmpty();
    }

    @Test
    void theFirstPictureAndANewSizeShowNothing() {
        assertThat(detector.detect("cam", 1, even(320, 192, 0))).isEqualTo(Detection.NOTHING);
        assertThat(detector.detect("cam", 2, even(640, 384, 255))).isEqualTo(Detection.NOTHING);
        assertThat(detector.detect("cam", 3, even(640, 384, 0)).score()).isEqualTo(1);
    }

    @Test
    void streamsAreNotMixed() {
        detector.detect("left", 1, even(320, 192, 0));

        assertThat(detector.detect("right", 2, even(320, 192, 255))).isEqualTo(Detection.NOTHING);
    }

    @Test
    void anEarlierPictureDoesNotReplaceALaterOne() {
        detector.detect("cam", 2, even(320, 192, 0));
        detector.detect("cam", 1, even(320, 192, 255));

        assertThat(detector.detect("cam", 3, even(320, 192, 0)).score()).isZero();
    }

    @Test
    void oddSizesReachTheLastColumnAndRow() {
        detector.detect("cam", 1, even(641, 361, 0));

        Detection found = detector.detect("cam", 2, even(641, 361, 255));

        assertThat(found.boxes()).containsExactly(new Detection.Box(0, 0, 641, 361, 1));
    }

    private static LumaGrid even(int width, int height, int luma) {
        return LumaGrid.sample(width, height, (x, y) -> luma);
    }

    private static LumaGrid square(int width, int height, int left, int top) {
        return LumaGrid.sample(
                width, height, (x, y) -> x >= left && x < left + 32 && y >= top && y < top + 32 ? 240 : 40);
    }
}
