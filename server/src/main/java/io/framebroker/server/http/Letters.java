package io.framebroker.server.http;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.protobuf.ByteString;
import com.google.protobuf.Timestamp;
import io.framebroker.v1.DeadLetter;
import io.framebroker.v1.DeadLetterFilter;
import io.framebroker.v1.DeadLetterServiceGrpc;
import io.framebroker.v1.FrameHeader;
import io.framebroker.v1.FrameId;
import io.framebroker.v1.GetDeadLetterRequest;
import io.framebroker.v1.GetDeadLetterResponse;
import io.framebroker.v1.ListDeadLettersRequest;
import io.framebroker.v1.ListDeadLettersResponse;
import io.framebroker.v1.PurgeDeadLettersRequest;
import io.framebroker.v1.PurgeDeadLettersResponse;
import io.framebroker.v1.ReplayDeadLettersRequest;
import io.framebroker.v1.ReplayDeadLettersResponse;
import io.framebroker.wire.UnreadablePayloadException;
import io.framebroker.wire.WireFrame;
import io.grpc.Channel;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Dead letters as the page shows them, and what its buttons do. Thread-safe. */
final class Letters {
    private static final long PATIENCE_MILLIS = 5_000;
    /** Of each stream, and of all; a list reads every frame that is on it. */
    private static final int MOST_OF_EACH = 6;

    private static final int MOST = 24;
    private static final int MOST_OF_ONE = 60;
    private static final int MOST_PICTURE_BYTES = 32 << 20;
    private static final int MOST_BODY_BYTES = 4_096;
    /** As many as a group keeps. */
    private static final int ALL = 10_000;

    private final Channel broker;

    Letters(Channel broker) {
        this.broker = broker;
    }

    /** The oldest dead letters of these streams. */
    JsonObject json(List<String> streams, boolean isOfOne) {
        Map<String, Answer<ListDeadLettersResponse>> asked = new LinkedHashMap<>();
        for (String stream : streams.subList(0, Math.min(streams.size(), MOST))) {
            ListDeadLettersRequest request = ListDeadLettersRequest.newBuilder()
                    .setFilter(DeadLetterFilter.newBuilder().setStream(stream))
                    .setPageSize(isOfOne ? MOST_OF_ONE : MOST_OF_EACH)
                    .build();
            asked.put(stream, Answer.to(answer -> stub().listDeadLetters(request, answer)));
        }
        JsonArray letters = new JsonArray();
        boolean more = streams.size() > asked.size();
        for (Map.Entry<String, Answer<ListDeadLettersResponse>> each : asked.entrySet()) {
            ListDeadLettersResponse page;
            try {
                page = each.getValue().await(PATIENCE_MILLIS);
            } catch (RefusedException gone) {
                more = true;
                continue;
            }
            more |= !page.getNextPageToken().isEmpty();
            for (DeadLetter letter : page.getDeadLettersList()) {
                if (letters.size() < (isOfOne ? MOST_OF_ONE : MOST)) {
                    letters.add(json(letter));
                } else {
                    more = true;
                }
            }
        }
        JsonObject json = new JsonObject();
        json.add("letters", letters);
        json.addProperty("more", more);
        return json;
    }

    private static JsonObject json(DeadLetter letter) {
        FrameHeader header = letter.getHeader();
        JsonObject json = new JsonObject();
        json.addProperty("stream", letter.getStream());
        json.addProperty("group", letter.getGroup());
        json.addProperty("generation", letter.getId().getGeneration());
        json.addProperty("ordinal", letter.getId().getOrdinal());
        json.addProperty("reason", letter.getReason());
        json.addProperty("attempts", letter.getAttempts());
        json.addProperty("error", letter.getLastError());
        json.addProperty("consumer", letter.getLastConsumerId());
        json.addProperty("deadMicros", micros(letter.getDeadTime()));
        json.addProperty("ageMillis", Math.max(0, System.currentTimeMillis() - micros(letter.getDeadTime()) / 1_000));
        json.addProperty("codec", LiveState.word(header.getCodec(), "CODEC_"));
        json.addProperty("width", Integer.toUnsignedLong(header.getWidth()));
        json.addProperty("height", Integer.toUnsignedLong(header.getHeight()));
        json.addProperty("frameId", header.getFrameId());
        return json;
    }

    /** The picture of one of them. */
    void picture(Call call) throws IOException {
        GetDeadLetterRequest request = GetDeadLetterRequest.newBuilder()
                .setStream(call.parameter("stream").orElse(""))
                .setGroup(call.parameter("group").orElse(""))
                .setId(FrameId.newBuilder()
                        .setGeneration(number(call, "generation"))
                        .setOrdinal(number(call, "ordinal")))
                .build();
        GetDeadLetterResponse letter = Answer.<GetDeadLetterResponse>to(answer -> stub().getDeadLetter(request, answer))
                .await(PATIENCE_MILLIS);
        try {
            byte[] frame = letter.getFrame().toByteArray();
            WireFrame wire = WireFrame.read(frame, 0, frame.length);
            Picture picture = wire.isPacked()
                    ? Picture.of(
                            wire.unpackedHeader(),
                            ByteString.copyFrom(wire.unpack(MOST_PICTURE_BYTES)),
                            MOST_PICTURE_BYTES)
                    : Picture.of(
                            letter.getFrame().getHeader(), letter.getFrame().getPayload(), MOST_PICTURE_BYTES);
            call.send(200, picture.type(), picture.bytes().toByteArray());
        } catch (UnshownException | UnreadablePayloadException e) {
            throw new RefusedException(415, e.getMessage());
        }
    }

    private static long number(Call call, String name) {
        String text = call.parameter(name).orElse("");
        try {
            return Long.parseUnsignedLong(text);
        } catch (NumberFormatException e) {
            throw new RefusedException(400, name + "=" + text + " is not a whole number");
        }
    }

    /** Has letters tried again. */
    void replay(Call call) throws IOException {
        ReplayDeadLettersRequest request = ReplayDeadLettersRequest.newBuilder()
                .setFilter(filter(call.json(MOST_BODY_BYTES)))
                .setLimit(ALL)
                .build();
        JsonObject json = new JsonObject();
        json.addProperty(
                "replayed",
                Answer.<ReplayDeadLettersResponse>to(answer -> stub().replayDeadLetters(request, answer))
                        .await(PATIENCE_MILLIS)
                        .getReplayed());
        call.send(200, json);
    }

    /** Removes letters for good. */
    void purge(Call call) throws IOException {
        PurgeDeadLettersRequest request = PurgeDeadLettersRequest.newBuilder()
                .setFilter(filter(call.json(MOST_BODY_BYTES)))
                .build();
        JsonObject json = new JsonObject();
        json.addProperty(
                "purged",
                Answer.<PurgeDeadLettersResponse>to(answer -> stub().purgeDeadLetters(request, answer))
                        .await(PATIENCE_MILLIS)
                        .getPurged());
        call.send(200, json);
    }

    /** One group's; with {@code deadMicros} those of that microsecond, which is one as a rule. */
    private static DeadLetterFilter filter(JsonObject asked) {
        String group = text(asked, "group");
        if (group.isEmpty()) {
            throw new RefusedException(400, "group is missing: whose dead letters are meant");
        }
        DeadLetterFilter.Builder filter =
                DeadLetterFilter.newBuilder().setStream(text(asked, "stream")).setGroup(group);
        JsonElement dead = asked.get("deadMicros");
        if (dead != null) {
            long micros;
            try {
                micros = dead.getAsLong();
            } catch (NumberFormatException | UnsupportedOperationException | IllegalStateException e) {
                throw new RefusedException(400, "deadMicros is not a number");
            }
            filter.setFromTime(time(micros)).setUntilTime(time(micros + 1));
        }
        return filter.build();
    }

    private static String text(JsonObject json, String name) {
        JsonElement element = json.get(name);
        return element != null && element.isJsonPrimitive() ? element.getAsString() : "";
    }

    private static long micros(Timestamp time) {
        return time.getSeconds() * 1_000_000 + time.getNanos() / 1_000;
    }

    private static Timestamp time(long micros) {
        return Timestamp.newBuilder()
                .setSeconds(Math.floorDiv(micros, 1_000_000))
                .setNanos(Math.floorMod(micros, 1_000_000) * 1_000)
                .build();
    }

    private DeadLetterServiceGrpc.DeadLetterServiceStub stub() {
        return DeadLetterServiceGrpc.newStub(broker);
    }
}
