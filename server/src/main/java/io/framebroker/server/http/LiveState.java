package io.framebroker.server.http;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.protobuf.Duration;
import com.google.protobuf.ProtocolMessageEnum;
import io.framebroker.v1.ConsumerState;
import io.framebroker.v1.DiagnosticsServiceGrpc;
import io.framebroker.v1.GetBrokerInfoRequest;
import io.framebroker.v1.GetBrokerInfoResponse;
import io.framebroker.v1.GetLedgerRequest;
import io.framebroker.v1.GetLedgerResponse;
import io.framebroker.v1.Group;
import io.framebroker.v1.GroupLedger;
import io.framebroker.v1.GroupServiceGrpc;
import io.framebroker.v1.ListConsumersRequest;
import io.framebroker.v1.ListConsumersResponse;
import io.framebroker.v1.ListGroupsRequest;
import io.framebroker.v1.ListGroupsResponse;
import io.framebroker.v1.Stream;
import io.framebroker.v1.StreamLedger;
import io.grpc.Channel;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

/**
 * What the page says in numbers, asked of the broker's services as any client would. One answer is bounded, and is made once for
 * all who look. Thread-safe.
 */
final class LiveState {
    private static final long FRESH_NANOS = TimeUnit.MILLISECONDS.toNanos(800);
    private static final long PATIENCE_MILLIS = 2_000;
    /** A group whose oldest frame is older than this is looked into, who has it and why nothing goes on. */
    private static final long LATE_MILLIS = 2_000;

    private static final int MOST_GROUPS = 8;
    private static final int MOST_GROUPS_OF_ONE = 50;
    private static final int MOST_CONSUMERS = 8;
    private static final int MOST_CONSUMERS_OF_ONE = 40;

    private final Channel broker;
    private final StreamList list;
    private final Map<String, Told> told = new ConcurrentHashMap<>();

    /** A stream as it was told, and whether in full. */
    private record Told(JsonObject json, long deadLetters, boolean inFull, long atNanos) {
        boolean serves(boolean full, long now) {
            return now - atNanos < FRESH_NANOS && (inFull || !full);
        }
    }

    private record Asked(Stream stream, Answer<GetLedgerResponse> ledger, Answer<ListGroupsResponse> groups) {}

    LiveState(Channel broker) {
        this.broker = broker;
        this.list = new StreamList(broker);
    }

    /** The streams of a view that there are. */
    List<String> names(View view) {
        return shown(list.get(), view).stream().map(Stream::getName).toList();
    }

    /** Those of them that have dead letters. */
    List<String> namesWithDeadLetters(View view) {
        List<Stream> shown = shown(list.get(), view);
        Map<String, Told> now = ask(shown, view.isOfOne());
        return shown.stream()
                .map(Stream::getName)
                .filter(name -> now.containsKey(name) && now.get(name).deadLetters() > 0)
                .toList();
    }

    JsonObject json(View view) {
        StreamList.Listed listed = list.get();
        List<Stream> shown = shown(listed, view);
        Map<String, Told> now = ask(shown, view.isOfOne());
        JsonObject json = new JsonObject();
        // For rates; the browser's own clock has nothing to do with it.
        json.addProperty("nanos", System.nanoTime());
        json.add("broker", brokerInfo());
        json.addProperty("streams", listed.streams().size());
        json.addProperty("more", listed.more());
        json.addProperty(
                "matching",
                listed.streams().stream()
                        .filter(each -> view.shows(each.getName()))
                        .count());
        JsonArray streams = new JsonArray();
        for (Stream each : shown) {
            Told one = now.get(each.getName());
            if (one != null) {
                streams.add(one.json());
            }
        }
        json.add("shown", streams);
        return json;
    }

    private static List<Stream> shown(StreamList.Listed listed, View view) {
        return listed.streams().stream()
                .filter(each -> view.shows(each.getName()))
                .limit(view.most())
                .toList();
    }

    private JsonObject brokerInfo() {
        GetBrokerInfoResponse info = Answer.<GetBrokerInfoResponse>to(answer -> DiagnosticsServiceGrpc.newStub(broker)
                        .getBrokerInfo(GetBrokerInfoRequest.getDefaultInstance(), answer))
                .await(PATIENCE_MILLIS);
        JsonObject json = new JsonObject();
        json.addProperty("version", info.getVersion());
        json.addProperty("store", info.getStore());
        json.addProperty("ackLevel", word(info.getAckLevel(), "ACK_LEVEL_"));
        json.addProperty("durability", info.getDurability());
        json.addProperty("startSeconds", info.getStartTime().getSeconds());
        json.addProperty("memoryBytes", info.getMemoryUsedBytes());
        json.addProperty("memoryLimitBytes", info.getMemoryLimitBytes());
        return json;
    }

    /** What is told of these streams now; of one that has gone meanwhile, nothing. */
    private Map<String, Told> ask(List<Stream> streams, boolean inFull) {
        long now = System.nanoTime();
        told.values().removeIf(each -> now - each.atNanos() > 10 * FRESH_NANOS);
        Map<String, Told> answer = new HashMap<>();
        List<Asked> asked = new ArrayList<>();
        for (Stream stream : streams) {
            Told had = told.get(stream.getName());
            if (had != null && had.serves(inFull, now)) {
                answer.put(stream.getName(), had);
            } else {
                asked.add(ask(stream));
            }
        }
        long deadline = now + TimeUnit.MILLISECONDS.toNanos(PATIENCE_MILLIS);
        for (Asked each : asked) {
            String name = each.stream().getName();
            try {
                Told one = told(each, inFull, deadline);
                told.put(name, one);
                answer.put(name, one);
            } catch (RefusedException gone) {
                answer.put(name, unknown(name, gone.getMessage()));
            }
        }
        return answer;
    }

    /** A stream whose broker does not tell of it. */
    private static Told unknown(String stream, String why) {
        JsonObject json = new JsonObject();
        json.addProperty("name", stream);
        json.addProperty("unknown", why);
        return new Told(json, 0, false, 0);
    }

    private Asked ask(Stream stream) {
        GetLedgerRequest ledger =
                GetLedgerRequest.newBuilder().setStream(stream.getName()).build();
        ListGroupsRequest groups = ListGroupsRequest.newBuilder()
                .setStream(stream.getName())
                .setPageSize(100)
                .build();
        return new Asked(
                stream,
                Answer.to(answer -> DiagnosticsServiceGrpc.newStub(broker).getLedger(ledger, answer)),
                Answer.to(answer -> GroupServiceGrpc.newStub(broker).listGroups(groups, answer)));
    }

    private static long millisUntil(long deadline) {
        return TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
    }

    private Told told(Asked asked, boolean inFull, long deadline) {
        GetLedgerResponse ledger = asked.ledger().await(millisUntil(deadline));
        List<Group> groups = asked.groups().await(millisUntil(deadline)).getGroupsList();
        Map<String, GroupLedger> ledgers = new HashMap<>();
        ledger.getGroupsList().forEach(each -> ledgers.put(each.getGroup(), each));

        List<Group> durable = groups.stream().filter(each -> !isOfOneCall(each)).toList();
        List<Group> shown = worst(durable, inFull ? MOST_GROUPS_OF_ONE : MOST_GROUPS);
        List<Group> lookers = groups.stream()
                .filter(LiveState::isOfOneCall)
                .limit(inFull ? MOST_GROUPS_OF_ONE : MOST_GROUPS)
                .toList();
        Map<String, Answer<ListConsumersResponse>> consumers = new LinkedHashMap<>();
        for (Group group : shown) {
            if (inFull || millis(group.getLag().getAge()) > LATE_MILLIS) {
                consumers.put(group.getName(), askConsumers(group, inFull));
            }
        }
        lookers.forEach(group -> consumers.put(group.getName(), askConsumers(group, inFull)));

        JsonObject json = stream(asked.stream(), ledger.getStream());
        JsonArray list = new JsonArray();
        for (Group group : shown) {
            list.add(group(group, ledgers.get(group.getName()), consumers.get(group.getName()), deadline));
        }
        json.add("groups", list);
        json.addProperty("groupsLeftOut", durable.size() - shown.size());
        addLookers(json, lookers, consumers, deadline);
        long letters = ledger.getGroupsList().stream()
                .mapToLong(GroupLedger::getDeadLettered)
                .sum();
        return new Told(json, letters, inFull, System.nanoTime());
    }

    private static boolean isOfOneCall(Group group) {
        return group.getName().startsWith("~");
    }

    /** At most so many, and rather those that are furthest behind; by name. */
    private static List<Group> worst(List<Group> groups, int most) {
        return groups.stream()
                .sorted(Comparator.comparingLong(
                        (Group each) -> -millis(each.getLag().getAge())))
                .limit(most)
                .sorted(Comparator.comparing(Group::getName))
                .toList();
    }

    private Answer<ListConsumersResponse> askConsumers(Group group, boolean inFull) {
        ListConsumersRequest request = ListConsumersRequest.newBuilder()
                .setStream(group.getStream())
                .setGroup(group.getName())
                .setPageSize(inFull ? MOST_CONSUMERS_OF_ONE : MOST_CONSUMERS)
                .build();
        return Answer.to(answer -> GroupServiceGrpc.newStub(broker).listConsumers(request, answer));
    }

    private static JsonObject stream(Stream stream, StreamLedger ledger) {
        JsonObject json = new JsonObject();
        json.addProperty("name", stream.getName());
        // When its counters were read; they and this make the rates.
        json.addProperty("nanos", System.nanoTime());
        json.addProperty("publisher", stream.getPublisherId());
        json.addProperty("wait", stream.getWaitReason());
        json.addProperty("frames", stream.getFrames());
        json.addProperty("bytes", stream.getBytes());
        json.addProperty("backlogFrames", stream.getBacklogFrames());
        json.addProperty("backlogBytes", stream.getBacklogBytes());
        json.addProperty("limitFrames", stream.getBacklogLimitFrames());
        json.addProperty("limitBytes", stream.getSettings().getMaxBacklogBytes());
        json.addProperty("isAdaptive", stream.getSettings().getMaxBacklogFrames() == 0);
        json.addProperty("policy", word(stream.getSettings().getOverflowPolicy(), "OVERFLOW_POLICY_"));
        json.addProperty("wantedFps", stream.getWantedFps());
        JsonObject balance = new JsonObject();
        balance.addProperty("offered", ledger.getOffered());
        balance.addProperty("stored", ledger.getStored());
        balance.addProperty("appending", ledger.getAppending());
        balance.add("dropped", counts(ledger.getDroppedMap()));
        balance.add("reported", counts(ledger.getReportedMap()));
        balance.addProperty("imbalance", ledger.getImbalance());
        balance.addProperty("duplicates", ledger.getDuplicates());
        json.add("ledger", balance);
        return json;
    }

    private static JsonObject counts(Map<String, Long> counts) {
        JsonObject json = new JsonObject();
        counts.forEach(json::addProperty);
        return json;
    }

    private static JsonObject group(
            Group group, GroupLedger ledger, Answer<ListConsumersResponse> consumers, long deadline) {
        JsonObject json = new JsonObject();
        json.addProperty("name", group.getName());
        json.addProperty("paused", group.getPaused());
        json.addProperty("consumers", group.getConsumers());
        json.addProperty("waiting", group.getLag().getWaiting());
        json.addProperty("pending", group.getLag().getPending());
        json.addProperty("ageMillis", millis(group.getLag().getAge()));
        json.addProperty("leaseMillis", millis(group.getSettings().getLease()));
        json.addProperty("maxAgeMillis", millis(group.getSettings().getMaxAge()));
        json.addProperty("maxAttempts", group.getSettings().getMaxAttempts());
        if (ledger != null) {
            JsonObject balance = new JsonObject();
            balance.addProperty("stored", ledger.getStored());
            balance.addProperty("waiting", ledger.getWaiting());
            balance.addProperty("pending", ledger.getPending());
            balance.addProperty("acked", ledger.getAcked());
            balance.addProperty("deadLettered", ledger.getDeadLettered());
            balance.add("skipped", counts(ledger.getSkippedMap()));
            balance.addProperty("imbalance", ledger.getImbalance());
            json.add("ledger", balance);
        }
        if (consumers != null) {
            JsonArray members = new JsonArray();
            for (ConsumerState each : consumersOf(consumers, deadline)) {
                members.add(consumer(each));
            }
            json.add("members", members);
        }
        return json;
    }

    /** Groups of one call alone: live pages, which do not count, and others. */
    private static void addLookers(
            JsonObject json, List<Group> lookers, Map<String, Answer<ListConsumersResponse>> consumers, long deadline) {
        int pages = 0;
        JsonArray others = new JsonArray();
        for (Group group : lookers) {
            for (ConsumerState each : consumersOf(consumers.get(group.getName()), deadline)) {
                if (each.getConsumerId().equals(Pictures.CONSUMER_ID)) {
                    pages++;
                } else {
                    others.add(consumer(each));
                }
            }
        }
        json.addProperty("pages", pages);
        json.add("lookers", others);
    }

    private static List<ConsumerState> consumersOf(Answer<ListConsumersResponse> answer, long deadline) {
        try {
            return answer.await(millisUntil(deadline)).getConsumersList();
        } catch (RefusedException gone) {
            // With its group, since that was listed.
            return List.of();
        }
    }

    private static JsonObject consumer(ConsumerState consumer) {
        JsonObject json = new JsonObject();
        json.addProperty("id", consumer.getConsumerId());
        json.addProperty("pendingFrames", consumer.getPendingFrames());
        json.addProperty("pendingBytes", consumer.getPendingBytes());
        json.addProperty("windowFrames", consumer.getWindow().getMaxFrames());
        json.addProperty("windowBytes", consumer.getWindow().getMaxBytes());
        json.addProperty("idle", word(consumer.getIdle(), "IDLE_REASON_"));
        if (consumer.hasGraceLeft()) {
            json.addProperty("graceMillis", millis(consumer.getGraceLeft()));
        }
        return json;
    }

    static long millis(Duration duration) {
        return duration.getSeconds() * 1_000 + duration.getNanos() / 1_000_000;
    }

    /** The value's name without its prefix; empty where nothing is said, or by another version. */
    static String word(ProtocolMessageEnum value, String prefix) {
        String name = ((Enum<?>) value).name();
        return name.endsWith("_UNSPECIFIED") || name.equals("UNRECOGNIZED") ? "" : name.substring(prefix.length());
    }
}
