package io.framebroker.client;

import static org.assertj.core.api.Assertions.assertThat;

import io.framebroker.server.BrokerServer;
import io.framebroker.server.broker.BrokerSettings;
import io.framebroker.server.broker.FrameMemory;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What the README shows is what compiles, and it does what it says. */
@Timeout(300)
class ReadmeTest {
    private static final Path EXAMPLE = Path.of("src/test/java/io/framebroker/client/ReadmeExample.java");
    private static final Pattern SHOWN = Pattern.compile("// README begin\\n(.*?)\\s*// README end", Pattern.DOTALL);

    @Test
    void theTenLinesAreThoseOfTheExample() throws IOException {
        String readme = withoutSpace(Files.readString(Path.of("../../README.md")));
        Matcher shown = SHOWN.matcher(Files.readString(EXAMPLE));
        int parts = 0;

        while (shown.find()) {
            assertThat(readme).contains(withoutSpace(shown.group(1)));
            parts++;
        }

        assertThat(parts).isEqualTo(2);
    }

    private static String withoutSpace(String text) {
        return text.replaceAll("\\s+", "");
    }

    @Test
    void theTenLinesCarryAFrame() throws IOException, InterruptedException {
        BlockingQueue<Integer> detected = new ArrayBlockingQueue<>(1);
        var transport = NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
        FrameMemory memory = new FrameMemory(64L << 20, 64L << 20);
        try (BrokerServer broker = BrokerServer.start(transport, BrokerSettings.DEFAULT, memory);
                ReadmeExample example =
                        new ReadmeExample("localhost:" + broker.port(), payload -> detected.add(payload.remaining()))) {
            while (!example.connected()) {
                TimeUnit.MILLISECONDS.sleep(5);
            }

            example.take(new byte[1234]);

            assertThat(List.of(detected.poll(60, TimeUnit.SECONDS))).containsExactly(1234);
        }
    }
}
