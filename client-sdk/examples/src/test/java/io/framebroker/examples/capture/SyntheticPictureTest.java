package io.framebroker.examples.capture;

import static org.assertj.core.api.Assertions.assertThat;

import io.framebroker.examples.NumberStrip;
import java.io.ByteArrayInputStream;
import java.time.Instant;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;

class SyntheticPictureTest {

    private final SyntheticPicture picture = new SyntheticPicture("gate-1", 320, 180);

    @Test
    void theFrameNumberCanBeReadBackFromTheJpeg() throws Exception {
        for (long number : new long[] {0, 1, 2, 255, 256, 123_456_789, 0xFFFF_FFFFL}) {
            Picture drawn = picture.draw(number, Instant.EPOCH, PictureFormat.JPEG);

            assertThat(NumberStrip.read(ImageIO.read(new ByteArrayInputStream(drawn.bytes()))))
                    .isEqualTo(number);
        }
    }

    @Test
    void rawPicturesArePackedBgr() throws Exception {
        Picture drawn = picture.draw(1, Instant.EPOCH, PictureFormat.RAW);

        assertThat(drawn.bytes()).hasSize(320 * 180 * 3);
    }

    @Test
    void nameNumberAndTimeAreVisible() throws Exception {
        byte[] first = picture.draw(7, Instant.EPOCH, PictureFormat.RAW).bytes();
        byte[] second =
                picture.draw(7, Instant.EPOCH.plusMillis(1), PictureFormat.RAW).bytes();

        assertThat(first).isNotEqualTo(second);
        assertThat(new SyntheticPicture("gate-2", 320, 180)
                        .draw(7, Instant.EPOCH, PictureFormat.RAW)
                        .bytes())
                .isNotEqualTo(first);
    }
}
