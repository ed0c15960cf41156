package io.framebroker.server.store.redis;

import static org.assertj.core.api.Assertions.assertThat;

import io.framebroker.server.broker.AckLevel;
import io.framebroker.server.store.Samples;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The user that the documentation makes, in a real server. */
@Timeout(300)
class RedisRightsTest {
    private RedisProcess redis;
    private RedisTruth truth;
    private final List<Owner> toClose = new ArrayList<>();

    @BeforeEach
    void start() throws IOException {
        redis = RedisProcess.configured().appendOnly("everysec").start();
        truth = new RedisTruth(redis, Owner.STREAM);
        String[] words = Files.readString(Path.of("REDIS.md"))
                .lines()
                .filter(line -> line.startsWith("ACL SETUSER "))
                .findFirst()
                .orElseThrow()
                .split(" ");
        setUser(List.of(words).subList(2, words.length));
    }

    @AfterEach
    void stop() {
        toClose.forEach(Owner::close);
        redis.close();
    }

    private void setUser(List<String> words) {
        List<Object> all = new ArrayList<>(List.of("SETUSER"));
        all.addAll(words);
        redis.call("ACL", all.toArray());
    }

    private Owner broker(int number) {
        Owner broker = Owner.signedIn(redis, number, "framebroker", "SECRET");
        toClose.add(broker);
        return broker;
    }

    @Test
    void areEnough() throws InterruptedException {
        Owner broker = broker(1).takes();
        assertThat(broker.store.durability()).startsWith(AckLevel.STORED.name()).doesNotContain("stated");
        broker.append(1, 40, 1_000);
        broker.group("detectors", 0);
        broker.group("archive", 0);
        broker.stream.delivered("detectors", 1, 30, 1);
        broker.noted();
        broker.stream.delivered("detectors", 7, 7, 2);
        broker.acks("detectors", 1, 5);
        broker.noted();
        broker.stream.trim(3);
        broker.stream.deleteGroup("archive");
        // What is lost is looked for, and comes back.
        truth.dropTail(1);
        broker.noted();
        broker.noted();
        Samples.assertAlike(broker.read(4, 40), Samples.frames(1, 4, 40, 1_000));
        broker.store.close();

        Owner next = broker(2).takes();
        assertThat(next.stream.group("detectors").acked()).isEqualTo(5);
        Samples.assertAlike(next.read(4, 40), Samples.frames(1, 4, 40, 1_000));
        CountDownLatch deleted = new CountDownLatch(1);
        next.stream.delete(deleted::countDown);
        assertThat(deleted.await(60, TimeUnit.SECONDS)).isTrue();
        assertThat(next.store.intrusions()).isZero();
        assertThat(((List<?>) redis.call("ACL", "LOG", 10)).toString()).doesNotContain("command");
    }

    /** Each try to find out what is wrong leaves a marker in the stream; it used to be four a second, for good. */
    @Test
    void whatIsMissingIsSaidAndAskedForLessAndLessOften() {
        Owner broker = broker(1).takes();
        broker.append(1, 40, 1_000);
        broker.group("detectors", 0);
        broker.noted();
        setUser(List.of("framebroker", "-xclaim"));
        long generation = broker.stream.generation();

        long began = System.nanoTime();
        broker.stream.delivered("detectors", 1, 30, 1);
        RedisProcess.await("some tries", () -> broker.stream.generation() >= generation + 7);
        long millis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - began);

        assertThat(millis).as("20 ms, 40, 80, 160, 320, 640, 1280").isGreaterThan(2_000);
        RedisProcess.await(
                "what is refused being said",
                () -> String.valueOf(broker.stream.trouble())
                        .matches("(?s).*(xclaim|can't run this command .*ACL LOG).*"));
        assertThat(((List<?>) redis.call("ACL", "LOG", 1)).toString()).contains("xclaim");
        setUser(List.of("framebroker", "+xclaim"));
        broker.noted();
        assertThat(truth.pending("detectors")).isNotEmpty();
    }
}
