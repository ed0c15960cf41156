package io.framebroker.examples.capture;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CameraUrlTest {

    @Test
    void passwordsAreNotShown() {
        CameraUrl url = CameraUrl.parse("rtsp://admin:s3cret@10.0.0.7:554/ch1");

        assertThat(url)
                .hasToString("rtsp://***@10.0.0.7:554/ch1")
                .isEqualTo(new CameraUrl.Rtsp("rtsp://admin:s3cret@10.0.0.7:554/ch1"));
    }

    @Test
    void aSyntheticCameraMayNameSizeAndRateOrNeither() {
        assertThat(CameraUrl.parse("synthetic:")).isEqualTo(new CameraUrl.Synthetic(640, 360, 0));
        assertThat(CameraUrl.parse("synthetic:@5")).isEqualTo(new CameraUrl.Synthetic(640, 360, 5));
        assertThat(CameraUrl.parse("synthetic:1280x720@29.97")).isEqualTo(new CameraUrl.Synthetic(1280, 720, 29.97));
    }

    @Test
    void onlyAFileCanWait() {
        assertThat(CameraUrl.parse("file:a b.mp4").isLive()).isFalse();
        assertThat(CameraUrl.parse("rtsp://host/").isLive()).isTrue();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "file:", "http://host/", "synthetic:1x1", "synthetic:99999x99999", "synthetic:@0"})
    void whatIsNoCameraIsRefused(String text) {
        assertThatThrownBy(() -> CameraUrl.parse(text)).isInstanceOf(IllegalArgumentException.class);
    }
}
