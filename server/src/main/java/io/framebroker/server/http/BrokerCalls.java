package io.framebroker.server.http;

import io.framebroker.server.broker.Globs;
import io.framebroker.v1.DeadLetter;
import io.framebroker.v1.DeadLetterFilter;
import io.framebroker.v1.DeadLetterServiceGrpc;
import io.framebroker.v1.DiagnosticsServiceGrpc;
import io.framebroker.v1.GetBrokerInfoRequest;
import io.framebroker.v1.GetLedgerRequest;
import io.framebroker.v1.GetLedgerResponse;
import io.framebroker.v1.Group;
import io.framebroker.v1.GroupLedger;
import io.framebroker.v1.GroupServiceGrpc;
import io.framebroker.v1.ListDeadLettersRequest;
import io.framebroker.v1.ListDeadLettersResponse;
import io.framebroker.v1.ListGroupsRequest;
import io.framebroker.v1.ListGroupsResponse;
import io.framebroker.v1.ListStreamsRequest;
import io.framebroker.v1.ListStreamsResponse;
import io.framebroker.v1.PurgeDeadLettersRequest;
import io.framebroker.v1.PurgeStreamRequest;
import io.framebroker.v1.Stream;
import io.framebroker.v1.StreamServiceGrpc;
import io.framebroker.v1.StreamSettings;
import io.framebroker.v1.UpdateStreamRequest;
import io.grpc.Channel;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.AbstractStub;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/** What the gateway asks of the broker in single questions. Each throws a {@link GatewayException} where the broker refuses. Thread-safe. */
final class BrokerCalls {
    private static final long ANSWER_SECONDS = 5;
    private static final int PAGE = 1_000;

    private final Channel broker;

    BrokerCalls(Channel broker) {
        this.broker = broker;
    }

    private static <S extends AbstractStub<S>> S soon(S stub) {
        return stub.withDeadlineAfter(ANSWER_SECONDS, TimeUnit.SECONDS);
    }

    private static <T> T asked(Supplier<T> question) {
        try {
            return question.get();
        } catch (StatusRuntimeException e) {
            throw GatewayException.of(e);
        }
    }

    int maxFrameBytes() {
        return asked(() -> soon(DiagnosticsServiceGrpc.newBlockingStub(broker))
                .getBrokerInfo(GetBrokerInfoRequest.getDefaultInstance())
                .getMaxFrameBytes());
    }

    /** The streams that a name or glob stands for, of all brokers. None that is named and not there is a refusal. */
    List<Stream> streams(String nameOrGlob) {
        Globs globs = new Globs(List.of(nameOrGlob));
        List<Stream> found = new ArrayList<>();
        String page = "";
        do {
            String token = page;
            ListStreamsResponse streams = asked(() -> soon(StreamServiceGrpc.newBlockingStub(broker))
                    .listStreams(ListStreamsRequest.newBuilder()
                            .setPageSize(PAGE)
                            .setPageToken(token)
                            .build()));
            streams.getStreamsList().stream()
                    .filter(stream -> globs.match(stream.getName()))
                    .forEach(found::add);
            page = streams.getNextPageToken();
        } while (!page.isEmpty());
        if (found.isEmpty() && !Globs.isGlob(nameOrGlob)) {
            throw new GatewayException(404, "STREAM_NOT_FOUND", "there is no stream " + nameOrGlob);
        }
        return found;
    }

    GetLedgerResponse ledger(String stream) {
        return asked(() -> soon(DiagnosticsServiceGrpc.newBlockingStub(broker))
                .getLedger(GetLedgerRequest.newBuilder().setStream(stream).build()));
    }

    /** The durable groups of a stream, and those of single calls. */
    List<Group> groups(String stream) {
        List<Group> found = new ArrayList<>();
        String page = "";
        do {
            String token = page;
            ListGroupsResponse groups = asked(() -> soon(GroupServiceGrpc.newBlockingStub(broker))
                    .listGroups(ListGroupsRequest.newBuilder()
                            .setStream(stream)
                            .setPageSize(PAGE)
                            .setPageToken(token)
                            .build()));
            found.addAll(groups.getGroupsList());
            page = groups.getNextPageToken();
        } while (!page.isEmpty());
        return found;
    }

    /**
     * What a purge has removed.
     *
     * @param waiting what the group with the most of them still waited for; without a group all, which a poll would get
     * @param all what the stream had, with what was settled
     */
    record Purged(long waiting, long all) {}

    /** Removes the frames that nobody has in hand. */
    Purged purge(String stream) {
        Map<String, Long> before = purged(stream);
        long all = asked(() -> soon(StreamServiceGrpc.newBlockingStub(broker))
                .purgeStream(PurgeStreamRequest.newBuilder().setName(stream).build())
                .getPurgedFrames());
        long waiting = purged(stream).entrySet().stream()
                .mapToLong(each -> each.getValue() - before.getOrDefault(each.getKey(), 0L))
                .max()
                .orElse(all);
        return new Purged(waiting, all);
    }

    /** By group, what purges have taken from it. */
    private Map<String, Long> purged(String stream) {
        return ledger(stream).getGroupsList().stream()
                .collect(Collectors.toMap(GroupLedger::getGroup, each -> each.getSkippedOrDefault("PURGED", 0)));
    }

    Stream limitBacklog(String stream, int frames) {
        return asked(() -> soon(StreamServiceGrpc.newBlockingStub(broker))
                .updateStream(UpdateStreamRequest.newBuilder()
                        .setName(stream)
                        .setSettings(StreamSettings.newBuilder().setMaxBacklogFrames(frames))
                        .setUpdateMask(
                                com.google.protobuf.FieldMask.newBuilder().addPaths("max_backlog_frames"))
                        .build())
                .getStream());
    }

    /** The oldest dead letters of a stream, at most so many. */
    List<DeadLetter> deadLetters(String stream, String group, int most) {
        List<DeadLetter> found = new ArrayList<>();
        String page = "";
        do {
            String token = page;
            ListDeadLettersResponse letters = ofGroup(
                    group,
                    ListDeadLettersResponse.getDefaultInstance(),
                    () -> asked(() -> soon(DeadLetterServiceGrpc.newBlockingStub(broker))
                            .listDeadLetters(ListDeadLettersRequest.newBuilder()
                                    .setFilter(filter(stream, group))
                                    .setPageSize(most - found.size())
                                    .setPageToken(token)
                                    .build())));
            found.addAll(letters.getDeadLettersList());
            page = letters.getNextPageToken();
        } while (!page.isEmpty() && found.size() < most);
        return found;
    }

    /** Returns how many there were; 0 where the stream has no such group. */
    long purgeDeadLetters(String stream, String group) {
        return ofGroup(
                group,
                0L,
                () -> asked(() -> soon(DeadLetterServiceGrpc.newBlockingStub(broker))
                        .purgeDeadLetters(PurgeDeadLettersRequest.newBuilder()
                                .setFilter(filter(stream, group))
                                .build())
                        .getPurged()));
    }

    /** Of streams that do not have the group there is nothing. */
    private <T> T ofGroup(String group, T nothing, Supplier<T> question) {
        try {
            return question.get();
        } catch (GatewayException e) {
            if (!group.isEmpty() && e.reason().equals("GROUP_NOT_FOUND")) {
                return nothing;
            }
            throw e;
        }
    }

    private static DeadLetterFilter filter(String stream, String group) {
        return DeadLetterFilter.newBuilder().setStream(stream).setGroup(group).build();
    }
}
