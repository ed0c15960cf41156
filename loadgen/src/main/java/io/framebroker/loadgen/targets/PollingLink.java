package io.framebroker.loadgen.targets;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.framebroker.loadgen.check.Inbox;
import io.framebroker.loadgen.load.FramePool;
import io.framebroker.loadgen.load.Workload;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Base64;
import java.util.function.Supplier;
import java.util.zip.CRC32C;

/** The clients of {@link PollingBuffer}: a request for each frame in, and up to {@link #COUNT} frames for each request out. */
final class PollingLink implements Link {
    /** As the old processor is set. */
    private static final int COUNT = 10;
    /** The old processor's POLL_INTERVAL_MS, waited only where nothing was there. */
    private static final long POLL_MILLIS = 100;

    private final String address;
    private final Workload workload;
    private final HttpClient http =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private volatile String failure;
    private volatile boolean closed;

    PollingLink(String address, Workload workload) {
        this.address = address;
        this.workload = workload;
    }

    @Override
    public FrameSink publisher(FramePool pool) {
        return new PollingSink(this, workload, pool);
    }

    @Override
    public void consumer(int group, int member, Supplier<Inbox> inboxes) throws InterruptedException {
        poll(group); // Frames published from now on are the group's.
        Inbox inbox = inboxes.get();
        Thread thread = new Thread(() -> consume(group, inbox), "polling-" + group + "-" + member);
        thread.setDaemon(true);
        thread.start();
    }

    @Override
    public String failure() {
        return failure;
    }

    @Override
    public void close() {
        closed = true;
    }

    /** True when there was room. */
    boolean enqueue(JsonObject frame) throws InterruptedException {
        HttpResponse<String> answer =
                send(request(PollingBuffer.ENQUEUE).POST(BodyPublishers.ofString(frame.toString())));
        return answer.statusCode() == 200;
    }

    private void consume(int group, Inbox inbox) {
        try {
            CRC32C crc = new CRC32C();
            while (!closed) {
                int came = 0;
                for (JsonElement frame : poll(group)) {
                    take(frame.getAsJsonObject(), crc, inbox);
                    came++;
                }
                if (came == 0) {
                    Thread.sleep(POLL_MILLIS);
                }
            }
        } catch (InterruptedException | RuntimeException e) {
            if (!closed) {
                failure = "consumer of group " + group + ": " + e;
            }
        }
    }

    private void take(JsonObject frame, CRC32C crc, Inbox inbox) {
        byte[] payload = Base64.getDecoder().decode(frame.get("data").getAsString());
        boolean crcMatches = true;
        if (workload.verify()) {
            crc.reset();
            crc.update(payload);
            crcMatches = (int) crc.getValue() == frame.get("crc32c").getAsInt();
        }
        inbox.accept(
                frame.get("camera_id").getAsInt(),
                ByteBuffer.wrap(payload).order(ByteOrder.LITTLE_ENDIAN),
                0,
                payload.length,
                1,
                frame.get("frame_id").getAsLong(),
                crcMatches);
    }

    private Iterable<JsonElement> poll(int group) throws InterruptedException {
        HttpResponse<String> answer = send(request(PollingBuffer.DEQUEUE + "?count=" + COUNT + "&group=" + group)
                .GET());
        return JsonParser.parseString(answer.body()).getAsJsonObject().getAsJsonArray("frames");
    }

    private HttpRequest.Builder request(String path) {
        return HttpRequest.newBuilder(URI.create("http://" + address + path));
    }

    private HttpResponse<String> send(HttpRequest.Builder request) throws InterruptedException {
        try {
            return http.send(request.build(), BodyHandlers.ofString());
        } catch (IOException e) {
            throw new TargetException("polling buffer at " + address + ": " + e, e);
        }
    }
}
