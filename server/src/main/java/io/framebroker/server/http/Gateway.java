package io.framebroker.server.http;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import com.google.protobuf.UnsafeByteOperations;
import io.framebroker.v1.DeadLetter;
import io.framebroker.v1.PublishOpen;
import io.framebroker.v1.Stream;
import io.grpc.Channel;
import java.io.IOException;
import java.io.OutputStream;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The REST interface of the Python service that this broker replaces, for its clients as they are. Thread-safe. */
final class Gateway implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(Gateway.class);
    private static final String ALL = "*";
    private static final long TICK_MILLIS = 500;
    private static final int MOST_COUNT = 1_000;
    private static final int MOST_WAIT_MILLIS = 5_000;
    /** Requests that may wait for frames, so that there are threads for the others. */
    private static final int MOST_WAITING = 8;

    private static final int MOST_POSTED_STREAMS = 256;
    private static final int MOST_LIMIT = 1_000_000;
    private static final int MOST_LETTERS = 1_000;
    private static final int SMALL_BODY_BYTES = 64 << 10;
    /** What a body of JSON takes on its way, by its length: as bytes, as text, as base64, as pixels, as a message. */
    private static final int JSON_COPIES = 6;

    private static final int RAW_COPIES = 3;
    /** A number in a list: its text, what it is kept in, its place. */
    private static final int VALUE_BYTES = 96;
    /** What a header takes on its way out: as it came, as texts, as an object, as JSON. */
    private static final int HEADER_COPIES = 6;
    /** Of a body that does not say how long it is. */
    private static final long MOST_UNTOLD_BYTES = 4 << 20;

    private static final List<String> NO_FIELDS = List.of("camera_id", "frame_id");
    private static final byte[] BEGIN = "{\"frames\":[".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] COMMA = ",".getBytes(StandardCharsets.US_ASCII);

    private final GatewaySettings settings;
    private final Channel channel;
    private final BrokerCalls broker;
    private final BufferStatus status;
    private final Taps taps;
    private final GroupMaker groupMaker;
    private final BytesInWork memory = new BytesInWork(Runtime.getRuntime().maxMemory() / 4);
    private final Semaphore waiting = new Semaphore(MOST_WAITING);
    private final PublishOpen publisher = PublishOpen.newBuilder()
            .setPublisherId("rest-gateway-" + UUID.randomUUID().toString().substring(0, 13))
            .setEpoch(System.currentTimeMillis())
            .build();
    /** The one used last at the end; guarded by itself. */
    private final Map<String, PostedStream> posted = new LinkedHashMap<>(16, 0.75f, true);

    private final ScheduledExecutorService timer;

    Gateway(GatewaySettings settings, Channel channel) {
        this.settings = settings;
        this.channel = channel;
        this.broker = new BrokerCalls(channel);
        this.status = new BufferStatus(broker);
        this.taps = new Taps(channel, settings.leavesAfterMillis());
        this.groupMaker = new GroupMaker(channel, settings.group());
        this.timer = Executors.newSingleThreadScheduledExecutor(task -> {
            Thread thread = new Thread(task, "frame-broker-gateway");
            thread.setDaemon(true);
            return thread;
        });
        timer.scheduleWithFixedDelay(this::tick, TICK_MILLIS, TICK_MILLIS, TimeUnit.MILLISECONDS);
    }

    void addTo(Routes routes) {
        if (!settings.serves()) {
            return;
        }
        routes.post("/frames", told(this::enqueue))
                .post("/frames/enqueue", told(this::enqueue))
                .take("/frames/dequeue", told(this::dequeue))
                .get("/frames/status", told(this::status))
                .get("/frames/dlq", told(this::deadLetters))
                .post("/frames/dlq/clear", told(this::clearDeadLetters))
                .post("/buffer/clear", told(this::clear))
                .post("/admin/buffer-size", told(this::resize));
    }

    private void tick() {
        try {
            taps.tick();
            List<PostedStream> now;
            synchronized (posted) {
                now = List.copyOf(posted.values());
            }
            now.forEach(PostedStream::tick);
        } catch (RuntimeException e) {
            log.error("the gateway's timer work failed", e);
        }
    }

    @Override
    public void close() {
        timer.shutdownNow();
        taps.close();
        synchronized (posted) {
            posted.values().forEach(PostedStream::close);
        }
    }

    /** What may be interrupted when the broker stops. */
    private interface Work {
        void answer(Call call) throws IOException, InterruptedException;
    }

    /** Tells refusals as JSON. */
    private static Routes.Handler told(Work work) {
        return call -> {
            try {
                work.answer(call);
            } catch (GatewayException refused) {
                refused.answer(call);
            } catch (RefusedException refused) {
                call.send(refused.status(), GatewayException.json("REQUEST_INVALID", refused.getMessage()));
            } catch (InterruptedException e) {
                new GatewayException(503, "BROKER_STOPPING", "the broker is stopping; ask again").answer(call);
            }
        };
    }

    // ---- frames in

    private void enqueue(Call call) throws IOException, InterruptedException {
        try (BytesInWork.Share share = memory.share()) {
            int largest = broker.maxFrameBytes();
            PostedFrame frame = isRaw(call) ? raw(call, share, largest) : json(call, share, largest);
            if (frame.frame().getSerializedSize() + PostedStream.SEQUENCE_BYTES > largest) {
                throw tooLarge("the frame has " + frame.frame().getSerializedSize() + " bytes; the broker takes up to "
                        + largest + " with header and attributes");
            }
            PostedStream stream = to(frame.stream(), largest);
            PostedStream.Outcome outcome;
            try {
                outcome = stream.post(frame);
            } finally {
                stream.left();
            }
            JsonObject body = new JsonObject();
            body.addProperty("status", outcome.duplicate() ? "duplicate" : "stored");
            body.addProperty("frame_id", outcome.frameId());
            body.addProperty("stream", frame.stream());
            if (outcome.sequence() != PostedId.OTHERS) {
                body.addProperty("publisher_id", publisher.getPublisherId());
                body.addProperty("sequence", outcome.sequence());
            }
            call.send(200, body);
        }
    }

    private static boolean isRaw(Call call) {
        String type = call.header("Content-Type").orElse("");
        return type.startsWith("image/") || type.startsWith("application/octet-stream");
    }

    private PostedFrame json(Call call, BytesInWork.Share share, int largest) throws IOException {
        long most = Math.min((largest + 2L) / 3 * 4 + SMALL_BODY_BYTES, memory.most() / JSON_COPIES);
        byte[] body = call.body(reserved(call, share, most, JSON_COPIES));
        long values = bytesOfValues(body);
        if (values > memory.most()) {
            throw tooLarge(
                    "the body has more values than there is memory for; send pictures in base64, or as the body");
        }
        share.grow(values);
        return PostedFrame.of(Call.json(body), settings.stream());
    }

    /** What the values of a JSON text take as objects, which may be many times its length. Never too little. */
    static long bytesOfValues(byte[] json) {
        long values = 0;
        for (byte each : json) {
            if (each == '{') {
                values += 3;
            } else if (each == '[' || each == ',' || each == ';') {
                values++;
            }
        }
        return values * VALUE_BYTES;
    }

    /** The picture is the body; the query has the fields. */
    private PostedFrame raw(Call call, BytesInWork.Share share, int largest) throws IOException {
        byte[] body = call.body(reserved(call, share, Math.min(largest, memory.most() / RAW_COPIES), RAW_COPIES));
        JsonObject fields = new JsonObject();
        call.parameters().forEach((name, value) -> fields.add(name, field(name, value)));
        call.header("X-Camera-Id").ifPresent(camera -> fields.addProperty("camera_id", camera));
        call.header("X-Frame-Id").ifPresent(id -> fields.addProperty("frame_id", id));
        call.header("traceparent").ifPresent(trace -> fields.addProperty("traceparent", trace));
        String type = call.header("Content-Type").orElse("").split(";")[0].trim();
        if (!fields.has("format") && type.startsWith("image/")) {
            fields.addProperty("format", type.substring("image/".length()));
        }
        return PostedFrame.of(fields, PostedFrame.DATA, UnsafeByteOperations.unsafeWrap(body), settings.stream());
    }

    /** Numbers as numbers, but for what is a name. */
    private static JsonPrimitive field(String name, String value) {
        boolean isNumber = !NO_FIELDS.contains(name) && value.matches("-?(0|[1-9][0-9]{0,18})(\\.[0-9]{1,18})?");
        return isNumber ? new JsonPrimitive(new BigDecimal(value)) : new JsonPrimitive(value);
    }

    /** Takes memory for the body. Returns how long it may be. */
    private static int reserved(Call call, BytesInWork.Share share, long most, int copies) {
        long length = call.header("Content-Length").map(Long::parseLong).orElse(Math.min(most, MOST_UNTOLD_BYTES));
        if (length > most) {
            throw tooLarge("the body has " + length + " bytes; at most " + most
                    + " are taken here, as the picture itself (Content-Type: image/jpeg) more than as JSON");
        }
        share.grow(length * copies);
        return (int) length;
    }

    private static GatewayException tooLarge(String message) {
        return new GatewayException(413, "FRAME_TOO_LARGE", message);
    }

    /** Where frames of a stream are posted; not forgotten before it is left. */
    private PostedStream to(String stream, int largest) {
        synchronized (posted) {
            if (posted.size() >= MOST_POSTED_STREAMS && !posted.containsKey(stream)) {
                posted.values().stream()
                        .filter(PostedStream::isIdle)
                        .findFirst()
                        .ifPresentOrElse(idle -> posted.values().remove(idle), () -> {
                            throw new GatewayException(
                                    503,
                                    "TOO_MANY_STREAMS",
                                    "frames are being posted to " + MOST_POSTED_STREAMS
                                            + " streams; post again later, or publish over gRPC");
                        });
            }
            PostedStream to = posted.computeIfAbsent(
                    stream, name -> new PostedStream(name, channel, publisher, groupMaker, largest));
            to.entered();
            return to;
        }
    }

    // ---- frames out

    private void dequeue(Call call) throws IOException, InterruptedException {
        int count = call.number("count", 1, 1, MOST_COUNT);
        int waitMillis = call.number("wait_ms", 0, 0, MOST_WAIT_MILLIS);
        Tap.Key key = new Tap.Key(
                List.of(call.parameter("stream").orElse(ALL).split(",")),
                call.parameter("group").orElse(settings.group()),
                withoutPayload(call));
        if (key.group().isEmpty()) {
            throw new GatewayException(400, "FIELD_INVALID", "group is empty: name one, or leave the parameter out");
        }
        boolean waits = waitMillis > 0;
        if (waits && !waiting.tryAcquire()) {
            throw new GatewayException(
                    503,
                    "TOO_MANY_WAITING",
                    MOST_WAITING + " requests wait for frames already; ask again, or without wait_ms");
        }
        Taps.Batch batch;
        try {
            batch = taps.poll(key, count, waitMillis);
        } finally {
            if (waits) {
                waiting.release();
            }
        }
        answer(call, batch);
    }

    private static boolean withoutPayload(Call call) {
        String payload = call.parameter("payload").orElse("full");
        if (!payload.equals("full") && !payload.equals("none")) {
            throw new GatewayException(400, "FIELD_INVALID", "payload=" + payload + " is neither full nor none");
        }
        return payload.equals("none");
    }

    /**
     * Writes the answer, all but its end; has the frames counted as done; writes the end. So who reads a whole answer reads
     * frames that nobody else gets, and what could not be written goes to others.
     */
    private void answer(Call call, Taps.Batch batch) throws IOException, InterruptedException {
        List<Taken> unsettled = batch.frames();
        try (BytesInWork.Share share = memory.share()) {
            unsettled = fitting(batch, share);
            List<ShownFrame> frames = unsettled.stream().map(ShownFrame::new).toList();
            byte[] end = ("],\"count\":" + frames.size() + "}\n").getBytes(StandardCharsets.US_ASCII);
            long length = BEGIN.length
                    + frames.stream().mapToLong(ShownFrame::length).sum()
                    + (long) Math.max(0, frames.size() - 1) * COMMA.length
                    + end.length;
            OutputStream out = call.begin(200, Call.JSON, length);
            // A client that is gone is noticed now, if it can be.
            out.flush();
            out.write(BEGIN);
            for (int i = 0; i < frames.size(); i++) {
                if (i > 0) {
                    out.write(COMMA);
                }
                frames.get(i).writeTo(out);
            }
            out.flush();
            if (!unsettled.isEmpty()) {
                boolean done = batch.tap().acknowledge(unsettled);
                unsettled = List.of();
                if (!done) {
                    throw new IOException("the broker did not confirm that " + frames.size()
                            + " frames are done; the answer is broken off");
                }
            }
            out.write(end);
            out.flush();
        } catch (IOException e) {
            log.info(
                    "group {}: {} frames not answered: {}",
                    batch.tap().key().group(),
                    batch.frames().size(),
                    e.toString());
            throw e;
        } finally {
            batch.tap().release(unsettled);
            taps.giveBack(batch.tap());
        }
    }

    /** Those of the first frames that there is memory for; the others go back. */
    private static List<Taken> fitting(Taps.Batch batch, BytesInWork.Share share) {
        List<Taken> frames = batch.frames();
        for (int i = 0; i < frames.size(); i++) {
            Taken frame = frames.get(i);
            try {
                share.grow(2L * frame.bytes() + (long) HEADER_COPIES * frame.headerBytes());
            } catch (GatewayException full) {
                if (i == 0) {
                    throw full;
                }
                batch.tap().release(frames.subList(i, frames.size()));
                return frames.subList(0, i);
            }
        }
        return frames;
    }

    // ---- looking, and clearing

    private void status(Call call) throws IOException {
        call.send(200, status.of(streams(call), call.parameter("group").orElse(settings.group())));
    }

    /** The streams that are meant. */
    private static String streams(Call call) {
        return call.parameter("stream").orElse(ALL);
    }

    private void deadLetters(Call call) throws IOException {
        String group = call.parameter("group").orElse("");
        int most = call.number("count", 100, 1, MOST_LETTERS);
        JsonArray list = new JsonArray();
        for (Stream stream : broker.streams(streams(call))) {
            if (list.size() < most) {
                broker.deadLetters(stream.getName(), group, most - list.size()).forEach(each -> list.add(letter(each)));
            }
        }
        JsonObject body = new JsonObject();
        body.add("dead_letters", list);
        body.addProperty("count", list.size());
        call.send(200, body);
    }

    private static JsonObject letter(DeadLetter letter) {
        JsonObject object = new JsonObject();
        object.addProperty("stream", letter.getStream());
        object.addProperty("group", letter.getGroup());
        object.addProperty("generation", letter.getId().getGeneration());
        object.addProperty("ordinal", letter.getId().getOrdinal());
        object.addProperty("frame_id", letter.getHeader().getFrameId());
        object.addProperty("reason", letter.getReason());
        object.addProperty("attempts", letter.getAttempts());
        object.addProperty("last_error", letter.getLastError());
        object.addProperty("last_consumer_id", letter.getLastConsumerId());
        object.addProperty(
                "dead_time",
                Instant.ofEpochSecond(
                                letter.getDeadTime().getSeconds(),
                                letter.getDeadTime().getNanos())
                        .toString());
        return object;
    }

    private void clearDeadLetters(Call call) throws IOException {
        String group = call.parameter("group").orElse("");
        long cleared = 0;
        JsonObject each = new JsonObject();
        for (Stream stream : broker.streams(streams(call))) {
            long here = broker.purgeDeadLetters(stream.getName(), group);
            if (here > 0) {
                each.addProperty(stream.getName(), here);
            }
            cleared += here;
        }
        call.send(200, cleared(cleared, each));
    }

    private void clear(Call call) throws IOException {
        long cleared = 0;
        long removed = 0;
        JsonObject each = new JsonObject();
        for (Stream stream : broker.streams(streams(call))) {
            BrokerCalls.Purged here = broker.purge(stream.getName());
            if (here.waiting() > 0) {
                each.addProperty(stream.getName(), here.waiting());
            }
            cleared += here.waiting();
            removed += here.all();
        }
        JsonObject body = cleared(cleared, each);
        body.addProperty("removed_with_history", removed);
        call.send(200, body);
    }

    private static JsonObject cleared(long count, JsonObject byStream) {
        JsonObject body = new JsonObject();
        body.addProperty("status", "cleared");
        body.addProperty("cleared", count);
        body.add("streams", byStream);
        return body;
    }

    private void resize(Call call) throws IOException {
        JsonObject asked = call.json(SMALL_BODY_BYTES);
        int size = size(asked.get("size"));
        JsonElement named = asked.get("stream");
        String streams = named != null && named.isJsonPrimitive() ? named.getAsString() : streams(call);
        JsonObject limits = new JsonObject();
        for (Stream stream : broker.streams(streams)) {
            limits.addProperty(
                    stream.getName(),
                    broker.limitBacklog(stream.getName(), size).getBacklogLimitFrames());
        }
        JsonObject body = new JsonObject();
        body.addProperty("status", "resized");
        body.addProperty("size", size);
        body.addProperty("adaptive", size == 0);
        body.add("streams", limits);
        call.send(200, body);
    }

    private static int size(JsonElement element) {
        if (element == null || element.isJsonNull()) {
            throw new GatewayException(400, "FIELD_INVALID", "size is missing: {\"size\": 2000}");
        }
        try {
            int size = new BigDecimal(element.getAsString()).intValueExact();
            if (size >= 0 && size <= MOST_LIMIT) {
                return size;
            }
        } catch (ArithmeticException
                | NumberFormatException
                | UnsupportedOperationException
                | IllegalStateException e) {
            // Told below.
        }
        throw new GatewayException(
                400,
                "FIELD_INVALID",
                "size is not a whole number of frames from 1 to " + MOST_LIMIT
                        + ", or 0 for a limit that goes up and down with the load");
    }
}
