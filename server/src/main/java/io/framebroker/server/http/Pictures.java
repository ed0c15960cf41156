package io.framebroker.server.http;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.protobuf.ByteString;
import com.google.protobuf.Timestamp;
import io.framebroker.v1.ConsumeFramesRequest;
import io.framebroker.v1.ConsumeFramesResponse;
import io.framebroker.v1.ConsumeMode;
import io.framebroker.v1.ConsumeOpen;
import io.framebroker.v1.Deliveries;
import io.framebroker.v1.Delivery;
import io.framebroker.v1.FrameBrokerServiceGrpc;
import io.framebroker.v1.FrameHeader;
import io.framebroker.v1.GroupSettings;
import io.framebroker.v1.StartEdge;
import io.framebroker.v1.StartPosition;
import io.grpc.Channel;
import io.grpc.Status;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The newest pictures of the streams that somebody looks at, taken by one call for all who look. It is a consumer like any
 * other, in mode LATEST, so it holds no frame back, has no durable group, and asks for few pictures a second; and it is there
 * only while somebody looks. Thread-safe.
 */
final class Pictures implements AutoCloseable {
    /** The name its consumer goes by. */
    static final String CONSUMER_ID = "live-page";

    private static final int MOST_PICTURE_BYTES = 8 << 20;
    private static final int MOST_BUNDLE_BYTES = 8 << 20;
    /** After which a bundle goes out with the pictures that are encoded by then. */
    private static final long ENCODE_NANOS = TimeUnit.MILLISECONDS.toNanos(150);
    /** What is looked at may change faster than this; the call does not. */
    private static final long REOPEN_NANOS = TimeUnit.MILLISECONDS.toNanos(500);

    /** Pictures a second of all streams together; each has between one and five. */
    private static final int PICTURES_A_SECOND = 60;

    private static final int MOST_FPS = 5;

    private final Channel broker;
    private final long idleNanos;
    private final int mostStreams;
    private final long mostBytes;
    /** Reads what comes, apart from the broker's threads, and sees whether anybody still looks. Ends by itself. */
    private final ScheduledThreadPoolExecutor thread;

    private final ReentrantLock lock = new ReentrantLock();
    /** When each stream was last asked for, by {@link System#nanoTime}. Guarded by the lock, like all below. */
    private final Map<String, Long> watched = new TreeMap<>();

    private final Map<String, Kept> kept = new LinkedHashMap<>();
    private long keptBytes;
    private long version;
    /** Null while nobody looks, or the last one has ended. */
    private Look look;

    private long openedNanos;
    private String trouble = "";
    private boolean isTicking;
    private boolean closed;

    /** The newest frame of a stream; without a picture, the note says why. */
    private record Kept(
            long version,
            String stream,
            FrameHeader header,
            Delivery delivery,
            int frameBytes,
            Picture picture,
            String note) {
        int heldBytes() {
            return picture == null ? 0 : picture.heldBytes();
        }
    }

    Pictures(Channel broker) {
        this(broker, 3_000, 64, 64 << 20);
    }

    /**
     * @param idleMillis after which nobody looks any more who has not asked
     * @param mostStreams that are looked at, by all together
     * @param mostBytes of the pictures that are kept
     */
    Pictures(Channel broker, long idleMillis, int mostStreams, long mostBytes) {
        this.broker = broker;
        this.idleNanos = TimeUnit.MILLISECONDS.toNanos(idleMillis);
        this.mostStreams = mostStreams;
        this.mostBytes = mostBytes;
        this.thread = new ScheduledThreadPoolExecutor(1, task -> {
            Thread made = new Thread(task, "frame-broker-live");
            made.setDaemon(true);
            return made;
        });
        thread.setKeepAliveTime(10, TimeUnit.SECONDS);
        thread.allowCoreThreadTimeOut(true);
    }

    /**
     * What has come since: four bytes with the length of a JSON text, that text, and the pictures one behind the other, as it
     * tells them.
     *
     * @param streams by name; they have to be there
     * @param after the {@code cursor} of the bundle before; 0 for the first
     */
    byte[] bundle(Collection<String> streams, long after) {
        List<Kept> since = since(streams, after);
        JsonObject text = new JsonObject();
        JsonArray told = new JsonArray();
        List<ByteString> pictures = new ArrayList<>();
        long start = System.nanoTime();
        long bytes = 0;
        long cursor = after;
        for (Kept each : since) {
            ByteString picture = ByteString.EMPTY;
            if (each.picture() != null) {
                if (!told.isEmpty()
                        && (bytes + each.heldBytes() > MOST_BUNDLE_BYTES
                                || each.picture().isToBeEncoded() && System.nanoTime() - start > ENCODE_NANOS)) {
                    break;
                }
                picture = each.picture().bytes();
            }
            bytes += picture.size();
            pictures.add(picture);
            told.add(json(each, picture.size()));
            cursor = each.version();
        }
        lock.lock();
        try {
            text.addProperty("fps", fps());
            text.addProperty("trouble", trouble);
        } finally {
            lock.unlock();
        }
        text.addProperty("cursor", cursor);
        text.add("pictures", told);
        return joined(text.toString().getBytes(StandardCharsets.UTF_8), pictures, (int) bytes);
    }

    private List<Kept> since(Collection<String> streams, long after) {
        Set<String> wanted = new TreeSet<>(streams);
        lock.lock();
        try {
            long now = System.nanoTime();
            for (String stream : wanted) {
                if (watched.containsKey(stream) || watched.size() < mostStreams) {
                    watched.put(stream, now);
                }
            }
            openWhereNeeded(now);
            // What is beyond has come from a broker that was here before.
            long from = after > version ? 0 : after;
            return kept.values().stream()
                    .filter(each -> each.version() > from && wanted.contains(each.stream()))
                    .sorted(Comparator.comparingLong(Kept::version))
                    .toList();
        } finally {
            lock.unlock();
        }
    }

    private static JsonObject json(Kept each, int pictureBytes) {
        FrameHeader header = each.header();
        JsonObject json = new JsonObject();
        json.addProperty("stream", each.stream());
        json.addProperty("type", each.picture() == null ? "" : each.picture().type());
        json.addProperty("bytes", pictureBytes);
        json.addProperty("note", each.note());
        json.addProperty("codec", LiveState.word(header.getCodec(), "CODEC_"));
        json.addProperty("pixels", LiveState.word(header.getPixelFormat(), "PIXEL_FORMAT_"));
        json.addProperty("width", Integer.toUnsignedLong(header.getWidth()));
        json.addProperty("height", Integer.toUnsignedLong(header.getHeight()));
        json.addProperty("frameBytes", each.frameBytes());
        json.addProperty("ordinal", each.delivery().getToken().getOrdinal());
        Timestamp received = each.delivery().getReceivedTime();
        long receivedMillis = received.getSeconds() * 1_000 + received.getNanos() / 1_000_000;
        json.addProperty("ageMillis", Math.max(0, System.currentTimeMillis() - receivedMillis));
        return json;
    }

    private static byte[] joined(byte[] text, List<ByteString> pictures, int bytes) {
        ByteArrayOutputStream out = new ByteArrayOutputStream(4 + text.length + bytes);
        try {
            out.write(ByteBuffer.allocate(4).putInt(text.length).array());
            out.write(text);
            for (ByteString picture : pictures) {
                picture.writeTo(out);
            }
        } catch (IOException e) {
            throw new AssertionError("an array takes everything", e);
        }
        return out.toByteArray();
    }

    /** Whether a call is open. */
    boolean isLooking() {
        lock.lock();
        try {
            return look != null;
        } finally {
            lock.unlock();
        }
    }

    /** With the lock. */
    private int fps() {
        return Math.max(1, Math.min(MOST_FPS, PICTURES_A_SECOND / Math.max(1, watched.size())));
    }

    /** With the lock. */
    private void openWhereNeeded(long now) {
        if (closed || watched.isEmpty()) {
            return;
        }
        if (!isTicking) {
            isTicking = true;
            thread.schedule(this::tick, idleNanos / 4, TimeUnit.NANOSECONDS);
        }
        boolean sees = look != null && look.streams.containsAll(watched.keySet()) && look.fps <= fps();
        if (!sees && (openedNanos == 0 || now - openedNanos >= REOPEN_NANOS)) {
            open(now);
        }
    }

    /** With the lock. */
    private void open(long now) {
        if (look != null) {
            look.cancel();
        }
        openedNanos = now;
        look = new Look(Set.copyOf(watched.keySet()), fps());
        look.open();
    }

    private void tick() {
        lock.lock();
        try {
            long now = System.nanoTime();
            watched.values().removeIf(asked -> now - asked > idleNanos);
            if (watched.isEmpty()) {
                isTicking = false;
                end();
                return;
            }
            for (Iterator<Kept> each = kept.values().iterator(); each.hasNext(); ) {
                Kept one = each.next();
                if (!watched.containsKey(one.stream())) {
                    keptBytes -= one.heldBytes();
                    each.remove();
                }
            }
            if (look != null && !look.streams.equals(watched.keySet())) {
                // Streams that nobody looks at any more are let go, too.
                open(now);
            }
            thread.schedule(this::tick, idleNanos / 4, TimeUnit.NANOSECONDS);
        } finally {
            lock.unlock();
        }
    }

    /** With the lock. */
    private void end() {
        if (look != null) {
            look.cancel();
            look = null;
        }
        watched.clear();
        kept.clear();
        keptBytes = 0;
        trouble = "";
        openedNanos = 0;
    }

    @Override
    public void close() {
        lock.lock();
        try {
            closed = true;
            end();
        } finally {
            lock.unlock();
        }
    }

    private void keep(Look from, Deliveries deliveries) {
        // Only the last one is the newest; it is made smaller, where it has to be, without the lock.
        Delivery delivery = deliveries.getDeliveries(deliveries.getDeliveriesCount() - 1);
        FrameHeader header = delivery.getFrame().getHeader();
        ByteString payload = delivery.getFrame().getPayload();
        Picture picture = null;
        String note = "";
        try {
            picture = Picture.of(header, payload, MOST_PICTURE_BYTES);
        } catch (UnshownException e) {
            note = e.getMessage();
        }
        // Without the pixels.
        Delivery place = delivery.toBuilder().clearFrame().build();
        lock.lock();
        try {
            if (look != from || !watched.containsKey(deliveries.getStream())) {
                return;
            }
            Kept before = kept.get(deliveries.getStream());
            if (before != null && isSameFrame(before.delivery(), place)) {
                // A new call begins with the newest frame there is.
                return;
            }
            long others = keptBytes - (before == null ? 0 : before.heldBytes());
            if (picture != null && others + picture.heldBytes() > mostBytes) {
                note = "the pictures together have more than the " + mostBytes
                        + " bytes that the page keeps; look at fewer cameras";
                picture = null;
            }
            Kept now = new Kept(++version, deliveries.getStream(), header, place, payload.size(), picture, note);
            keptBytes = others + now.heldBytes();
            kept.put(now.stream(), now);
            trouble = "";
        } finally {
            lock.unlock();
        }
    }

    private static boolean isSameFrame(Delivery one, Delivery other) {
        return one.getToken().getGeneration() == other.getToken().getGeneration()
                && one.getToken().getOrdinal() == other.getToken().getOrdinal();
    }

    private void ended(Look which, String why) {
        lock.lock();
        try {
            if (look == which) {
                trouble = why;
                // Opened again by whoever looks next; until then there is nobody to be looked for.
                look = null;
            }
        } finally {
            lock.unlock();
        }
    }

    /**
     * A glob that this stream matches, and hardly another one. A name would make the stream anew where it has just been
     * deleted, and the call would end with it.
     */
    static String glob(String stream) {
        // As long as a name may be, there is no room for a star beside it.
        return stream.substring(0, 1) + "*" + stream.substring(stream.length() >= 200 ? 2 : 1);
    }

    /** One call. */
    private final class Look implements ClientResponseObserver<ConsumeFramesRequest, ConsumeFramesResponse> {
        private final Set<String> streams;
        private final int fps;
        private volatile ClientCallStreamObserver<ConsumeFramesRequest> requests;

        Look(Set<String> streams, int fps) {
            this.streams = streams;
            this.fps = fps;
        }

        void open() {
            FrameBrokerServiceGrpc.newStub(broker)
                    .withExecutor(thread)
                    .consumeFrames(this)
                    .onNext(ConsumeFramesRequest.newBuilder()
                            .setOpen(ConsumeOpen.newBuilder()
                                    .addAllStreams(streams.stream()
                                            .map(Pictures::glob)
                                            .sorted()
                                            .toList())
                                    .setConsumerId(CONSUMER_ID)
                                    .setMode(ConsumeMode.CONSUME_MODE_LATEST)
                                    .setMaxFps(fps)
                                    .setAutoAck(true)
                                    .setUnpack(true)
                                    .setSettings(GroupSettings.newBuilder()
                                            .setStart(
                                                    StartPosition.newBuilder().setEdge(StartEdge.START_EDGE_EARLIEST))))
                            .build());
        }

        void cancel() {
            requests.cancel("nobody looks any more", null);
        }

        @Override
        public void beforeStart(ClientCallStreamObserver<ConsumeFramesRequest> requests) {
            this.requests = requests;
        }

        @Override
        public void onNext(ConsumeFramesResponse told) {
            if (told.hasDeliveries()) {
                keep(this, told.getDeliveries());
            }
        }

        @Override
        public void onError(Throwable why) {
            Status status = Status.fromThrowable(why);
            ended(this, status.getCode() + (status.getDescription() == null ? "" : ": " + status.getDescription()));
        }

        @Override
        public void onCompleted() {
            ended(this, "the broker has ended the call");
        }
    }
}
