package io.framebroker.server.http;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.framebroker.server.broker.Broker;
import io.framebroker.server.broker.BrokerException;
import io.framebroker.server.broker.GroupState;
import io.framebroker.server.broker.Ledger;
import io.framebroker.server.broker.StreamState;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/**
 * How a broker is, and why. It is healthy when frames come in, are taken and are accounted for; degraded when somebody
 * waits, or nobody takes what is kept; unhealthy when frames are not taken from publishers, or are not accounted for.
 */
public final class HealthReport {
    /** A group whose oldest unsettled frame is older than this is behind. */
    static final long BEHIND_MICROS = 30_000_000;
    /** More than anybody reads. */
    private static final int MOST_PROBLEMS = 100;

    private final Broker broker;
    private final String version;
    private final long startMillis;

    public HealthReport(Broker broker, String version, long startMillis) {
        this.broker = broker;
        this.version = version;
        this.startMillis = startMillis;
    }

    /** The answer of {@code /health}: whether it is no worse than degraded, and the details. */
    record Answer(boolean serves, JsonObject body) {}

    Answer answer(long nowMillis, boolean draining) {
        List<StreamState> streams = broker.streams();
        List<Problem> problems = problems(streams, draining);
        boolean severe = problems.stream().anyMatch(Problem::severe);
        JsonObject body = new JsonObject();
        body.addProperty("status", severe ? "unhealthy" : problems.isEmpty() ? "healthy" : "degraded");
        body.addProperty("timestamp", Instant.ofEpochMilli(nowMillis).toString());
        body.addProperty("service", "frame-broker");
        body.addProperty("version", version);
        JsonArray list = new JsonArray();
        problems.stream().limit(MOST_PROBLEMS).map(HealthReport::json).forEach(list::add);
        body.add("problems", list);
        body.add("details", details(streams, problems, nowMillis));
        return new Answer(!severe, body);
    }

    private JsonObject details(List<StreamState> streams, List<Problem> problems, long nowMillis) {
        JsonObject details = new JsonObject();
        details.addProperty("uptime_seconds", (nowMillis - startMillis) / 1_000);
        details.addProperty("store", broker.store().name());
        details.addProperty("ack_level", broker.store().ackLevel().name());
        details.addProperty("durability", broker.store().durability());
        details.addProperty("streams", streams.size());
        details.addProperty(
                "backlog_frames",
                streams.stream().mapToLong(StreamState::backlogFrames).sum());
        details.addProperty(
                "consumers", streams.stream().mapToLong(StreamState::consumers).sum());
        details.addProperty("problems", problems.size());
        details.addProperty("kept_memory_bytes", broker.memory().keptBytes());
        details.addProperty("kept_memory_limit_bytes", broker.memory().keptLimit());
        return details;
    }

    private static JsonObject json(Problem problem) {
        JsonObject json = new JsonObject();
        json.addProperty("severity", problem.severe() ? "unhealthy" : "degraded");
        if (!problem.stream().isEmpty()) {
            json.addProperty("stream", problem.stream());
        }
        if (!problem.group().isEmpty()) {
            json.addProperty("group", problem.group());
        }
        json.addProperty("reason", problem.reason());
        json.addProperty("message", problem.message());
        return json;
    }

    private List<Problem> problems(List<StreamState> streams, boolean draining) {
        List<Problem> problems = new ArrayList<>();
        String trouble = broker.store().trouble();
        if (trouble != null) {
            // Under DEGRADE frames are taken all the same.
            boolean severe = !broker.settings().degrade();
            problems.add(new Problem(severe, "", "", "STORE_TROUBLE", "frames are not stored now: " + trouble));
        }
        if (draining) {
            problems.add(new Problem(false, "", "", "DRAINING", "the broker is stopping; clients are told to leave"));
        }
        for (StreamState stream : streams) {
            try {
                ofStream(stream, problems);
            } catch (BrokerException gone) {
                // Deleted, or another broker's, since it was listed.
                continue;
            }
        }
        // What is worse first.
        problems.sort((a, b) -> Boolean.compare(b.severe(), a.severe()));
        return problems;
    }

    private void ofStream(StreamState stream, List<Problem> problems) {
        String name = stream.name();
        Ledger ledger = broker.ledger(name);
        if (!ledger.balances()) {
            problems.add(new Problem(
                    true,
                    name,
                    "",
                    "LEDGER_IMBALANCE",
                    "stream " + name + ": frames are not accounted for: " + ledger));
        }
        if (!stream.waitReason().isEmpty()) {
            problems.add(new Problem(
                    false,
                    name,
                    "",
                    "PUBLISHER_WAITS",
                    "publisher " + stream.publisherId() + " of stream " + name + " waits: " + stream.waitReason()));
        }
        for (GroupState group : broker.groups(name)) {
            ofGroup(name, group, problems);
        }
    }

    private static void ofGroup(String stream, GroupState group, List<Problem> problems) {
        long open = group.lag().waiting() + group.lag().pending();
        long seconds = group.lag().ageMicros() / 1_000_000;
        String who = "group " + group.name() + " of stream " + stream;
        String what = open + " frames, the oldest " + seconds + " s old";
        if (open == 0) {
            return;
        }
        if (group.paused()) {
            problems.add(new Problem(false, stream, group.name(), "PAUSED", who + " is paused and keeps " + what));
        } else if (group.consumers() == 0) {
            problems.add(new Problem(
                    false, stream, group.name(), "NO_CONSUMER", who + " has no consumer, and keeps " + what));
        } else if (group.lag().ageMicros() > BEHIND_MICROS) {
            problems.add(
                    new Problem(false, stream, group.name(), "BEHIND", who + " is behind: it has not settled " + what));
        }
    }
}
